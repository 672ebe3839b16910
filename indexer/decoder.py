"""From raw logs to events, by the ABIs of the deployment manifest."""

from collections.abc import Sequence
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address

from cluster.chain.codec import Codec
from cluster.chain.manifest import Manifest
from indexer.event import Event
from indexer.handlers import HANDLERS


class Decoder:
    """Knows the contracts that the indexer follows."""

    def __init__(self, manifest: Manifest) -> None:
        self._by_address: dict[bytes, tuple[str, Codec]] = {}
        for name in HANDLERS:
            deployed = manifest.contract(name)
            self._by_address[bytes.fromhex(deployed.address[2:])] = (name, Codec(deployed.abi))
        self.addresses = [to_checksum_address(address) for address in self._by_address]
        self.first_block = min(manifest.contract(name).block for name in HANDLERS)

    def decode(self, raw: Sequence[Any]) -> Event | None:
        """The event of a raw log (block, log_index, address, tx, topics, data, time), or None if no ABI has it.

        A log that carries an event's topic but not its form can't come from our contracts, whose ABIs these are; it
        is left alone like an unknown one, and stays among the raw logs.
        """
        block, log_index, address, tx, topics, data, time = raw
        found = self._by_address.get(address)
        if found is None or not topics:
            return None
        name, codec = found
        words = [topics[i : i + 32] for i in range(0, len(topics), 32)]
        kind = codec.events.get(words[0])
        if kind is None or len(words) != len(kind.indexed) + 1:
            return None
        try:
            values = kind.values(words, data)
        except DecodingError:
            return None
        return Event(name, kind.entry["name"], values, block, log_index, time, "0x" + tx.hex())

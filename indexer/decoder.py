"""From raw logs to events, by the ABIs of the deployment manifest."""

from cluster.chain.events import EventDataError, EventDecoder, decoders
from cluster.chain.manifest import Manifest
from indexer.chain import RawLog
from indexer.event import Event
from indexer.handlers import HANDLERS, OPTIONAL

WORD = 32


class UnreadableLog(RuntimeError):
    """A contract of ours emitted what its ABI in the manifest does not describe, or what can't follow the logs before:
    the manifest is of other code, or a node kept logs to itself.
    """


class Decoder:
    """Knows the contracts that the indexer follows."""

    def __init__(self, manifest: Manifest) -> None:
        followed = {
            name: manifest.contract(name) for name in HANDLERS if name not in OPTIONAL or name in manifest.contracts
        }
        self.contracts = {name: deployed.address for name, deployed in followed.items()}
        self.first_block = min(deployed.block for deployed in followed.values())
        self._known: dict[bytes, tuple[str, dict[tuple[bytes, int], EventDecoder]]] = {
            bytes.fromhex(deployed.address[2:]): (name, decoders(deployed.abi)) for name, deployed in followed.items()
        }

    def decode(self, log: RawLog, time: int) -> Event | None:
        """The event of a log in a block of that time, or None if no ABI has it or no handler wants it.

        Raises `UnreadableLog`.
        """
        found = self._known.get(log.address)
        if found is None:
            return None
        name, kinds = found
        topics = [log.topics[i : i + WORD] for i in range(0, len(log.topics), WORD)]
        if not topics:
            return None
        kind = kinds.get((topics[0], len(topics)))
        if kind is None or kind.name not in HANDLERS[name]:
            return None
        try:
            values = kind.decode(topics, log.data)
        except EventDataError as error:
            raise UnreadableLog(
                f"log {log.log_index} of block {log.block} is not the {kind.signature} of {name} that the "
                f"manifest describes: {error}"
            ) from error
        return Event(name, kind.name, values, log.block, log.log_index, time, "0x" + log.tx.hex())

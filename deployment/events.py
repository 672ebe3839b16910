"""A contract's events, as the chain keeps them."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from cluster.chain import artifacts
from cluster.chain.codec import Codec
from deployment.chain import Chain


class Event(Struct, frozen=True):
    """A decoded log, and where it is."""

    name: str
    values: dict[str, Any]
    block: int
    transaction: str


def read(chain: Chain, contract: str, address: str, names: Sequence[str], first: int) -> list[Event]:
    """Events of these names, oldest first, from a block on."""
    kinds = {
        topic: kind for topic, kind in Codec(artifacts.load(contract).abi).events.items() if kind.entry["name"] in names
    }
    found = []
    for log in chain.logs(address, list(kinds), first):
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        kind = kinds[topics[0]]
        values = kind.values(topics, bytes.fromhex(log["data"][2:]))
        found.append(Event(kind.entry["name"], values, int(log["blockNumber"], 16), log["transactionHash"]))
    return found

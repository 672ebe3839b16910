"""Many views in one call: what a state machine compares after every step costs most of its time one by one."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from cluster.chain.codec import plain
from cluster.testing.host import Host

WORD = 32
ENTRY = 88


@cache
def view(at: str, selector: bytes, *arguments: str | int) -> bytes:
    """A view to ask: at most two arguments of a word each, an address as its text."""
    words = (argument if isinstance(argument, int) else int(argument, 16) for argument in arguments)
    entry = bytes.fromhex(at[2:]) + selector + b"".join(word.to_bytes(WORD, "big") for word in words)
    if len(entry) > ENTRY:
        raise ValueError(f"{len(arguments)} arguments; a batch takes views of at most two")
    return entry.ljust(ENTRY, b"\0")


class Batch:
    """Asks views of a chain's contracts, many at once."""

    def __init__(self, chain: Host, sender: Any) -> None:
        self._chain = chain
        self._reader = plain(chain.deploy("BatchReader", sender=sender))

    def words(self, views: Iterable[bytes]) -> list[int]:
        """The first word that each answers. Raises `Reverted` if one does."""
        answer = self._chain.call(self._reader, b"".join(views))
        return [int.from_bytes(answer[at : at + WORD]) for at in range(0, len(answer), WORD)]

"""A value that the tables and the chain must agree on."""

import sqlite3
from base64 import b32decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from cluster.chain.manifest import Manifest


class Call(NamedTuple):
    """A call of a view."""

    contract: str
    function: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.contract}.{self.function}{self.args}"


class Question(NamedTuple):
    """What a view returns, structs as tuples; of several views, the sum of the one number that each returns."""

    calls: tuple[Call, ...]
    expected: tuple[Any, ...]


@dataclass(frozen=True)
class Known:
    """The tables, and the block that they are of. `time` in unix seconds."""

    db: sqlite3.Connection
    manifest: Manifest
    time: int

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.db.execute(query, parameters).fetchall()

    def setting(self, contract: str, name: str, default: str = "0") -> str:
        """A single value of a contract."""
        found = self.rows("SELECT value FROM setting WHERE contract = ? AND name = ?", contract, name)
        return str(found[0][0]) if found else default


Questions = Iterator[Question]


def ask(contract: str, function: str, args: tuple[Any, ...], *expected: Any) -> Question:
    """A view and what it must return."""
    return Question((Call(contract, function, args),), expected)


def raw(digits: str) -> bytes:
    """Bytes of 0x and hexadecimal digits."""
    return bytes.fromhex(digits[2:])


def is_exact(shown: str) -> bool:
    """Whether text is what the contract has: bytes that are not text are escaped, and can't be turned back."""
    return "\\" not in shown


def padded(shown: str) -> bytes | None:
    """The word that a text came from; None if it can't be turned back."""
    word = shown.encode()
    return word.ljust(32, b"\0") if is_exact(shown) and len(word) <= 32 else None


def content_of(cid: str, manifest_hash: str) -> tuple[bytes, bytes]:
    """A commitment as contracts give it; empty for none."""
    if not cid:
        return b"", bytes(32)
    code = cid[1:].upper()
    return b32decode(code + "=" * (-len(code) % 8)), raw(manifest_hash)

"""How values of events stand in columns."""

from base64 import b32encode
from typing import Any

from cluster.chain.events import text
from indexer.rows import Row, Rows

ZERO = "0x0000000000000000000000000000000000000000"


def known(address: str) -> str | None:
    """An address, or None for the zero address where that means nobody."""
    return None if address == ZERO else address


def hexed(raw: bytes) -> str:
    """Bytes as 0x and hexadecimal digits."""
    return "0x" + raw.hex()


def word(raw: bytes) -> str:
    """Text that a contract keeps in a word, padded with zeros."""
    return text(raw.rstrip(b"\0"))


def cid_text(raw: bytes) -> str:
    """A CID as it is written, in base 32; nothing for none."""
    return "b" + b32encode(raw).decode().lower().rstrip("=") if raw else ""


def add(rows: Rows, table: str, *key: Any, **amounts: int) -> Row:
    """Adds to columns of a row that exists, amounts being text; gives the row as it was."""
    row = rows.get(table, *key)
    if row is None:
        raise LookupError(f"{table} has no row {key}")
    rows.change(table, *key, **{column: str(int(row[column]) + amount) for column, amount in amounts.items()})
    return row

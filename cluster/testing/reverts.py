"""Reverts: what was raised, and how a test expects one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cluster.chain.codec import plain


class Reverted(Exception):
    """A call reverted. `name` is the custom error, `Error` with a reason, `Panic` with a code, `Halt` with what
    stopped the machine, or empty if there was no data.
    """

    def __init__(self, name: str, values: tuple[Any, ...], data: bytes = b"") -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values
        self.data = data


class InvalidTransaction(Exception):
    """No chain would take this transaction: its sender has not got the money, or is a contract."""


@contextmanager
def reverts(name: str, *values: Any) -> Iterator[None]:
    """Expects the block to revert with this error; with values given, with exactly these values."""
    try:
        yield
    except Reverted as reverted:
        wanted = tuple(plain(value) for value in values)
        if reverted.name != name or (values and reverted.values != wanted):
            raise AssertionError(f"expected {name}{wanted}, got {reverted}") from reverted
    else:
        raise AssertionError(f"expected a revert with {name}, nothing reverted")

"""What a transaction did."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cluster.chain.codec import plain


@dataclass(frozen=True)
class Event:
    """A decoded event: `event.price`, or `event.values["price"]`."""

    address: str
    name: str
    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"{self.name} has no {name!r}, only {', '.join(self.values)}") from None


@dataclass
class Receipt:
    """The outcome of a transaction that succeeded; events are decoded when asked for.

    `gas_used` and `transaction` are told by a node only: the engine in the process keeps storage warm from one
    transaction to the next, so its figure would be lower than a chain's.
    """

    return_value: Any
    _raw_logs: list[Any]
    _decode: Callable[[Any], Event | None]
    gas_used: int | None = None
    transaction: str | None = None

    @cached_property
    def events(self) -> list[Event]:
        """All events of contracts that the harness knows, in order."""
        return [event for event in map(self._decode, self._raw_logs) if event is not None]

    def named(self, name: str) -> list[Event]:
        """The events of one name."""
        return [event for event in self.events if event.name == name]

    def expect(self, name: str, **values: Any) -> Event:
        """The one event of that name, after checking the values given (accounts count as their addresses)."""
        found = self.named(name)
        if len(found) != 1:
            raise AssertionError(f"expected one {name}, got {[event.name for event in self.events]}")
        wrong = {k: (found[0].values[k], plain(v)) for k, v in values.items() if found[0].values[k] != plain(v)}
        if wrong:
            raise AssertionError(f"{name}: (got, expected) differ: {wrong}")
        return found[0]

"""A decoded log, as the handlers get it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one of the protocol's contracts. `contract` is its name in the manifest, `time` the
    block's, in unix seconds, `tx` the transaction's hash.
    """

    contract: str
    name: str
    values: dict[str, Any]
    block: int
    log_index: int
    time: int
    tx: str

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def place(self) -> dict[str, Any]:
        """Columns that say where a row that is an event of its own comes from."""
        return {"block": self.block, "log_index": self.log_index, "time": self.time, "tx": self.tx}

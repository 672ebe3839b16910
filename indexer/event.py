"""A decoded log, as the handlers get it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """An event of one of the protocol's contracts. `contract` is its name in the manifest."""

    contract: str
    name: str
    values: dict[str, Any]
    block: int
    log_index: int
    time: int
    tx: str

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

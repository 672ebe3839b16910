"""What happened in the demo, for the table and for JSON. Amounts are integers in the currency's smallest unit."""

from dataclasses import asdict, dataclass, field
from typing import Any

USDC_UNIT = 1_000_000


@dataclass(frozen=True)
class Amount:
    """Money that somebody got (or paid, if negative), in micro-dollars of USDC."""

    who: str
    units: int

    def __str__(self) -> str:
        return f"{self.who} {dollars(self.units)}"


@dataclass(frozen=True)
class Entry:
    """One event of the story. `gas` is what its transaction used, `seconds` how long the scene took."""

    what: str
    seconds: float
    transaction: str | None = None
    gas: int | None = None
    amounts: list[Amount] = field(default_factory=list)


@dataclass
class Record:
    """The whole story. `found` is what the indexer says of it afterwards."""

    services: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    answer: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def plain(self) -> dict[str, Any]:
        """As JSON has it; amounts as decimal strings, since JSON numbers are floats to many readers."""
        whole = asdict(self)
        for entry in whole["entries"]:
            entry["seconds"] = round(entry["seconds"], 3)
            for amount in entry["amounts"]:
                amount["units"] = str(amount["units"])
        whole["seconds"] = round(whole["seconds"], 3)
        return whole


def dollars(units: int) -> str:
    """Micro-dollars as dollars, to the last unit."""
    sign = "-" if units < 0 else ""
    return f"{sign}${abs(units) // USDC_UNIT}.{abs(units) % USDC_UNIT:06d}"

"""InferenceSettlement: money that waits for a split, splits, and what they gave to whom."""

from typing import Any

from indexer.event import Event
from indexer.handlers import money
from indexer.rows import Rows

SUMS = ("funded", "swept", "to_treasury", "to_stack", "to_operator")


def funded(rows: Rows, event: Event) -> None:
    till = _till(rows, event)
    rows.put("till", **{**till, "funded": str(int(till["funded"]) + event["amount"])})
    rows.put("funding", **_key(event), payer=event["payer"], amount=str(event["amount"]), **event.place)


def swept(rows: Rows, event: Event) -> None:
    """All that was funded is in it, beside what was sent to the till's address."""
    parts = {
        "to_treasury": event["toTreasury"],
        "to_stack": event["toStack"],
        "to_operator": event["toOperator"],
    }
    till = _till(rows, event)
    sums = {name: str(int(till[name]) + part) for name, part in parts.items()}
    total = str(int(till["swept"]) + event["amount"])
    rows.put("till", **{**till, "funded": "0", "swept": total, **sums, "sweeps": till["sweeps"] + 1})
    texts = {name: str(part) for name, part in parts.items()}
    rows.put("sweep", **_key(event), amount=str(event["amount"]), **texts, **event.place)


def _key(event: Event) -> dict[str, Any]:
    return {
        "model_id": str(event["modelId"]),
        "version": event["version"],
        "operator": event["operator"],
        "currency": event["currency"],
    }


def _till(rows: Rows, event: Event) -> dict[str, Any]:
    key = _key(event)
    return rows.get("till", *key.values()) or {**key, **dict.fromkeys(SUMS, "0"), "sweeps": 0, **event.place}


HANDLERS = {
    "Funded": funded,
    "Swept": swept,
    "Credited": money.credited,
    "Claimed": money.claimed,
    "TreasurySet": money.treasury_set,
    "SurplusRescued": money.surplus_rescued,
}
IGNORED: set[str] = set()

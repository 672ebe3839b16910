"""PrepaidBalances: balances, what relays may spend of them, and what they drew."""

from typing import Any

from indexer.event import Event
from indexer.handlers.money import PAUSE_HANDLERS
from indexer.rows import Row, Rows

# As the contract numbers them.
REFUSALS = ("above limit", "above balance")


def deposited(rows: Rows, event: Event) -> None:
    _move(rows, event, event["amount"])
    _put_change(rows, event, "deposit", event["payer"])


def withdrawn(rows: Rows, event: Event) -> None:
    _move(rows, event, -event["amount"])
    _put_change(rows, event, "withdrawal", event["to"])


def grant_set(rows: Rows, event: Event) -> None:
    rows.put(
        "prepaid_grant",
        account=event["account"],
        relay=event["relay"],
        spending_limit=str(event["limit"]),
        period=event["period"],
        spent="0",
        since=event.time,
        **event.place,
    )


def renewed(grant: Row, time: int) -> dict[str, Any]:
    """`spent` and `since` of a grant at a time: a period that is over starts anew."""
    period, passed = grant["period"], time - grant["since"]
    if period == 0 or passed < period:
        return {"spent": grant["spent"], "since": grant["since"]}
    return {"spent": "0", "since": time - passed % period}


def drawn(rows: Rows, event: Event) -> None:
    key = event["account"], event["relay"]
    grant = rows.get("prepaid_grant", *key)
    # Who granted nothing can still be drawn nothing from.
    if grant is not None:
        now = renewed(grant, event.time)
        spent = str(int(now["spent"]) + event["microDollars"])
        rows.change("prepaid_grant", *key, spent=spent, since=now["since"])
    _move(rows, event, -event["amount"])
    _put_draw(
        rows,
        event,
        model_id=str(event["modelId"]),
        version=event["version"],
        operator=event["operator"],
        currency=event["currency"],
        amount=str(event["amount"]),
        refusal=None,
        draw_row=None,
    )


def draw_refused(rows: Rows, event: Event) -> None:
    nothing = dict.fromkeys(("model_id", "version", "operator", "currency"))
    refusal = REFUSALS[event["reason"]]
    _put_draw(rows, event, **nothing, amount="0", refusal=refusal, draw_row=event["index"])


def batch_drawn(rows: Rows, event: Event) -> None:
    """The batch itself was told by ReceiptsAnchored."""
    rows.change(
        "receipt_batch",
        event["relay"],
        event["batch"],
        currency=event["currency"],
        micro_dollars=str(event["microDollars"]),
        amount=str(event["amount"]),
    )


def _move(rows: Rows, event: Event, amount: int) -> None:
    if amount == 0:
        return
    account, currency = event["account"], event["currency"]
    found = rows.get("prepaid_balance", account, currency)
    total = str((int(found["amount"]) if found else 0) + amount)
    rows.put("prepaid_balance", account=account, currency=currency, amount=total)


def _put_change(rows: Rows, event: Event, kind: str, other: str) -> None:
    rows.put(
        "prepaid_change",
        account=event["account"],
        currency=event["currency"],
        kind=kind,
        other=other,
        amount=str(event["amount"]),
        **event.place,
    )


def _put_draw(rows: Rows, event: Event, **columns: Any) -> None:
    micro_dollars = str(event["microDollars"])
    parties = {"account": event["account"], "relay": event["relay"]}
    rows.put("draw", **parties, micro_dollars=micro_dollars, **columns, **event.place)


HANDLERS = {
    "Deposited": deposited,
    "Withdrawn": withdrawn,
    "GrantSet": grant_set,
    "Drawn": drawn,
    "DrawRefused": draw_refused,
    "BatchDrawn": batch_drawn,
    **PAUSE_HANDLERS,
}
IGNORED: set[str] = set()

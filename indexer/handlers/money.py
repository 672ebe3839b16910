"""What several contracts tell alike: credits that can be claimed, claims, money that nobody is owed."""

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.rows import Rows


def credited(rows: Rows, event: Event) -> None:
    _credit(rows, event, event["amount"], event["amount"])


def claimed(rows: Rows, event: Event) -> None:
    _credit(rows, event, -event["amount"], 0)
    put_claim(rows, event)


def put_claim(rows: Rows, event: Event) -> None:
    """Records a claim."""
    rows.put(
        "claim",
        contract=event.contract,
        account=event["account"],
        currency=event["currency"],
        receiver=event["to"],
        amount=str(event["amount"]),
        **event.place,
    )


def _credit(rows: Rows, event: Event, amount: int, earned: int) -> None:
    account, currency = event["account"], event["currency"]
    found = rows.get("credit", event.contract, account, currency)
    before, total = (int(found["amount"]), int(found["total"])) if found else (0, 0)
    rows.put(
        "credit",
        contract=event.contract,
        account=account,
        currency=currency,
        amount=str(before + amount),
        total=str(total + earned),
    )


def surplus_rescued(rows: Rows, event: Event) -> None:
    put_rescue(rows, event, event["currency"])


def cp_rescued(rows: Rows, event: Event) -> None:
    """Of contracts that hold nothing but CP, and so don't name it."""
    put_rescue(rows, event, rows.address("ClusterToken"))


def put_rescue(rows: Rows, event: Event, currency: str) -> None:
    """Records that surplus was sent away."""
    rows.put(
        "surplus_rescue",
        contract=event.contract,
        currency=currency,
        receiver=event["to"],
        amount=str(event["amount"]),
        **event.place,
    )


def treasury_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "treasury", event["treasury"])


def paused(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "paused", str(int(event.name == "Paused")))


PAUSE_HANDLERS = {"Paused": paused, "Unpaused": paused}

"""PaymentRouter: purchases, what each account earned, credits and what left them."""

from indexer.event import Event
from indexer.handlers import money
from indexer.handlers.values import ZERO
from indexer.rows import Rows


def purchase_completed(rows: Rows, event: Event) -> None:
    dataset = rows.get("dataset", event["id"])
    setting = rows.get("setting", event.contract, "treasury")
    if dataset is None or setting is None:
        raise LookupError(f"a purchase of dataset {event['id']} before it or the treasury was known")
    treasury = setting["value"]
    referrer = None if event["referrer"] == ZERO else event["referrer"]
    rows.put(
        "purchase",
        dataset_id=event["id"],
        buyer=event["buyer"],
        recipient=event["recipient"],
        currency=event["currency"],
        price=str(event["price"]),
        holder=event["holder"],
        to_holder=str(event["toHolder"]),
        treasury=treasury,
        to_treasury=str(event["toTreasury"]),
        referrer=referrer,
        to_referrer=str(event["toReferrer"]),
        **event.place,
    )
    rows.change("dataset", event["id"], purchase_count=dataset["purchase_count"] + 1)
    _earn(rows, event["holder"], event["currency"], "holder", event["toHolder"])
    _earn(rows, treasury, event["currency"], "treasury", event["toTreasury"])
    if referrer is not None:
        _earn(rows, referrer, event["currency"], "referrer", event["toReferrer"])


def _earn(rows: Rows, account: str, currency: str, role: str, amount: int) -> None:
    found = rows.get("earning", account, currency, role)
    total, count = (int(found["total"]), found["count"]) if found else (0, 0)
    rows.put("earning", account=account, currency=currency, role=role, total=str(total + amount), count=count + 1)


def till_refunded(rows: Rows, event: Event) -> None:
    rows.put(
        "till_refund",
        dataset_id=event["id"],
        recipient=event["recipient"],
        referrer=None if event["referrer"] == ZERO else event["referrer"],
        currency=event["currency"],
        receiver=event["to"],
        amount=str(event["amount"]),
        **event.place,
    )


def currency_set(rows: Rows, event: Event) -> None:
    rows.put("currency", address=event["currency"], accepted=int(event["accepted"]))


HANDLERS = {
    "PurchaseCompleted": purchase_completed,
    "Credited": money.credited,
    "Claimed": money.claimed,
    "TillRefunded": till_refunded,
    "SurplusRescued": money.surplus_rescued,
    "TreasurySet": money.treasury_set,
    "CurrencySet": currency_set,
    **money.PAUSE_HANDLERS,
}
IGNORED: set[str] = set()

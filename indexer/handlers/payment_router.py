"""PaymentRouter: purchases, what each account earned, credits and what left them."""

import sqlite3

from indexer.event import Event
from indexer.handlers.amounts import add
from indexer.handlers.cluster_token import ZERO
from indexer.handlers.dataset_registry import set_setting


def purchase_completed(db: sqlite3.Connection, event: Event) -> None:
    referrer = None if event["referrer"] == ZERO else event["referrer"]
    db.execute(
        "INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.block,
            event.log_index,
            event["id"],
            event["buyer"],
            event["recipient"],
            event["currency"],
            str(event["price"]),
            event["holder"],
            str(event["toHolder"]),
            str(event["toTreasury"]),
            referrer,
            str(event["toReferrer"]),
            event.time,
            event.tx,
        ),
    )
    (treasury,) = db.execute("SELECT value FROM setting WHERE name = 'treasury'").fetchone()
    _earn(db, event, event["holder"], "holder", event["toHolder"])
    _earn(db, event, treasury, "treasury", event["toTreasury"])
    if referrer is not None:
        _earn(db, event, referrer, "referrer", event["toReferrer"])


def _earn(db: sqlite3.Connection, event: Event, account: str, role: str, amount: int) -> None:
    key = (account, event["currency"], role)
    found = db.execute(
        "SELECT total, count FROM earning WHERE account = ? AND currency = ? AND role = ?", key
    ).fetchone()
    total, count = (int(found[0]), found[1]) if found else (0, 0)
    db.execute(
        "INSERT INTO earning VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET total = excluded.total, count = excluded.count",
        (*key, str(total + amount), count + 1),
    )


def credited(db: sqlite3.Connection, event: Event) -> None:
    add(db, "credit", {"account": event["account"], "currency": event["currency"]}, "amount", event["amount"])


def claimed(db: sqlite3.Connection, event: Event) -> None:
    add(db, "credit", {"account": event["account"], "currency": event["currency"]}, "amount", -event["amount"])
    _payout(db, event, "claim", event["account"])


def till_refunded(db: sqlite3.Connection, event: Event) -> None:
    _payout(db, event, "till_refund", event["recipient"])


def surplus_rescued(db: sqlite3.Connection, event: Event) -> None:
    _payout(db, event, "surplus", event["to"])


def _payout(db: sqlite3.Connection, event: Event, kind: str, account: str) -> None:
    db.execute(
        "INSERT INTO payout VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.block,
            event.log_index,
            kind,
            account,
            event["currency"],
            event["to"],
            str(event["amount"]),
            event.time,
            event.tx,
        ),
    )


def treasury_set(db: sqlite3.Connection, event: Event) -> None:
    set_setting(db, "treasury", event["treasury"])


def currency_set(db: sqlite3.Connection, event: Event) -> None:
    db.execute(
        "INSERT INTO currency VALUES (?, ?) ON CONFLICT DO UPDATE SET accepted = excluded.accepted",
        (event["currency"], int(event["accepted"])),
    )


def paused(db: sqlite3.Connection, event: Event) -> None:
    set_setting(db, "paused", str(int(event.name == "Paused")))


HANDLERS = {
    "PurchaseCompleted": purchase_completed,
    "Credited": credited,
    "Claimed": claimed,
    "TillRefunded": till_refunded,
    "SurplusRescued": surplus_rescued,
    "TreasurySet": treasury_set,
    "CurrencySet": currency_set,
    "Paused": paused,
    "Unpaused": paused,
}
IGNORED: set[str] = set()

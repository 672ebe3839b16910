"""DatasetRegistry: slugs, prices, listing and reviews."""

import sqlite3

from indexer.event import Event


def dataset_published(db: sqlite3.Connection, event: Event) -> None:
    db.execute(
        "UPDATE dataset SET slug = ?, free = ?, listed = 1 WHERE id = ?",
        (event["slug"], int(event["free"]), event["id"]),
    )


def price_set(db: sqlite3.Connection, event: Event) -> None:
    if event["price"] == 0:
        db.execute("DELETE FROM price WHERE dataset_id = ? AND currency = ?", (event["id"], event["currency"]))
        return
    db.execute(
        "INSERT INTO price VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount",
        (event["id"], event["currency"], str(event["price"])),
    )


def free_set(db: sqlite3.Connection, event: Event) -> None:
    db.execute("UPDATE dataset SET free = ? WHERE id = ?", (int(event["free"]), event["id"]))


def listed_set(db: sqlite3.Connection, event: Event) -> None:
    db.execute("UPDATE dataset SET listed = ? WHERE id = ?", (int(event["listed"]), event["id"]))


def dataset_delisted(db: sqlite3.Connection, event: Event) -> None:
    db.execute("UPDATE dataset SET delist_reason = ? WHERE id = ?", (event["reason"], event["id"]))


def dataset_reinstated(db: sqlite3.Connection, event: Event) -> None:
    db.execute("UPDATE dataset SET delist_reason = 0 WHERE id = ?", (event["id"],))


def dataset_reviewed(db: sqlite3.Connection, event: Event) -> None:
    first = event["previousRating"] == 0
    db.execute(
        "UPDATE dataset SET rating_sum = rating_sum + ?, rating_count = rating_count + ? WHERE id = ?",
        (event["rating"] - event["previousRating"], int(first), event["id"]),
    )
    db.execute(
        "INSERT INTO review VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET rating = excluded.rating, "
        "uri = excluded.uri, block = excluded.block, time = excluded.time, tx = excluded.tx",
        (event["id"], event["reviewer"], event["rating"], event["uri"], event.block, event.time, event.tx),
    )


def payment_router_set(db: sqlite3.Connection, event: Event) -> None:
    set_setting(db, "payment_router", event["router"])


def set_setting(db: sqlite3.Connection, name: str, value: str) -> None:
    """Writes a single value that governance sets."""
    db.execute(
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )


HANDLERS = {
    "DatasetPublished": dataset_published,
    "PriceSet": price_set,
    "FreeSet": free_set,
    "ListedSet": listed_set,
    "DatasetDelisted": dataset_delisted,
    "DatasetReinstated": dataset_reinstated,
    "DatasetReviewed": dataset_reviewed,
    "PaymentRouterSet": payment_router_set,
}
IGNORED: set[str] = set()

"""DatasetRegistry: slugs, prices, listing and reviews."""

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.rows import Rows


def dataset_published(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], slug=event["slug"], free=int(event["free"]), listed=1)


def price_set(rows: Rows, event: Event) -> None:
    if event["price"] == 0:
        rows.remove("price", event["id"], event["currency"])
    else:
        rows.put("price", dataset_id=event["id"], currency=event["currency"], amount=str(event["price"]))


def free_set(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], free=int(event["free"]))


def listed_set(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], listed=int(event["listed"]))


def dataset_delisted(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], delist_reason=event["reason"])


def dataset_reinstated(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], delist_reason=0)


def dataset_reviewed(rows: Rows, event: Event) -> None:
    dataset = rows.get("dataset", event["id"])
    if dataset is None:
        raise LookupError(f"a review of dataset {event['id']}, which was never published")
    rows.change(
        "dataset",
        event["id"],
        rating_sum=dataset["rating_sum"] + event["rating"] - event["previousRating"],
        rating_count=dataset["rating_count"] + (event["previousRating"] == 0),
    )
    rows.put(
        "review",
        dataset_id=event["id"],
        reviewer=event["reviewer"],
        rating=event["rating"],
        uri=event["uri"],
        block=event.block,
        time=event.time,
        tx=event.tx,
    )


def payment_router_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "payment_router", event["router"])


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

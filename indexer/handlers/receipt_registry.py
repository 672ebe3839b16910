"""ReceiptRegistry: roots of the receipts of relays."""

from indexer.event import Event
from indexer.handlers.values import hexed
from indexer.rows import Rows


def receipts_anchored(rows: Rows, event: Event) -> None:
    """What was drawn for a batch is told by PrepaidBalances, next."""
    rows.put(
        "receipt_batch",
        relay=event["relay"],
        batch=event["batch"],
        root=hexed(event["root"]),
        receipts=event["count"],
        paid=int(event["paid"]),
        payments=None,
        currency=None,
        micro_dollars=None,
        amount=None,
        **event.place,
    )


def payments_anchored(rows: Rows, event: Event) -> None:
    rows.change("receipt_batch", event["relay"], event["batch"], payments=hexed(event["payments"]))


HANDLERS = {"ReceiptsAnchored": receipts_anchored, "PaymentsAnchored": payments_anchored}
IGNORED: set[str] = set()

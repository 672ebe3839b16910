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
        currency=None,
        micro_dollars=None,
        amount=None,
        **event.place,
    )


HANDLERS = {"ReceiptsAnchored": receipts_anchored}
IGNORED: set[str] = set()

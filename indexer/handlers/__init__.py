"""From events to rows: one file a contract, one function an event.

A handler sees only the event and the rows, so the same events give the same rows on every database and every
replay.
"""

from collections.abc import Callable

from indexer.event import Event
from indexer.handlers import access, cluster_token, dataset_nft, dataset_registry, payment_router
from indexer.rows import Rows

Handler = Callable[[Rows, Event], None]

HANDLERS: dict[str, dict[str, Handler]] = {
    "AccessManager": access.MANAGER_HANDLERS,
    "ClusterToken": {**cluster_token.HANDLERS, **access.COMMON_HANDLERS},
    "DatasetNFT": {**dataset_nft.HANDLERS, **access.COMMON_HANDLERS},
    "DatasetRegistry": {**dataset_registry.HANDLERS, **access.COMMON_HANDLERS},
    "PaymentRouter": {**payment_router.HANDLERS, **access.COMMON_HANDLERS},
}

# Events that change no table. Their logs are kept all the same.
IGNORED: dict[str, set[str]] = {
    "AccessManager": access.MANAGER_IGNORED,
    "ClusterToken": cluster_token.IGNORED,
    "DatasetNFT": dataset_nft.IGNORED,
    "DatasetRegistry": dataset_registry.IGNORED,
    "PaymentRouter": payment_router.IGNORED,
}

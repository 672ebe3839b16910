"""From events to rows: one file a contract, one function an event."""

import sqlite3
from collections.abc import Callable

from indexer.event import Event
from indexer.handlers import access, cluster_token, dataset_nft, dataset_registry, payment_router

Handler = Callable[[sqlite3.Connection, Event], None]

HANDLERS: dict[str, dict[str, Handler]] = {
    "AccessManager": access.MANAGER_HANDLERS,
    "ClusterToken": {**cluster_token.HANDLERS, **access.COMMON_HANDLERS},
    "DatasetNFT": {**dataset_nft.HANDLERS, **access.COMMON_HANDLERS},
    "DatasetRegistry": {**dataset_registry.HANDLERS, **access.COMMON_HANDLERS},
    "PaymentRouter": {**payment_router.HANDLERS, **access.COMMON_HANDLERS},
}

# Events that change no table. The logs of all are kept all the same.
IGNORED: dict[str, set[str]] = {
    "AccessManager": access.MANAGER_IGNORED,
    "ClusterToken": cluster_token.IGNORED | access.COMMON_IGNORED,
    "DatasetNFT": dataset_nft.IGNORED | access.COMMON_IGNORED,
    "DatasetRegistry": dataset_registry.IGNORED | access.COMMON_IGNORED,
    "PaymentRouter": payment_router.IGNORED | access.COMMON_IGNORED,
}

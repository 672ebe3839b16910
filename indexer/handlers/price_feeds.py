"""PriceFeeds: where the price of each currency comes from."""

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.handlers.values import known
from indexer.rows import Rows


def feed_set(rows: Rows, event: Event) -> None:
    primary, secondary, max_age, max_deviation_bps, decimals, min_price, max_price = event["feed"]
    rows.put(
        "price_feed",
        currency=event["currency"],
        primary_feed=known(primary),
        secondary_feed=known(secondary),
        max_age=max_age,
        max_deviation_bps=max_deviation_bps,
        decimals=decimals,
        min_price=str(min_price),
        max_price=str(max_price),
    )


def sequencer_feed_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "sequencer_feed", event["feed"])
    set_setting(rows, event, "grace_period", str(event["gracePeriod"]))


HANDLERS = {"FeedSet": feed_set, "SequencerFeedSet": sequencer_feed_set}
IGNORED: set[str] = set()

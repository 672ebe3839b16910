"""Price feeds: other people's, and on local chains test feeds where the configuration names none."""

from collections.abc import Mapping
from typing import Any

from cluster.chain.protocol import NATIVE
from deployment import checks
from deployment.chain import Chain, Reverted
from deployment.config import Config, Feed

SOURCE = "TestFeed"
DECIMALS = 8
TEST_PRICE = 3_000 * 10**DECIMALS
"""What a test feed says: dollars for a whole unit."""


def to_deploy(config: Config) -> list[int]:
    """Numbers of the feeds that get a test feed."""
    return [number for number, feed in enumerate(config.feeds) if feed.primary is None]


def name_of(number: int) -> str:
    """A test feed's name in the manifest."""
    return f"TestFeed{number}"


def currency_of(feed: Feed) -> str:
    """Its currency's address."""
    return NATIVE if feed.currency == "native" else feed.currency


def struct_of(number: int, feed: Feed, addresses: Mapping[str, str]) -> tuple[Any, ...]:
    """A feed as PriceFeeds takes it."""
    primary = feed.primary or addresses[name_of(number)]
    return (
        primary,
        feed.secondary,
        feed.max_age,
        feed.max_deviation_bps,
        feed.decimals,
        feed.min_price,
        feed.max_price,
    )


def check_sources(chain: Chain, config: Config) -> list[checks.Check]:
    """Whether there is a feed at each address that the configuration names."""
    named = [
        address for feed in config.feeds for address in (feed.primary, feed.secondary) if address not in (None, NATIVE)
    ]
    if config.sequencer is not None:
        named.append(config.sequencer.feed)
    return [checks.yes(f"PriceFeeds: there is a feed at {address}", _answers(chain, str(address))) for address in named]


def _answers(chain: Chain, address: str) -> bool:
    if not chain.code(address):
        return False
    try:
        chain.read(SOURCE, address, "latestRoundData")
    except Reverted:
        return False
    return True

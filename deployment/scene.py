"""What a deployment sets beside `initialize`: contracts that learn of each other, feeds, weights."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from deployment import feeds
from deployment.chain import Chain
from deployment.config import Config


class Setting(Struct, frozen=True):
    """A call and the view that shows its effect."""

    name: str
    contract: str
    address: str
    method: str
    args: tuple[Any, ...]
    view: str
    view_args: tuple[Any, ...]
    expected: Any

    def found(self, chain: Chain) -> Any:
        """What the chain shows."""
        found = chain.read(self.contract, self.address, self.view, *self.view_args)
        return tuple(found) if isinstance(found, list) else found

    def is_made(self, chain: Chain) -> bool:
        """Whether the chain shows its effect."""
        return bool(self.found(chain) == self.expected)


def settings(config: Config, addresses: Mapping[str, str]) -> list[Setting]:
    """All of them, in the order in which they are made."""
    registry, prices, idle = (addresses[name] for name in ("DatasetRegistry", "PriceFeeds", "IdleIncentives"))
    router = addresses["PaymentRouter"]
    found = [
        Setting(
            "registry knows router",
            "DatasetRegistry",
            registry,
            "setPaymentRouter",
            (router,),
            "paymentRouter",
            (),
            router,
        )
    ]
    for number in feeds.to_deploy(config):
        found.append(_test_price(number, addresses[feeds.name_of(number)]))
    for number, feed in enumerate(config.feeds):
        currency, struct = feeds.currency_of(feed), feeds.struct_of(number, feed, addresses)
        name = f"price of {feed.currency}"
        found.append(Setting(name, "PriceFeeds", prices, "setFeed", (currency, struct), "feedOf", (currency,), struct))
    if config.sequencer is not None:
        made = (config.sequencer.feed, config.sequencer.grace_period)
        found.append(
            Setting("sequencer's feed", "PriceFeeds", prices, "setSequencerFeed", made, "sequencerFeed", (), made)
        )
    for capacity_class, weight in config.protocol.class_weights:
        found.append(
            Setting(
                f"weight of class {capacity_class}",
                "IdleIncentives",
                idle,
                "setClassWeight",
                (capacity_class, weight),
                "classWeight",
                (capacity_class,),
                weight,
            )
        )
    return found


def count(config: Config) -> int:
    """How many there are, wherever the contracts come to be."""
    return len(settings(config, defaultdict(str)))


def _test_price(number: int, address: str) -> Setting:
    # Once: a feed's own time is that of its first block.
    made = (feeds.TEST_PRICE, 1, 1)
    expected = (1, feeds.TEST_PRICE, 1, 1, 1)
    return Setting(f"test price {number}", feeds.SOURCE, address, "set", made, "latestRoundData", (), expected)

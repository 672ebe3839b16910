"""A price is used while it can be trusted, and refused otherwise."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.testing import Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite

HOUR = 3_600
ETHER = 10**18
NOBODY = NATIVE


@dataclass(frozen=True)
class Terms:
    """How ETH is priced: $3,000 by a feed of 8 decimals."""

    primary: str
    secondary: str = NOBODY
    max_age: int = HOUR
    max_deviation_bps: int = 100
    decimals: int = 18
    min_price: int = 100 * 10**6
    max_price: int = 100_000 * 10**6

    @property
    def args(self) -> tuple[Any, ...]:
        numbers = (self.max_age, self.max_deviation_bps, self.decimals, self.min_price, self.max_price)
        return (self.primary, self.secondary, *numbers)


@dataclass(frozen=True)
class Feeds:
    """The contract, its feeds, who may set what."""

    chain: Chain
    suite: Suite
    prices: Contract
    primary: Contract
    secondary: Contract

    def say(self, feed: Contract, answer: int, age: int = 0, started: int = 0) -> None:
        feed.set(answer, started, self.chain.time - age, sender=self.suite.admin)

    def use(self, **changed: Any) -> None:
        terms = replace(Terms(self.primary.address), **changed)
        self.prices.setFeed(NATIVE, terms.args, sender=self.suite.admin)


@pytest.fixture
def feeds(suite: Suite, chain: Chain) -> Feeds:
    admin = suite.admin
    first, second = (chain.deploy("TestFeed", decimals, sender=admin) for decimals in (8, 18))
    found = Feeds(chain, suite, suite.prices, first, second)
    found.say(found.primary, 3_000 * 10**8)
    found.use()
    return found


def test_a_dollar_is_a_dollar(feeds: Feeds) -> None:
    assert feeds.prices.priceOf(feeds.suite.usdc) == 10**6
    assert feeds.prices.unitsFor(feeds.suite.usdc, 123) == 123
    assert feeds.prices.dollar() == feeds.suite.usdc.address


def test_a_price_is_scaled_to_micro_dollars(feeds: Feeds) -> None:
    assert feeds.prices.priceOf(NATIVE) == 3_000 * 10**6
    assert feeds.prices.unitsFor(NATIVE, 3_000 * 10**6) == ETHER
    assert feeds.prices.unitsFor(NATIVE, 1) == ETHER // (3_000 * 10**6)


def test_the_smallest_answer_above_zero_is_a_price(feeds: Feeds) -> None:
    whole = feeds.chain.deploy("TestFeed", 0, sender=feeds.suite.admin)
    feeds.say(whole, 1)
    feeds.use(primary=whole.address, min_price=1)
    assert feeds.prices.priceOf(NATIVE) == 10**6


@given(st.integers(0, 2**64 - 1), st.integers(100 * 10**8, 100_000 * 10**8))
def test_units_are_worth_at_most_what_was_asked_and_one_more_would_be_too_much(
    feeds: Feeds, micro: int, answer: int
) -> None:
    feeds.say(feeds.primary, answer)
    price = feeds.prices.priceOf(NATIVE)
    units = feeds.prices.unitsFor(NATIVE, micro)
    assert units * price <= micro * ETHER < (units + 1) * price


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (HOUR, True), (HOUR + 1, False)])
def test_an_old_answer_is_refused(feeds: Feeds, age: int, fresh: bool) -> None:
    feeds.say(feeds.primary, 3_000 * 10**8, age)
    if fresh:
        assert feeds.prices.priceOf(NATIVE) == 3_000 * 10**6
    else:
        with reverts("StalePrice", NATIVE, feeds.chain.time - age, HOUR):
            feeds.prices.priceOf(NATIVE)


def test_an_answer_of_the_future_or_of_no_time_is_refused(feeds: Feeds) -> None:
    feeds.say(feeds.primary, 3_000 * 10**8, -1)
    with reverts("StalePrice"):
        feeds.prices.priceOf(NATIVE)
    feeds.primary.set(3_000 * 10**8, 0, 0, sender=feeds.suite.admin)
    with reverts("StalePrice", NATIVE, 0, HOUR):
        feeds.prices.priceOf(NATIVE)


@pytest.mark.parametrize(
    ("answer", "price"),
    [
        (0, 0),
        # What can be no price counts as 0, before any arithmetic with it.
        (-1, 0),
        (-(2**255), 0),
        (2**192, 0),
        (2**192 - 1, (2**192 - 1) // 100),
        (100 * 10**8 - 100, 100 * 10**6 - 1),
        (100_000 * 10**8 + 100, 100_000 * 10**6 + 1),
    ],
)
def test_an_answer_out_of_bounds_is_refused(feeds: Feeds, answer: int, price: int) -> None:
    feeds.say(feeds.primary, answer)
    with reverts("PriceOutOfBounds", NATIVE, price, 100 * 10**6, 100_000 * 10**6):
        feeds.prices.priceOf(NATIVE)


@pytest.mark.parametrize("answer", [100 * 10**8, 100_000 * 10**8])
def test_both_bounds_are_inside(feeds: Feeds, answer: int) -> None:
    feeds.say(feeds.primary, answer)
    assert feeds.prices.priceOf(NATIVE) == answer // 100


@pytest.mark.parametrize(("second", "near"), [(3_030, True), (2_970, True), (3_031, False), (2_969, False)])
def test_two_sources_must_agree(feeds: Feeds, second: int, near: bool) -> None:
    feeds.use(secondary=feeds.secondary.address)
    feeds.say(feeds.secondary, second * ETHER)
    if near:
        assert feeds.prices.priceOf(NATIVE) == 3_000 * 10**6
    else:
        with reverts("PricesDeviate", NATIVE, 3_000 * 10**6, second * 10**6, 100):
            feeds.prices.priceOf(NATIVE)


def test_an_old_second_source_is_refused_too(feeds: Feeds) -> None:
    feeds.use(secondary=feeds.secondary.address)
    feeds.say(feeds.secondary, 3_000 * ETHER, HOUR + 1)
    with reverts("StalePrice"):
        feeds.prices.priceOf(NATIVE)


def test_while_the_sequencer_is_down_and_a_while_after_there_is_no_price(feeds: Feeds) -> None:
    sequencer = feeds.chain.deploy("TestFeed", 0, sender=feeds.suite.admin)
    receipt = feeds.prices.setSequencerFeed(sequencer, HOUR, sender=feeds.suite.admin)
    receipt.expect("SequencerFeedSet", feed=sequencer, gracePeriod=HOUR)
    assert feeds.prices.sequencerFeed() == (sequencer.address, HOUR)
    now = feeds.chain.time
    for down, since in ((1, now - 2 * HOUR), (0, now - HOUR), (0, 0), (0, now + 1)):
        sequencer.set(down, since, now, sender=feeds.suite.admin)
        with reverts("SequencerDown", since, HOUR):
            feeds.prices.priceOf(NATIVE)
    sequencer.set(0, now - HOUR - 1, now, sender=feeds.suite.admin)
    assert feeds.prices.priceOf(NATIVE) == 3_000 * 10**6
    assert feeds.prices.priceOf(feeds.suite.usdc) == 10**6


def test_a_currency_without_a_feed_has_no_price(feeds: Feeds) -> None:
    with reverts("NoPrice", feeds.suite.token):
        feeds.prices.unitsFor(feeds.suite.token, 1)
    feeds.use(primary=NOBODY)
    with reverts("NoPrice", NATIVE):
        feeds.prices.priceOf(NATIVE)


@pytest.mark.parametrize(
    "changed",
    [
        {"max_age": 0},
        {"decimals": 37},
        {"min_price": 0},
        {"min_price": 11, "max_price": 10},
        {"secondary": "x", "max_deviation_bps": 0},
        {"secondary": "x", "max_deviation_bps": 10_000},
    ],
)
def test_settings_that_can_not_be__revert(feeds: Feeds, changed: dict[str, Any]) -> None:
    if "secondary" in changed:
        changed = {**changed, "secondary": feeds.secondary.address}
    with reverts("InvalidFeed", NATIVE):
        feeds.use(**changed)


def test_the_dollar_has_no_feed(feeds: Feeds) -> None:
    with reverts("InvalidFeed", feeds.suite.usdc):
        feeds.prices.setFeed(feeds.suite.usdc, Terms(feeds.primary.address).args, sender=feeds.suite.admin)


def test_only_the_parameters_role_sets_feeds(feeds: Feeds) -> None:
    stranger = feeds.chain.account("stranger")
    with reverts("AccessManagedUnauthorized", stranger):
        feeds.prices.setFeed(NATIVE, Terms(feeds.primary.address).args, sender=stranger)
    with reverts("AccessManagedUnauthorized", stranger):
        feeds.prices.setSequencerFeed(feeds.primary, HOUR, sender=stranger)


def test_a_feed_is_told_and_shown_as_it_was_set(feeds: Feeds) -> None:
    terms = Terms(feeds.primary.address, feeds.secondary.address, 60, 50, 18, 1, 2)
    receipt = feeds.prices.setFeed(NATIVE, terms.args, sender=feeds.suite.admin)
    (event,) = receipt.named("FeedSet")
    assert event.currency == NATIVE
    assert tuple(vars(event.feed).values()) == terms.args
    assert tuple(vars(feeds.prices.feedOf(NATIVE)).values()) == terms.args


def test_it_is_initialized_once(feeds: Feeds) -> None:
    with reverts("InvalidInitialization"):
        feeds.prices.initialize(feeds.suite.manager, sender=feeds.suite.admin)

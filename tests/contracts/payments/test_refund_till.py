"""PaymentRouter.refundTill: what a till can't buy with goes back."""

from collections.abc import Callable

import pytest

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import CURRENCIES, PRICES, TOKENS, Market

# What makes a full till worthless for a purchase in USDC.
OBSTACLES: dict[str, Callable[[Market], object]] = {
    "unlisted": lambda m: m.registry.setListed(1, False, sender=m.creator),
    "delisted": lambda m: m.registry.delist(1, 7, sender=m.admin),
    "free": lambda m: m.registry.setFree(1, True, sender=m.creator),
    "not sold": lambda m: m.registry.setPrice(1, m.usdc, 0, sender=m.creator),
    "price raised": lambda m: m.registry.setPrice(1, m.usdc, PRICES["usdc"] + 1, sender=m.creator),
    "currency": lambda m: m.router.setCurrency(m.usdc, False, sender=m.admin),
    "bought": lambda m: m.purchase("eth"),
    "recipient holds": lambda m: m.hand_over(1, m.buyer),
    "router holds": lambda m: m.hand_over(1, m.router),
}


@pytest.mark.parametrize("name", CURRENCIES)
def test_the_recipient_takes_back_what_is_there_to_wherever(market: Market, name: str) -> None:
    till = market.till(referrer=market.referrer)
    market.pay_in(name, PRICES[name], till)
    with market.moves(name, {till: -PRICES[name], market.anyone: PRICES[name], market.buyer: 0}):
        receipt = market.refund(name, market.anyone, referrer=market.referrer)
    receipt.expect(
        "TillRefunded",
        id=1,
        recipient=market.buyer,
        referrer=market.referrer,
        currency=market.currency[name],
        to=market.anyone,
        amount=PRICES[name],
    )
    assert receipt.return_value == PRICES[name]


@pytest.mark.parametrize("name", TOKENS)
def test_nobody_else_takes_back_what_can_still_buy_access(market: Market, name: str) -> None:
    market.pay_in(name, PRICES[name])
    for to in (market.buyer, market.anyone):
        with reverts("NotRecipient", market.anyone, market.buyer):
            market.refund(name, to, sender=market.anyone)
    market.complete(name)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_anyone_sends_back_to_the_recipient_what_can_not_buy_access(market: Market, obstacle: str) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    OBSTACLES[obstacle](market)
    with reverts("NotRecipient", market.anyone, market.buyer):
        market.refund("usdc", market.anyone, sender=market.anyone)
    with market.moves("usdc", {market.buyer: PRICES["usdc"], market.till(): -PRICES["usdc"]}):
        market.refund("usdc", market.buyer, sender=market.anyone)


def test_anyone_sends_back_too_small_a_payment(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"] - 1)
    with market.moves("usdc", {market.buyer: PRICES["usdc"] - 1}):
        market.refund("usdc", market.buyer, sender=market.anyone)


def test_anyone_sends_back_native_coin_and_tokens_that_are_no_currency(market: Market) -> None:
    market.pay_in("eth", PRICES["eth"])
    with market.moves("eth", {market.buyer: PRICES["eth"]}):
        market.refund("eth", market.buyer, sender=market.anyone)
    market.currency["FalseToken"] = token = market.contract("FalseToken")
    token.mint(market.till(), 1_000, sender=market.admin)
    with market.moves("FalseToken", {market.buyer: 1_000}):
        market.refund("FalseToken", market.buyer, sender=market.anyone)


def test_the_recipient_takes_back_from_the_till_of_a_dataset_that_never_was(market: Market) -> None:
    till = market.till(id_=99)
    market.pay_in("usdc", 5, till)
    args = (99, market.usdc, market.buyer, NATIVE, market.buyer)
    with market.moves("usdc", {market.buyer: 5}):
        market.router.refundTill(*args, sender=market.anyone)


def test_a_pause_lets_the_recipient_take_back_and_nobody_force_it_on_them(market: Market) -> None:
    market.router.pause(sender=market.admin)
    market.pay_in("usdc", PRICES["usdc"])
    with reverts("NotRecipient", market.anyone, market.buyer):
        market.refund("usdc", market.buyer, sender=market.anyone)
    with market.moves("usdc", {market.buyer: PRICES["usdc"]}):
        market.refund("usdc", market.buyer)


@pytest.mark.parametrize("name", CURRENCIES)
def test_an_empty_till_reverts(market: Market, name: str) -> None:
    with reverts("NothingToClaim", market.buyer, market.currency[name]):
        market.refund(name, market.buyer)
    market.pay_in(name, 5)
    market.refund(name, market.buyer)
    with reverts("NothingToClaim", market.buyer, market.currency[name]):
        market.refund(name, market.buyer)


@pytest.mark.parametrize("name", CURRENCIES)
def test_money_goes_neither_to_nobody_nor_to_the_router(market: Market, name: str) -> None:
    market.pay_in(name, 5)
    for nobody in (NATIVE, market.router.address):
        with reverts("InvalidAddress", nobody):
            market.refund(name, nobody)


def test_a_till_that_was_refunded_can_be_paid_and_completed_again(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    market.refund("usdc", market.buyer)
    market.pay_in("usdc", PRICES["usdc"])
    market.complete("usdc")
    assert market.router.hasPurchased(1, market.buyer)


def test_a_receiver_that_can_not_be_paid_reverts_and_leaves_the_money_where_it_was(market: Market) -> None:
    market.pay_in("eth", 5)
    with reverts("Unwanted"):
        market.refund("eth", market.contract("RevertingReceiver"))
    market.pay_in("usdc", 5)
    market.usdc.blacklist(market.buyer, sender=market.admin)
    with reverts("AccountBlacklisted", market.buyer):
        market.refund("usdc", market.buyer)
    token = market.accept_token("FalseToken", price=1_000)
    token.mint(market.till(), 5, sender=market.admin)
    token.setFailing(True, sender=market.admin)
    with reverts("SafeERC20FailedOperation", token):
        market.refund("FalseToken", market.buyer)
    assert [market.balance(name, market.till()) for name in ("eth", "usdc", "FalseToken")] == [5, 5, 5]
    with market.moves("usdc", {market.friend: 5}):
        market.refund("usdc", market.friend)

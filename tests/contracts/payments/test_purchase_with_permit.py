"""PaymentRouter.purchaseWithPermit."""

from typing import Any

import pytest

from cluster.testing import Receipt, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, TOKENS, Market, split


@pytest.fixture(autouse=True)
def no_approval(market: Market) -> None:
    for name in TOKENS:
        market.currency[name].approve(market.router, 0, sender=market.buyer)


def buy(market: Market, name: str, permit: Any, *, max_price: int | None = None, **options: Any) -> Receipt:
    limit = PRICES[name] if max_price is None else max_price
    args = (1, market.currency[name], limit, market.buyer, market.referrer, permit)
    return market.router.purchaseWithPermit(*args, sender=market.buyer, **options)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", TOKENS)
def test_buys_with_a_signature_in_place_of_an_approval(market: Market, name: str) -> None:
    to_holder, to_treasury, to_referrer = split(PRICES[name], referred=True)
    gains = {
        market.buyer: -PRICES[name],
        market.creator: to_holder,
        market.treasury: to_treasury,
        market.referrer: to_referrer,
    }
    with market.moves(name, gains):
        receipt = buy(market, name, market.permit(name, market.buyer, PRICES[name]))
    receipt.expect("PurchaseCompleted", buyer=market.buyer, recipient=market.buyer, price=PRICES[name])
    assert market.router.hasPurchased(1, market.buyer)
    assert market.currency[name].allowance(market.buyer, market.router) == 0


@pytest.mark.parametrize("name", TOKENS)
def test_a_permit_that_somebody_submitted_first_does_no_harm(market: Market, name: str) -> None:
    permit = market.permit(name, market.buyer, PRICES[name])
    market.currency[name].permit(market.buyer, market.router, *permit, sender=market.anyone)
    buy(market, name, permit)
    assert market.router.hasPurchased(1, market.buyer)


def test_a_worthless_permit_is_ignored_where_an_approval_is(market: Market) -> None:
    market.usdc.approve(market.router, PRICES["usdc"], sender=market.buyer)
    buy(market, "usdc", market.permit("usdc", market.friend, PRICES["usdc"]))
    assert market.router.hasPurchased(1, market.buyer)


@pytest.mark.parametrize("flaw", ["signer", "expired", "value", "nonce"])
def test_a_worthless_permit_alone_buys_nothing(market: Market, flaw: str) -> None:
    price = PRICES["usdc"]
    permit = {
        "signer": lambda: market.permit("usdc", market.friend, price),
        "expired": lambda: market.permit("usdc", market.buyer, price, deadline=market.chain.time - 1),
        "value": lambda: (price + 1, *market.permit("usdc", market.buyer, price)[1:]),
        "nonce": lambda: market.permit("usdc", market.buyer, price, nonce=1),
    }[flaw]()
    with reverts("ERC20InsufficientAllowance", market.router, 0, price):
        buy(market, "usdc", permit)


def test_a_permit_for_less_than_the_price_buys_nothing(market: Market) -> None:
    price = PRICES["cp"]
    with reverts("ERC20InsufficientAllowance", market.router, price - 1, price):
        buy(market, "cp", market.permit("cp", market.buyer, price - 1))


def test_a_price_raised_in_front_of_the_buyer_reverts_and_leaves_the_permit_unused(market: Market) -> None:
    price = PRICES["usdc"]
    market.registry.setPrice(1, market.usdc, price + 1, sender=market.creator)
    with reverts("PriceAboveMax", price + 1, price):
        buy(market, "usdc", market.permit("usdc", market.buyer, price + 1), max_price=price)
    assert market.usdc.nonces(market.buyer) == 0


def test_a_permit_can_not_be_used_twice(market: Market) -> None:
    permit = market.permit("usdc", market.buyer, PRICES["usdc"])
    buy(market, "usdc", permit)
    with reverts("AlreadyHasAccess", 1, market.buyer):
        buy(market, "usdc", permit)
    args = (1, market.usdc, PRICES["usdc"], market.friend, NATIVE, permit)
    with reverts("ERC20InsufficientAllowance", market.router, 0, PRICES["usdc"]):
        market.router.purchaseWithPermit(*args, sender=market.buyer)


def test_a_token_without_permits_needs_an_approval(market: Market) -> None:
    token = market.accept_token("FalseToken", price=1_000)
    permit = market.permit("usdc", market.buyer, 1_000)
    args = (1, token, 1_000, market.buyer, NATIVE, permit)
    market.router.purchaseWithPermit(*args, sender=market.buyer)
    assert market.router.hasPurchased(1, market.buyer)


def test_native_coin_has_no_permits(market: Market) -> None:
    permit = market.permit("usdc", market.buyer, PRICES["usdc"])
    with reverts("CurrencyNotAccepted", NATIVE):
        market.router.purchaseWithPermit(1, NATIVE, 2**128, market.buyer, NATIVE, permit, sender=market.buyer)


def test_native_coin_with_the_call_reverts(market: Market) -> None:
    with reverts(""):
        buy(market, "usdc", market.permit("usdc", market.buyer, PRICES["usdc"]), value=1)

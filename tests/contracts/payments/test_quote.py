"""PaymentRouter.quote."""

import pytest

from cluster.testing import reverts
from tests.contracts.payments.market import CURRENCIES, PRICES, Market, split


@pytest.mark.parametrize("name", CURRENCIES)
def test_says_what_a_referred_purchase_would_pay_to_whom(market: Market, name: str) -> None:
    quoted = market.router.quote(1, market.currency[name])
    assert quoted == (PRICES[name], market.creator.address, *split(PRICES[name], referred=True))


def test_says_why_a_dataset_can_not_be_bought(market: Market) -> None:
    def quote() -> None:
        market.router.quote(1, market.usdc)

    with reverts("NotOnOffer", 99):
        market.router.quote(99, market.usdc)
    market.registry.setPrice(1, market.usdc, 0, sender=market.creator)
    with reverts("NotSoldFor", 1, market.usdc):
        quote()
    market.registry.setFree(1, True, sender=market.creator)
    with reverts("DatasetIsFree", 1):
        quote()
    market.registry.delist(1, 7, sender=market.admin)
    with reverts("NotOnOffer", 1):
        quote()
    market.router.setCurrency(market.usdc, False, sender=market.admin)
    with reverts("CurrencyNotAccepted", market.usdc):
        quote()


def test_quotes_no_dataset_that_was_given_to_the_router(market: Market) -> None:
    market.hand_over(1, market.router)
    with reverts("InvalidAddress", market.router):
        market.router.quote(1, market.usdc)

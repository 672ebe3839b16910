"""A till is used again and again: it is money's address before there is code, and after."""

import pytest

from tests.contracts.payments.market import CURRENCIES, PRICES, Market


@pytest.mark.parametrize("name", CURRENCIES)
def test_money_that_comes_after_a_till_was_emptied_is_refunded_as_well(market: Market, name: str) -> None:
    for amount in (PRICES[name], 1):
        market.pay_in(name, amount)
        with market.moves(name, {market.till(): -amount, market.anyone: amount}):
            market.refund(name, market.anyone)

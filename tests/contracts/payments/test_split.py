"""The split: for every price, currency, referrer and misfortune it sums to the price, and nothing is ever stuck."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import Chain
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.payments.market import Market, act, split

MAX_PRICE = 2**128 - 1
CP_SUPPLY = 5 * 10**27
SMALL_PRICES = range(1, 2_001)

KINDS = ("eth", "usdc", "cp", "FalseToken")
REFERRERS = ("nobody", "valid", "buyer", "holder", "recipient", "treasury")


@dataclass(frozen=True)
class Sale:
    """A purchase and what goes wrong with paying it out."""

    kind: str
    price: int
    referrer: str
    for_friend: bool
    change: int
    # Who can't be paid: blacklisted in USDC, not taking native coin, and in FalseToken everybody.
    unpayable: frozenset[str]


sales = st.builds(
    Sale,
    kind=st.sampled_from(KINDS),
    price=st.one_of(st.integers(1, 300), st.integers(1, MAX_PRICE), st.integers(MAX_PRICE - 300, MAX_PRICE)),
    referrer=st.sampled_from(REFERRERS),
    for_friend=st.booleans(),
    change=st.integers(0, 10**18),
    unpayable=st.frozensets(st.sampled_from(("holder", "treasury", "referrer", "buyer"))),
)


class Counter:
    """A market whose payees are contracts that can be made unpayable in any currency."""

    def __init__(self) -> None:
        self.chain = Chain()
        self.market = market = Market(deploy_suite(self.chain))
        market.accept_token("FalseToken", price=1)
        market.currency["FalseToken"].approve(market.router, 2**255, sender=market.buyer)

    def payees(self, sale: Sale) -> dict[str, Any]:
        """Contracts that take native coin or don't, by their part in the sale."""

        def wallet(part: str) -> Any:
            refuses = part in sale.unpayable and sale.kind == "eth"
            if refuses:
                return self.market.contract("RevertingReceiver")
            return self.market.contract("ContractWallet", self.market.anyone)

        return {part: wallet(part) for part in ("holder", "treasury", "referrer", "buyer")}


@pytest.fixture(scope="module")
def counter() -> Counter:
    return Counter()


def fund(market: Market, sale: Sale, buyer: Any) -> None:
    """Exactly the price; for CP what there is."""
    if sale.kind == "eth":
        market.force(buyer, sale.price + sale.change)
        return
    token = market.currency[sale.kind]
    if sale.kind == "cp":
        token.transfer(buyer, sale.price, sender=market.treasury)
    else:
        token.mint(buyer, sale.price, sender=market.admin)
    act(buyer, token.approve, market.router, sale.price)


def sell(market: Market, sale: Sale, people: dict[str, Any]) -> dict[str, int]:
    """Sells dataset 1 as the sale says; gives what each person has or may claim afterwards."""
    currency = market.currency[sale.kind]
    market.hand_over(1, people["holder"])
    market.router.setTreasury(people["treasury"], sender=market.admin)
    act(people["holder"], market.registry.setPrice, 1, currency, sale.price)
    fund(market, sale, people["buyer"])
    if sale.kind == "usdc":
        for part in sale.unpayable - {"buyer"}:
            market.usdc.blacklist(people[part], sender=market.admin)
    if sale.kind == "FalseToken":
        currency.setFailing(bool(sale.unpayable), sender=market.admin)

    recipient = market.friend if sale.for_friend else people["buyer"]
    named = {"nobody": NATIVE, "valid": people["referrer"], "recipient": recipient}
    referrer = named.get(sale.referrer) or people[sale.referrer]
    value = sale.price + sale.change if sale.kind == "eth" else 0
    args = (1, currency, sale.price, recipient, referrer)
    act(people["buyer"], market.router.purchase, *args, value=value).expect("PurchaseCompleted", price=sale.price)
    return {
        part: market.balance(sale.kind, person) + market.claimable(sale.kind, person) for part, person in people.items()
    }


@settings(max_examples=300)
@given(sale=sales)
def test_shares_sum_to_the_price_and_nothing_is_stuck(counter: Counter, sale: Sale) -> None:
    if sale.kind == "cp" and sale.price > CP_SUPPLY // 2:
        sale = Sale(sale.kind, sale.price % (CP_SUPPLY // 2) + 1, *list(vars(sale).values())[2:])
    market = counter.market
    currency = market.currency[sale.kind]
    with counter.chain.isolated():
        people = counter.payees(sale)
        got = sell(market, sale, people)

        referred = sale.referrer in ("valid", "treasury")
        to_holder, to_treasury, to_referrer = split(sale.price, referred)
        if sale.referrer == "treasury":
            to_treasury, to_referrer = to_treasury + to_referrer, 0
        change = sale.change if sale.kind == "eth" else 0
        assert got == {"holder": to_holder, "treasury": to_treasury, "referrer": to_referrer, "buyer": change}
        assert to_holder + to_treasury + to_referrer == sale.price

        credits_ = {part: market.claimable(sale.kind, person) for part, person in people.items()}
        assert market.router.totalClaimable(currency) == sum(credits_.values())
        assert market.balance(sale.kind, market.router) == sum(credits_.values())

        # Everything owed can be taken out, if not to the payee's own address then to another, and nothing stays.
        if sale.kind == "FalseToken":
            currency.setFailing(False, sender=market.admin)
        before = market.balance(sale.kind, market.anyone)
        for part, credit in credits_.items():
            if credit:
                market.claim(sale.kind, people[part], market.anyone)
        assert market.balance(sale.kind, market.anyone) - before == sum(credits_.values())
        assert market.balance(sale.kind, market.router) == market.router.totalClaimable(currency) == 0


def guests() -> Iterator[str]:
    """Addresses that never bought."""
    number = 2**80
    while True:
        number += 1
        yield to_checksum_address(number.to_bytes(20, "big"))


@pytest.mark.parametrize("referred", [True, False])
@pytest.mark.parametrize("kind", ["eth", "usdc"])
def test_every_small_price_is_split_to_the_last_unit(market: Market, kind: str, referred: bool) -> None:
    recipient = guests()
    accounts = (market.creator, market.treasury, market.referrer)
    referrer = market.referrer if referred else NATIVE
    held = [market.balance(kind, account) for account in accounts]
    for price in SMALL_PRICES:
        market.registry.setPrice(1, market.currency[kind], price, sender=market.creator)
        market.purchase(kind, recipient=next(recipient), referrer=referrer)
        now = [market.balance(kind, account) for account in accounts]
        gained = tuple(after - before for after, before in zip(now, held, strict=True))
        assert gained == split(price, referred)
        assert sum(gained) == price
        held = now
    assert market.balance(kind, market.router) == 0

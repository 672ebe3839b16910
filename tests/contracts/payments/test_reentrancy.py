"""Nobody who is sent money gets back into the router, and all is recorded before money leaves.

Tokens that call back are not accepted as currencies, so the ways back are those of native coin.
"""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi import encode

from cluster.chain.eip3009 import Authorization
from cluster.chain.roles import PARAMETERS
from cluster.testing import Contract
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, Market, act, split

Call = tuple[Method, tuple[Any, ...]]


class Attack:
    """A receiver for whom every call back would pay: it has credits, tills with money in them, money, and a role."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.receiver: Contract = market.contract("ReentrantReceiver")
        market.endow(self.receiver)
        self.other = market.publish("seals")
        market.suite.manager.grantRole(PARAMETERS.id, self.receiver, 0, sender=market.admin)
        self._credit("usdc", "whales")
        till = market.till(self.other, self.receiver)
        market.pay_in("eth", 5, till)
        market.pay_in("usdc", PRICES["usdc"], till)
        market.usdc.transfer(market.router, 5, sender=market.friend)

    def _credit(self, name: str, slug: str) -> None:
        market, id_ = self.market, self.market.publish(slug)
        market.hand_over(id_, self.receiver)
        market.usdc.blacklist(self.receiver, sender=market.admin)
        market.purchase(name, id_)
        market.usdc.unBlacklist(self.receiver, sender=market.admin)

    def calls(self) -> dict[str, Call]:
        """What the receiver calls back with; each works on its own."""
        m, router, usdc, id_ = self.market, self.market.router, self.market.usdc, self.other
        till = m.till(id_, self.receiver)
        a: Authorization = m.authorization("usdc", till=till)
        fields = (a.payer, a.value, a.valid_after, a.valid_before, a.nonce, m.signature("usdc", a))
        terms = (id_, usdc, PRICES["usdc"], self.receiver, NATIVE)
        return {
            "claim": (router.claim, (usdc, m.anyone)),
            "rescueSurplus": (router.rescueSurplus, (usdc, m.anyone, 5)),
            "refundTill": (router.refundTill, (id_, NATIVE, self.receiver, NATIVE, m.anyone)),
            "completePurchase": (router.completePurchase, (id_, usdc, self.receiver, NATIVE)),
            "purchase": (router.purchase, terms),
            "purchaseWithPermit": (router.purchaseWithPermit, (*terms, (0, 0, 27, b"\0" * 32, b"\0" * 32))),
            "purchaseWithAuthorization": (
                router.purchaseWithAuthorization,
                (id_, usdc, self.receiver, NATIVE, fields),
            ),
        }

    def arm(self, method: Method, args: tuple[Any, ...]) -> None:
        self.receiver.arm(method._contract, method.calldata(*args), sender=self.market.anyone)


@pytest.fixture
def attack(market: Market) -> Attack:
    return Attack(market)


def as_holder(attack: Attack) -> None:
    attack.market.hand_over(1, attack.receiver)
    attack.market.purchase("eth")


def as_treasury(attack: Attack) -> None:
    attack.market.router.setTreasury(attack.receiver, sender=attack.market.admin)
    attack.market.purchase("eth")


def as_referrer(attack: Attack) -> None:
    attack.market.purchase("eth", referrer=attack.receiver)


def as_buyer_of_change(attack: Attack) -> None:
    attack.market.purchase("eth", sender=attack.receiver, value=PRICES["eth"] + 5)


def as_receiver_of_a_claim(attack: Attack) -> None:
    market, holder = attack.market, attack.market.contract("RevertingReceiver")
    market.hand_over(1, holder)
    market.purchase("eth")
    market.claim("eth", holder, attack.receiver)


def as_receiver_of_a_refund(attack: Attack) -> None:
    attack.market.pay_in("eth", 5)
    attack.market.refund("eth", attack.receiver)


def as_receiver_of_a_rescue(attack: Attack) -> None:
    attack.market.force(attack.market.router, 5)
    attack.market.router.rescueSurplus(NATIVE, attack.receiver, 5, sender=attack.market.admin)


# A purchase gives 50,000 gas to whom it pays, enough for the cheapest of the calls.
FITTING = ("claim", "rescueSurplus")
ALL = (*FITTING, "refundTill", "completePurchase", "purchase", "purchaseWithPermit", "purchaseWithAuthorization")
WAYS: list[tuple[Callable[[Attack], None], str]] = [
    *((way, call) for way in (as_holder, as_treasury, as_referrer, as_buyer_of_change) for call in FITTING),
    *(
        (way, call)
        for way in (as_receiver_of_a_claim, as_receiver_of_a_refund, as_receiver_of_a_rescue)
        for call in ALL
    ),
]


@pytest.mark.parametrize(("way", "call"), WAYS, ids=lambda part: getattr(part, "__name__", part))
def test_a_receiver_does_not_get_back_in(attack: Attack, way: Callable[[Attack], None], call: str) -> None:
    method, args = attack.calls()[call]
    with attack.market.chain.isolated():
        act(attack.receiver, method, *args)
    attack.arm(method, args)
    before = attack.market.balance("eth", attack.receiver)
    way(attack)
    assert attack.market.balance("eth", attack.receiver) != before
    assert not attack.receiver.reentered()
    act(attack.receiver, method, *args)


@pytest.mark.parametrize("way", [as_holder, as_treasury, as_referrer])
def test_the_purchase_is_recorded_before_anybody_is_paid(attack: Attack, way: Callable[[Attack], None]) -> None:
    witness = attack.market.contract("ViewWitness")
    question = attack.market.router.hasPurchased.calldata(1, attack.market.buyer)
    attack.arm(witness.expect, (attack.market.router, question, encode(["bool"], [True])))
    way(attack)
    assert attack.receiver.reentered()


@pytest.mark.parametrize("view", ["claimable", "totalClaimable"])
def test_a_credit_is_gone_before_it_is_paid(attack: Attack, view: str) -> None:
    market = attack.market
    witness, holder = market.contract("ViewWitness"), market.contract("RevertingReceiver")
    market.hand_over(1, holder)
    market.purchase("eth")
    args = (NATIVE, holder) if view == "claimable" else (NATIVE,)
    question = getattr(market.router, view).calldata(*args)
    attack.arm(witness.expect, (market.router, question, encode(["uint256"], [0])))
    market.claim("eth", holder, attack.receiver)
    assert attack.receiver.reentered()


def test_a_holder_who_raises_the_price_while_being_paid_changes_no_sale(attack: Attack) -> None:
    market = attack.market
    market.hand_over(1, attack.receiver)
    attack.arm(market.registry.setPrice, (1, NATIVE, 2**127))
    _, to_treasury, to_referrer = split(PRICES["eth"], referred=True)
    gains = {market.buyer: -PRICES["eth"], market.treasury: to_treasury, market.referrer: to_referrer}
    with market.moves("eth", gains):
        market.purchase("eth", referrer=market.referrer, value=PRICES["eth"] * 2)
    assert attack.receiver.reentered()
    assert market.registry.priceOf(1, NATIVE) == 2**127


def test_a_holder_who_gives_the_token_away_while_being_paid_was_the_holder(attack: Attack) -> None:
    market = attack.market
    market.hand_over(1, attack.receiver)
    attack.arm(market.nft.transferFrom, (attack.receiver, market.buyer, 1))
    to_holder, _, _ = split(PRICES["eth"], referred=False)
    with market.moves("eth", {attack.receiver: to_holder}):
        market.purchase("eth").expect("PurchaseCompleted", holder=attack.receiver)
    assert market.nft.ownerOf(1) == market.buyer.address

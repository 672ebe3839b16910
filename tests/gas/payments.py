"""Gas of the PaymentRouter.

`first`: holder, treasury and referrer never had the currency, the buyer never bought. `steady`: all of them did.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from eth_utils import keccak

from cluster.chain.eip3009 import Authorization, Domain
from cluster.testing.accounts import Account
from cluster.testing.suite import NATIVE
from tests.contracts.payments.signing import domain_of, permit_of, sign
from tests.gas.data import publication
from tests.gas.meter import ALWAYS, CP, ETHER, NEVER, USDC, Meter

PRICES = {"usdc": 25 * USDC, "eth": ETHER // 100, "cp": 250 * CP}
FUNDS = 1_000


class Market:
    """Datasets of one creator, and somebody with money."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.suite = suite = meter.suite
        self.creator, self.buyer, self.payer = map(meter.account, ("creator", "buyer", "payer"))
        self.referrer = meter.chain.account("referrer")
        self.currencies: dict[str, Any] = {"usdc": suite.usdc, "eth": NATIVE, "cp": suite.token}
        # The supply of CP was minted to the suite's treasury: one that never had any makes the currencies alike.
        suite.router.setTreasury(meter.chain.account("fees"), sender=suite.admin)
        prices = [(self.currencies[name], price) for name, price in PRICES.items()]
        for slug in ("one", "two", "three"):
            suite.registry.publish(publication(slug, prices), sender=self.creator)
        for account in (self.buyer, self.payer):
            suite.usdc.mint(account, FUNDS * PRICES["usdc"], sender=suite.admin)
            suite.token.transfer(account, FUNDS * PRICES["cp"], sender=suite.treasury)

    def apart(self) -> AbstractContextManager[None]:
        return self.meter.apart()

    def purchase(
        self,
        send: Callable[..., Any],
        id_: int,
        currency: str,
        referrer: Any,
        surplus: int = 0,
        allowance: int | None = None,
    ) -> None:
        """A purchase by the buyer, who has approved the price, or more."""
        price = PRICES[currency]
        if currency != "eth":
            approved = price if allowance is None else allowance
            self.currencies[currency].approve(self.suite.router, approved, sender=self.buyer)
        value = price + surplus if currency == "eth" else 0
        args = (id_, self.currencies[currency], price, self.buyer, referrer)
        send(*args, sender=self.buyer, value=value)

    def authorization(self, currency: str, id_: int, referrer: Any, surplus: int = 0) -> Authorization:
        """A payment for the buyer's access, signed by the payer."""
        till = self.suite.router.paymentAddress(id_, self.buyer, referrer)
        nonce = keccak(text=f"{currency} {id_}")
        return Authorization(self.payer.address, till, PRICES[currency] + surplus, ALWAYS, NEVER, nonce)

    def domain(self, currency: str) -> Domain:
        return domain_of(self.currencies[currency])

    def settle(self, send: Callable[..., Any], id_: int, currency: str, referrer: Any, sender: Account) -> None:
        """`purchaseWithAuthorization` by a facilitator."""
        signed = self.authorization(currency, id_, referrer)
        fields = (signed.payer, signed.value, signed.valid_after, signed.valid_before, signed.nonce)
        signature = sign(self.payer, signed, self.domain(currency))
        send(id_, self.currencies[currency], self.buyer, referrer, (*fields, signature), sender=sender)

    def fill(self, id_: int, currency: str, referrer: Any, sender: Account, surplus: int = 0) -> None:
        """The authorization sent straight to the token."""
        signed = self.authorization(currency, id_, referrer, surplus)
        fields = (signed.payer, signed.to, signed.value, signed.valid_after, signed.valid_before, signed.nonce)
        signature = sign(self.payer, signed, self.domain(currency))
        self.currencies[currency].transferWithAuthorization(*fields, signature, sender=sender)


def measure(meter: Meter) -> None:
    market = Market(meter)
    _purchases(market)
    _permits(market)
    _authorizations(market)
    _tills(market)
    _claims(market)


def _named(market: Market, name: str, method: Any) -> Callable[..., None]:
    return lambda *args, **options: market.meter(name, method, *args, **options)


def _purchases(market: Market) -> None:
    buy = market.suite.router.purchase
    for currency in PRICES:
        for kind, referrer in (("referrer", market.referrer), ("no_referrer", NATIVE)):
            with market.apart():
                market.purchase(_named(market, f"purchase_{currency}_{kind}_first", buy), 1, currency, referrer)
                market.purchase(_named(market, f"purchase_{currency}_{kind}_steady", buy), 2, currency, referrer)
    for kind, allowance in (("approved_more", 2**128), ("approved_unlimited", 2**256 - 1)):
        with market.apart():
            market.purchase(buy, 1, "usdc", market.referrer)
            measured = _named(market, f"purchase_usdc_referrer_steady_{kind}", buy)
            market.purchase(measured, 2, "usdc", market.referrer, allowance=allowance)
    with market.apart():
        market.purchase(buy, 1, "eth", market.referrer)
        measured = _named(market, "purchase_eth_referrer_overpaid", buy)
        market.purchase(measured, 2, "eth", market.referrer, surplus=ETHER)
    with market.apart():
        market.suite.usdc.blacklist(market.creator, sender=market.suite.admin)
        measured = _named(market, "purchase_usdc_referrer_holder_blacklisted_first", buy)
        market.purchase(measured, 1, "usdc", market.referrer)
        measured = _named(market, "purchase_usdc_referrer_holder_blacklisted_steady", buy)
        market.purchase(measured, 2, "usdc", market.referrer)


def _permits(market: Market) -> None:
    router, referrer = market.suite.router, market.referrer
    for currency in ("usdc", "cp"):
        token, price = market.currencies[currency], PRICES[currency]
        with market.apart():
            for id_, when in ((1, "first"), (2, "steady")):
                permit = permit_of(market.domain(currency), market.buyer, router, price, nonce=id_ - 1)
                args = (id_, token, price, market.buyer, referrer, permit)
                name = f"purchase_with_permit_{currency}_{when}"
                market.meter(name, router.purchaseWithPermit, *args, sender=market.buyer)


def _authorizations(market: Market) -> None:
    facilitator, referrer = market.meter.account("facilitator"), market.referrer
    pay = market.suite.router.purchaseWithAuthorization
    for currency in ("usdc", "cp"):
        with market.apart():
            for id_, when in ((1, "first"), (2, "steady")):
                measured = _named(market, f"purchase_with_authorization_{currency}_{when}", pay)
                market.settle(measured, id_, currency, referrer, facilitator)


def _tills(market: Market) -> None:
    router, referrer, anyone = market.suite.router, market.referrer, market.meter.account("anyone")
    usdc, buyer = market.suite.usdc, market.buyer
    with market.apart():
        for id_, when in ((1, "first"), (2, "steady")):
            market.fill(id_, "usdc", referrer, anyone)
            name = f"complete_purchase_usdc_{when}"
            market.meter(name, router.completePurchase, id_, usdc, buyer, referrer, sender=anyone)
        market.fill(3, "usdc", referrer, anyone, surplus=1)
        name = "complete_purchase_usdc_overpaid"
        market.meter(name, router.completePurchase, 3, usdc, buyer, referrer, sender=anyone)
    with market.apart():
        # The second time the till has code.
        for name in ("refund_till_usdc_first", "refund_till_usdc_again"):
            usdc.transfer(router.paymentAddress(1, buyer, referrer), PRICES["usdc"], sender=market.payer)
            market.meter(name, router.refundTill, 1, usdc, buyer, referrer, buyer, sender=buyer)
    with market.apart():
        market.meter.chain.fund(router.paymentAddress(1, buyer, referrer), ETHER)
        market.meter("refund_till_eth", router.refundTill, 1, NATIVE, buyer, referrer, buyer, sender=anyone)


def _claims(market: Market) -> None:
    router, usdc, admin = market.suite.router, market.suite.usdc, market.suite.admin
    with market.apart():
        usdc.blacklist(market.creator, sender=admin)
        market.purchase(router.purchase, 1, "usdc", market.referrer)
        usdc.unBlacklist(market.creator, sender=admin)
        market.meter("claim_usdc", router.claim, usdc, market.creator, sender=market.creator)
    with market.apart():
        holder = market.meter.chain.deploy("RevertingReceiver", sender=admin)
        market.suite.nft.transferFrom(market.creator, holder, 1, sender=market.creator)
        market.purchase(router.purchase, 1, "eth", market.referrer)
        # An impersonated contract sends for itself, so the figure is the router's alone.
        market.meter("claim_eth", router.claim, NATIVE, market.creator, sender=holder)

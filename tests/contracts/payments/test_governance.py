"""Treasury, currencies, surplus, pause: what the AccessManager's roles may do, and what nobody may."""

from collections.abc import Callable
from typing import Any

import pytest

from cluster.chain.roles import PARAMETERS, TWO_DAYS
from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, Market, split

RESTRICTED: dict[str, Callable[[Market], tuple[Any, ...]]] = {
    "setTreasury": lambda m: (m.friend,),
    "setCurrency": lambda m: (m.usdc, False),
    "rescueSurplus": lambda m: (m.usdc, m.friend, 0),
    "pause": lambda _: (),
    "unpause": lambda _: (),
    "upgradeToAndCall": lambda m: (m.router, b""),
}


@pytest.mark.parametrize("function", RESTRICTED)
def test_strangers_may_not(market: Market, function: str) -> None:
    call = getattr(market.router, function)
    for stranger in (market.creator, market.treasury, market.anyone):
        with reverts("AccessManagedUnauthorized", stranger):
            call(*RESTRICTED[function](market), sender=stranger)


@pytest.mark.parametrize("function", ["setTreasury", "setCurrency", "rescueSurplus"])
def test_a_role_with_a_delay_waits(market: Market, function: str) -> None:
    governor = market.anyone
    market.suite.manager.grantRole(PARAMETERS.id, governor, TWO_DAYS, sender=market.admin)
    call = getattr(market.router, function)
    args = RESTRICTED[function](market)
    data = call.calldata(*args)
    operation = market.suite.manager.hashOperation(governor, market.router, data)
    with reverts("AccessManagerNotScheduled", operation):
        call(*args, sender=governor)
    market.suite.manager.schedule(market.router, data, 0, sender=governor)
    market.chain.mine(TWO_DAYS - 1)
    with reverts("AccessManagerNotReady", operation):
        call(*args, sender=governor)
    market.chain.mine(1)
    call(*args, sender=governor)


# --- treasury


def test_shares_go_to_the_new_treasury_and_old_credits_stay_with_the_old_one(market: Market) -> None:
    market.usdc.blacklist(market.treasury, sender=market.admin)
    market.purchase("usdc")
    receipt = market.router.setTreasury(market.friend, sender=market.admin)
    receipt.expect("TreasurySet", treasury=market.friend)
    assert market.router.treasury() == market.friend.address
    _, to_treasury, _ = split(PRICES["usdc"], referred=False)
    with market.moves("usdc", {market.friend: to_treasury, market.treasury: 0}):
        market.purchase("usdc", recipient=market.anyone)
    assert market.claimable("usdc", market.treasury) == to_treasury


def test_the_treasury_is_neither_nobody_nor_the_router(market: Market) -> None:
    for nobody in (NATIVE, market.router.address):
        with reverts("InvalidAddress", nobody):
            market.router.setTreasury(nobody, sender=market.admin)


# --- currencies


def test_a_currency_is_taken_away_and_given_back(market: Market) -> None:
    for accepted in (False, True):
        for currency in market.currency.values():
            receipt = market.router.setCurrency(currency, accepted, sender=market.admin)
            receipt.expect("CurrencySet", currency=currency, accepted=accepted)
            assert market.router.isCurrencyAccepted(currency) is accepted
    market.purchase("usdc")


def test_only_contracts_and_native_coin_are_accepted_and_anything_can_be_taken_away(market: Market) -> None:
    with reverts("InvalidAddress", market.anyone):
        market.router.setCurrency(market.anyone, True, sender=market.admin)
    market.router.setCurrency(market.anyone, False, sender=market.admin)
    assert not market.router.isCurrencyAccepted(market.anyone)


# --- surplus


def test_native_coin_forced_onto_the_router_is_rescued(market: Market) -> None:
    market.force(market.router, 100)
    assert market.balance("eth", market.router) == 100
    with market.moves("eth", {market.friend: 60, market.router: -60}):
        receipt = market.router.rescueSurplus(NATIVE, market.friend, 60, sender=market.admin)
    receipt.expect("SurplusRescued", currency=NATIVE, to=market.friend, amount=60)
    with reverts("SurplusExceeded", 41, 40):
        market.router.rescueSurplus(NATIVE, market.friend, 41, sender=market.admin)


@pytest.mark.parametrize("name", ["eth", "usdc", "FalseToken"])
def test_a_rescue_never_touches_what_is_owed(market: Market, name: str) -> None:
    market.accept_token("FalseToken", price=1_000).setFailing(True, sender=market.admin)
    market.hand_over(1, market.contract("RevertingReceiver"))
    market.usdc.blacklist(market.nft.ownerOf(1), sender=market.admin)
    market.purchase(name)
    currency = market.currency[name]
    owed = market.router.totalClaimable(currency)
    assert owed > 0
    market.currency["FalseToken"].setFailing(False, sender=market.admin)
    with reverts("SurplusExceeded", 1, 0):
        market.router.rescueSurplus(currency, market.admin, 1, sender=market.admin)
    surplus = 33
    if name == "eth":
        market.force(market.router, surplus)
    else:
        currency.transfer(market.router, surplus, sender=market.buyer)
    with reverts("SurplusExceeded", surplus + 1, surplus):
        market.router.rescueSurplus(currency, market.admin, surplus + 1, sender=market.admin)
    market.router.rescueSurplus(currency, market.admin, surplus, sender=market.admin)
    market.assert_solvent()


def test_forced_native_coin_changes_no_purchase_and_no_claim(market: Market) -> None:
    market.force(market.router, 100)
    holder = market.contract("RevertingReceiver")
    market.hand_over(1, holder)
    market.purchase("eth")
    market.claim("eth", holder, market.friend)
    assert market.balance("eth", market.router) == 100


def test_a_rescue_that_fails_reverts(market: Market) -> None:
    receiver = market.contract("RevertingReceiver")
    market.force(market.router, 100)
    with reverts("TransferFailed", NATIVE, receiver, 100):
        market.router.rescueSurplus(NATIVE, receiver, 100, sender=market.admin)
    for nobody in (NATIVE, market.router.address):
        with reverts("InvalidAddress", nobody):
            market.router.rescueSurplus(NATIVE, nobody, 100, sender=market.admin)


# --- pause


def test_a_pause_stops_every_purchase(market: Market) -> None:
    permit = market.permit("usdc", market.buyer, PRICES["usdc"])
    market.pay_in("usdc", PRICES["usdc"])
    market.router.pause(sender=market.admin).expect("Paused", account=market.admin)
    assert market.router.paused()
    for name in ("eth", "usdc", "cp"):
        with reverts("EnforcedPause"):
            market.purchase(name)
    with reverts("EnforcedPause"):
        args = (1, market.usdc, PRICES["usdc"], market.buyer, NATIVE, permit)
        market.router.purchaseWithPermit(*args, sender=market.buyer)
    with reverts("EnforcedPause"):
        market.settle("usdc", market.authorization("usdc"))
    with reverts("EnforcedPause"):
        market.complete("usdc")
    market.router.unpause(sender=market.admin).expect("Unpaused", account=market.admin)
    assert not market.router.paused()
    market.complete("usdc")


def test_a_pause_stops_nobody_from_taking_out_what_is_theirs(market: Market) -> None:
    holder = market.contract("RevertingReceiver")
    market.hand_over(1, holder)
    market.purchase("eth")
    market.pay_in("cp", 5)
    market.force(market.router, 7)
    market.router.pause(sender=market.admin)
    market.claim("eth", holder, market.friend)
    market.refund("cp", market.buyer)
    market.router.rescueSurplus(NATIVE, market.friend, 7, sender=market.admin)
    assert market.registry.accessLevel(1, market.buyer) == 2


def test_a_pause_is_set_and_lifted_once(market: Market) -> None:
    with reverts("ExpectedPause"):
        market.router.unpause(sender=market.admin)
    market.router.pause(sender=market.admin)
    with reverts("EnforcedPause"):
        market.router.pause(sender=market.admin)


# --- birth


def test_is_born_with_treasury_currencies_and_the_registry(market: Market) -> None:
    assert market.router.treasury() == market.treasury.address
    assert market.router.registry() == market.registry.address
    assert market.router.nft() == market.nft.address
    assert all(market.router.isCurrencyAccepted(currency) for currency in market.currency.values())
    assert (market.router.HOLDER_BPS(), market.router.TREASURY_BPS(), market.router.REFERRER_BPS()) == (8500, 1000, 500)


def test_neither_proxy_nor_implementation_is_initialized_again(market: Market) -> None:
    args = (market.suite.manager, market.anyone, [])
    with reverts("InvalidInitialization"):
        market.router.initialize(*args, sender=market.anyone)
    implementation = market.chain.deploy("PaymentRouter", market.registry, sender=market.admin)
    with reverts("InvalidInitialization"):
        implementation.initialize(*args, sender=market.anyone)


def test_can_not_be_born_with_a_wrong_treasury_or_currency(market: Market) -> None:
    with reverts("InvalidAddress", NATIVE):
        market.chain.deploy_proxy(
            "PaymentRouter", [market.registry], [market.suite.manager, NATIVE, []], sender=market.admin
        )
    with reverts("InvalidAddress", market.anyone):
        market.chain.deploy_proxy(
            "PaymentRouter",
            [market.registry],
            [market.suite.manager, market.treasury, [market.anyone.address]],
            sender=market.admin,
        )

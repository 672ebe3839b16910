"""PaymentRouter.claim: credits are taken out by whom they belong to."""

from typing import Any

import pytest

from cluster.testing import Contract, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, Market, split

KINDS = ("eth", "usdc", "FalseToken")
OWED = {"eth": split(PRICES["eth"], False)[0], "usdc": split(PRICES["usdc"], False)[0], "FalseToken": 850}


def credited(market: Market, name: str) -> Any:
    """Somebody whom a purchase could not pay, and who could take the money now."""
    if name == "eth":
        # It can't be paid, but it can claim to another address.
        holder: Contract = market.contract("RevertingReceiver")
        market.hand_over(1, holder)
        market.purchase("eth")
        return holder
    if name == "usdc":
        market.usdc.blacklist(market.creator, sender=market.admin)
        market.purchase("usdc")
        market.usdc.unBlacklist(market.creator, sender=market.admin)
        return market.creator
    token = market.accept_token("FalseToken", price=1_000)
    token.setFailing(True, sender=market.admin)
    market.purchase("FalseToken")
    token.setFailing(False, sender=market.admin)
    return market.creator


@pytest.mark.parametrize("name", KINDS)
def test_takes_the_whole_credit_out_once(market: Market, name: str) -> None:
    account = credited(market, name)
    owed_to_all = market.router.totalClaimable(market.currency[name])
    with market.moves(name, {market.friend: OWED[name], market.router: -OWED[name]}):
        receipt = market.claim(name, account, market.friend)
    receipt.expect("Claimed", account=account, currency=market.currency[name], to=market.friend, amount=OWED[name])
    assert market.claimable(name, account) == 0
    assert market.router.totalClaimable(market.currency[name]) == owed_to_all - OWED[name]
    market.assert_solvent()
    with reverts("NothingToClaim", account, market.currency[name]):
        market.claim(name, account, market.friend)


def test_says_how_much_it_sent(market: Market) -> None:
    credited(market, "usdc")
    receipt = market.router.claim(market.usdc, market.creator, sender=market.creator)
    assert receipt.return_value == OWED["usdc"]


def test_credits_of_several_purchases_add_up_by_account_and_currency(market: Market) -> None:
    market.usdc.blacklist(market.creator, sender=market.admin)
    market.usdc.blacklist(market.referrer, sender=market.admin)
    market.purchase("usdc", referrer=market.referrer)
    market.purchase("usdc", recipient=market.friend, referrer=market.referrer)
    to_holder, _, to_referrer = split(PRICES["usdc"], referred=True)
    assert market.claimable("usdc", market.creator) == 2 * to_holder
    assert market.claimable("usdc", market.referrer) == 2 * to_referrer
    assert market.router.totalClaimable(market.usdc) == 2 * (to_holder + to_referrer)
    assert market.claimable("cp", market.creator) == 0


def test_a_blacklisted_account_claims_to_another_address(market: Market) -> None:
    market.usdc.blacklist(market.creator, sender=market.admin)
    market.purchase("usdc")
    with reverts("TransferFailed", market.usdc, market.creator, OWED["usdc"]):
        market.claim("usdc", market.creator)
    with market.moves("usdc", {market.friend: OWED["usdc"], market.router: -OWED["usdc"]}):
        market.claim("usdc", market.creator, market.friend)


@pytest.mark.parametrize("name", KINDS)
def test_a_failed_transfer_leaves_the_credit(market: Market, name: str) -> None:
    account, to = credited(market, name), market.contract("RevertingReceiver")
    if name == "usdc":
        market.usdc.blacklist(to, sender=market.admin)
    if name == "FalseToken":
        market.currency[name].setFailing(True, sender=market.admin)
    with market.moves(name, {to: 0}), reverts("TransferFailed", market.currency[name], to, OWED[name]):
        market.claim(name, account, to)
    assert market.claimable(name, account) == OWED[name]
    market.assert_solvent()


def test_a_claim_gives_the_receiver_all_gas(market: Market) -> None:
    """Unlike a purchase, which must not be made costly by others, a claim is the claimer's own."""
    account, to = credited(market, "eth"), market.contract("ReentrantReceiver")
    # Publishing takes some 400,000 gas.
    publication = market.registry.publish.calldata(
        {
            "slug": "made-by-a-receiver",
            "content": (b"\x01\x70\x12\x20" + b"\1" * 32, b"\1" * 32),
            "uri": "ipfs://made",
            "license": b"\0" * 32,
            "royaltyBps": 0,
            "free": True,
            "prices": [],
        }
    )
    to.arm(market.registry, publication, sender=market.anyone)
    market.claim("eth", account, to)
    assert to.reentered()


def test_nobody_claims_what_is_anothers(market: Market) -> None:
    credited(market, "usdc")
    with reverts("NothingToClaim", market.anyone, market.usdc):
        market.claim("usdc", market.anyone)
    with reverts("NothingToClaim", market.creator, NATIVE):
        market.claim("eth", market.creator)


def test_money_goes_neither_to_nobody_nor_to_the_router(market: Market) -> None:
    credited(market, "usdc")
    for nobody in (NATIVE, market.router.address):
        with reverts("InvalidAddress", nobody):
            market.claim("usdc", market.creator, nobody)


def test_no_pause_and_no_change_of_currencies_stops_a_claim(market: Market) -> None:
    credited(market, "usdc")
    market.router.pause(sender=market.admin)
    market.router.setCurrency(market.usdc, False, sender=market.admin)
    with market.moves("usdc", {market.creator: OWED["usdc"], market.router: -OWED["usdc"]}):
        market.claim("usdc", market.creator)

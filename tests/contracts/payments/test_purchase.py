"""PaymentRouter.purchase."""

from typing import Any

import pytest

from cluster.testing import Reverted, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import CURRENCIES, FUNDS, PRICES, TOKENS, Market, split

CREATOR_LEVEL, BUYER_LEVEL, MEMBER_LEVEL = 3, 2, 1


@pytest.mark.parametrize("name", CURRENCIES)
def test_pays_85_10_5_and_grants_access_at_once(market: Market, name: str) -> None:
    price = PRICES[name]
    to_holder, to_treasury, to_referrer = split(price, referred=True)
    gains = {
        market.buyer: -price,
        market.creator: to_holder,
        market.treasury: to_treasury,
        market.referrer: to_referrer,
    }
    assert market.registry.accessLevel(1, market.buyer) == MEMBER_LEVEL
    with market.moves(name, gains):
        receipt = market.purchase(name, referrer=market.referrer)
    receipt.expect(
        "PurchaseCompleted",
        id=1,
        buyer=market.buyer,
        recipient=market.buyer,
        currency=market.currency[name],
        price=price,
        holder=market.creator,
        toHolder=to_holder,
        toTreasury=to_treasury,
        referrer=market.referrer,
        toReferrer=to_referrer,
    )
    assert [event.name for event in receipt.events if event.address == market.router.address] == ["PurchaseCompleted"]
    assert market.registry.accessLevel(1, market.buyer) == BUYER_LEVEL
    assert market.router.hasPurchased(1, market.buyer)


def test_shares_of_a_known_price_are_the_documented_ones(market: Market) -> None:
    market.registry.setPrice(1, market.usdc, 1_000_000, sender=market.creator)
    with market.moves("usdc", {market.creator: 850_000, market.treasury: 100_000, market.referrer: 50_000}):
        market.purchase("usdc", referrer=market.referrer)


@pytest.mark.parametrize("name", CURRENCIES)
@pytest.mark.parametrize("who", ["nobody", "buyer", "recipient", "holder", "router"])
def test_a_referrer_who_is_not_a_third_party_earns_nothing(market: Market, name: str, who: str) -> None:
    referrers = {
        "nobody": NATIVE,
        "buyer": market.buyer,
        "recipient": market.friend,
        "holder": market.creator,
        "router": market.router,
    }
    to_holder, to_treasury, _ = split(PRICES[name], referred=False)
    gains = {market.creator: to_holder, market.treasury: to_treasury, market.buyer: -PRICES[name], market.friend: 0}
    with market.moves(name, gains):
        receipt = market.purchase(name, recipient=market.friend, referrer=referrers[who])
    receipt.expect("PurchaseCompleted", toTreasury=to_treasury, referrer=NATIVE, toReferrer=0)


def test_the_treasury_may_refer(market: Market) -> None:
    _, to_treasury, to_referrer = split(PRICES["usdc"], referred=True)
    with market.moves("usdc", {market.treasury: to_treasury + to_referrer}):
        receipt = market.purchase("usdc", referrer=market.treasury)
    receipt.expect("PurchaseCompleted", referrer=market.treasury, toTreasury=to_treasury, toReferrer=to_referrer)


def test_access_goes_to_the_recipient_and_not_to_the_payer(market: Market) -> None:
    receipt = market.purchase("usdc", recipient=market.friend)
    receipt.expect("PurchaseCompleted", buyer=market.buyer, recipient=market.friend)
    assert market.registry.accessLevel(1, market.friend) == BUYER_LEVEL
    assert market.registry.accessLevel(1, market.buyer) == MEMBER_LEVEL


def test_who_holds_the_token_at_the_purchase_earns(market: Market) -> None:
    market.hand_over(1, market.friend)
    to_holder, _, _ = split(PRICES["usdc"], referred=False)
    with market.moves("usdc", {market.friend: to_holder, market.creator: 0}):
        market.purchase("usdc").expect("PurchaseCompleted", holder=market.friend)


def test_the_creator_who_gave_the_token_away_buys_like_anybody(market: Market) -> None:
    market.endow(market.creator)
    market.hand_over(1, market.friend)
    market.purchase("eth", sender=market.creator)
    assert market.router.hasPurchased(1, market.creator)


def test_a_holder_may_buy_for_somebody_else(market: Market) -> None:
    market.endow(market.creator)
    to_holder, _, _ = split(PRICES["usdc"], referred=False)
    with market.moves("usdc", {market.creator: to_holder - PRICES["usdc"]}):
        market.purchase("usdc", sender=market.creator, recipient=market.friend)


def test_native_coin_beyond_the_price_comes_back(market: Market) -> None:
    with market.moves("eth", {market.buyer: -PRICES["eth"]}):
        receipt = market.purchase("eth", value=PRICES["eth"] + 12_345)
    assert not receipt.named("Credited")


def test_change_that_a_buyer_does_not_take_is_credited(market: Market) -> None:
    buyer = market.contract("RevertingReceiver")
    market.endow(buyer)
    receipt = market.purchase("eth", sender=buyer, value=PRICES["eth"] + 5)
    receipt.expect("Credited", account=buyer, currency=NATIVE, amount=5)
    assert market.claimable("eth", buyer) == market.balance("eth", market.router) == 5
    with market.moves("eth", {market.friend: 5, market.router: -5}):
        market.claim("eth", buyer, market.friend)


# --- what a purchase refuses


@pytest.mark.parametrize("name", CURRENCIES)
def test_a_price_raised_in_front_of_the_buyer_reverts(market: Market, name: str) -> None:
    agreed = PRICES[name]
    market.registry.setPrice(1, market.currency[name], agreed + 1, sender=market.creator)
    with market.moves(name, {market.buyer: 0}), reverts("PriceAboveMax", agreed + 1, agreed):
        market.purchase(name, max_price=agreed)
    assert not market.router.hasPurchased(1, market.buyer)


def test_a_price_below_the_agreed_one_is_taken_as_it_is(market: Market) -> None:
    with market.moves("usdc", {market.buyer: -PRICES["usdc"]}):
        market.purchase("usdc", max_price=PRICES["usdc"] * 2)


@pytest.mark.parametrize("second", CURRENCIES)
def test_buying_twice_reverts_in_whatever_currency(market: Market, second: str) -> None:
    market.purchase("usdc")
    with reverts("AlreadyHasAccess", 1, market.buyer):
        market.purchase(second)
    with reverts("AlreadyHasAccess", 1, market.buyer):
        market.purchase(second, sender=market.friend, recipient=market.buyer)
    market.purchase(second, recipient=market.friend)


def test_the_holder_needs_no_purchase(market: Market) -> None:
    with reverts("AlreadyHasAccess", 1, market.creator):
        market.purchase("usdc", recipient=market.creator)


@pytest.mark.parametrize("name", CURRENCIES)
def test_recipient_must_be_somebody(market: Market, name: str) -> None:
    for nobody in (NATIVE, market.router.address):
        with reverts("InvalidAddress", nobody):
            market.purchase(name, recipient=nobody)


def test_a_dataset_that_was_given_to_the_router_can_not_be_bought(market: Market) -> None:
    market.hand_over(1, market.router)
    with reverts("InvalidAddress", market.router):
        market.purchase("usdc")


def test_an_unlisted_a_delisted_and_an_unknown_dataset_are_not_on_offer(market: Market) -> None:
    market.registry.setListed(1, False, sender=market.creator)
    with reverts("NotOnOffer", 1):
        market.purchase("usdc")
    market.registry.setListed(1, True, sender=market.creator)
    market.registry.delist(1, 7, sender=market.admin)
    with reverts("NotOnOffer", 1):
        market.purchase("usdc")
    args = (99, market.usdc, 1, market.buyer, NATIVE)
    with reverts("NotOnOffer", 99):
        market.router.purchase(*args, sender=market.buyer)
    market.registry.reinstate(1, sender=market.admin)
    market.purchase("usdc")


def test_a_free_dataset_needs_no_purchase(market: Market) -> None:
    market.registry.setFree(1, True, sender=market.creator)
    with reverts("DatasetIsFree", 1):
        market.purchase("usdc")


@pytest.mark.parametrize("name", CURRENCIES)
def test_a_dataset_without_a_price_is_not_sold_for_that_currency(market: Market, name: str) -> None:
    market.registry.setPrice(1, market.currency[name], 0, sender=market.creator)
    with reverts("NotSoldFor", 1, market.currency[name]):
        market.purchase(name)


@pytest.mark.parametrize("name", CURRENCIES)
def test_a_currency_that_is_no_longer_accepted_reverts(market: Market, name: str) -> None:
    market.router.setCurrency(market.currency[name], False, sender=market.admin)
    with reverts("CurrencyNotAccepted", market.currency[name]):
        market.purchase(name)


def test_too_little_native_coin_reverts(market: Market) -> None:
    with reverts("InsufficientValue", PRICES["eth"] - 1, PRICES["eth"]):
        market.purchase("eth", value=PRICES["eth"] - 1)


@pytest.mark.parametrize("name", TOKENS)
def test_native_coin_with_a_token_purchase_reverts(market: Market, name: str) -> None:
    with reverts("UnexpectedValue", 1):
        market.purchase(name, value=1)


@pytest.mark.parametrize("name", TOKENS)
def test_allowance_and_balance_must_cover_the_price(market: Market, name: str) -> None:
    token, price = market.currency[name], PRICES[name]
    token.approve(market.router, price - 1, sender=market.buyer)
    with reverts("ERC20InsufficientAllowance", market.router, price - 1, price):
        market.purchase(name)
    token.approve(market.router, price, sender=market.buyer)
    token.transfer(market.friend, price * (FUNDS - 1) + 1, sender=market.buyer)
    with reverts("ERC20InsufficientBalance", market.buyer, price - 1, price):
        market.purchase(name)
    assert not market.router.hasPurchased(1, market.buyer)


# --- tokens and receivers that misbehave


def test_a_token_that_takes_a_fee_is_measured_and_refused(market: Market) -> None:
    fee = market.accept_token("FeeToken", price=1_000)
    with market.moves("FeeToken", {market.buyer: 0}), reverts("ReceivedLess", fee, 990, 1_000):
        market.purchase("FeeToken")
    assert not market.router.hasPurchased(1, market.buyer)


def test_a_token_that_returns_false_when_pulled_is_refused(market: Market) -> None:
    token = market.accept_token("FalseToken", price=1_000)
    token.approve(market.router, 0, sender=market.buyer)
    with reverts("SafeERC20FailedOperation", token):
        market.purchase("FalseToken")


def test_a_token_that_returns_false_when_pushed_leaves_credits(market: Market) -> None:
    token = market.accept_token("FalseToken", price=1_000)
    token.setFailing(True, sender=market.admin)
    receipt = market.purchase("FalseToken", referrer=market.referrer)
    credited = {event.account: event.amount for event in receipt.named("Credited")}
    owed = {market.creator.address: 850, market.treasury.address: 100, market.referrer.address: 50}
    assert credited == owed
    assert {account: market.claimable("FalseToken", account) for account in owed} == owed
    market.assert_solvent()


@pytest.mark.parametrize("who", ["creator", "treasury", "referrer", "all"])
def test_a_blacklisted_payee_gets_a_credit_and_stops_nobody(market: Market, who: str) -> None:
    payees = {"creator": market.creator, "treasury": market.treasury, "referrer": market.referrer}
    shares = dict(zip(payees, split(PRICES["usdc"], referred=True), strict=True))
    blocked = [name for name in payees if who in (name, "all")]
    for name in blocked:
        market.usdc.blacklist(payees[name], sender=market.admin)
    owed = sum(shares[name] for name in blocked)
    gains = {payees[name]: 0 if name in blocked else share for name, share in shares.items()}
    with market.moves("usdc", {**gains, market.router: owed, market.buyer: -PRICES["usdc"]}):
        receipt = market.purchase("usdc", referrer=market.referrer)
    assert [(event.account, event.currency, event.amount) for event in receipt.named("Credited")] == [
        (payees[name].address, market.usdc.address, shares[name]) for name in blocked
    ]
    assert market.router.totalClaimable(market.usdc) == owed
    assert market.registry.accessLevel(1, market.buyer) == BUYER_LEVEL


@pytest.mark.parametrize("kind", ["RevertingReceiver", "GasBurner"])
def test_a_payee_who_does_not_take_native_coin_gets_a_credit_and_stops_nobody(market: Market, kind: str) -> None:
    holder, treasury, referrer = (market.contract(kind) for _ in range(3))
    market.hand_over(1, holder)
    market.router.setTreasury(treasury, sender=market.admin)
    with market.moves("eth", {market.buyer: -PRICES["eth"], market.router: PRICES["eth"]}):
        market.purchase("eth", referrer=referrer)
    owed = [market.claimable("eth", account) for account in (holder, treasury, referrer)]
    assert owed == list(split(PRICES["eth"], referred=True))
    market.assert_solvent()


def test_a_gas_burner_costs_a_purchase_little(market: Market) -> None:
    market.hand_over(1, market.contract("GasBurner"))
    # One cold purchase costs 166,000; the burner gets 50,000 and its credit 45,000.
    market.purchase("eth", referrer=market.referrer, gas=300_000)
    assert market.claimable("eth", market.nft.ownerOf(1)) == split(PRICES["eth"], referred=True)[0]


def test_what_a_receiver_returns_is_not_copied_at_the_buyers_expense(market: Market) -> None:
    market.hand_over(1, market.contract("ReturnBomber"))
    # 173,000 are needed, 39,000 of them for the answer; to copy it too would take 224,000.
    receipt = market.purchase("eth", referrer=market.referrer, gas=200_000)
    assert not receipt.named("Credited")


@pytest.mark.parametrize("name", CURRENCIES)
def test_no_gas_limit_turns_a_payment_into_a_credit(market: Market, name: str) -> None:
    """Whoever sends a purchase picks its gas, and must not pick who is paid: all are paid, or it reverts."""
    # A wallet that needs most of the gas it is given: it stores 32 bytes more than it had.
    holder = market.contract("ReentrantReceiver")
    market.hand_over(1, holder)
    holder.arm(holder, holder.arm.calldata(NATIVE, b"\1" * 31), sender=market.anyone)
    outcomes = set()
    for gas in range(40_000, 400_000, 1_000):
        with market.chain.isolated():
            try:
                receipt = market.purchase(name, referrer=market.referrer, gas=gas)
            except Reverted:
                outcomes.add("reverted")
            else:
                outcomes.add("credited" if receipt.named("Credited") else "paid")
    assert outcomes == {"reverted", "paid"}


@pytest.mark.parametrize("who", ["buyer", "router"])
def test_a_blacklisted_buyer_or_router_reverts(market: Market, who: str) -> None:
    account: Any = market.buyer if who == "buyer" else market.router
    market.usdc.blacklist(account, sender=market.admin)
    with reverts("AccountBlacklisted", account):
        market.purchase("usdc")
    market.purchase("eth")


def test_paused_usdc_reverts_and_stops_no_other_currency(market: Market) -> None:
    market.usdc.pause(sender=market.admin)
    with reverts("TokenPaused"):
        market.purchase("usdc")
    market.purchase("cp")


def test_a_bare_transfer_of_native_coin_to_the_router_reverts(market: Market) -> None:
    with reverts(""):
        market.chain.transact(market.buyer, market.router, value=1)

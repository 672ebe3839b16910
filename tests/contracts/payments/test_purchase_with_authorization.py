"""PaymentRouter.purchaseWithAuthorization: an x402 payment to the purchase's own address."""

import pytest

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, TOKENS, Market, split


@pytest.mark.parametrize("name", TOKENS)
def test_anyone_settles_a_signed_payment_and_it_ends_in_the_split_and_in_access(market: Market, name: str) -> None:
    till = market.till(referrer=market.referrer)
    authorization = market.authorization(name, till=till)
    to_holder, to_treasury, to_referrer = split(PRICES[name], referred=True)
    gains = {
        market.buyer: -PRICES[name],
        market.creator: to_holder,
        market.treasury: to_treasury,
        market.referrer: to_referrer,
        till: 0,
        market.anyone: 0,
    }
    with market.moves(name, gains):
        receipt = market.settle(name, authorization, referrer=market.referrer)
    receipt.expect(
        "PurchaseCompleted",
        id=1,
        buyer=market.buyer,
        recipient=market.buyer,
        currency=market.currency[name],
        price=PRICES[name],
        holder=market.creator,
        toHolder=to_holder,
        toTreasury=to_treasury,
        referrer=market.referrer,
        toReferrer=to_referrer,
    )
    assert market.router.hasPurchased(1, market.buyer)
    assert market.currency[name].authorizationState(market.buyer, authorization.nonce)


def test_a_payer_may_buy_for_a_recipient_who_signs_nothing(market: Market) -> None:
    authorization = market.authorization("usdc", till=market.till(recipient=market.friend))
    receipt = market.settle("usdc", authorization, recipient=market.friend)
    receipt.expect("PurchaseCompleted", buyer=market.friend, recipient=market.friend)
    assert not market.router.hasPurchased(1, market.buyer)


@pytest.mark.parametrize("sender", ["buyer", "anyone"])
@pytest.mark.parametrize("name", TOKENS)
def test_a_payment_sent_around_the_router_is_completed_with_the_same_signature_once(
    market: Market, name: str, sender: str
) -> None:
    authorization = market.authorization(name)
    market.submit(name, authorization)
    assert not market.router.hasPurchased(1, market.buyer)
    assert market.balance(name, market.till()) == PRICES[name]

    to_holder, to_treasury, _ = split(PRICES[name], referred=False)
    with market.moves(name, {market.creator: to_holder, market.treasury: to_treasury, market.till(): -PRICES[name]}):
        market.settle(name, authorization, sender=getattr(market, sender))
    assert market.router.hasPurchased(1, market.buyer)
    with reverts("AlreadyHasAccess", 1, market.buyer):
        market.settle(name, authorization, sender=getattr(market, sender))


@pytest.mark.parametrize("name", TOKENS)
def test_a_settled_payment_can_not_be_settled_again(market: Market, name: str) -> None:
    authorization = market.authorization(name)
    market.settle(name, authorization)
    with reverts("AlreadyHasAccess", 1, market.buyer):
        market.settle(name, authorization)
    with reverts("ERC3009UsedAuthorization", market.buyer, authorization.nonce):
        market.submit(name, authorization)


@pytest.mark.parametrize("name", TOKENS)
def test_a_cancelled_payment_buys_nothing(market: Market, name: str) -> None:
    authorization = market.authorization(name)
    market.cancel(name, authorization)
    with reverts("TillInsufficient", market.till(), 0, PRICES[name]):
        market.settle(name, authorization)
    assert not market.router.hasPurchased(1, market.buyer)


def test_a_used_nonce_does_not_claim_what_somebody_else_paid(market: Market) -> None:
    """The till decides, not the signature: a cancelled payment can't be passed off as another buyer's."""
    others = market.authorization("usdc", payer=market.friend, till=market.till(recipient=market.friend))
    market.submit("usdc", others, signer=market.friend)
    mine = market.authorization("usdc")
    market.cancel("usdc", mine)
    with reverts("TillInsufficient", market.till(), 0, PRICES["usdc"]):
        market.settle("usdc", mine)
    market.settle("usdc", others, signer=market.friend, recipient=market.friend)
    assert market.router.hasPurchased(1, market.friend)


@pytest.mark.parametrize("name", TOKENS)
def test_both_edges_of_the_validity_window_are_outside(market: Market, name: str) -> None:
    now = market.chain.time
    for after, before in ((now, now + 10), (0, now), (now + 1, now + 10), (0, now - 1)):
        authorization = market.authorization(name, valid_after=after, valid_before=before)
        with reverts("ERC3009InvalidAuthorizationTime", after, before):
            market.settle(name, authorization)
    market.settle(name, market.authorization(name, valid_after=now - 1, valid_before=now + 1))


def test_an_expired_payment_that_reached_the_till_in_time_still_buys(market: Market) -> None:
    authorization = market.authorization("usdc", valid_before=market.chain.time + 10)
    market.submit("usdc", authorization)
    market.chain.mine(1_000)
    market.settle("usdc", authorization)
    assert market.router.hasPurchased(1, market.buyer)


@pytest.mark.parametrize("name", TOKENS)
def test_what_is_signed_fixes_buyer_and_referrer(market: Market, name: str) -> None:
    authorization = market.authorization(name, till=market.till(referrer=market.referrer))
    with reverts("ERC3009InvalidSignature"):
        market.settle(name, authorization, referrer=market.anyone)
    with reverts("ERC3009InvalidSignature"):
        market.settle(name, authorization, referrer=market.referrer, recipient=market.anyone)
    with reverts("ERC3009InvalidSignature"):
        market.settle(name, authorization, signer=market.anyone, referrer=market.referrer)
    market.settle(name, authorization, referrer=market.referrer)


@pytest.mark.parametrize("name", TOKENS)
def test_a_contract_wallet_pays_with_its_owners_signature(market: Market, name: str) -> None:
    wallet = market.contract("ContractWallet", market.friend)
    market.endow(wallet)
    authorization = market.authorization(name, payer=wallet)
    with reverts("ERC3009InvalidSignature"):
        market.settle(name, authorization, signer=market.buyer)
    with market.moves(name, {wallet: -PRICES[name]}):
        market.settle(name, authorization, signer=market.friend)
    assert market.router.hasPurchased(1, market.buyer)


def test_what_is_paid_beyond_the_price_goes_to_the_recipient(market: Market) -> None:
    authorization = market.authorization("usdc", PRICES["usdc"] + 77, till=market.till(recipient=market.friend))
    with market.moves("usdc", {market.buyer: -PRICES["usdc"] - 77, market.friend: 77}):
        market.settle("usdc", authorization, recipient=market.friend)


def test_a_surplus_for_a_blacklisted_recipient_is_credited(market: Market) -> None:
    market.usdc.blacklist(market.friend, sender=market.admin)
    authorization = market.authorization("usdc", PRICES["usdc"] + 77, till=market.till(recipient=market.friend))
    receipt = market.settle("usdc", authorization, recipient=market.friend)
    receipt.expect("Credited", account=market.friend, currency=market.usdc, amount=77)
    assert market.claimable("usdc", market.friend) == 77
    market.assert_solvent()


def test_too_small_a_payment_moves_nothing_and_stays_unused(market: Market) -> None:
    price = PRICES["usdc"]
    authorization = market.authorization("usdc", price - 1)
    with market.moves("usdc", {market.buyer: 0}), reverts("TillInsufficient", market.till(), price - 1, price):
        market.settle("usdc", authorization)
    assert not market.usdc.authorizationState(market.buyer, authorization.nonce)


def test_two_small_payments_make_one_purchase(market: Market) -> None:
    market.submit("usdc", market.authorization("usdc", PRICES["usdc"] - 1))
    market.settle("usdc", market.authorization("usdc", 1, nonce="another"))
    assert market.router.hasPurchased(1, market.buyer)


def test_a_price_raised_in_front_of_the_settlement_moves_nothing(market: Market) -> None:
    price = PRICES["usdc"]
    market.registry.setPrice(1, market.usdc, price + 1, sender=market.creator)
    with market.moves("usdc", {market.buyer: 0}), reverts("TillInsufficient", market.till(), price, price + 1):
        market.settle("usdc", market.authorization("usdc"))


def test_the_recipient_can_not_refer_themselves(market: Market) -> None:
    authorization = market.authorization("usdc", till=market.till(referrer=market.buyer))
    receipt = market.settle("usdc", authorization, referrer=market.buyer)
    receipt.expect("PurchaseCompleted", referrer=NATIVE, toReferrer=0)


def test_a_payer_without_the_money_reverts(market: Market) -> None:
    authorization = market.authorization("usdc", payer=market.creator)
    with reverts("ERC20InsufficientBalance", market.creator, 0, PRICES["usdc"]):
        market.settle("usdc", authorization, signer=market.creator)


def test_blacklisted_payer_and_till_and_paused_usdc_revert(market: Market) -> None:
    authorization = market.authorization("usdc")
    for account in (market.buyer.address, market.till()):
        market.usdc.blacklist(account, sender=market.admin)
        with reverts("AccountBlacklisted", account):
            market.settle("usdc", authorization)
        market.usdc.unBlacklist(account, sender=market.admin)
    market.usdc.pause(sender=market.admin)
    with reverts("TokenPaused"):
        market.settle("usdc", authorization)
    market.usdc.unpause(sender=market.admin)
    market.settle("usdc", authorization)


def test_a_token_without_authorizations_reverts(market: Market) -> None:
    token = market.accept_token("FalseToken", price=1_000)
    fields = (market.buyer, 1_000, 0, 2**40, b"\1" * 32, b"\1" * 65)
    with reverts(""):
        market.router.purchaseWithAuthorization(1, token, market.buyer, NATIVE, fields, sender=market.anyone)


def test_native_coin_has_no_authorizations(market: Market) -> None:
    fields = (market.buyer, 1_000, 0, 2**40, b"\1" * 32, b"\1" * 65)
    with reverts("CurrencyNotAccepted", NATIVE):
        market.router.purchaseWithAuthorization(1, NATIVE, market.buyer, NATIVE, fields, sender=market.anyone)

"""PaymentRouter.completePurchase, and the tills that purchases are paid into."""

import pytest
from eth_utils import keccak, to_checksum_address

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.market import PRICES, TOKENS, Market, split

# EIP-1167, around the address of the implementation.
CLONE = ("3d602d80600a3d3981f3363d3d373d3d3d363d73", "5af43d82803e903d91602b57fd5bf3")


def first_contract_of(address: str) -> str:
    """Where a contract's first CREATE puts what it makes: hash of RLP (address, nonce 1)."""
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(address[2:]) + b"\x01")[12:])


@pytest.mark.parametrize("name", TOKENS)
def test_anyone_completes_a_purchase_that_somebody_paid_into_its_till(market: Market, name: str) -> None:
    till = market.till(referrer=market.referrer)
    market.pay_in(name, PRICES[name], till)
    to_holder, to_treasury, to_referrer = split(PRICES[name], referred=True)
    gains = {
        till: -PRICES[name],
        market.creator: to_holder,
        market.treasury: to_treasury,
        market.referrer: to_referrer,
        market.buyer: 0,
    }
    with market.moves(name, gains):
        receipt = market.complete(name, referrer=market.referrer)
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


def test_a_purchase_is_completed_once_and_a_second_payment_waits_for_its_payer(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    market.complete("usdc")
    market.pay_in("usdc", PRICES["usdc"])
    with reverts("AlreadyHasAccess", 1, market.buyer):
        market.complete("usdc")
    with market.moves("usdc", {market.buyer: PRICES["usdc"]}):
        market.refund("usdc", market.buyer, sender=market.anyone)


@pytest.mark.parametrize("short", [1, PRICES["usdc"]])
def test_too_little_in_the_till_reverts_with_both_amounts(market: Market, short: int) -> None:
    market.pay_in("usdc", PRICES["usdc"] - short)
    with reverts("TillInsufficient", market.till(), PRICES["usdc"] - short, PRICES["usdc"]):
        market.complete("usdc")


def test_what_is_beyond_the_price_goes_to_the_recipient(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"] + 5)
    with market.moves("usdc", {market.buyer: 5, market.till(): -PRICES["usdc"] - 5}):
        market.complete("usdc")


def test_a_till_is_good_for_its_own_dataset_recipient_and_referrer_only(market: Market) -> None:
    market.publish("seals")
    market.pay_in("usdc", PRICES["usdc"], market.till(referrer=market.referrer))
    tills = {
        market.till(id_, recipient, referrer)
        for id_ in (1, 2)
        for recipient in (market.buyer, market.friend)
        for referrer in (NATIVE, market.referrer)
    }
    assert len(tills) == 8
    with reverts("TillInsufficient", market.till(), 0, PRICES["usdc"]):
        market.complete("usdc")
    with reverts("TillInsufficient", market.till(recipient=market.friend, referrer=market.referrer), 0, PRICES["usdc"]):
        market.complete("usdc", recipient=market.friend, referrer=market.referrer)


def test_the_address_of_a_till_is_the_documented_create2_clone(market: Market) -> None:
    implementation = first_contract_of(market.router.address)
    words = [b"\0" * 31 + b"\x01"] + [
        bytes.fromhex(a.address[2:]).rjust(32, b"\0") for a in (market.buyer, market.referrer)
    ]
    code = bytes.fromhex(CLONE[0] + implementation[2:] + CLONE[1])
    preimage = b"\xff" + bytes.fromhex(market.router.address[2:]) + keccak(b"".join(words)) + keccak(code)
    assert market.till(referrer=market.referrer) == to_checksum_address(keccak(preimage)[12:])


def test_a_till_has_code_only_after_it_was_opened(market: Market) -> None:
    till = market.till()
    market.pay_in("usdc", PRICES["usdc"])
    assert market.chain.code(till) == b""
    market.complete("usdc")
    assert market.chain.code(till) != b""


def test_only_the_router_opens_a_till(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    market.complete("usdc")
    market.pay_in("usdc", 7)
    for address in (market.till(), first_contract_of(market.router.address)):
        till = market.chain.at("Till", address)
        with reverts("NotController", market.buyer, market.router):
            till.release(market.usdc, market.buyer, 7, sender=market.buyer)


def test_a_till_with_code_takes_native_coin_too(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    market.complete("usdc")
    market.pay_in("eth", 9)
    with market.moves("eth", {market.friend: 9}):
        market.refund("eth", market.friend)


def test_native_coin_in_a_till_buys_nothing(market: Market) -> None:
    market.pay_in("eth", PRICES["eth"])
    with reverts("CurrencyNotAccepted", NATIVE):
        market.complete("eth")


def test_a_token_that_takes_a_fee_is_measured_and_refused(market: Market) -> None:
    fee = market.accept_token("FeeToken", price=1_000)
    fee.mint(market.till(), 1_000, sender=market.admin)
    with reverts("ReceivedLess", fee, 990, 1_000):
        market.complete("FeeToken")
    assert market.balance("FeeToken", market.till()) == 1_000


def test_a_till_that_can_not_be_emptied_reverts(market: Market) -> None:
    token = market.accept_token("FalseToken", price=1_000)
    token.mint(market.till(), 1_000, sender=market.admin)
    token.setFailing(True, sender=market.admin)
    with reverts("SafeERC20FailedOperation", token):
        market.complete("FalseToken")
    market.pay_in("usdc", PRICES["usdc"])
    market.usdc.blacklist(market.till(), sender=market.admin)
    with reverts("AccountBlacklisted", market.till()):
        market.complete("usdc")
    assert not market.router.hasPurchased(1, market.buyer)


def test_the_holder_at_the_completion_earns_and_not_the_one_at_the_payment(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    market.hand_over(1, market.friend)
    to_holder, _, _ = split(PRICES["usdc"], referred=False)
    with market.moves("usdc", {market.friend: to_holder, market.creator: 0}):
        market.complete("usdc")


def test_what_lies_in_a_till_is_all_that_bounds_the_price(market: Market) -> None:
    """The recipient may take a double payment back before; who settles in one transaction leaves none lying there."""
    market.pay_in("usdc", 2 * PRICES["usdc"])
    market.registry.setPrice(1, market.usdc, 2 * PRICES["usdc"] + 1, sender=market.creator)
    with reverts("TillInsufficient", market.till(), 2 * PRICES["usdc"], 2 * PRICES["usdc"] + 1):
        market.complete("usdc")
    market.registry.setPrice(1, market.usdc, 2 * PRICES["usdc"], sender=market.creator)
    with market.moves("usdc", {market.buyer: 0, market.till(): -2 * PRICES["usdc"]}):
        market.complete("usdc")


def test_refuses_what_a_purchase_refuses(market: Market) -> None:
    market.pay_in("usdc", PRICES["usdc"])
    with reverts("InvalidAddress", NATIVE):
        market.complete("usdc", recipient=NATIVE)
    with reverts("InvalidAddress", market.router):
        market.complete("usdc", recipient=market.router)
    with reverts("AlreadyHasAccess", 1, market.creator):
        market.complete("usdc", recipient=market.creator)
    market.registry.setListed(1, False, sender=market.creator)
    with reverts("NotOnOffer", 1):
        market.complete("usdc")
    market.registry.setListed(1, True, sender=market.creator)
    market.registry.setPrice(1, market.usdc, 0, sender=market.creator)
    with reverts("NotSoldFor", 1, market.usdc):
        market.complete("usdc")
    market.registry.setFree(1, True, sender=market.creator)
    with reverts("DatasetIsFree", 1):
        market.complete("usdc")
    market.router.setCurrency(market.usdc, False, sender=market.admin)
    with reverts("CurrencyNotAccepted", market.usdc):
        market.complete("usdc")


def test_tills_keep_their_addresses_and_money_across_an_upgrade(market: Market) -> None:
    till = market.till()
    market.pay_in("usdc", PRICES["usdc"])
    implementation = market.chain.deploy("PaymentRouter", market.registry, sender=market.admin)
    market.router.upgradeToAndCall(implementation, b"", sender=market.admin)
    assert market.till() == till
    market.complete("usdc")
    assert market.router.hasPurchased(1, market.buyer)

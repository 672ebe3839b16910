"""Deposits keep their currency; relays draw what was granted, and never more; the owner can always leave."""

from typing import Any

import pytest
from eth_utils import keccak

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.receipts.trees import Batch, Row
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, USD, World

DAY = 86_400
ROOT = keccak(b"receipts")
ABOVE_LIMIT, ABOVE_BALANCE = range(2)


def usage(world: World, micro: int, account: Any = None, model: int = BASE_MODEL, operator: Any = None) -> Any:
    payer, served = account or world.ann, operator or world.owen
    return (payer.address, model, 1, served.address, micro)


def price_ether(world: World, dollars: int = 2_000) -> Any:
    feed = world.chain.deploy("TestFeed", 8, sender=world.admin)
    feed.set(dollars * 10**8, 0, world.chain.time, sender=world.admin)
    terms = (feed.address, NATIVE, DAY, 0, 18, USD, 100_000 * USD)
    world.prices.setFeed(NATIVE, terms, sender=world.admin)
    return feed


@pytest.fixture
def funded(world: World) -> World:
    """ann has 100 dollars in USDC and lets rita spend 10 a day."""
    world.prepaid.deposit(world.ann, world.usdc, 100 * USD, sender=world.ann)
    world.prepaid.setGrant(world.rita, 10 * USD, DAY, sender=world.ann)
    return world


def draw(world: World, rows: list[Any], currency: Any = None, relay: Any = None) -> Any:
    return world.prepaid.draw(currency or world.usdc, rows, ROOT, len(rows) or 1, sender=relay or world.rita)


# Deposits


def test_anyone_deposits_for_an_account(world: World) -> None:
    receipt = world.prepaid.deposit(world.bob, world.usdc, 50, sender=world.ann)
    receipt.expect("Deposited", account=world.bob, currency=world.usdc, payer=world.ann, amount=50)
    assert world.prepaid.balanceOf(world.bob, world.usdc) == 50
    assert world.prepaid.totalBalance(world.usdc) == world.usdc.balanceOf(world.prepaid) == 50


def test_native_coin_and_cp_keep_their_currency(world: World) -> None:
    world.prepaid.deposit(world.ann, NATIVE, 7, sender=world.ann, value=7)
    world.prepaid.deposit(world.ann, world.cp, 9, sender=world.ann)
    assert world.prepaid.balanceOf(world.ann, NATIVE) == world.chain.balance(world.prepaid) == 7
    assert world.prepaid.balanceOf(world.ann, world.cp) == world.cp.balanceOf(world.prepaid) == 9


def test_a_deposit_that_can_not_be__reverts(world: World) -> None:
    nobody = NATIVE
    with reverts("InvalidAddress", nobody):
        world.prepaid.deposit(nobody, world.usdc, 1, sender=world.ann)
    with reverts("ZeroAmount"):
        world.prepaid.deposit(world.ann, world.usdc, 0, sender=world.ann)
    for currency, value in ((NATIVE, 1), (NATIVE, 3), (world.usdc, 2)):
        with reverts("ValueMismatch", value, 2 if currency == NATIVE else 0):
            world.prepaid.deposit(world.ann, currency, 2, sender=world.ann, value=value)
    strange = world.chain.deploy("FeeToken", sender=world.ann)
    with reverts("CurrencyNotAccepted", strange):
        world.prepaid.deposit(world.ann, strange, 1, sender=world.ann)


def test_a_token_that_takes_a_fee__reverts(world: World) -> None:
    token = world.chain.deploy("FeeToken", sender=world.ann)
    token.mint(world.ann, 1_000, sender=world.ann)
    token.approve(world.prepaid, 1_000, sender=world.ann)
    world.suite.router.setCurrency(token, True, sender=world.admin)
    with reverts("ReceivedLess", token, 990, 1_000):
        world.prepaid.deposit(world.ann, token, 1_000, sender=world.ann)


@pytest.mark.parametrize("native", [False, True])
def test_a_plain_transfer_to_the_deposit_address_is_collected(world: World, native: bool) -> None:
    currency = NATIVE if native else world.usdc
    address = world.prepaid.depositAddress(world.bob)
    assert address != world.prepaid.depositAddress(world.ann)
    for _ in range(2):
        world.pay(address, 500, currency)
        receipt = world.prepaid.collect(world.bob, currency, sender=world.stranger)
        receipt.expect("Deposited", account=world.bob, currency=currency, payer=address, amount=500)
    assert world.prepaid.balanceOf(world.bob, currency) == 1_000
    with reverts("ZeroAmount"):
        world.prepaid.collect(world.bob, currency, sender=world.stranger)


def test_a_currency_that_is_not_accepted_is_not_collected(world: World) -> None:
    token = world.chain.deploy("FeeToken", sender=world.ann)
    with reverts("CurrencyNotAccepted", token):
        world.prepaid.collect(world.bob, token, sender=world.stranger)


def test_nobody_but_a_till_sends_native_coin(world: World) -> None:
    with reverts("InvalidAddress", world.ann):
        world.chain.transact(world.ann, world.prepaid, value=1)


# The way out


def test_the_owner_takes_out_what_is_left(funded: World) -> None:
    receipt = funded.prepaid.withdraw(funded.usdc, 30 * USD, funded.stranger, sender=funded.ann)
    receipt.expect("Withdrawn", account=funded.ann, currency=funded.usdc, to=funded.stranger, amount=30 * USD)
    assert funded.usdc.balanceOf(funded.stranger) == 30 * USD
    assert funded.prepaid.balanceOf(funded.ann, funded.usdc) == funded.prepaid.totalBalance(funded.usdc) == 70 * USD


def test_more_than_the_own_balance__reverts(funded: World) -> None:
    funded.prepaid.deposit(funded.bob, funded.usdc, 5 * USD, sender=funded.bob)
    with reverts("InsufficientBalance", funded.bob, funded.usdc, 5 * USD, 5 * USD + 1):
        funded.prepaid.withdraw(funded.usdc, 5 * USD + 1, funded.bob, sender=funded.bob)
    with reverts("ZeroAmount"):
        funded.prepaid.withdraw(funded.usdc, 0, funded.bob, sender=funded.bob)
    for bad in (NATIVE, funded.prepaid):
        with reverts("InvalidAddress"):
            funded.prepaid.withdraw(funded.usdc, 1, bad, sender=funded.bob)


def test_a_withdrawal_that_its_receiver_refuses_changes_nothing(world: World) -> None:
    world.prepaid.deposit(world.ann, NATIVE, 9, sender=world.ann, value=9)
    refuser = world.chain.deploy("RevertingReceiver", sender=world.stranger)
    with reverts("TransferFailed", NATIVE, refuser, 9):
        world.prepaid.withdraw(NATIVE, 9, refuser, sender=world.ann)
    assert world.prepaid.balanceOf(world.ann, NATIVE) == 9


def test_a_receiver_that_comes_back_in_gets_nothing_twice(world: World) -> None:
    thief = world.chain.deploy("ReentrantReceiver", sender=world.stranger)
    world.prepaid.deposit(thief, NATIVE, 10, sender=world.ann, value=10)
    world.prepaid.deposit(world.bob, NATIVE, 10, sender=world.bob, value=10)
    again = world.prepaid.withdraw.calldata(NATIVE, 5, thief)
    thief.arm(world.prepaid, again, sender=world.stranger)
    thief.execute(world.prepaid, 0, again, sender=world.stranger)
    assert not thief.reentered()
    assert world.chain.balance(thief) == 5
    assert world.prepaid.balanceOf(thief, NATIVE) == 5


def test_a_pause_stops_deposits_and_draws_but_never_the_way_out(funded: World) -> None:
    funded.prepaid.pause(sender=funded.admin)
    with reverts("EnforcedPause"):
        funded.prepaid.deposit(funded.ann, funded.usdc, 1, sender=funded.ann)
    with reverts("EnforcedPause"):
        funded.prepaid.collect(funded.ann, funded.usdc, sender=funded.ann)
    with reverts("EnforcedPause"):
        draw(funded, [usage(funded, 1)])
    funded.prepaid.withdraw(funded.usdc, 100 * USD, funded.ann, sender=funded.ann)
    funded.prepaid.unpause(sender=funded.admin)
    with reverts("AccessManagedUnauthorized", funded.stranger):
        funded.prepaid.pause(sender=funded.stranger)


# Draws


def test_a_draw_moves_what_was_used_into_the_settlement(funded: World) -> None:
    rows = [usage(funded, 3 * USD), usage(funded, 2 * USD, model=TUNED_MODEL)]
    receipt = draw(funded, rows)
    drawn = receipt.named("Drawn")
    assert [(e.account, e.relay, e.modelId, e.microDollars, e.amount) for e in drawn] == [
        (funded.ann.address, funded.rita.address, BASE_MODEL, 3 * USD, 3 * USD),
        (funded.ann.address, funded.rita.address, TUNED_MODEL, 2 * USD, 2 * USD),
    ]
    receipt.expect("BatchDrawn", relay=funded.rita, batch=1, currency=funded.usdc, microDollars=5 * USD, amount=5 * USD)
    receipt.expect("ReceiptsAnchored", relay=funded.rita, batch=1, root=ROOT, count=2, paid=True)
    assert receipt.return_value == (1, 5 * USD)
    assert funded.prepaid.balanceOf(funded.ann, funded.usdc) == 95 * USD
    assert funded.prepaid.totalBalance(funded.usdc) == funded.usdc.balanceOf(funded.prepaid) == 95 * USD
    assert funded.settlement.fundedFor(BASE_MODEL, 1, funded.owen, funded.usdc) == 3 * USD
    assert funded.settlement.fundedFor(TUNED_MODEL, 1, funded.owen, funded.usdc) == 2 * USD
    assert funded.prepaid.grantOf(funded.ann, funded.rita).spent == 5 * USD


def test_a_single_unit_is_drawn_into_the_settlement_too(funded: World) -> None:
    draw(funded, [usage(funded, 1)])
    assert funded.settlement.fundedFor(BASE_MODEL, 1, funded.owen, funded.usdc) == 1
    assert funded.usdc.balanceOf(funded.prepaid) == funded.prepaid.totalBalance(funded.usdc)


def test_a_row_above_the_limit_is_refused_and_the_others_are_drawn(funded: World) -> None:
    receipt = draw(funded, [usage(funded, 6 * USD), usage(funded, 4 * USD + 1), usage(funded, 4 * USD)])
    receipt.expect(
        "DrawRefused",
        account=funded.ann,
        relay=funded.rita,
        index=1,
        microDollars=4 * USD + 1,
        reason=ABOVE_LIMIT,
    )
    assert receipt.return_value == (1, 10 * USD)


def test_a_row_above_the_balance_is_refused_and_spends_no_limit(funded: World) -> None:
    funded.prepaid.withdraw(funded.usdc, 99 * USD, funded.ann, sender=funded.ann)
    receipt = draw(funded, [usage(funded, USD + 1), usage(funded, USD)])
    receipt.expect("DrawRefused", index=0, reason=ABOVE_BALANCE)
    assert receipt.return_value == (1, USD)
    assert funded.prepaid.grantOf(funded.ann, funded.rita).spent == USD


def test_without_a_grant_nothing_is_drawn(funded: World) -> None:
    receipt = draw(funded, [usage(funded, 1)], relay=funded.stranger)
    receipt.expect("DrawRefused", relay=funded.stranger, reason=ABOVE_LIMIT)
    assert receipt.return_value == (1, 0)
    assert receipt.named("Funded") == []
    receipt.expect("ReceiptsAnchored", paid=False)
    assert not funded.receipts.batchOf(funded.stranger, 1).paid


def test_a_draw_of_no_rows_anchors_a_batch_that_is_not_paid(funded: World) -> None:
    draw(funded, []).expect("ReceiptsAnchored", relay=funded.rita, batch=1, paid=False)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_the_rows_that_were_drawn_are_anchored_each_in_its_place(funded: World, count: int) -> None:
    """A row that was refused, or came to no unit of the currency, leaves its place empty."""
    micros = [USD, 100 * USD, 0, USD // 2, USD // 2, 20 * USD, 1, 2][:count]
    rows = [usage(funded, micro, model=1 + n % 2) for n, micro in enumerate(micros)]
    draw(funded, rows)
    kept = tuple(Row(*row) if 0 < row[-1] <= USD else None for row in rows)
    batch = Batch(funded.rita.address, 1, (), kept)
    assert funded.receipts.batchOf(funded.rita, 1).payments == batch.payments


def test_a_new_period_begins_with_the_whole_limit(funded: World) -> None:
    draw(funded, [usage(funded, 10 * USD)])
    since = funded.prepaid.grantOf(funded.ann, funded.rita).since
    funded.chain.mine(DAY - 1)
    assert draw(funded, [usage(funded, 1)]).return_value[1] == 0
    funded.chain.mine(1)
    grant = funded.prepaid.grantOf(funded.ann, funded.rita)
    assert (grant.spent, grant.since) == (0, since + DAY)
    assert draw(funded, [usage(funded, 10 * USD)]).return_value[1] == 10 * USD


def test_periods_follow_each_other_without_drift(funded: World) -> None:
    since = funded.prepaid.grantOf(funded.ann, funded.rita).since
    funded.chain.mine(3 * DAY + 100)
    draw(funded, [usage(funded, USD)])
    assert funded.prepaid.grantOf(funded.ann, funded.rita).since == since + 3 * DAY


def test_a_grant_is_set_anew_and_taken_back(funded: World) -> None:
    draw(funded, [usage(funded, 10 * USD)])
    receipt = funded.prepaid.setGrant(funded.rita, 5 * USD, DAY, sender=funded.ann)
    receipt.expect("GrantSet", account=funded.ann, relay=funded.rita, limit=5 * USD, period=DAY)
    assert draw(funded, [usage(funded, 5 * USD)]).return_value[1] == 5 * USD
    funded.prepaid.setGrant(funded.rita, 0, 0, sender=funded.ann)
    assert draw(funded, [usage(funded, 1)]).return_value[1] == 0
    with reverts("InvalidPeriod"):
        funded.prepaid.setGrant(funded.rita, 1, 0, sender=funded.ann)
    with reverts("InvalidAddress", NATIVE):
        funded.prepaid.setGrant(NATIVE, 1, DAY, sender=funded.ann)


def test_a_limit_counts_over_all_currencies(funded: World) -> None:
    price_ether(funded)
    funded.prepaid.deposit(funded.ann, NATIVE, 10**18, sender=funded.ann, value=10**18)
    draw(funded, [usage(funded, 6 * USD)])
    receipt = draw(funded, [usage(funded, 4 * USD + 1), usage(funded, 4 * USD)], currency=NATIVE)
    assert receipt.return_value == (2, 4 * 10**18 // 2_000)


def test_ether_is_converted_by_the_feed_or_not_drawn_at_all(funded: World) -> None:
    feed = price_ether(funded)
    funded.prepaid.deposit(funded.ann, NATIVE, 10**18, sender=funded.ann, value=10**18)
    receipt = draw(funded, [usage(funded, 3 * USD)], currency=NATIVE)
    receipt.expect("Drawn", currency=NATIVE, microDollars=3 * USD, amount=3 * 10**18 // 2_000)
    assert funded.chain.balance(funded.prepaid) == funded.prepaid.totalBalance(NATIVE)
    feed.set(2_000 * 10**8, 0, funded.chain.time - DAY - 1, sender=funded.admin)
    with reverts("StalePrice"):
        draw(funded, [usage(funded, USD)], currency=NATIVE)


def test_a_drawn_batch_is_swept_into_the_split(funded: World) -> None:
    draw(funded, [usage(funded, 10 * USD, model=TUNED_MODEL)])
    funded.settlement.sweep(TUNED_MODEL, 1, funded.owen, funded.usdc, sender=funded.stranger)
    assert funded.owed(funded.treasury) == 500_000
    assert funded.owed(funded.dora) == funded.owed(funded.tara) == USD


def test_a_batch_without_receipts__reverts(funded: World) -> None:
    with reverts("InvalidBatch", ROOT, 0):
        funded.prepaid.draw(funded.usdc, [usage(funded, 1)], ROOT, 0, sender=funded.rita)


def test_it_is_initialized_once(world: World) -> None:
    for contract in (world.prepaid, world.receipts, world.prices):
        with reverts("InvalidInitialization"):
            contract.initialize(world.suite.manager, sender=world.admin)
    with reverts("InvalidInitialization"):
        world.settlement.initialize(world.suite.manager, world.treasury, sender=world.admin)

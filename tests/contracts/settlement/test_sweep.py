"""What arrives at a till, or is funded, is split as the version's stack says, to the last unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.testing import Reverted, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, World

NOBODY = NATIVE


def test_a_payment_to_the_till_of_a_tuned_model_pays_everybody(world: World) -> None:
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    assert till == world.settlement.tillOf(TUNED_MODEL, 1, world.owen)
    world.pay(till, 1_000_003)
    receipt = world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    stack = [(world.tara, 500_000), (world.dora, 500_000)]
    treasury, shares, operator = world.split(1_000_003, stack)
    receipt.expect(
        "Swept",
        modelId=TUNED_MODEL,
        version=1,
        operator=world.owen,
        currency=world.usdc,
        amount=1_000_003,
        toTreasury=treasury,
        toStack=sum(shares.values()),
        toOperator=operator,
    )
    assert receipt.return_value == 1_000_003
    assert world.owed(world.treasury) == treasury
    assert {a.address: world.owed(a) for a in (world.tara, world.dora)} == shares
    assert receipt.named("RewardAdded")[0].amount == operator
    assert world.usdc.balanceOf(world.staking) == operator
    assert world.usdc.balanceOf(world.settlement) == 1_000_003 - operator == world.settlement.totalOwed(world.usdc)


def test_a_base_model_has_no_stack(world: World) -> None:
    world.pay(world.settlement.tillOf(BASE_MODEL, world.owen), 1_000)
    receipt = world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    receipt.expect("Swept", toTreasury=50, toStack=0, toOperator=950)


def test_the_datasets_row_pays_who_holds_it_at_the_sweep(world: World) -> None:
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    world.pay(till, 1_000_000)
    world.nft.transferFrom(world.dora, world.bob, 1, sender=world.dora)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert (world.owed(world.dora), world.owed(world.bob)) == (0, 100_000)


def test_a_holder_may_sweep_before_a_sale(world: World) -> None:
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    world.pay(till, 1_000_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.dora)
    world.nft.transferFrom(world.dora, world.bob, 1, sender=world.dora)
    assert (world.owed(world.dora), world.owed(world.bob)) == (100_000, 0)


def test_a_new_version_does_not_touch_what_was_paid_for_the_old_one(world: World) -> None:
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    world.pay(till, 1_000_000)
    world.models.addVersion(TUNED_MODEL, world.version([]), sender=world.tara)
    assert world.settlement.tillOf(TUNED_MODEL, world.owen) != till
    with reverts("NothingToSweep"):
        world.settlement.sweep(TUNED_MODEL, 2, world.owen, world.usdc, sender=world.tara)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.owed(world.dora) == 100_000


def test_an_operator_that_is_not_registered_is_credited(world: World) -> None:
    world.pay(world.settlement.tillOf(TUNED_MODEL, world.bob), 1_000_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.bob, world.usdc, sender=world.stranger)
    assert world.owed(world.bob) == 750_000


def test_delegators_get_their_part_of_a_sweep(world: World) -> None:
    world.pay(world.settlement.tillOf(BASE_MODEL, world.owen), 1_000_000)
    world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    world.staking.claim([world.owen.address], world.usdc, world.dave, sender=world.dave)
    # 950,000 to the operator: three quarters of the stake is delegated, and a tenth of its part is commission.
    assert world.usdc.balanceOf(world.dave) == pytest.approx(950_000 * 3 // 4 * 9 // 10, abs=1)


def test_while_the_reward_account_takes_no_money_the_till_keeps_it(world: World) -> None:
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    world.pay(till, 1_000)
    world.staking.pause(sender=world.admin)
    with reverts("EnforcedPause"):
        world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.usdc.balanceOf(till) == 1_000
    world.staking.unpause(sender=world.admin)
    world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.usdc.balanceOf(till) == 0


def test_too_little_gas_can_not_turn_the_delegators_part_into_the_operators(world: World) -> None:
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    world.pay(till, 1_000_000)
    swept = False
    for gas in range(60_000, 600_000, 10_000):
        with world.chain.isolated():
            try:
                world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.owen, gas=gas)
            except Reverted:
                continue
            swept = True
            assert world.owed(world.owen) == 0
            assert world.usdc.balanceOf(world.staking) == 950_000
    assert swept


@pytest.mark.parametrize("model", [BASE_MODEL, TUNED_MODEL])
def test_native_coin_and_cp_are_split_alike(world: World, model: int) -> None:
    for currency in (NATIVE, world.cp):
        before = world.held(world.staking, currency)
        world.pay(world.settlement.tillOf(model, world.owen), 1_000_000, currency)
        world.settlement.sweep(model, 1, world.owen, currency, sender=world.stranger)
        stack = [(world.tara, 500_000), (world.dora, 500_000)] if model == TUNED_MODEL else []
        treasury, _, operator = world.split(1_000_000, stack)
        assert world.held(world.staking, currency) - before == operator
        assert world.owed(world.treasury, currency) == treasury
        assert world.held(world.settlement, currency) == 1_000_000 - operator


def test_nothing_to_sweep__reverts(world: World) -> None:
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    with reverts("NothingToSweep", till, world.usdc):
        world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)


def test_a_version_that_there_is_not__reverts_and_the_money_stays(world: World) -> None:
    till = world.settlement.tillOf(TUNED_MODEL, 9, world.owen)
    world.pay(till, 1_000)
    with reverts("VersionUnknown", TUNED_MODEL, 9):
        world.settlement.sweep(TUNED_MODEL, 9, world.owen, world.usdc, sender=world.stranger)
    assert world.usdc.balanceOf(till) == 1_000


@pytest.mark.parametrize("bad", ["nobody", "settlement"])
def test_an_operator_that_can_not_be__reverts(world: World, bad: str) -> None:
    operator = NOBODY if bad == "nobody" else world.settlement.address
    with reverts("InvalidAddress", operator):
        world.settlement.sweep(BASE_MODEL, 1, operator, world.usdc, sender=world.stranger)


def test_a_till_is_used_again(world: World) -> None:
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    for _ in range(2):
        world.pay(till, 1_000)
        world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.owed(world.treasury) == 100


def test_only_the_settlement_empties_a_till(world: World) -> None:
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    world.pay(till, 1_000)
    world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    world.pay(till, 500)
    clone = world.chain.at("Till", till)
    with reverts("NotController", world.stranger, world.settlement):
        clone.release(world.usdc, world.stranger, 500, sender=world.stranger)


def test_a_channel_whose_receiver_is_a_till_ends_in_the_split(world: World) -> None:
    channels = world.chain.deploy("BatchSettlement", sender=world.admin)
    collector = world.chain.deploy("ApprovalCollector", sender=world.admin)
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    config = (world.ann.address, world.ann.address, till, world.rita.address, world.usdc.address, 900, bytes(32))
    world.usdc.approve(collector, 1_000_000, sender=world.ann)
    channels.deposit(config, 1_000_000, collector, b"", sender=world.rita)
    digest = channels.getVoucherDigest(channels.getChannelId(config), 600_000)
    signature = bytes(world.ann.local.unsafe_sign_hash(digest).signature)
    channels.claim([((config, 600_000), signature, 600_000)], sender=world.rita)
    channels.settle(till, world.usdc, sender=world.stranger)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.owed(world.dora) == world.owed(world.tara) == 60_000
    assert world.owed(world.treasury) == 30_000


@given(st.integers(1, 2**96 - 1), st.sampled_from([BASE_MODEL, TUNED_MODEL]))
def test_every_amount_is_split_to_the_last_unit(world: World, amount: int, model: int) -> None:
    with world.chain.isolated():
        world.chain.fund(world.settlement.tillOf(model, world.owen), amount)
        receipt = world.settlement.sweep(model, 1, world.owen, NATIVE, sender=world.stranger)
        (swept,) = receipt.named("Swept")
        assert swept.toTreasury + swept.toStack + swept.toOperator == amount == swept.amount
        assert world.held(world.settlement, NATIVE) == world.settlement.totalOwed(NATIVE) == amount - swept.toOperator
        assert world.held(world.staking, NATIVE) == swept.toOperator


def test_credits_are_claimed_whole_and_once(world: World) -> None:
    world.pay(world.settlement.tillOf(TUNED_MODEL, world.owen), 1_000_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    receipt = world.settlement.claim(world.usdc, world.bob, sender=world.dora)
    receipt.expect("Claimed", account=world.dora, currency=world.usdc, to=world.bob, amount=100_000)
    with reverts("NothingToClaim", world.dora, world.usdc):
        world.settlement.claim(world.usdc, world.bob, sender=world.dora)
    for bad in (NOBODY, world.settlement):
        with reverts("InvalidAddress"):
            world.settlement.claim(world.usdc, bad, sender=world.tara)


def test_a_claim_that_the_receiver_refuses_changes_nothing(world: World) -> None:
    world.pay(world.settlement.tillOf(TUNED_MODEL, world.owen), 1_000_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    world.usdc.blacklist(world.dora, sender=world.admin)
    with reverts("TransferFailed", world.usdc, world.dora, 100_000):
        world.settlement.claim(world.usdc, world.dora, sender=world.dora)
    world.settlement.claim(world.usdc, world.bob, sender=world.dora)
    assert world.settlement.totalOwed(world.usdc) == world.owed(world.tara) + world.owed(world.treasury)


def test_a_receiver_that_comes_back_in_gets_nothing_twice(world: World) -> None:
    thief = world.chain.deploy("ReentrantReceiver", sender=world.stranger)
    world.pay(world.settlement.tillOf(BASE_MODEL, thief), 1_000_000, NATIVE)
    world.settlement.sweep(BASE_MODEL, 1, thief, NATIVE, sender=world.stranger)
    again = world.settlement.claim.calldata(NATIVE, thief)
    thief.arm(world.settlement, again, sender=world.stranger)
    thief.execute(world.settlement, 0, again, sender=world.stranger)
    assert world.chain.balance(thief) == 950_000
    assert not thief.reentered()


def test_only_surplus_can_be_rescued(world: World) -> None:
    world.pay(world.settlement.tillOf(TUNED_MODEL, world.owen), 1_000_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    with reverts("SurplusExceeded", 1, 0):
        world.settlement.rescueSurplus(world.usdc, world.bob, 1, sender=world.admin)
    world.usdc.transfer(world.settlement, 7, sender=world.ann)
    world.settlement.rescueSurplus(world.usdc, world.stranger, 7, sender=world.admin)
    assert world.usdc.balanceOf(world.stranger) == 7
    with reverts("AccessManagedUnauthorized", world.stranger):
        world.settlement.rescueSurplus(world.usdc, world.bob, 0, sender=world.stranger)
    for bad in (NOBODY, world.settlement):
        with reverts("InvalidAddress"):
            world.settlement.rescueSurplus(world.usdc, bad, 0, sender=world.admin)


def test_nobody_but_a_till_sends_native_coin(world: World) -> None:
    with reverts("InvalidAddress", world.ann):
        world.chain.transact(world.ann, world.settlement, value=1)


def test_the_treasury_is_set_by_its_role_and_can_not_be_nobody(world: World) -> None:
    receipt = world.settlement.setTreasury(world.bob, sender=world.admin)
    receipt.expect("TreasurySet", treasury=world.bob)
    assert world.settlement.treasury() == world.bob.address
    for bad in (NOBODY, world.settlement):
        with reverts("InvalidAddress"):
            world.settlement.setTreasury(bad, sender=world.admin)
    with reverts("AccessManagedUnauthorized", world.stranger):
        world.settlement.setTreasury(world.bob, sender=world.stranger)

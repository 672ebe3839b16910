"""Rewards: who gets how much, in what currency, when nobody is staked, and how they get it out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.compute.house import CP, FUNDS, RISE_DELAY, THAW, House, act


def claim(house: House, who: Any, currency: Any = NATIVE, operators: Any = None) -> int:
    named = [house.operator] if operators is None else operators
    return int(act(who, house.staking.claim, named, currency, who).return_value)


@pytest.fixture
def staked(house: House) -> House:
    """A quarter is own stake; alice delegates two quarters, bob one."""
    house.stake(house.operator, 100 * CP)
    house.stake(house.alice, 200 * CP)
    house.stake(house.bob, 100 * CP)
    return house


def test_own_stake_and_commission_are_the_operators_and_the_rest_is_shared(staked: House) -> None:
    for currency in (NATIVE, staked.usdc, staked.cp):
        receipt = staked.reward(4_000_000, currency)
        # 1,000,000 for own stake, 20 % of 3,000,000.
        receipt.expect(
            "RewardAdded",
            operator=staked.operator,
            currency=currency,
            payer=staked.payer,
            amount=4_000_000,
            toOperator=1_600_000,
            toDelegators=2_400_000,
            held=0,
            generation=0,
        )
        assert staked.claimable(staked.operator, currency) == 1_600_000
        assert staked.staking.unsettledX128(staked.operator, staked.alice, currency) >> 128 in (1_599_999, 1_600_000)
        before = staked.balance(currency, staked.alice)
        paid = claim(staked, staked.alice, currency)
        assert paid in (1_599_999, 1_600_000)
        assert staked.balance(currency, staked.alice) == before + paid
        assert claim(staked, staked.bob, currency) in (799_999, 800_000)
        assert claim(staked, staked.operator, currency, []) == 1_600_000
        left = staked.staking.totalOwed(currency)
        assert left <= 2
        assert staked.staking.surplus(currency) == 0
    assert staked.staking.rewardCurrencies() == [NATIVE, staked.usdc.address, staked.cp.address]


def test_a_new_currency_is_told(staked: House) -> None:
    staked.reward(1).expect("RewardCurrencyAdded", currency=NATIVE, index=0)
    staked.reward(1, staked.usdc).expect("RewardCurrencyAdded", currency=staked.usdc, index=1)
    assert not staked.reward(1).named("RewardCurrencyAdded")


def test_stake_earns_from_the_next_reward_to_the_last_before_it_thaws(staked: House) -> None:
    staked.reward(4_000)
    staked.stake(staked.other, 400 * CP)
    assert staked.staking.unsettledX128(staked.operator, staked.other, NATIVE) == 0
    staked.staking.unstake(staked.operator, 400 * CP, sender=staked.other)
    staked.reward(4_000)
    with reverts("NothingToClaim", staked.other, NATIVE):
        claim(staked, staked.other)
    assert claim(staked, staked.alice) in (3_199, 3_200)


def test_staking_more_keeps_what_was_earned_in_every_currency(staked: House) -> None:
    staked.reward(4_000)
    staked.reward(8_000, staked.usdc)
    staked.stake(staked.alice, 100 * CP)
    assert staked.claimable(staked.alice) in (1_599, 1_600)
    assert staked.claimable(staked.alice, staked.usdc) in (3_199, 3_200)
    assert staked.staking.unsettledX128(staked.operator, staked.alice, NATIVE) == 0


def test_what_a_claim_rounds_down_stays_the_claimants(staked: House) -> None:
    for _ in range(3):
        staked.reward(1, staked.usdc)
    x128 = staked.staking.claimableX128(staked.usdc, staked.alice)
    x128 += staked.staking.unsettledX128(staked.operator, staked.alice, staked.usdc)
    paid = claim(staked, staked.alice, staked.usdc)
    assert paid == x128 >> 128
    assert staked.staking.claimableX128(staked.usdc, staked.alice) == x128 - (paid << 128)


def test_a_claim_names_operators_pays_once_and_to_anyone(staked: House) -> None:
    staked.reward(4_000)
    receipt = staked.staking.claim([staked.operator, staked.operator], NATIVE, staked.anyone, sender=staked.alice)
    receipt.expect("Claimed", account=staked.alice, currency=NATIVE, to=staked.anyone, amount=receipt.return_value)
    assert staked.balance(NATIVE, staked.anyone) == receipt.return_value
    with reverts("NothingToClaim", staked.alice, NATIVE):
        claim(staked, staked.alice)
    with reverts("NotOperator", staked.other):
        claim(staked, staked.bob, operators=[staked.other])
    for to in (NATIVE, staked.staking.address):
        with reverts("InvalidAddress", to):
            staked.staking.claim([], NATIVE, to, sender=staked.bob)


def test_a_receiver_that_fails_loses_nothing_and_stops_nobody(staked: House) -> None:
    wallet = staked.chain.deploy("RevertingReceiver", sender=staked.admin)
    staked.endow(wallet)
    staked.stake(wallet, 300 * CP)
    staked.usdc.blacklist(staked.bob, sender=staked.admin)
    staked.reward(7_000)
    staked.reward(7_000, staked.usdc)
    due = staked.staking.unsettledX128(staked.operator, wallet, NATIVE) >> 128
    with reverts("TransferFailed", NATIVE, wallet, due):
        claim(staked, wallet)
    due = staked.staking.unsettledX128(staked.operator, staked.bob, staked.usdc) >> 128
    with reverts("TransferFailed", staked.usdc, staked.bob, due):
        claim(staked, staked.bob, staked.usdc)
    assert claim(staked, staked.alice) > 0
    act(wallet, staked.staking.claim, [staked.operator], NATIVE, staked.anyone)
    staked.staking.claim([staked.operator], staked.usdc, staked.anyone, sender=staked.bob)
    assert staked.balance(staked.usdc, staked.anyone) == due


def test_a_reward_is_measured(staked: House) -> None:
    fee = staked.chain.deploy("FeeToken", sender=staked.admin)
    fee.mint(staked.payer, 1_000, sender=staked.admin)
    fee.approve(staked.staking, 1_000, sender=staked.payer)
    with reverts("CurrencyNotAccepted", fee):
        staked.reward(1_000, fee)
    staked.router.setCurrency(fee, True, sender=staked.admin)
    with reverts("ReceivedLess", fee, 990, 1_000):
        staked.reward(1_000, fee)
    assert staked.staking.rewardCurrencies() == []


def test_a_reward_comes_with_exactly_its_money(staked: House) -> None:
    for currency, amount, value, expected in ((NATIVE, 5, 4, 5), (NATIVE, 5, 6, 5), (staked.usdc, 5, 1, 0)):
        with reverts("ValueMismatch", value, expected):
            staked.staking.addReward(staked.operator, currency, amount, sender=staked.payer, value=value)
    with reverts("ZeroAmount"):
        staked.reward(0)
    with reverts("AmountTooLarge", 2**96, 2**96 - 1):
        staked.reward(2**96, staked.usdc)
    with reverts("NotOperator", staked.other):
        staked.reward(1, operator=staked.other)
    staked.staking.pause(sender=staked.admin)
    with reverts("EnforcedPause"):
        staked.reward(1)
    with reverts("EnforcedPause"):
        staked.staking.addRewards([], NATIVE, [], sender=staked.payer)


def test_several_rewards_come_with_one_pull(staked: House) -> None:
    staked.staking.register("", 0, 0, sender=staked.other)
    staked.stake(staked.other, 1, staked.other)
    receipt = staked.staking.addRewards(
        [staked.operator, staked.other, staked.operator], staked.usdc, [400, 7, 40], sender=staked.payer
    )
    assert [event.amount for event in receipt.named("RewardAdded")] == [400, 7, 40]
    assert len(receipt.named("Transfer")) == 1
    assert staked.claimable(staked.other, staked.usdc) == 7
    assert staked.staking.totalOwed(staked.usdc) == staked.balance(staked.usdc, staked.staking) == 447
    with reverts("LengthMismatch", 1, 2):
        staked.staking.addRewards([staked.operator], staked.usdc, [1, 2], sender=staked.payer)
    with reverts("ZeroAmount"):
        staked.staking.addRewards([], staked.usdc, [], sender=staked.payer)


def test_a_currency_the_router_drops_is_still_paid_and_still_taken_out(staked: House) -> None:
    staked.reward(4_000, staked.usdc)
    staked.router.setCurrency(staked.usdc, False, sender=staked.admin)
    staked.reward(4_000, staked.usdc)
    assert claim(staked, staked.alice, staked.usdc) in (3_199, 3_200)


def test_there_is_a_limit_to_currencies(staked: House) -> None:
    staked.stake(staked.other, CP)
    for i in range(17):
        token = staked.chain.deploy("FalseToken", sender=staked.admin)
        token.mint(staked.payer, 1_000, sender=staked.admin)
        token.approve(staked.staking, 1_000, sender=staked.payer)
        staked.router.setCurrency(token, True, sender=staked.admin)
        if i < 16:
            staked.reward(1_000, token)
    with reverts("TooManyCurrencies", 16):
        staked.reward(1_000, token)
    staked.staking.unstake(staked.operator, CP, sender=staked.other)
    assert all(staked.claimable(staked.other, c) == 1 for c in staked.staking.rewardCurrencies())


def test_a_rise_of_commission_takes_nothing_that_came_before_it(staked: House) -> None:
    staked.reward(4_000)
    staked.staking.setCommission(5_000, sender=staked.operator)
    assert staked.reward(4_000).expect("RewardAdded").toDelegators == 2_400
    staked.chain.mine(RISE_DELAY)
    assert staked.reward(4_000).expect("RewardAdded").toDelegators == 1_500
    assert claim(staked, staked.alice) in (4_199, 4_200)


def test_rewards_are_held_while_nobody_is_staked_and_no_newcomer_gets_them(house: House) -> None:
    house.reward(1_000).expect("RewardAdded", toOperator=0, toDelegators=0, held=1_000)
    assert house.staking.heldReward(house.operator, NATIVE) == 1_000
    house.stake(house.alice, 1)
    house.reward(1)
    assert house.staking.unsettledX128(house.operator, house.alice, NATIVE) >> 128 <= 1
    with reverts("OwnStakeBelowMin", house.operator, 0, 100 * CP):
        house.staking.releaseHeld(house.operator, NATIVE, sender=house.anyone)
    house.stake(house.operator, 100 * CP - 1)
    with reverts("OwnStakeBelowMin", house.operator, 100 * CP - 1, 100 * CP):
        house.staking.releaseHeld(house.operator, NATIVE, sender=house.anyone)
    house.stake(house.operator, 1)
    receipt = house.staking.releaseHeld(house.operator, NATIVE, sender=house.anyone)
    receipt.expect("HeldRewardReleased", operator=house.operator, currency=NATIVE, amount=1_000)
    assert receipt.return_value == 1_000
    assert claim(house, house.operator, operators=[]) == 1_000
    with reverts("NothingToClaim", house.operator, NATIVE):
        house.staking.releaseHeld(house.operator, NATIVE, sender=house.anyone)
    with reverts("NotOperator", house.alice):
        house.staking.releaseHeld(house.alice, NATIVE, sender=house.anyone)


def test_without_a_minimum_a_release_still_needs_own_stake(house: House) -> None:
    house.staking.setMinOwnStake(0, sender=house.admin)
    house.reward(1_000)
    house.stake(house.alice, CP)
    with reverts("OwnStakeBelowMin", house.operator, 0, 0):
        house.staking.releaseHeld(house.operator, NATIVE, sender=house.operator)
    house.stake(house.operator, 1)
    house.staking.releaseHeld(house.operator, NATIVE, sender=house.operator)


def test_stake_that_thaws_counts_as_nobody(house: House) -> None:
    house.stake(house.alice, CP)
    house.staking.unstake(house.operator, CP, sender=house.alice)
    house.reward(1_000).expect("RewardAdded", held=1_000)


def test_delegations_to_others_and_ones_own_operation_are_kept_apart(staked: House) -> None:
    """The operator of one delegates to another: its own stake earns by another way than its delegation."""
    staked.staking.register("", 0, 0, sender=staked.other)
    staked.stake(staked.operator, CP, staked.other)
    staked.reward(1_000, operator=staked.other)
    assert staked.staking.unsettledX128(staked.operator, staked.operator, NATIVE) == 0
    assert claim(staked, staked.operator, operators=[staked.operator, staked.other]) in (999, 1_000)


@given(
    stakes=st.lists(st.integers(1, 10**21), min_size=1, max_size=3),
    own=st.integers(0, 10**21),
    amount=st.integers(1, 10**24),
    bps=st.integers(0, 5_000),
)
def test_a_reward_is_shared_to_the_last_fraction(
    house: House, stakes: list[int], own: int, amount: int, bps: int
) -> None:
    with house.chain.isolated():
        house.staking.setCommission(bps, sender=house.operator)
        house.chain.mine(RISE_DELAY)
        people = [house.alice, house.bob, house.other][: len(stakes)]
        for who, stake in zip(people, stakes, strict=True):
            house.stake(who, stake)
        if own:
            house.stake(house.operator, own)
        amount = min(amount, FUNDS)
        house.reward(amount)
        for_own = amount * own // (own + sum(stakes))
        commission = (amount - for_own) * bps // 10_000
        owed = house.staking.claimableX128(NATIVE, house.operator)
        assert owed >> 128 == for_own + commission
        for who, stake in zip(people, stakes, strict=True):
            share = house.staking.unsettledX128(house.operator, who, NATIVE)
            fair = (amount - for_own - commission) * stake
            assert fair * 2**128 - sum(stakes) ** 2 <= share * sum(stakes) <= fair * 2**128
            owed += share
        assert owed == amount << 128


def test_rewards_outlive_the_way_out(staked: House) -> None:
    staked.reward(4_000)
    staked.staking.unstake(staked.operator, 200 * CP, sender=staked.alice)
    staked.chain.mine(THAW)
    staked.staking.withdraw(staked.operator, 0, staked.alice, sender=staked.alice)
    assert claim(staked, staked.alice, operators=[]) in (1_599, 1_600)

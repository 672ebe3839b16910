"""Staking, thawing, leaving, redelegating."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.compute.house import CP, FUNDS, THAW, House


def test_the_operator_stakes_for_itself_and_others_delegate(house: House) -> None:
    receipt = house.staking.stake(house.operator, 300 * CP, 300 * CP, sender=house.operator)
    receipt.expect("Staked", operator=house.operator, account=house.operator, amount=300 * CP, shares=300 * CP)
    assert receipt.return_value == 300 * CP
    house.stake(house.alice, 100 * CP)
    own, delegated = (house.staking.poolOf(house.operator, side) for side in (True, False))
    assert (own.tokens, own.shares, own.thawing, own.generation) == (300 * CP, 300 * CP, 0, 0)
    assert (delegated.tokens, delegated.shares) == (100 * CP, 100 * CP)
    assert house.staking.activeStake(house.operator) == (300 * CP, 100 * CP)
    assert house.staking.slashableStake(house.operator) == house.staking.totalStaked() == 400 * CP
    assert house.balance(house.cp, house.staking) == 400 * CP
    assert house.balance(house.cp, house.alice) == FUNDS - 100 * CP
    assert house.staking.positionOf(house.operator, house.alice) == (100 * CP, 100 * CP, 0)


def test_a_stake_needs_an_operator_an_amount_and_the_money(house: House) -> None:
    with reverts("NotOperator", house.other):
        house.staking.stake(house.other, 1, 0, sender=house.alice)
    with reverts("ZeroAmount"):
        house.staking.stake(house.operator, 0, 0, sender=house.alice)
    with reverts("ERC20InsufficientBalance", house.alice, FUNDS, FUNDS + 1):
        house.staking.stake(house.operator, FUNDS + 1, 0, sender=house.alice)


def test_fewer_shares_than_agreed_are_refused(house: House) -> None:
    house.stake(house.alice, 100)
    house.slash(50)
    with reverts("SharesBelowMin", 20, 21):
        house.staking.stake(house.operator, 10, 21, sender=house.bob)
    house.staking.stake(house.operator, 10, 20, sender=house.bob)


def test_stake_thaws_for_two_weeks(house: House) -> None:
    house.stake(house.alice, 100)
    receipt = house.staking.unstake(house.operator, 40, sender=house.alice)
    release = house.chain.time + THAW
    receipt.expect(
        "ThawingStarted",
        operator=house.operator,
        account=house.alice,
        tranche=0,
        shares=40,
        releaseAt=release,
    )
    assert receipt.return_value == 0
    assert house.staking.unstake(house.operator, 10, sender=house.alice).return_value == 1
    assert house.staking.positionOf(house.operator, house.alice) == (50, 50, 2)
    tranche, worth = house.staking.trancheOf(house.operator, house.alice, 0)
    assert (tranche.shares, tranche.generation, tranche.releaseAt, worth) == (40, 0, release, 40)
    assert house.staking.activeStake(house.operator) == (0, 50)
    assert house.staking.slashableStake(house.operator) == 100

    house.chain.mine(THAW - 1)
    with reverts("StillThawing", release):
        house.staking.withdraw(house.operator, 0, house.alice, sender=house.alice)
    house.chain.mine(1)
    receipt = house.staking.withdraw(house.operator, 0, house.bob, sender=house.alice)
    receipt.expect(
        "Withdrawn", operator=house.operator, account=house.alice, tranche=0, shares=40, amount=40, to=house.bob
    )
    assert receipt.return_value == 40
    assert house.balance(house.cp, house.bob) == FUNDS + 40
    assert house.staking.totalStaked() == 60
    with reverts("NoSuchTranche", house.operator, house.alice, 0):
        house.staking.withdraw(house.operator, 0, house.alice, sender=house.alice)


def test_what_leaves_is_rounded_down_and_the_last_one_takes_what_that_left(house: House) -> None:
    house.stake(house.alice, 2)
    house.stake(house.bob, 1)
    house.slash(1)
    for who, shares in ((house.alice, 2), (house.bob, 1)):
        house.staking.unstake(house.operator, shares, sender=who)
    house.chain.mine(THAW)
    for who in (house.alice, house.bob):
        assert house.staking.withdraw(house.operator, 0, who, sender=who).return_value == 1
    pool = house.staking.poolOf(house.operator, False)
    assert (pool.tokens, pool.shares, pool.thawing, pool.generation) == (0, 0, 0, 0)


def test_nobody_thaws_what_is_not_theirs(house: House) -> None:
    house.stake(house.alice, 100)
    with reverts("NotOperator", house.other):
        house.staking.unstake(house.other, 1, sender=house.alice)
    with reverts("ZeroAmount"):
        house.staking.unstake(house.operator, 0, sender=house.alice)
    with reverts("InsufficientShares", house.operator, house.alice, 101, 100):
        house.staking.unstake(house.operator, 101, sender=house.alice)
    house.staking.unstake(house.operator, 100, sender=house.alice)
    with reverts("InsufficientShares", house.operator, house.alice, 1, 0):
        house.staking.unstake(house.operator, 1, sender=house.alice)
    with reverts("NoSuchTranche", house.operator, house.bob, 0):
        house.staking.withdraw(house.operator, 0, house.bob, sender=house.bob)


def test_stake_is_not_sent_to_nobody_nor_to_the_contract(house: House) -> None:
    for to in (NATIVE, house.staking.address):
        with reverts("InvalidAddress", to):
            house.staking.withdraw(house.operator, 0, to, sender=house.alice)


def test_redelegating_takes_as_long_as_leaving_and_no_money_moves(house: House) -> None:
    house.staking.register("", 0, 0, sender=house.other)
    house.stake(house.alice, 100)
    house.staking.unstake(house.operator, 100, sender=house.alice)
    release = house.chain.time + THAW
    with reverts("StillThawing", release):
        house.staking.redelegate(house.operator, 0, house.other, 0, sender=house.alice)
    house.chain.mine(THAW)
    with reverts("SharesBelowMin", 100, 101):
        house.staking.redelegate(house.operator, 0, house.other, 101, sender=house.alice)
    receipt = house.staking.redelegate(house.operator, 0, house.other, 100, sender=house.alice)
    receipt.expect("Withdrawn", operator=house.operator, amount=100, to=house.staking)
    receipt.expect("Staked", operator=house.other, account=house.alice, amount=100, shares=100)
    assert receipt.return_value == 100
    assert not receipt.named("Transfer")
    assert house.staking.positionOf(house.other, house.alice) == (100, 100, 0)
    assert house.staking.totalStaked() == house.balance(house.cp, house.staking) == 100


def test_stake_that_left_for_another_operator_is_slashed_there_only(house: House) -> None:
    house.staking.register("", 0, 0, sender=house.other)
    house.stake(house.alice, 100)
    house.stake(house.bob, 100)
    house.staking.unstake(house.operator, 100, sender=house.alice)
    house.chain.mine(THAW)
    house.staking.redelegate(house.operator, 0, house.other, 0, sender=house.alice)
    house.slash(100)
    assert (house.worth(house.bob), house.worth(house.alice, house.other)) == (0, 100)
    house.slash(50, house.other)
    assert house.worth(house.alice, house.other) == 50


def test_the_way_to_another_operator_is_held_by_a_job_as_the_way_out_is(house: House) -> None:
    house.staking.register("", 0, 0, sender=house.other)
    house.stake(house.operator, 100 * CP)
    house.stake(house.alice, 100)
    lock = house.lock(50 * CP)
    house.staking.unstake(house.operator, 100, sender=house.alice)
    house.chain.mine(THAW)
    with reverts("HeldByLock", house.operator, lock):
        house.staking.redelegate(house.operator, 0, house.other, 0, sender=house.alice)


def test_a_pause_stops_stake_and_redelegation_and_nothing_that_leaves(house: House) -> None:
    house.stake(house.alice, 100)
    house.reward(100)
    house.staking.pause(sender=house.admin)
    with reverts("EnforcedPause"):
        house.staking.stake(house.operator, 1, 0, sender=house.alice)
    with reverts("EnforcedPause"):
        house.staking.register("", 0, 0, sender=house.other)
    with reverts("EnforcedPause"):
        house.staking.redelegate(house.operator, 0, house.operator, 0, sender=house.alice)
    house.staking.unstake(house.operator, 100, sender=house.alice)
    house.chain.mine(THAW)
    house.staking.withdraw(house.operator, 0, house.alice, sender=house.alice)
    house.staking.claim([house.operator], NATIVE, house.alice, sender=house.alice)
    house.staking.unpause(sender=house.admin)
    house.stake(house.alice, 1)


@pytest.mark.parametrize("first", [1, 2, 10**18])
@given(
    donation=st.integers(0, 10**22),
    slashed=st.integers(0, 10**18),
    deposits=st.lists(st.integers(1, 10**21), min_size=1, max_size=4),
)
def test_no_first_depositor_takes_anything_from_those_who_follow(
    house: House, first: int, donation: int, slashed: int, deposits: list[int]
) -> None:
    """Whatever the first one stakes, donates or has slashed, a deposit is worth itself again, less than one wei off."""
    with house.chain.isolated():
        house.stake(house.bob, first)
        if donation:
            house.cp.transfer(house.staking, donation, sender=house.bob)
        if 0 < slashed < first:
            house.slash(slashed)
        for deposit in deposits:
            pool = house.staking.poolOf(house.operator, False)
            if pool.shares > pool.tokens * 10**9:
                with reverts("PoolExhausted", house.operator, False):
                    house.staking.stake(house.operator, deposit, 0, sender=house.alice)
                return
            before, bob = house.worth(house.alice), house.worth(house.bob)
            assert house.stake(house.alice, deposit) >= deposit
            assert before + deposit - 1 <= house.worth(house.alice) <= before + deposit + 1
            # What the others gain is the wei that rounding takes.
            assert bob <= house.worth(house.bob) <= bob + 1


def test_a_pool_that_slashes_left_almost_nothing_takes_no_stake_and_can_be_left(house: House) -> None:
    house.stake(house.alice, 2 * 10**9)
    house.slash(2 * 10**9 - 1)
    with reverts("PoolExhausted", house.operator, False):
        house.staking.stake(house.operator, 1, 0, sender=house.bob)
    house.stake(house.operator, 1)
    house.staking.unstake(house.operator, 2 * 10**9, sender=house.alice)
    house.chain.mine(THAW)
    assert house.staking.withdraw(house.operator, 0, house.alice, sender=house.alice).return_value == 1
    assert house.stake(house.bob, 7) == 7


def test_own_stake_can_be_exhausted_too(house: House) -> None:
    house.stake(house.operator, 10**9 + 1)
    house.slash(10**9)
    with reverts("PoolExhausted", house.operator, True):
        house.staking.stake(house.operator, 1, 0, sender=house.operator)

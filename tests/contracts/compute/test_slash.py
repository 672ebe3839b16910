"""Locks and slashes: who pays, who gets it, and that nobody is out of reach."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.compute.house import BURN, CP, DAY, MIN_OWN, THAW, House


@pytest.fixture
def staked(house: House) -> House:
    """300 of its own, 200 and 100 delegated."""
    house.stake(house.operator, 300 * CP)
    house.stake(house.alice, 200 * CP)
    house.stake(house.bob, 100 * CP)
    return house


def test_own_stake_pays_first_and_half_is_burnt(staked: House) -> None:
    lock = staked.lock(51 * CP + 1)
    receipt = staked.staking.slash(staked.operator, lock, 51 * CP + 1, staked.challenger, sender=staked.keeper)
    half = (51 * CP + 1) // 2
    receipt.expect(
        "Slashed",
        operator=staked.operator,
        lockId=lock,
        challenger=staked.challenger,
        fromOwn=51 * CP + 1,
        fromDelegated=0,
        toChallenger=half,
        burnt=half + 1,
    )
    assert staked.worth(staked.operator) == 249 * CP - 1
    assert (staked.worth(staked.alice), staked.worth(staked.bob)) == (200 * CP, 100 * CP)
    assert staked.balance(staked.cp, BURN) == half + 1
    assert staked.claimable(staked.challenger, staked.cp) == half
    staked.staking.claim([], staked.cp, staked.challenger, sender=staked.challenger)
    assert staked.balance(staked.cp, staked.challenger) == half
    assert staked.staking.totalStaked() == staked.balance(staked.cp, staked.staking) == 549 * CP - 1


def test_delegations_pay_what_own_stake_does_not_and_pro_rata(staked: House) -> None:
    receipt = staked.slash(450 * CP)
    receipt.expect("Slashed", fromOwn=300 * CP, fromDelegated=150 * CP)
    receipt.expect("PoolEmptied", operator=staked.operator, own=True, generation=1)
    assert [staked.worth(who) for who in (staked.operator, staked.alice, staked.bob)] == [0, 100 * CP, 50 * CP]


def test_without_a_challenger_all_is_burnt(staked: House) -> None:
    lock = staked.lock(3)
    receipt = staked.staking.slash(staked.operator, lock, 3, NATIVE, sender=staked.keeper)
    receipt.expect("Slashed", challenger=NATIVE, toChallenger=0, burnt=3)
    assert staked.balance(staked.cp, BURN) == 3


@pytest.mark.parametrize("taken", [1, 7 * CP + 3, 299 * CP + 1, 300 * CP - 1])
def test_a_slash_takes_the_same_fraction_of_what_stakes_and_what_thaws(staked: House, taken: int) -> None:
    staked.stake(staked.other, 3)
    staked.staking.unstake(staked.operator, 70 * CP, sender=staked.alice)
    staked.staking.unstake(staked.operator, 100 * CP, sender=staked.bob)
    staked.chain.mine(THAW)
    worths: dict[str, Callable[[], int]] = {
        "alice": lambda: staked.worth(staked.alice),
        "alice's tranche": lambda: staked.staking.trancheOf(staked.operator, staked.alice, 0)[1],
        "bob's tranche": lambda: staked.staking.trancheOf(staked.operator, staked.bob, 0)[1],
        "other": lambda: staked.worth(staked.other),
    }
    before = {name: worth() for name, worth in worths.items()}
    total = sum(before.values())
    staked.slash(300 * CP + taken)
    for name, worth in worths.items():
        assert abs(worth() - before[name] * (1 - Fraction(taken, total))) < 1, name


def test_a_slash_in_the_block_of_withdrawal_comes_before_or_after_and_never_in_between(staked: House) -> None:
    staked.staking.unstake(staked.operator, 100 * CP, sender=staked.bob)
    staked.chain.mine(THAW)
    with staked.chain.isolated():
        staked.slash(450 * CP)
        out = staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob).return_value
        assert out == 50 * CP
    # Opened against what had thawed already, a dispute holds it only if the rest does not cover it.
    lock, locked = staked.staking.lockDisputed(staked.operator, 501 * CP, sender=staked.keeper).return_value
    assert locked == 501 * CP
    with reverts("StakeLocked", staked.operator, 500 * CP, 501 * CP):
        staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob)
    staked.staking.unlock(staked.operator, lock, sender=staked.keeper)
    assert staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob).return_value == 100 * CP


def test_a_job_from_before_holds_stake_however_long_it_takes(staked: House) -> None:
    old = staked.lock(10 * CP)
    staked.staking.unstake(staked.operator, 100 * CP, sender=staked.bob)
    staked.chain.mine(THAW - 1)
    recent = staked.lock(10 * CP)
    staked.chain.mine(1)
    later = staked.lock(10 * CP)
    staked.chain.mine(100 * DAY)
    with reverts("HeldByLock", staked.operator, old):
        staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob)
    staked.staking.unlock(staked.operator, old, sender=staked.keeper)
    # Accepted while it thawed: it can be slashed for that too.
    with reverts("HeldByLock", staked.operator, recent):
        staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob)
    staked.staking.slash(staked.operator, recent, 10 * CP, staked.challenger, sender=staked.keeper)
    # Accepted when it had thawed: not backed by it, holds nobody.
    staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob)
    assert staked.staking.oldestLock(staked.operator) == later


def test_own_stake_can_not_run_from_its_jobs_either(staked: House) -> None:
    lock = staked.lock(300 * CP)
    staked.staking.unstake(staked.operator, 300 * CP, sender=staked.operator)
    staked.chain.mine(THAW)
    with reverts("HeldByLock", staked.operator, lock):
        staked.staking.withdraw(staked.operator, 0, staked.operator, sender=staked.operator)
    staked.staking.slash(staked.operator, lock, 300 * CP, staked.challenger, sender=staked.keeper)
    assert (staked.worth(staked.alice), staked.worth(staked.bob)) == (200 * CP, 100 * CP)


def test_one_stake_never_backs_two_jobs(staked: House) -> None:
    receipt = staked.staking.lock(staked.operator, 350 * CP, sender=staked.keeper)
    receipt.expect("Locked", operator=staked.operator, lockId=1, by=staked.keeper, amount=350 * CP)
    assert staked.staking.lockOf(staked.operator, 1) == (350 * CP, staked.chain.time)
    assert staked.staking.lockedStake(staked.operator) == 350 * CP
    assert staked.staking.availableStake(staked.operator) == 250 * CP
    with reverts("InsufficientStake", staked.operator, 250 * CP + 1, 250 * CP):
        staked.lock(250 * CP + 1)
    assert staked.lock(250 * CP) == 2
    receipt = staked.staking.unlock(staked.operator, 1, sender=staked.keeper)
    receipt.expect("Unlocked", operator=staked.operator, lockId=1, amount=350 * CP)
    assert staked.staking.lockOf(staked.operator, 1) == (0, 0)
    assert staked.staking.availableStake(staked.operator) == 350 * CP


def test_thawing_stake_backs_no_new_job_but_answers_for_old_ones(staked: House) -> None:
    staked.staking.unstake(staked.operator, 200 * CP, sender=staked.alice)
    with reverts("InsufficientStake", staked.operator, 400 * CP + 1, 400 * CP):
        staked.lock(400 * CP + 1)
    assert staked.staking.lockDisputed(staked.operator, 600 * CP + 1, sender=staked.keeper).return_value == (
        1,
        600 * CP,
    )
    with reverts("InsufficientStake", staked.operator, 1, 0):
        staked.staking.lockDisputed(staked.operator, 1, sender=staked.keeper)
    assert staked.staking.availableStake(staked.operator) == 0


def test_an_operator_without_enough_own_stake_takes_no_jobs(staked: House) -> None:
    staked.staking.unstake(staked.operator, 200 * CP + 1, sender=staked.operator)
    with reverts("OwnStakeBelowMin", staked.operator, MIN_OWN - 1, MIN_OWN):
        staked.lock(1)


def test_a_lock_is_of_something(staked: House) -> None:
    for call in (staked.staking.lock, staked.staking.lockDisputed):
        with reverts("ZeroAmount"):
            call(staked.operator, 0, sender=staked.keeper)
        with reverts("NotOperator", staked.other):
            call(staked.other, 1, sender=staked.keeper)


def test_a_lock_ends_once(staked: House) -> None:
    for lock in (0, 1):
        with reverts("NoSuchLock", staked.operator, lock):
            staked.staking.unlock(staked.operator, lock, sender=staked.keeper)
        with reverts("NoSuchLock", staked.operator, lock):
            staked.staking.slash(staked.operator, lock, 1, staked.challenger, sender=staked.keeper)
    lock = staked.lock(5)
    with reverts("ZeroAmount"):
        staked.staking.slash(staked.operator, lock, 0, staked.challenger, sender=staked.keeper)
    with reverts("SlashAboveLock", 6, 5):
        staked.staking.slash(staked.operator, lock, 6, staked.challenger, sender=staked.keeper)
    with reverts("InvalidAddress", staked.staking.address):
        staked.staking.slash(staked.operator, lock, 5, staked.staking, sender=staked.keeper)
    staked.staking.slash(staked.operator, lock, 2, staked.challenger, sender=staked.keeper)
    assert staked.staking.lockedStake(staked.operator) == 0
    with reverts("NoSuchLock", staked.operator, lock):
        staked.staking.unlock(staked.operator, lock, sender=staked.keeper)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3), (2, 3, 1), (1, 3, 2), (3, 1, 2)])
def test_the_oldest_lock_is_known_in_whatever_order_locks_end(staked: House, order: tuple[int, ...]) -> None:
    open_locks = [staked.lock(CP) for _ in order]
    for lock in order:
        assert staked.staking.oldestLock(staked.operator) == min(open_locks)
        staked.staking.unlock(staked.operator, lock, sender=staked.keeper)
        open_locks.remove(lock)
    assert staked.staking.oldestLock(staked.operator) == 0
    assert staked.lock(CP) == 4 == staked.staking.oldestLock(staked.operator)


def test_after_a_slash_of_everything_the_pool_begins_anew(staked: House) -> None:
    staked.reward(600)
    staked.staking.unstake(staked.operator, 50 * CP, sender=staked.alice)
    receipt = staked.slash(600 * CP)
    assert [(event.own, event.generation) for event in receipt.named("PoolEmptied")] == [(True, 1), (False, 1)]
    assert staked.staking.totalStaked() == 0
    assert staked.staking.positionOf(staked.operator, staked.alice) == (0, 0, 1)
    assert staked.staking.trancheOf(staked.operator, staked.alice, 0)[1] == 0
    with reverts("InsufficientShares", staked.operator, staked.alice, 1, 0):
        staked.staking.unstake(staked.operator, 1, sender=staked.alice)

    # Those of the new generation share nothing with those of the old one.
    assert staked.stake(staked.bob, 10 * CP) == 10 * CP
    assert staked.staking.trancheOf(staked.operator, staked.alice, 0)[1] == 0
    staked.reward(1_000)
    staked.staking.unstake(staked.operator, 10 * CP, sender=staked.bob)
    staked.chain.mine(THAW)
    assert staked.staking.withdraw(staked.operator, 0, staked.alice, sender=staked.alice).return_value == 0
    assert staked.staking.withdraw(staked.operator, 0, staked.bob, sender=staked.bob).return_value == 10 * CP

    # What was earned before the slash stays earned: 2/3 of 300 less 20 % to alice, 1/3 to bob, who then got 80 %.
    def claim(who: object) -> int:
        return int(staked.staking.claim([staked.operator], NATIVE, who, sender=who).return_value)

    assert claim(staked.alice) == 159  # 160 but for a fraction of a unit, which the accumulator's rounding drops
    assert claim(staked.bob) in (879, 880)


def test_a_slash_is_not_stopped_by_a_pause_and_a_new_job_is(staked: House) -> None:
    lock = staked.lock(5)
    other = staked.lock(5)
    staked.staking.pause(sender=staked.admin)
    with reverts("EnforcedPause"):
        staked.lock(1)
    staked.slash(1)
    staked.staking.slash(staked.operator, lock, 5, staked.challenger, sender=staked.keeper)
    staked.staking.unlock(staked.operator, other, sender=staked.keeper)

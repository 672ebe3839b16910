"""MemberStaking: tiers, cooldown, and exactly what it owes."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cluster.testing import Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite, deploy_suite
from tests.contracts.compute.house import CP, DAY

COOLDOWN = 7 * DAY
TIERS = [(100 * CP, 500, 1), (1_000 * CP, 1_000, 1), (10_000 * CP, 2_000, 5)]


class Club:
    """MemberStaking; alice and bob have CP."""

    def __init__(self, suite: Suite) -> None:
        self.chain: Any = suite.chain
        self.suite, self.admin, self.cp = suite, suite.admin, suite.token
        self.staking: Contract = suite.members
        self.staking.setTiers(TIERS, sender=suite.admin)
        self.alice, self.bob = suite.chain.account("alice"), suite.chain.account("bob")
        for account in (self.alice, self.bob):
            self.cp.transfer(account, 10**6 * CP, sender=suite.treasury)
            self.cp.approve(self.staking, 2**256 - 1, sender=account)

    def tier(self, account: Any) -> tuple[int, int, int]:
        return tuple(self.staking.tierOf(account))  # type: ignore[return-value]


@pytest.fixture
def club(suite: Suite) -> Club:
    return Club(suite)


def test_a_stake_gives_the_highest_tier_it_reaches(club: Club) -> None:
    assert club.tier(club.alice) == (0, 0, 0)
    receipt = club.staking.stakeFor(club.alice, 100 * CP - 1, sender=club.alice)
    receipt.expect("Staked", account=club.alice, payer=club.alice, amount=100 * CP - 1)
    assert club.tier(club.alice) == (0, 0, 0)
    for more, tier in ((1, (1, 500, 1)), (900 * CP, (2, 1_000, 1)), (9_000 * CP, (3, 2_000, 5))):
        receipt = club.staking.stakeFor(club.alice, more, sender=club.bob)
        receipt.expect("Staked", account=club.alice, payer=club.bob, amount=more)
        assert club.tier(club.alice) == tier
    assert club.tier(club.bob) == (0, 0, 0)
    assert club.staking.totalStaked() == club.cp.balanceOf(club.staking) == 10_000 * CP


def test_leaving_ends_the_tier_at_once_and_takes_the_cooldown(club: Club) -> None:
    club.staking.stakeFor(club.alice, 1_000 * CP, sender=club.alice)
    receipt = club.staking.unstake(1, sender=club.alice)
    release = club.chain.time + COOLDOWN
    receipt.expect("CoolingStarted", account=club.alice, amount=1, releaseAt=release)
    assert club.tier(club.alice) == (1, 500, 1)
    member = club.staking.membershipOf(club.alice)
    assert (member.staked, member.cooling, member.releaseAt) == (1_000 * CP - 1, 1, release)
    club.chain.mine(COOLDOWN - 1)
    with reverts("StillCooling", release):
        club.staking.withdraw(club.alice, sender=club.alice)
    club.chain.mine(1)
    receipt = club.staking.withdraw(club.bob, sender=club.alice)
    receipt.expect("Withdrawn", account=club.alice, to=club.bob, amount=1)
    assert receipt.return_value == 1
    assert club.cp.balanceOf(club.bob) == 10**6 * CP + 1
    with reverts("NothingCooling", club.alice):
        club.staking.withdraw(club.alice, sender=club.alice)


def test_more_that_leaves_begins_the_cooldown_anew(club: Club) -> None:
    club.staking.stakeFor(club.alice, 10, sender=club.alice)
    club.staking.unstake(4, sender=club.alice)
    club.chain.mine(COOLDOWN)
    club.staking.unstake(4, sender=club.alice)
    with reverts("StillCooling", club.chain.time + COOLDOWN):
        club.staking.withdraw(club.alice, sender=club.alice)


def test_what_cools_can_count_again_and_then_cools_anew(club: Club) -> None:
    club.staking.stakeFor(club.alice, 100 * CP, sender=club.alice)
    club.staking.unstake(100 * CP, sender=club.alice)
    assert club.tier(club.alice) == (0, 0, 0)
    club.chain.mine(COOLDOWN)
    club.staking.cancelUnstake(100 * CP, sender=club.alice).expect(
        "CoolingCanceled", account=club.alice, amount=100 * CP
    )
    assert club.tier(club.alice) == (1, 500, 1)
    with reverts("NothingCooling", club.alice):
        club.staking.withdraw(club.alice, sender=club.alice)


def test_what_there_is_not_is_refused(club: Club) -> None:
    with reverts("ZeroAmount"):
        club.staking.stakeFor(club.alice, 0, sender=club.alice)
    with reverts("InvalidAddress", NATIVE):
        club.staking.stakeFor(NATIVE, 1, sender=club.alice)
    club.staking.stakeFor(club.alice, 10, sender=club.alice)
    with reverts("ZeroAmount"):
        club.staking.unstake(0, sender=club.alice)
    with reverts("InsufficientStake", club.alice, 11, 10):
        club.staking.unstake(11, sender=club.alice)
    with reverts("ZeroAmount"):
        club.staking.cancelUnstake(0, sender=club.alice)
    with reverts("InsufficientStake", club.alice, 1, 0):
        club.staking.cancelUnstake(1, sender=club.alice)
    for to in (NATIVE, club.staking.address):
        with reverts("InvalidAddress", to):
            club.staking.withdraw(to, sender=club.alice)


def test_what_arrives_is_measured(club: Club) -> None:
    fee = club.chain.deploy("FeeToken", sender=club.admin)
    staking = club.chain.deploy_proxy("MemberStaking", [fee], [club.suite.manager, 0, []], sender=club.admin)
    fee.mint(club.alice, 1_000, sender=club.admin)
    fee.approve(staking, 1_000, sender=club.alice)
    # What was there before does not count.
    fee.mint(staking, 1_000, sender=club.admin)
    with reverts("ReceivedLess", 990, 1_000):
        staking.stakeFor(club.alice, 1_000, sender=club.alice)


def test_tiers_ascend(club: Club) -> None:
    assert [tuple(vars(tier).values()) for tier in club.staking.tiers()] == TIERS
    bad = {
        0: [(0, 0, 0)],
        1: [(5, 10, 1), (5, 20, 1)],
        2: [(5, 10, 1), (6, 10, 1), (7, 9, 1)],
        3: [(1, 0, 0), (2, 0, 0), (3, 0, 1), (4, 0, 0)],
        4: [(1, 0, 0), (2, 0, 0), (3, 0, 1), (4, 0, 1), (5, 10_001, 1)],
    }
    for index, tiers in bad.items():
        with reverts("InvalidTier", index):
            club.staking.setTiers(tiers, sender=club.admin)
    with reverts("TooManyTiers", 17, 16):
        club.staking.setTiers([(i + 1, 0, 0) for i in range(17)], sender=club.admin)
    club.staking.setTiers([(i + 1, 0, 0) for i in range(16)], sender=club.admin)
    club.staking.stakeFor(club.alice, 10_000 * CP, sender=club.alice)
    receipt = club.staking.setTiers([(CP, 10_000, 9)], sender=club.admin)
    assert [tuple(vars(tier).values()) for tier in receipt.expect("TiersSet").tiers] == [(CP, 10_000, 9)]
    assert club.tier(club.alice) == (1, 10_000, 9)
    club.staking.setTiers([], sender=club.admin)
    assert club.tier(club.alice) == (0, 0, 0)


def test_a_longer_cooldown_holds_nobody_who_is_leaving(club: Club) -> None:
    club.staking.stakeFor(club.alice, 10, sender=club.alice)
    club.staking.unstake(10, sender=club.alice)
    with reverts("CooldownTooLong", 90 * DAY + 1, 90 * DAY):
        club.staking.setCooldown(90 * DAY + 1, sender=club.admin)
    club.staking.setCooldown(90 * DAY, sender=club.admin).expect("CooldownSet", cooldown=90 * DAY)
    assert club.staking.cooldown() == 90 * DAY == club.staking.MAX_COOLDOWN()
    assert club.staking.MAX_TIERS() == 16
    club.chain.mine(COOLDOWN)
    club.staking.withdraw(club.alice, sender=club.alice)


def test_a_pause_stops_what_comes_and_not_what_leaves(club: Club) -> None:
    club.staking.stakeFor(club.alice, 10, sender=club.alice)
    club.staking.pause(sender=club.admin)
    with reverts("EnforcedPause"):
        club.staking.stakeFor(club.alice, 10, sender=club.alice)
    club.staking.unstake(10, sender=club.alice)
    club.chain.mine(COOLDOWN)
    club.staking.withdraw(club.alice, sender=club.alice)
    club.staking.unpause(sender=club.admin)
    club.staking.stakeFor(club.alice, 10, sender=club.alice)


def test_only_what_nobody_is_owed_is_rescued(club: Club) -> None:
    club.staking.stakeFor(club.alice, 10, sender=club.alice)
    club.cp.transfer(club.staking, 3, sender=club.bob)
    with reverts("SurplusExceeded", 4, 3):
        club.staking.rescueSurplus(club.bob, 4, sender=club.admin)
    with reverts("InvalidAddress", NATIVE):
        club.staking.rescueSurplus(NATIVE, 1, sender=club.admin)
    club.staking.rescueSurplus(club.bob, 3, sender=club.admin).expect("SurplusRescued", to=club.bob, amount=3)
    assert club.cp.balanceOf(club.staking) == 10
    assert club.staking.token() == club.cp.address


@pytest.mark.parametrize(
    "function", ["setTiers", "setCooldown", "rescueSurplus", "pause", "unpause", "upgradeToAndCall"]
)
def test_strangers_may_not(club: Club, function: str) -> None:
    args: dict[str, tuple[Any, ...]] = {
        "setTiers": ([],),
        "setCooldown": (1,),
        "rescueSurplus": (club.bob, 0),
        "pause": (),
        "unpause": (),
        "upgradeToAndCall": (club.staking, b""),
    }
    for function, values in args.items():
        with reverts("AccessManagedUnauthorized", club.alice):
            getattr(club.staking, function)(*values, sender=club.alice)


def test_it_is_initialized_once_and_an_upgrade_keeps_its_members(club: Club) -> None:
    club.staking.stakeFor(club.alice, 100 * CP, sender=club.alice)
    with reverts("InvalidInitialization"):
        club.staking.initialize(club.admin, 0, [], sender=club.admin)
    code = club.chain.deploy("MemberStaking", club.cp, sender=club.admin)
    with reverts("InvalidInitialization"):
        code.initialize(club.admin, 0, [], sender=club.admin)
    before = club.staking.membershipOf(club.alice), club.tier(club.alice)
    club.staking.upgradeToAndCall(code, b"", sender=club.admin)
    assert (club.staking.membershipOf(club.alice), club.tier(club.alice)) == before


class Members(RuleBasedStateMachine):
    """Against a dictionary, with donations, cooldowns that change and tiers that move."""

    names = st.sampled_from(("alice", "bob"))
    amounts = st.one_of(st.integers(1, 50), st.integers(1, 20_000 * CP))

    def __init__(self) -> None:
        super().__init__()
        self.club = Club(deploy_suite(Chain()))
        self.who = {"alice": self.club.alice, "bob": self.club.bob}
        self.staked = dict.fromkeys(self.who, 0)
        self.cooling = dict.fromkeys(self.who, 0)
        self.release = dict.fromkeys(self.who, 0)
        self.donated, self.cooldown, self.tiers = 0, COOLDOWN, TIERS

    @rule(name=names, payer=names, amount=amounts)
    def stake(self, name: str, payer: str, amount: int) -> None:
        self.club.staking.stakeFor(self.who[name], amount, sender=self.who[payer])
        self.staked[name] += amount

    @rule(name=names, amount=amounts)
    def unstake(self, name: str, amount: int) -> None:
        if amount > self.staked[name]:
            with reverts("InsufficientStake", self.who[name], amount, self.staked[name]):
                self.club.staking.unstake(amount, sender=self.who[name])
            return
        self.club.staking.unstake(amount, sender=self.who[name])
        self.staked[name] -= amount
        self.cooling[name] += amount
        self.release[name] = self.club.chain.time + self.cooldown

    @rule(name=names, part=st.integers(1, 100))
    def change_of_mind(self, name: str, part: int) -> None:
        amount = self.cooling[name] * part // 100
        if amount:
            self.club.staking.cancelUnstake(amount, sender=self.who[name])
            self.cooling[name] -= amount
            self.staked[name] += amount

    @rule(name=names)
    def withdraw(self, name: str) -> None:
        def call() -> Any:
            return self.club.staking.withdraw(self.who[name], sender=self.who[name])

        if not self.cooling[name]:
            with reverts("NothingCooling", self.who[name]):
                call()
        elif self.club.chain.time < self.release[name]:
            with reverts("StillCooling", self.release[name]):
                call()
        else:
            assert call().return_value == self.cooling[name]
            self.cooling[name] = 0

    @rule(seconds=st.sampled_from((1, DAY, COOLDOWN)))
    def let_pass(self, seconds: int) -> None:
        self.club.chain.mine(seconds)

    @rule(cooldown=st.sampled_from((0, DAY, COOLDOWN, 90 * DAY)))
    def another_cooldown(self, cooldown: int) -> None:
        self.club.staking.setCooldown(cooldown, sender=self.club.admin)
        self.cooldown = cooldown

    @rule(tiers=st.sampled_from((TIERS, TIERS[:1], [(1, 1, 1), (10, 2, 2)], [])))
    def other_tiers(self, tiers: list[tuple[int, int, int]]) -> None:
        self.club.staking.setTiers(tiers, sender=self.club.admin)
        self.tiers = tiers

    @rule(name=names, amount=st.integers(1, 1000))
    def donate(self, name: str, amount: int) -> None:
        self.club.cp.transfer(self.club.staking, amount, sender=self.who[name])
        self.donated += amount

    @invariant()
    def holds_what_it_owes_and_gives_what_was_paid_for(self) -> None:
        owed = sum(self.staked.values()) + sum(self.cooling.values())
        assert self.club.staking.totalStaked() == owed
        assert self.club.cp.balanceOf(self.club.staking) == owed + self.donated
        for name, who in self.who.items():
            member = self.club.staking.membershipOf(who)
            assert (member.staked, member.cooling) == (self.staked[name], self.cooling[name])
            reached = [(i + 1, *t[1:]) for i, t in enumerate(self.tiers) if self.staked[name] >= t[0]]
            assert self.club.tier(who) == (reached[-1] if reached else (0, 0, 0))


Members.TestCase.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
TestMembers = Members.TestCase

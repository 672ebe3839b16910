"""Committees: who sits on them is fixed by a set frozen before and a round published after; what their votes do."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.chain.roles import PARAMETERS, UPGRADER
from cluster.testing import Account, Contract, Receipt, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.market.bazaar import (
    BOND,
    CANCELLED,
    COMMITTEE,
    CP,
    DAY,
    DISPUTED,
    FINAL,
    HOUR,
    INCONCLUSIVE,
    NO_SALT,
    OTHER_RESULT,
    PENDING,
    RESULT,
    SALT,
    VALID,
    Bazaar,
    root,
)
from tests.contracts.market.drand import TestNetwork

SEATS, QUORUM, MIN_STAKE = 5, 4, 100 * CP
EPOCH, DRAW_TIME, COMMIT_TIME, REVEAL_TIME = DAY, HOUR, HOUR, 30 * 60
PERIOD, DRAW_DELAY, MAX_DRAWS = 3, 30, 4
SETTINGS = (SEATS, QUORUM, MIN_STAKE, EPOCH, DRAW_TIME, COMMIT_TIME, REVEAL_TIME)
AUX = b"".join((root("op 1"), root("op 2")))
CLAIMED = (RESULT[0], RESULT[1], keccak(AUX))


def drawn(words: list[int], seed: bytes, excluded: str, seats: int) -> list[str]:
    """The committee by its definition, in Python."""
    left = [((word >> 96).to_bytes(20), word & (2**96 - 1)) for word in words]
    gone = next((i for i, (who, _) in enumerate(left) if to_checksum_address(who) == excluded), None)
    if gone is not None:
        left[gone] = left[-1]
        left.pop()
    members: list[str] = []
    for seat in range(seats):
        ticket = int.from_bytes(keccak(encode(["bytes32", "uint256"], (seed, seat)))) % sum(w for _, w in left)
        at = 0
        while ticket >= left[at][1]:
            ticket -= left[at][1]
            at += 1
        members.append(to_checksum_address(left[at][0]))
        left[at] = left[-1]
        left.pop()
    return members


@dataclass
class Bench:
    """A committee module on a beacon whose secret the test knows, and eight verifiers with 100 to 800 CP."""

    bazaar: Bazaar
    network: TestNetwork
    beacon: Contract
    module: Contract
    verifiers: list[Account]

    def claimed(self, result: tuple[bytes, ...] = CLAIMED) -> int:
        """A job whose claim awaits its committee."""
        b = self.bazaar
        job = b.committed(result=result, tier=COMMITTEE)
        b.market.revealResult(job, result, SALT, AUX, "", sender=b.owen)
        return job

    def deliver(self, round_: int) -> None:
        chain = self.bazaar.chain
        if (wait := self.beacon.timeOf(round_) - chain.time) > 0:
            chain.mine(wait)
        self.beacon.deliver(round_, self.network.sign(round_), sender=self.bazaar.anyone)

    def draw(self, job: int) -> Receipt:
        self.deliver(self.module.roundOf(job))
        receipt: Receipt = self.module.draw(job, sender=self.bazaar.anyone)
        return receipt

    def members(self, job: int) -> list[Account]:
        by_address = {v.address: v for v in (*self.verifiers, self.bazaar.owen)}
        return [by_address[address] for address in self.module.membersOf(job)]

    def vote(self, job: int, outputs: Sequence[bytes | None]) -> None:
        """Each member's vote, hidden and opened; None: silent."""
        voters = [(v, o) for v, o in zip(self.members(job), outputs, strict=True) if o is not None]
        for verifier, output in voters:
            commitment = self.module.voteCommitment(job, verifier, output, SALT)
            self.module.commitVote(job, commitment, sender=verifier)
        self.bazaar.chain.mine(COMMIT_TIME + 1)
        for verifier, output in voters:
            self.module.revealVote(job, output, SALT, sender=verifier)

    def status(self, job: int) -> int:
        verdict, challenger = self.module.status(job)
        assert challenger == NATIVE
        return int(verdict)


def verifier(bazaar: Bazaar, number: int, stake: int) -> Account:
    account: Account = bazaar.chain.account(f"verifier {number}")
    bazaar.cp.transfer(account, stake, sender=bazaar.suite.treasury)
    bazaar.cp.approve(bazaar.staking, stake, sender=account)
    bazaar.staking.register("ipfs://verifier", 0, 0, sender=account)
    bazaar.staking.stake(account, stake, 0, sender=account)
    return account


@pytest.fixture
def bench(bazaar: Bazaar) -> Bench:
    chain, admin, manager = bazaar.chain, bazaar.admin, bazaar.suite.manager
    network = TestNetwork(0xBEAC0, chain.time - 1_000, PERIOD)
    own = network.network
    beacon = chain.deploy("DrandBeacon", own.key, own.genesis, own.period, sender=admin)
    known = (bazaar.market, bazaar.staking, beacon)
    module = chain.deploy_proxy("CommitteeModule", known, (manager, SETTINGS), sender=admin)
    for role, name in ((PARAMETERS, "setSettings"), (UPGRADER, "upgradeToAndCall")):
        selectors = [f.selector for f in module.codec.functions[name]]
        manager.setTargetFunctionRole(module, selectors, role.id, sender=admin)
    bazaar.market.setModule(COMMITTEE, module, sender=admin)
    verifiers = [verifier(bazaar, i, (i + 1) * 100 * CP) for i in range(8)]
    for account in (*verifiers, bazaar.owen):
        module.join(NATIVE, sender=account)
    module.freeze(sender=bazaar.anyone)
    chain.mine()
    return Bench(bazaar, network, beacon, module, verifiers)


def test_a_committee_is_a_function_of_the_frozen_set_and_the_round(bench: Bench) -> None:
    job = bench.claimed()
    case = bench.module.caseOf(job)
    assert (case.operator, case.setId, case.drawn) == (bench.bazaar.owen.address, 1, False)
    assert bench.beacon.timeOf(case.round) > bench.bazaar.chain.time + DRAW_DELAY
    with reverts("NoBeacon", case.round):
        bench.module.draw(job, sender=bench.bazaar.anyone)
    told = bench.draw(job).expect("CommitteeDrawn", jobId=job, round=case.round)
    signature = bench.network.sign(case.round)
    randomness = hashlib.sha256(signature).digest()
    types = ["bytes32", "uint64", "address", "uint256"]
    seed = keccak(encode(types, (randomness, case.round, bench.module.address, job)))
    frozen, words = bench.module.setOf(1)
    assert (told.seed, frozen.count) == (seed, 9)
    expected = drawn(words, seed, bench.bazaar.owen.address, SEATS)
    assert told.members == bench.module.membersOf(job) == expected
    assert (told.commitEnd, told.revealEnd) == (
        bench.bazaar.chain.time + COMMIT_TIME,
        bench.bazaar.chain.time + COMMIT_TIME + REVEAL_TIME,
    )
    with reverts("WrongPhase", job):
        bench.module.draw(job, sender=bench.bazaar.anyone)


@settings(max_examples=60)
@given(seed=st.binary(min_size=32, max_size=32), excluded=st.integers(0, 9), seats=st.integers(1, 8))
def test_the_lot_falls_as_defined_and_never_on_who_is_excluded(
    bench: Bench, seed: bytes, excluded: int, seats: int
) -> None:
    nobody = bench.bazaar.anyone
    out = (*bench.verifiers, bench.bazaar.owen, nobody)[excluded].address
    members = bench.module.committee(1, seed, out, seats)
    assert members == drawn(bench.module.setOf(1)[1], seed, out, seats)
    assert out not in members
    assert len(set(members)) == seats


def test_stake_weighs(bench: Bench) -> None:
    """Owen, with 15,000 CP of 18,600, is drawn for a single seat four times in five."""
    hits = sum(
        bench.module.committee(1, keccak(n.to_bytes(4)), NATIVE, 1)[0] == bench.bazaar.owen.address for n in range(400)
    )
    assert 280 <= hits <= 360


def test_the_operator_never_judges_itself(bench: Bench) -> None:
    job = bench.claimed()
    bench.draw(job)
    assert bench.bazaar.owen.address not in bench.module.membersOf(job)
    with reverts("TooFewVerifiers", 8, 9):
        bench.module.committee(1, SALT, bench.bazaar.owen, 9)


def test_who_joins_after_the_commitment_is_not_drawn(bench: Bench) -> None:
    """Membership can't be ground: the set is older than the commitment, the round younger than the reveal."""
    b = bench.bazaar
    b.chain.mine(EPOCH)
    job = b.committed(result=CLAIMED, tier=COMMITTEE)
    newcomer = verifier(b, 99, 500_000 * CP)
    bench.module.join(NATIVE, sender=newcomer)
    bench.module.freeze(sender=newcomer)
    b.market.revealResult(job, CLAIMED, SALT, AUX, "", sender=b.owen)
    assert bench.module.caseOf(job).setId == 1
    bench.draw(job)
    assert newcomer.address not in bench.module.membersOf(job)
    later = bench.claimed()
    assert bench.module.caseOf(later).setId == 2


def test_a_set_frozen_in_the_second_of_the_commitment_is_not_older(bench: Bench) -> None:
    b = bench.bazaar
    b.chain.mine(EPOCH)
    bench.module.freeze(sender=b.anyone)
    job = bench.claimed()
    assert bench.module.caseOf(job).setId == 1


def test_leaving_and_losing_stake_changes_no_frozen_set(bench: Bench) -> None:
    before = bench.module.setOf(1)
    bench.module.leave(sender=bench.verifiers[0])
    bench.bazaar.staking.unstake(bench.verifiers[1], 200 * CP, sender=bench.verifiers[1])
    assert bench.module.setOf(1) == before
    bench.module.strike(bench.verifiers[1], sender=bench.bazaar.anyone).expect("VerifierLeft")
    bench.bazaar.chain.mine(EPOCH)
    bench.module.freeze(sender=bench.bazaar.anyone)
    assert bench.module.setOf(2)[0].count == 7


def test_without_a_draw_in_time_the_next_round_is_fixed_and_nobody_chooses(bench: Bench) -> None:
    job = bench.claimed()
    first = bench.module.roundOf(job)
    deadline = bench.beacon.timeOf(first) + DRAW_TIME
    bench.deliver(first)
    bench.bazaar.chain.mine(deadline - bench.bazaar.chain.time)
    assert bench.module.roundOf(job) == first
    bench.bazaar.chain.mine()
    second = bench.module.roundOf(job)
    assert second == bench.beacon.roundAfter(deadline) > first
    bench.bazaar.chain.mine(600)
    assert bench.module.roundOf(job) == second
    with reverts("NoBeacon", second):  # the first is known, and too late
        bench.module.draw(job, sender=bench.bazaar.anyone)
    bench.draw(job).expect("CommitteeDrawn", round=second)
    assert bench.module.caseOf(job).round == second


def test_without_any_beacon_everything_goes_back(bench: Bench) -> None:
    job = bench.claimed()
    until = bench.beacon.timeOf(bench.module.roundOf(job)) + DRAW_TIME
    for _ in range(MAX_DRAWS - 1):
        until = bench.beacon.timeOf(bench.beacon.roundAfter(until)) + DRAW_TIME
    bench.bazaar.chain.mine(until - bench.bazaar.chain.time)
    assert bench.status(job) == PENDING
    assert bench.bazaar.market.jobOf(job).deadline == until + COMMIT_TIME + REVEAL_TIME
    bench.bazaar.chain.mine()
    assert bench.status(job) == INCONCLUSIVE
    with reverts("WrongPhase", job):
        bench.module.draw(job, sender=bench.bazaar.anyone)
    bench.bazaar.market.settle(job, sender=bench.bazaar.anyone).expect("JobEnded", state=CANCELLED)


def test_a_unanimous_committee_pays_the_operator_at_once(bench: Bench) -> None:
    job = bench.claimed()
    bench.draw(job)
    bench.vote(job, [CLAIMED[0]] * SEATS)
    assert bench.status(job) == VALID
    bench.bazaar.market.settle(job, sender=bench.bazaar.anyone).expect("JobEnded", state=FINAL)


@pytest.mark.parametrize(("voters", "verdict"), [(QUORUM, VALID), (QUORUM - 1, INCONCLUSIVE), (0, INCONCLUSIVE)])
def test_a_quorum_decides_when_the_time_to_open_is_over(bench: Bench, voters: int, verdict: int) -> None:
    job = bench.claimed()
    bench.draw(job)
    bench.vote(job, [CLAIMED[0]] * voters + [None] * (SEATS - voters))
    bench.bazaar.chain.mine(REVEAL_TIME - 1)
    assert bench.status(job) == PENDING
    bench.bazaar.chain.mine()
    assert bench.status(job) == verdict


@pytest.mark.parametrize("dissenters", [1, 3, SEATS])
def test_votes_never_slash_however_many_dissent(bench: Bench, dissenters: int) -> None:
    """A dispute goes on to the trace; if it stays without a proof, the operator is paid after all."""
    b = bench.bazaar
    job = bench.claimed()
    bench.draw(job)
    bench.vote(job, [OTHER_RESULT[0]] * dissenters + [CLAIMED[0]] * (SEATS - dissenters))
    assert bench.status(job) == DISPUTED
    with reverts("AwaitsEscalation"):
        b.market.settle(job, sender=b.anyone)
    b.market.escalate(job, CLAIMED, AUX, sender=b.anyone).expect("Escalated", module=b.module)
    assert b.staking.lockedStake(b.owen) == BOND
    b.after_window()
    b.market.settle(job, sender=b.anyone).expect("JobEnded", state=FINAL)
    assert b.staking.slashableStake(b.owen) == 15_000 * CP


def test_a_vote_that_is_copied_can_not_be_opened(bench: Bench) -> None:
    job = bench.claimed()
    bench.draw(job)
    honest, lazy, *_ = bench.members(job)
    commitment = bench.module.voteCommitment(job, honest, CLAIMED[0], SALT)
    types = ["uint256", "address", "uint256", "address", "bytes32", "bytes32"]
    formula = keccak(encode(types, (31337, bench.module.address, job, honest.address, CLAIMED[0], SALT)))
    assert commitment == formula
    for member in (honest, lazy):
        bench.module.commitVote(job, commitment, sender=member)
    bench.bazaar.chain.mine(COMMIT_TIME + 1)
    bench.module.revealVote(job, CLAIMED[0], SALT, sender=honest)
    with reverts("VoteMismatch"):
        bench.module.revealVote(job, CLAIMED[0], SALT, sender=lazy)
    with reverts("AlreadyVoted", job, honest):
        bench.module.revealVote(job, CLAIMED[0], SALT, sender=honest)


def test_votes_are_hidden_until_all_had_their_time_and_late_ones_do_not_count(bench: Bench) -> None:
    job = bench.claimed()
    bench.draw(job)
    one, two, *_ = bench.members(job)
    commitment = bench.module.voteCommitment(job, one, CLAIMED[0], SALT)
    with reverts("NotMember", job, bench.bazaar.anyone):
        bench.module.commitVote(job, commitment, sender=bench.bazaar.anyone)
    with reverts("WrongPhase", job):
        bench.module.commitVote(job, NO_SALT, sender=one)
    bench.module.commitVote(job, commitment, sender=one).expect("VoteCommitted", verifier=one)
    with reverts("AlreadyVoted", job, one):
        bench.module.commitVote(job, commitment, sender=one)
    bench.bazaar.chain.mine(COMMIT_TIME)
    with reverts("WrongPhase", job):
        bench.module.revealVote(job, CLAIMED[0], SALT, sender=one)
    bench.module.commitVote(job, SALT, sender=two)
    bench.bazaar.chain.mine()
    third = bench.members(job)[2]
    with reverts("WrongPhase", job):
        bench.module.commitVote(job, SALT, sender=third)
    with bench.bazaar.chain.isolated():
        bench.bazaar.chain.mine(REVEAL_TIME - 1)
        bench.module.revealVote(job, CLAIMED[0], SALT, sender=one)
    bench.bazaar.chain.mine(REVEAL_TIME)
    with reverts("WrongPhase", job):
        bench.module.revealVote(job, CLAIMED[0], SALT, sender=one)


def test_a_committee_hears_no_challengers_and_only_the_market(bench: Bench) -> None:
    b = bench.bazaar
    job = bench.claimed()
    with reverts("NoSubmissions"):
        b.dispute(job)
    assert bench.module.disputeOf(job, b.carl) == PENDING
    assert bench.status(999) == PENDING
    with reverts("NotMarket", b.carl):
        bench.module.onClaim(1, (b.owen.address, *[SALT] * 7, 0, 0), b"", sender=b.carl)


def test_a_claim_brings_its_op_roots(bench: Bench) -> None:
    b = bench.bazaar
    job = b.committed(result=CLAIMED, tier=COMMITTEE)
    with reverts("OpRootsMismatch"):
        b.market.revealResult(job, CLAIMED, SALT, AUX + b"!", "", sender=b.owen)
    traceless = (RESULT[0], NO_SALT, NO_SALT)
    job = b.committed(result=traceless, tier=COMMITTEE)
    b.market.revealResult(job, traceless, SALT, b"", "", sender=b.owen)


def test_a_claim_needs_a_set_that_is_large_enough(bazaar: Bazaar, bench: Bench) -> None:
    bench.module.setSettings((9, 9, *SETTINGS[2:]), sender=bazaar.admin)
    job = bazaar.committed(result=CLAIMED, tier=COMMITTEE)
    with reverts("TooFewVerifiers", 9, 10):
        bazaar.market.revealResult(job, CLAIMED, SALT, AUX, "", sender=bazaar.owen)


def test_a_claim_needs_a_set(bazaar: Bazaar, bench: Bench) -> None:
    known = (bazaar.market, bazaar.staking, bench.beacon)
    fresh = bazaar.chain.deploy_proxy("CommitteeModule", known, (bazaar.suite.manager, SETTINGS), sender=bazaar.admin)
    bazaar.market.setModule(COMMITTEE, fresh, sender=bazaar.admin)
    job = bazaar.committed(result=CLAIMED, tier=COMMITTEE)
    with reverts("NoFrozenSet", bazaar.chain.time):
        bazaar.market.revealResult(job, CLAIMED, SALT, AUX, "", sender=bazaar.owen)


def test_the_roll(bench: Bench) -> None:
    b, module = bench.bazaar, bench.module
    with reverts("AlreadyVerifier", b.owen):
        module.join(NATIVE, sender=b.owen)
    with reverts("NotOperator", b.carl):
        module.join(NATIVE, sender=b.carl)
    poor = verifier(b, 50, MIN_STAKE - 1)
    with reverts("StakeTooLow", poor, MIN_STAKE - 1, MIN_STAKE):
        module.join(NATIVE, sender=poor)
    with reverts("NotVerifier", poor):
        module.leave(sender=poor)
    with reverts("StillEligible", b.owen):
        module.strike(b.owen, sender=b.anyone)
    with reverts("NotVerifier", poor):
        module.strike(poor, sender=b.anyone)
    members = module.roll()
    module.leave(sender=bench.verifiers[0]).expect("VerifierLeft", verifier=bench.verifiers[0])
    assert sorted(module.roll()) == sorted(members[1:])
    with reverts("EpochNotOver"):
        module.freeze(sender=b.anyone)
    assert module.totalSets() == 1


def test_a_full_roll_gives_way_to_more_stake_only(bench: Bench) -> None:
    b, module = bench.bazaar, bench.module
    for number in range(100, 100 + 64 - 9):
        module.join(NATIVE, sender=verifier(b, number, MIN_STAKE))
    rich, poor = verifier(b, 200, 300 * CP), verifier(b, 201, MIN_STAKE)
    with reverts("RollFull", 64):
        module.join(NATIVE, sender=rich)
    with reverts("StakeTooLow", poor, MIN_STAKE, MIN_STAKE + 1):
        module.join(bench.verifiers[0], sender=poor)
    module.join(bench.verifiers[0], sender=rich).expect("VerifierLeft", verifier=bench.verifiers[0])
    assert rich.address in module.roll()
    assert len(module.roll()) == module.MAX_VERIFIERS() == 64
    b.chain.mine(EPOCH)
    module.freeze(sender=b.anyone)
    assert module.setOf(2)[0].count == 64


BOUNDS: dict[int, tuple[int, int]] = {
    0: (3, 15),
    1: (3, 5),
    2: (1, 2**96 - 1),
    3: (HOUR, 30 * DAY),
    4: (300, DAY),
    5: (300, 3 * DAY),
    6: (300, 3 * DAY),
}


@pytest.mark.parametrize("place", BOUNDS)
def test_figures_stay_within_their_bounds(bench: Bench, place: int) -> None:
    low, high = BOUNDS[place]
    admin = bench.bazaar.admin

    def changed(value: int) -> tuple[int, ...]:
        figures: list[Any] = list(SETTINGS)
        figures[place] = value
        if place == 0:
            figures[1] = max(value // 2 + 1, 1)
        return tuple(figures)

    for value in (low, high):
        bench.module.setSettings(changed(value), sender=admin).expect("SettingsSet")
        assert tuple(vars(bench.module.settings()).values()) == changed(value)
    with reverts("OutOfBounds", low - 1, low, high):
        bench.module.setSettings(changed(low - 1), sender=admin)
    if high < 2**96 - 1:
        with reverts("OutOfBounds", high + 1, low, high):
            bench.module.setSettings(changed(high + 1), sender=admin)


def test_strangers_may_not(bench: Bench) -> None:
    b = bench.bazaar
    with reverts("AccessManagedUnauthorized", b.owen):
        bench.module.setSettings(SETTINGS, sender=b.owen)
    with reverts("AccessManagedUnauthorized", b.owen):
        bench.module.upgradeToAndCall(bench.module, b"", sender=b.owen)
    with reverts("InvalidInitialization"):
        bench.module.initialize(b.admin, SETTINGS, sender=b.admin)
    assert (bench.module.tier(), bench.module.MAX_DRAWS(), bench.module.DRAW_DELAY()) == (2, MAX_DRAWS, DRAW_DELAY)

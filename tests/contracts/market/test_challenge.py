"""Challenges of a claim: who is paid, who pays, and why nobody can take another's proof."""

from eth_abi import encode
from eth_utils import keccak

from cluster.testing import Reverted, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.market.bazaar import (
    BOND,
    BURN,
    CANCELLED,
    CHALLENGE_BOND,
    CHALLENGED,
    COMMITTED,
    CP,
    FINAL,
    FUNDS,
    INCONCLUSIVE,
    INVALID,
    MAX_DISPUTE,
    NO_SALT,
    PRICE,
    REFUTED,
    REVEALED,
    SALT,
    USD,
    VALID,
    Bazaar,
)


def test_a_proof_slashes_in_one_transaction_half_to_the_challenger_half_burnt(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    burnt = bazaar.cp.balanceOf(BURN)
    receipt = bazaar.refute(job)
    receipt.expect("JobEnded", jobId=job, state=REFUTED, challenger=bazaar.carl)
    receipt.expect("Slashed", operator=bazaar.owen, challenger=bazaar.carl, toChallenger=BOND // 2, burnt=BOND // 2)
    assert bazaar.reward(bazaar.carl) == BOND // 2
    assert bazaar.cp.balanceOf(BURN) == burnt + BOND // 2
    assert bazaar.usdc.balanceOf(bazaar.rita) == FUNDS * USD
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP  # no bond for what decides at once
    assert bazaar.staking.lockedStake(bazaar.owen) == 0
    assert bazaar.solvent()


def test_a_proof_that_was_not_committed_to_before_decides_nothing(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    commitment = bazaar.market.challengeCommitment(bazaar.carl, job.to_bytes(32, "big"), keccak(b"refute"), SALT)
    with reverts("NotCommitted", commitment):
        bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)
    bazaar.market.commitChallenge(commitment, sender=bazaar.carl)
    with reverts("NotCommitted", commitment):  # the same block is too late
        bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)
    bazaar.chain.mine()
    bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)


def test_who_copies_a_proof_from_the_mempool_gets_nothing(bazaar: Bazaar) -> None:
    """Cora sees carl's proof and salt in front of his transaction, commits, and has to wait a block; carl has not."""
    job = bazaar.revealed()
    subject, content = job.to_bytes(32, "big"), keccak(b"refute")
    bazaar.commit(subject, content, bazaar.carl)
    bazaar.chain.mine()
    bazaar.commit(subject, content, bazaar.cora)
    with reverts("NotCommitted"):
        bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.cora)
    bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)
    assert (bazaar.reward(bazaar.carl), bazaar.reward(bazaar.cora)) == (BOND // 2, 0)


def test_a_commitment_is_to_one_proof_of_one_job_by_one_challenger(bazaar: Bazaar) -> None:
    job, other = bazaar.revealed(), bazaar.revealed()
    bazaar.commit(other.to_bytes(32, "big"), keccak(b"refute"))
    bazaar.commit(job.to_bytes(32, "big"), keccak(b"another proof"))
    bazaar.chain.mine()
    with reverts("NotCommitted"):
        bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)
    types = ["uint256", "address", "address", "bytes32", "bytes32", "bytes32"]
    subject, content = job.to_bytes(32, "big"), keccak(b"refute")
    formula = keccak(encode(types, (31337, bazaar.market.address, bazaar.carl.address, subject, content, SALT)))
    assert bazaar.market.challengeCommitment(bazaar.carl, subject, content, SALT) == formula


def test_nobody_can_make_a_commitment_younger(bazaar: Bazaar) -> None:
    """Cora sends carl's commitment again in the block of his proof: the first time counts."""
    job = bazaar.revealed()
    commitment = bazaar.market.challengeCommitment(bazaar.carl, job.to_bytes(32, "big"), keccak(b"refute"), SALT)
    receipt = bazaar.market.commitChallenge(commitment, sender=bazaar.carl)
    receipt.expect("ChallengeCommitted", commitment=commitment, challenger=bazaar.carl)
    first = bazaar.chain.block
    bazaar.chain.mine()
    assert bazaar.market.commitChallenge(commitment, sender=bazaar.cora).events == []
    assert bazaar.market.committedIn(commitment) == first
    bazaar.market.challenge(job, b"refute", SALT, sender=bazaar.carl)


def test_a_proof_that_proves_nothing_reverts(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    with reverts("NoProof", b"nonsense"):
        bazaar.market.challenge(job, b"nonsense", SALT, sender=bazaar.carl)


def test_only_revealed_claims_can_be_challenged(bazaar: Bazaar) -> None:
    job = bazaar.committed()
    with reverts("WrongState", job, COMMITTED):
        bazaar.dispute(job)


def test_a_decided_claim_is_executed_not_challenged(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.module.decide(job, INVALID, bazaar.cora, sender=bazaar.anyone)
    with reverts("AlreadyDecided", job, INVALID):
        bazaar.dispute(job)
    receipt = bazaar.market.settle(job, sender=bazaar.anyone)
    receipt.expect("JobEnded", state=REFUTED, challenger=bazaar.cora)
    assert bazaar.reward(bazaar.cora) == BOND // 2


def test_a_dispute_costs_a_bond_which_the_winner_gets_back(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    receipt = bazaar.dispute(job)
    receipt.expect("DisputeOpened", jobId=job, challenger=bazaar.carl, module=bazaar.module, bond=CHALLENGE_BOND)
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP - CHALLENGE_BOND
    assert bazaar.market.totalOwed(bazaar.cp) == CHALLENGE_BOND
    assert vars(bazaar.market.bondOf(job, bazaar.carl)) == {"module": bazaar.module.address, "amount": CHALLENGE_BOND}
    assert bazaar.state(job) == CHALLENGED
    with reverts("StillPending", job):
        bazaar.market.releaseBond(job, bazaar.carl, sender=bazaar.anyone)
    bazaar.module.endDispute(job, bazaar.carl, INVALID, sender=bazaar.anyone)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=REFUTED, challenger=bazaar.carl)
    released = bazaar.market.releaseBond(job, bazaar.carl, sender=bazaar.anyone)
    released.expect("BondReleased", returned=CHALLENGE_BOND, toOperator=0, burnt=0)
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP
    assert bazaar.reward(bazaar.carl) == BOND // 2
    with reverts("NoBond", job, bazaar.carl):
        bazaar.market.releaseBond(job, bazaar.carl, sender=bazaar.anyone)


def test_a_griefing_challenger_loses_its_bond_half_to_the_operator_half_burnt(bazaar: Bazaar) -> None:
    """All to the operator would make it free to challenge oneself; all burnt would leave its work unpaid."""
    bazaar.market.setParameters((10 * CP, 7, 200 * CP, 3_600, 3_600, 86_400), sender=bazaar.admin)
    job = bazaar.revealed()
    bazaar.dispute(job)
    before = bazaar.cp.balanceOf(bazaar.owen), bazaar.cp.balanceOf(BURN)
    bazaar.module.endDispute(job, bazaar.carl, VALID, sender=bazaar.anyone)
    released = bazaar.market.releaseBond(job, bazaar.carl, sender=bazaar.anyone)
    released.expect("BondReleased", jobId=job, challenger=bazaar.carl, returned=0, toOperator=3, burnt=4)
    assert (bazaar.cp.balanceOf(bazaar.owen), bazaar.cp.balanceOf(BURN)) == (before[0] + 3, before[1] + 4)
    bazaar.after_window()
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=FINAL)
    assert bazaar.usdc.balanceOf(bazaar.till()) == PRICE
    assert bazaar.staking.slashableStake(bazaar.owen) == 15_000 * CP


def test_an_operator_that_challenges_itself_blocks_nobody_and_pays(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.market.challenge(job, b"game", NO_SALT, sender=bazaar.owen)
    bazaar.dispute(job, bazaar.cora)
    bazaar.module.endDispute(job, bazaar.owen, VALID, sender=bazaar.anyone)
    bazaar.refute(job)
    assert bazaar.reward(bazaar.carl) == BOND // 2
    bazaar.market.releaseBond(job, bazaar.owen, sender=bazaar.anyone)
    assert bazaar.cp.balanceOf(bazaar.owen) == (FUNDS - 10_000) * CP - CHALLENGE_BOND // 2
    returned = bazaar.market.releaseBond(job, bazaar.cora, sender=bazaar.anyone)
    returned.expect("BondReleased", returned=CHALLENGE_BOND)
    assert bazaar.solvent()


def test_an_open_dispute_holds_the_claim_up_and_a_second_one_of_the_same_challenger_is_refused(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.dispute(job)
    with reverts("DisputedBefore", job, bazaar.carl):
        bazaar.dispute(job)
    bazaar.after_window()
    with reverts("StillPending", job):
        bazaar.market.settle(job, sender=bazaar.anyone)


def test_a_job_that_ends_without_a_verdict_returns_the_bonds(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.dispute(job)
    bazaar.dispute(job, bazaar.cora)
    bazaar.chain.mine(3_600 + MAX_DISPUTE + 1)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=CANCELLED)
    for challenger in (bazaar.carl, bazaar.cora):
        bazaar.market.releaseBond(job, challenger, sender=bazaar.anyone).expect("BondReleased", returned=CHALLENGE_BOND)
    assert bazaar.market.totalOwed(bazaar.cp) == 0


def test_a_dispute_that_nobody_lost_returns_its_bond(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.dispute(job)
    bazaar.module.endDispute(job, bazaar.carl, INCONCLUSIVE, sender=bazaar.anyone)
    bazaar.market.releaseBond(job, bazaar.carl, sender=bazaar.anyone).expect("BondReleased", returned=CHALLENGE_BOND)


def test_stake_can_not_leave_between_job_and_slash(bazaar: Bazaar) -> None:
    """Unstaking, withdrawing and redelegating: all of it thaws, none of it goes, all of it is slashed."""
    job = bazaar.committed(bond=15_000 * CP)
    for account, amount in ((bazaar.owen, 10_000 * CP), (bazaar.dave, 5_000 * CP)):
        bazaar.staking.unstake(bazaar.owen, amount, sender=account)
    bazaar.module.setWindow(30 * 86_400, sender=bazaar.anyone)
    bazaar.reveal(job)
    bazaar.chain.mine(20 * 86_400)
    with reverts("HeldByLock", bazaar.owen, 1):
        bazaar.staking.withdraw(bazaar.owen, 0, bazaar.owen, sender=bazaar.owen)
    with reverts("HeldByLock", bazaar.owen, 1):
        bazaar.staking.redelegate(bazaar.owen, 0, bazaar.olga, 0, sender=bazaar.dave)
    with reverts("AlreadyOperator", bazaar.owen):
        bazaar.staking.register("ipfs://again", 0, 0, sender=bazaar.owen)
    bazaar.refute(job).expect("Slashed", fromOwn=10_000 * CP, fromDelegated=5_000 * CP)
    assert bazaar.staking.slashableStake(bazaar.owen) == 0


def test_a_module_listens_to_the_market_only(bazaar: Bazaar) -> None:
    claim = (bazaar.owen.address, *[SALT] * 7, 0, 0)
    with reverts("NotMarket", bazaar.carl):
        bazaar.module.onClaim(1, claim, b"", sender=bazaar.carl)
    with reverts("NotMarket", bazaar.carl):
        bazaar.module.submit(1, bazaar.carl, b"refute", sender=bazaar.carl)


def test_no_choice_of_gas_changes_a_verdict(bazaar: Bazaar) -> None:
    """A settlement either reverts whole, or is the same as with all the gas."""
    job = bazaar.revealed()
    bazaar.module.decide(job, INVALID, bazaar.carl, sender=bazaar.anyone)
    outcomes = set()
    for gas in range(40_000, 500_000, 5_000):
        with bazaar.chain.isolated():
            try:
                bazaar.market.settle(job, sender=bazaar.anyone, gas=gas)
            except Reverted:
                outcomes.add("reverted")
                assert bazaar.state(job) == REVEALED
                continue
            outcomes.add("refuted")
            assert bazaar.state(job) == REFUTED
            assert bazaar.reward(bazaar.carl) == BOND // 2
            back = bazaar.usdc.balanceOf(bazaar.rita) + bazaar.market.claimable(bazaar.usdc, bazaar.rita)
            assert back == FUNDS * USD
    assert outcomes == {"reverted", "refuted"}


def test_a_challenger_is_nobody_when_nobody_is_told(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.module.decide(job, INVALID, NATIVE, sender=bazaar.anyone)
    receipt = bazaar.market.settle(job, sender=bazaar.anyone)
    receipt.expect("Slashed", challenger=NATIVE, toChallenger=0, burnt=BOND)

"""The life of a job, step by step: who may do what, until when, and what becomes of the money."""

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.market.bazaar import (
    ACCEPTED,
    BOND,
    CANCELLED,
    COMMITTED,
    COMPUTE_TIME,
    CP,
    DAY,
    DISPUTED,
    EXPIRED,
    FINAL,
    FUNDS,
    HOUR,
    INCONCLUSIVE,
    INPUT,
    MAX_DISPUTE,
    MIN_BOND,
    NO_SALT,
    OPEN,
    OTHER_RESULT,
    PRICE,
    RESULT,
    REVEAL_TIME,
    REVEALED,
    ROOTS,
    SALT,
    USD,
    WINDOW,
    Bazaar,
)


@pytest.mark.parametrize("currency", ["usdc", "cp", "native"])
def test_an_honest_job_is_paid_to_its_till_and_the_bond_is_free_again(bazaar: Bazaar, currency: str) -> None:
    chosen: Any = {"usdc": bazaar.usdc, "cp": bazaar.cp, "native": NATIVE}[currency]
    address = chosen if chosen == NATIVE else chosen.address
    before = bazaar.balance(chosen, bazaar.rita)
    job = bazaar.create(currency=address)
    assert bazaar.balance(chosen, bazaar.rita) == before - PRICE
    assert bazaar.market.totalOwed(chosen) == bazaar.balance(chosen, bazaar.market) == PRICE
    bazaar.market.acceptJob(job, 0, sender=bazaar.owen)
    assert bazaar.staking.lockedStake(bazaar.owen) == BOND
    commitment = bazaar.market.resultCommitment(job, bazaar.owen, RESULT, SALT)
    bazaar.market.commitResult(job, commitment, sender=bazaar.owen)
    bazaar.reveal(job)
    bazaar.after_window()
    receipt = bazaar.market.settle(job, sender=bazaar.anyone)
    receipt.expect("JobEnded", jobId=job, state=FINAL, challenger=NATIVE)
    receipt.expect("PaidToTill", jobId=job, amount=PRICE)
    assert bazaar.staking.lockedStake(bazaar.owen) == 0
    assert bazaar.balance(chosen, bazaar.till()) == PRICE
    assert bazaar.market.totalOwed(chosen) == bazaar.balance(chosen, bazaar.market) == 0
    swept = bazaar.settlement.sweep(bazaar.model, 1, bazaar.owen, address, sender=bazaar.anyone)
    swept.expect("Swept", amount=PRICE, operator=bazaar.owen)


def test_what_is_posted_stands_in_the_job_and_its_event(bazaar: Bazaar) -> None:
    order = bazaar.order(operator=bazaar.owen.address)
    receipt = bazaar.market.createJob(order, sender=bazaar.rita)
    job = bazaar.market.jobOf(receipt.return_value)
    created = receipt.expect("JobCreated", jobId=1, requester=bazaar.rita, modelId=bazaar.model, dataRef="ipfs://input")
    assert vars(created.job) == vars(job)
    assert (job.requester, job.state, job.operator) == (bazaar.rita.address, OPEN, bazaar.owen.address)
    assert (job.price, job.bond, job.inputRoot) == (PRICE, BOND, INPUT)
    assert (job.deadline, job.computeTime, job.module) == (order["acceptBy"], COMPUTE_TIME, bazaar.module.address)
    assert bazaar.market.totalJobs() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"modelId": 99}, "ModelUnknown"),
        ({"version": 2}, "NoRoots"),
        ({"tier": 0}, "NoModule"),
        ({"inputRoot": NO_SALT}, "MissingRoot"),
        ({"computeTime": 0}, "OutOfBounds"),
        ({"computeTime": 7 * DAY + 1}, "OutOfBounds"),
        ({"bond": MIN_BOND - 1}, "OutOfBounds"),
    ],
)
def test_an_order_that_nobody_could_fulfil_is_refused(bazaar: Bazaar, changes: dict[str, Any], error: str) -> None:
    with reverts(error):
        bazaar.create(**changes)


def test_the_time_to_accept_is_bounded(bazaar: Bazaar) -> None:
    now = bazaar.chain.time
    for wrong in (now - 1, now + 30 * DAY + 1):
        with reverts("OutOfBounds", wrong, now, now + 30 * DAY):
            bazaar.create(acceptBy=wrong)
    for right in (now, now + 30 * DAY):
        bazaar.create(acceptBy=right)


def test_only_accepted_currencies_and_models_on_offer(bazaar: Bazaar) -> None:
    token = bazaar.chain.deploy("FeeToken", sender=bazaar.admin)
    with reverts("CurrencyNotAccepted", token):
        bazaar.create(currency=token.address)
    bazaar.suite.models.setListed(bazaar.model, False, sender=bazaar.tara)
    with reverts("ModelNotOnOffer", bazaar.model):
        bazaar.create()


def test_a_token_that_takes_a_fee_is_refused_by_measure(bazaar: Bazaar) -> None:
    token = bazaar.chain.deploy("FeeToken", sender=bazaar.admin)
    bazaar.suite.router.setCurrency(token, True, sender=bazaar.admin)
    token.mint(bazaar.rita, 10_000, sender=bazaar.admin)
    token.approve(bazaar.market, 10_000, sender=bazaar.rita)
    with reverts("ReceivedLess", token, 990, 1_000):
        bazaar.create(currency=token.address, price=1_000)


def test_native_coin_must_be_exact_and_comes_with_no_token(bazaar: Bazaar) -> None:
    for order, value, expected in (
        (bazaar.order(currency=NATIVE), PRICE - 1, PRICE),
        (bazaar.order(currency=NATIVE), PRICE + 1, PRICE),
        (bazaar.order(), 1, 0),
    ):
        with reverts("ValueMismatch", value, expected):
            bazaar.market.createJob(order, sender=bazaar.rita, value=value)


def test_a_free_job_is_a_job(bazaar: Bazaar) -> None:
    job = bazaar.revealed(price=0)
    bazaar.after_window()
    bazaar.market.settle(job, sender=bazaar.anyone)
    assert bazaar.state(job) == FINAL


def test_a_pause_stops_new_jobs_and_nothing_else(bazaar: Bazaar) -> None:
    open_, accepted, committed, revealed, settled = (
        bazaar.create(),
        bazaar.accepted(),
        bazaar.committed(),
        bazaar.revealed(),
        bazaar.create(),
    )
    bazaar.market.pause(sender=bazaar.admin)
    with reverts("EnforcedPause"):
        bazaar.create()
    bazaar.market.acceptJob(open_, 0, sender=bazaar.owen)
    bazaar.market.commitResult(accepted, SALT, sender=bazaar.owen)
    bazaar.reveal(committed)
    bazaar.market.cancelJob(settled, sender=bazaar.rita)
    called = bazaar.call()
    bazaar.answer(called)
    bazaar.dispute(revealed)
    bazaar.refute(committed)
    bazaar.market.unpause(sender=bazaar.admin)
    bazaar.create()


def test_the_requester_takes_back_what_nobody_accepted(bazaar: Bazaar) -> None:
    job = bazaar.create()
    with reverts("NotRequester", job, bazaar.owen, bazaar.rita):
        bazaar.market.cancelJob(job, sender=bazaar.owen)
    bazaar.market.cancelJob(job, sender=bazaar.rita).expect("JobEnded", state=CANCELLED)
    assert bazaar.usdc.balanceOf(bazaar.rita) == FUNDS * USD
    with reverts("WrongState", job, CANCELLED):
        bazaar.market.cancelJob(job, sender=bazaar.rita)
    taken = bazaar.accepted()
    with reverts("WrongState", taken, ACCEPTED):
        bazaar.market.cancelJob(taken, sender=bazaar.rita)


def test_a_named_operator_is_the_only_one(bazaar: Bazaar) -> None:
    job = bazaar.create(operator=bazaar.olga.address)
    with reverts("NotJobOperator", job, bazaar.owen, bazaar.olga):
        bazaar.market.acceptJob(job, 0, sender=bazaar.owen)
    receipt = bazaar.market.acceptJob(job, 0, sender=bazaar.olga)
    deadline = bazaar.chain.time + COMPUTE_TIME
    receipt.expect("JobAccepted", jobId=job, operator=bazaar.olga, agent=0, lockId=1, deadline=deadline)


def test_one_bond_backs_one_job(bazaar: Bazaar) -> None:
    stake = 15_000 * CP
    first = bazaar.create(bond=stake - BOND)
    bazaar.market.acceptJob(first, 0, sender=bazaar.owen)
    bazaar.accepted()
    third = bazaar.create(bond=MIN_BOND)
    with reverts("InsufficientStake", bazaar.owen, MIN_BOND, 0):
        bazaar.market.acceptJob(third, 0, sender=bazaar.owen)


def test_who_is_no_operator_accepts_nothing(bazaar: Bazaar) -> None:
    job = bazaar.create()
    with reverts("NotOperator", bazaar.carl):
        bazaar.market.acceptJob(job, 0, sender=bazaar.carl)


def test_each_step_may_be_taken_in_the_last_second_and_not_in_the_next(bazaar: Bazaar) -> None:
    """And the time-out can be claimed in the next and not in the last: never both, never neither."""
    market, chain = bazaar.market, bazaar.chain

    def boundary(job: int, wait: int, step: Any, error_job: int | None = None) -> None:
        with chain.isolated():
            chain.mine(wait)
            with reverts("TooEarly", job, chain.time):
                market.claimTimeout(job, sender=bazaar.anyone)
            step()
        chain.mine(wait + 1)
        with reverts("TooLate", job, chain.time - 1):
            step()
        market.claimTimeout(job, sender=bazaar.anyone).expect("JobEnded", jobId=job, state=EXPIRED)

    job = bazaar.create()
    boundary(job, HOUR, lambda: market.acceptJob(job, 0, sender=bazaar.owen))
    job = bazaar.accepted()
    boundary(job, COMPUTE_TIME, lambda: market.commitResult(job, SALT, sender=bazaar.owen))
    job = bazaar.committed()
    boundary(job, REVEAL_TIME, lambda: bazaar.reveal(job))
    assert bazaar.usdc.balanceOf(bazaar.rita) == FUNDS * USD
    assert bazaar.staking.lockedStake(bazaar.owen) == 0
    assert bazaar.staking.slashableStake(bazaar.owen) == 15_000 * CP


def test_a_challenge_may_come_in_the_last_second_and_a_verdict_in_the_next(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.chain.mine(WINDOW)
    with reverts("StillPending", job):
        bazaar.market.settle(job, sender=bazaar.anyone)
    with bazaar.chain.isolated():
        bazaar.dispute(job)
    bazaar.chain.mine()
    with reverts("TooLate", job, bazaar.chain.time - 1):
        bazaar.dispute(job)
    bazaar.market.settle(job, sender=bazaar.anyone)


def test_a_time_out_needs_a_job_that_is_overdue(bazaar: Bazaar) -> None:
    with reverts("WrongState", 7, 0):
        bazaar.market.claimTimeout(7, sender=bazaar.anyone)
    job = bazaar.revealed()
    bazaar.chain.mine(100 * DAY)
    with reverts("WrongState", job, REVEALED):
        bazaar.market.claimTimeout(job, sender=bazaar.anyone)
    bazaar.market.settle(job, sender=bazaar.anyone)
    with reverts("WrongState", job, FINAL):
        bazaar.market.claimTimeout(job, sender=bazaar.anyone)


def test_only_the_operator_commits_and_reveals(bazaar: Bazaar) -> None:
    job = bazaar.accepted()
    with reverts("NotJobOperator", job, bazaar.olga, bazaar.owen):
        bazaar.market.commitResult(job, SALT, sender=bazaar.olga)
    with reverts("MissingRoot"):
        bazaar.market.commitResult(job, NO_SALT, sender=bazaar.owen)
    job = bazaar.committed()
    with reverts("NotJobOperator", job, bazaar.olga, bazaar.owen):
        bazaar.reveal(job, bazaar.olga)


def test_what_is_revealed_is_what_was_committed_to(bazaar: Bazaar) -> None:
    job = bazaar.committed()
    for result, salt in ((OTHER_RESULT, SALT), (RESULT, NO_SALT)):
        with reverts("CommitmentMismatch"):
            bazaar.market.revealResult(job, result, salt, b"", "", sender=bazaar.owen)
    bazaar.reveal(job)


def test_a_commitment_is_of_one_chain_market_job_and_operator(bazaar: Bazaar) -> None:
    """By the published formula, each part of which changes the hash."""

    def formula(chain: int, market: str, job: int, operator: str) -> bytes:
        types = ["uint256", "address", "uint256", "address", "bytes32", "bytes32", "bytes32", "bytes32"]
        return keccak(encode(types, (chain, market, job, operator, *RESULT, SALT)))

    market, owen, olga = bazaar.market, bazaar.owen.address, bazaar.olga.address
    assert market.resultCommitment(1, owen, RESULT, SALT) == formula(31337, market.address, 1, owen)
    variants = {
        formula(31337, market.address, 1, owen),
        formula(1, market.address, 1, owen),
        formula(31337, owen, 1, owen),
        formula(31337, market.address, 2, owen),
        formula(31337, market.address, 1, olga),
    }
    assert len(variants) == 5


def test_a_result_that_somebody_else_committed_to_can_not_be_copied(bazaar: Bazaar) -> None:
    """Olga sees owen's commitment, commits to the same hash for her own job of the same input, and can't open it."""
    first, second = bazaar.accepted(), bazaar.accepted(bazaar.olga)
    commitment = bazaar.market.resultCommitment(first, bazaar.owen, RESULT, SALT)
    bazaar.market.commitResult(first, commitment, sender=bazaar.owen)
    bazaar.market.commitResult(second, commitment, sender=bazaar.olga)
    bazaar.reveal(first)
    with reverts("CommitmentMismatch"):
        bazaar.reveal(second, bazaar.olga)


def test_the_module_is_told_the_claim_and_the_market_keeps_its_hash(bazaar: Bazaar) -> None:
    job = bazaar.committed()
    committed_at = bazaar.chain.time
    bazaar.chain.mine(10)
    receipt = bazaar.reveal(job)
    claim = (bazaar.owen.address, *ROOTS, INPUT, *RESULT, committed_at, 0)
    told = receipt.expect("ResultRevealed", jobId=job, windowEnd=bazaar.chain.time + WINDOW, dataRef="ipfs://trace")
    assert tuple(vars(told.claim).values()) == claim
    assert tuple(bazaar.module.lastClaim()) == claim
    assert bazaar.module.lastAux() == b"aux"
    types = ["address", *["bytes32"] * 7, "uint64", "uint64"]
    assert bazaar.market.jobOf(job).commitment == keccak(encode(types, claim))


def test_a_result_without_an_output_is_none(bazaar: Bazaar) -> None:
    job = bazaar.committed(result=(NO_SALT, *RESULT[1:]))
    with reverts("MissingRoot"):
        bazaar.reveal(job, result=(NO_SALT, *RESULT[1:]))


def test_a_module_can_not_hold_a_lock_for_ever(bazaar: Bazaar) -> None:
    bazaar.module.setWindow(30 * DAY + 1, sender=bazaar.anyone)
    job = bazaar.committed()
    with reverts("OutOfBounds"):
        bazaar.reveal(job)
    bazaar.module.setWindow(30 * DAY, sender=bazaar.anyone)
    bazaar.reveal(job)
    bazaar.chain.mine(30 * DAY)
    bazaar.dispute(job)
    bazaar.chain.mine(MAX_DISPUTE)
    with reverts("StillPending", job):
        bazaar.market.settle(job, sender=bazaar.anyone)
    bazaar.chain.mine()
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=CANCELLED)
    assert bazaar.staking.lockedStake(bazaar.owen) == 0


def test_without_a_verdict_everything_goes_back(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.module.decide(job, INCONCLUSIVE, NATIVE, sender=bazaar.anyone)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=CANCELLED)
    assert bazaar.usdc.balanceOf(bazaar.rita) == FUNDS * USD
    assert bazaar.staking.slashableStake(bazaar.owen) == 15_000 * CP
    assert bazaar.staking.lockedStake(bazaar.owen) == 0


def test_a_dispute_among_a_committee_is_refunded_if_nobody_hands_it_on(bazaar: Bazaar) -> None:
    job = bazaar.revealed(tier=2)
    bazaar.committee.decide(job, DISPUTED, NATIVE, sender=bazaar.anyone)
    deadline = bazaar.chain.time + WINDOW + 3 * DAY
    bazaar.chain.mine(WINDOW + 3 * DAY)
    with reverts("AwaitsEscalation", job, deadline):
        bazaar.market.settle(job, sender=bazaar.anyone)
    bazaar.chain.mine()
    with reverts("TooLate", job, deadline):
        bazaar.market.escalate(job, RESULT, b"op roots", sender=bazaar.anyone)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=CANCELLED)
    assert bazaar.staking.slashableStake(bazaar.owen) == 15_000 * CP


def test_a_dispute_among_a_committee_goes_on_to_the_trace_which_decides(bazaar: Bazaar) -> None:
    job = bazaar.revealed(tier=2)
    with reverts("NotEscalatable", job):
        bazaar.market.escalate(job, RESULT, b"op roots", sender=bazaar.anyone)
    bazaar.committee.decide(job, DISPUTED, NATIVE, sender=bazaar.anyone)
    with reverts("CommitmentMismatch"):
        bazaar.market.escalate(job, OTHER_RESULT, b"op roots", sender=bazaar.anyone)
    receipt = bazaar.market.escalate(job, RESULT, b"op roots", sender=bazaar.anyone)
    receipt.expect("Escalated", jobId=job, module=bazaar.module, windowEnd=bazaar.chain.time + WINDOW)
    assert bazaar.module.lastAux() == b"op roots"
    bazaar.refute(job)
    assert bazaar.reward(bazaar.carl) == BOND // 2


def test_a_claim_without_a_trace_can_not_be_handed_on(bazaar: Bazaar) -> None:
    traceless = (RESULT[0], NO_SALT, NO_SALT)
    job = bazaar.revealed(tier=2, result=traceless)
    bazaar.committee.decide(job, DISPUTED, NATIVE, sender=bazaar.anyone)
    with reverts("NotEscalatable", job):
        bazaar.market.escalate(job, traceless, b"", sender=bazaar.anyone)


def test_nothing_is_settled_before_the_reveal_or_twice(bazaar: Bazaar) -> None:
    job = bazaar.committed()
    with reverts("WrongState", job, COMMITTED):
        bazaar.market.settle(job, sender=bazaar.anyone)
    bazaar.reveal(job)
    bazaar.after_window()
    bazaar.market.settle(job, sender=bazaar.anyone)
    with reverts("WrongState", job, FINAL):
        bazaar.market.settle(job, sender=bazaar.anyone)
    assert bazaar.usdc.balanceOf(bazaar.till()) == PRICE


def test_a_new_module_decides_new_jobs_only(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    newer = bazaar.scripted(1)
    newer.decide(job, INCONCLUSIVE, NATIVE, sender=bazaar.anyone)
    bazaar.after_window()
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=FINAL)

"""Receipts of ordinary answers are claims: challenged, answered for, refuted, or paid for by who was wrong."""

from typing import Any

import pytest

from cluster.testing import reverts
from tests.contracts.market.bazaar import (
    ANSWER_TIME,
    BURN,
    CALLED,
    CHALLENGE_BOND,
    CP,
    DAY,
    FINAL,
    FUNDS,
    INCONCLUSIVE,
    INPUT,
    NO_SALT,
    OTHER_RESULT,
    RECEIPT_LIFETIME,
    RECEIPT_SLASH,
    REFUTED,
    RESULT,
    ROOTS,
    SALT,
    WINDOW,
    Bazaar,
    root,
)

STAKE = 15_000 * CP


def test_a_receipt_alone_brings_its_operator_to_answer(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    digest = bazaar.market.receiptDigest(receipt)
    bazaar.commit(digest, NO_SALT)
    bazaar.chain.mine()
    told = bazaar.market.challengeReceipt(receipt, bazaar.sign(receipt), ROOTS, SALT, sender=bazaar.carl)
    event = told.expect("ReceiptChallenged", jobId=1, operator=bazaar.owen, challenger=bazaar.carl)
    job = bazaar.market.jobOf(1)
    assert vars(event.job) == vars(job)
    assert vars(event.receipt)["outputRoot"] == RESULT[0]
    assert (job.state, job.requester, job.operator, job.modelId) == (
        CALLED,
        bazaar.carl.address,
        bazaar.owen.address,
        0,
    )
    assert (job.price, job.bond, job.inputRoot) == (CHALLENGE_BOND, RECEIPT_SLASH, INPUT)
    assert job.deadline == bazaar.chain.time + ANSWER_TIME
    assert bazaar.market.challengeOf(digest) == 1
    assert bazaar.staking.lockedStake(bazaar.owen) == RECEIPT_SLASH
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP - CHALLENGE_BOND


def test_a_wrong_answer_is_slashed_and_its_challenger_loses_nothing(bazaar: Bazaar) -> None:
    job = bazaar.call()
    bazaar.answer(job)
    bazaar.refute(job).expect("JobEnded", state=REFUTED, challenger=bazaar.carl)
    assert bazaar.reward(bazaar.carl) == RECEIPT_SLASH // 2
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP
    assert bazaar.staking.slashableStake(bazaar.owen) == STAKE - RECEIPT_SLASH
    assert bazaar.solvent()


def test_silence_is_slashed_after_the_last_second_and_not_in_it(bazaar: Bazaar) -> None:
    job = bazaar.call()
    bazaar.chain.mine(ANSWER_TIME)
    with reverts("TooEarly", job, bazaar.chain.time):
        bazaar.market.claimTimeout(job, sender=bazaar.anyone)
    with bazaar.chain.isolated():
        bazaar.answer(job)
    bazaar.chain.mine()
    with reverts("TooLate", job, bazaar.chain.time - 1):
        bazaar.answer(job)
    bazaar.market.claimTimeout(job, sender=bazaar.anyone).expect("JobEnded", state=REFUTED, challenger=bazaar.carl)
    assert bazaar.reward(bazaar.carl) == RECEIPT_SLASH // 2
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP


def test_a_right_answer_costs_its_challenger_the_bond(bazaar: Bazaar) -> None:
    job = bazaar.call()
    before = bazaar.cp.balanceOf(bazaar.owen), bazaar.cp.balanceOf(BURN)
    bazaar.answer(job)
    bazaar.chain.mine(RECEIPT_LIFETIME + 1)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("JobEnded", state=FINAL)
    half = CHALLENGE_BOND // 2
    assert (bazaar.cp.balanceOf(bazaar.owen), bazaar.cp.balanceOf(BURN)) == (before[0] + half, before[1] + half)
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP - CHALLENGE_BOND
    assert bazaar.staking.slashableStake(bazaar.owen) == STAKE
    assert bazaar.staking.lockedStake(bazaar.owen) == 0


def test_without_a_verdict_the_bond_goes_back(bazaar: Bazaar) -> None:
    job = bazaar.call()
    bazaar.answer(job)
    bazaar.module.decide(job, INCONCLUSIVE, NO_OWNER, sender=bazaar.anyone)
    bazaar.market.settle(job, sender=bazaar.anyone)
    assert bazaar.cp.balanceOf(bazaar.carl) == FUNDS * CP
    assert bazaar.staking.slashableStake(bazaar.owen) == STAKE


NO_OWNER = "0x" + "00" * 20


def test_the_module_is_told_the_claim_of_the_receipt(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    job = bazaar.call(receipt)
    bazaar.answer(job)
    claim = tuple(bazaar.module.lastClaim())
    assert claim == (bazaar.owen.address, *ROOTS, INPUT, *RESULT, receipt["time"], receipt["time"] + RECEIPT_LIFETIME)


def test_only_the_operator_answers_and_for_what_it_signed(bazaar: Bazaar) -> None:
    job = bazaar.call()
    with reverts("NotJobOperator", job, bazaar.olga, bazaar.owen):
        bazaar.answer(job, bazaar.olga)
    with reverts("CommitmentMismatch"):
        bazaar.answer(job, result=OTHER_RESULT)
    with reverts("CommitmentMismatch"):
        bazaar.market.answerReceipt(job, (ROOTS[1], ROOTS[0], ROOTS[2]), RESULT, b"", "", sender=bazaar.owen)


def test_a_receipt_is_challenged_once(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    job = bazaar.call(receipt)
    with reverts("AlreadyChallenged", job):
        bazaar.call(receipt, bazaar.cora)


def test_an_operator_that_challenges_itself_shortens_nothing(bazaar: Bazaar) -> None:
    """Its own challenge leaves the claim open for as long as the receipt could have been challenged anyway."""
    receipt = bazaar.receipt()
    expiry = receipt["time"] + RECEIPT_LIFETIME
    job = bazaar.call(receipt, bazaar.owen)
    bazaar.answer(job)
    bazaar.chain.mine(expiry - bazaar.chain.time - 1)
    with reverts("StillPending", job):
        bazaar.market.settle(job, sender=bazaar.anyone)
    bazaar.refute(job, bazaar.cora)
    assert bazaar.reward(bazaar.cora) == RECEIPT_SLASH // 2


def test_a_receipt_that_is_challenged_late_has_the_whole_window(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    bazaar.chain.mine(RECEIPT_LIFETIME - 1)
    job = bazaar.call(receipt)
    bazaar.answer(job)
    assert bazaar.market.jobOf(job).deadline == bazaar.chain.time + WINDOW


def test_receipts_expire_and_none_is_of_the_future(bazaar: Bazaar) -> None:
    receipt, late = bazaar.receipt(), bazaar.receipt(requestId=root("late"))
    bazaar.chain.mine(RECEIPT_LIFETIME - 1)
    bazaar.call(receipt)  # in the last second: it takes a block to commit
    bazaar.chain.mine()
    with reverts("OutOfBounds"):
        bazaar.call(late)
    with reverts("OutOfBounds"):
        bazaar.call(bazaar.receipt(time=bazaar.chain.time + 2))


def test_a_challenge_that_was_not_committed_to_is_refused(bazaar: Bazaar) -> None:
    """Else whoever sees it first would be the one who is paid for the operator's silence."""
    receipt = bazaar.receipt()
    bazaar.commit(bazaar.market.receiptDigest(receipt), NO_SALT, bazaar.carl)
    bazaar.chain.mine()
    bazaar.commit(bazaar.market.receiptDigest(receipt), NO_SALT, bazaar.cora)
    with reverts("NotCommitted"):
        bazaar.market.challengeReceipt(receipt, bazaar.sign(receipt), ROOTS, SALT, sender=bazaar.cora)
    bazaar.market.challengeReceipt(receipt, bazaar.sign(receipt), ROOTS, SALT, sender=bazaar.carl)


@pytest.mark.parametrize(
    "domain",
    [{"chainId": 1}, {"verifyingContract": "0x" + "11" * 20}, {"name": "Cluster"}, {"version": "2"}],
)
def test_a_receipt_of_another_chain_or_contract_is_worth_nothing(bazaar: Bazaar, domain: dict[str, Any]) -> None:
    receipt = bazaar.receipt()
    with reverts("InvalidReceipt"):
        bazaar.market.challengeReceipt(receipt, bazaar.sign(receipt, **domain), ROOTS, SALT, sender=bazaar.carl)


def test_nobody_answers_for_what_they_did_not_sign(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    with reverts("InvalidReceipt", bazaar.owen, bazaar.olga):
        bazaar.call(receipt, signer=bazaar.olga)
    signature = bazaar.sign(receipt)
    for name, value in (("outputRoot", root("else")), ("inputRoot", root("else")), ("time", receipt["time"] - 1)):
        with reverts("InvalidReceipt"):
            bazaar.market.challengeReceipt(receipt | {name: value}, signature, ROOTS, SALT, sender=bazaar.carl)
    with reverts("InvalidReceipt", bazaar.owen, NO_OWNER):
        bazaar.market.challengeReceipt(receipt, b"\0" * 65, ROOTS, SALT, sender=bazaar.carl)
    nobody = receipt | {"operator": NO_OWNER}
    with reverts("InvalidReceipt", NO_OWNER, NO_OWNER):
        bazaar.market.challengeReceipt(nobody, b"\0" * 65, ROOTS, SALT, sender=bazaar.carl)


def test_the_other_form_of_a_signature_is_no_second_receipt(bazaar: Bazaar) -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    receipt = bazaar.receipt()
    signature = bazaar.sign(receipt)
    s = order - int.from_bytes(signature[32:64])
    other = signature[:32] + s.to_bytes(32) + bytes([55 - signature[64]])
    with reverts("InvalidReceipt", bazaar.owen, NO_OWNER):
        bazaar.market.challengeReceipt(receipt, other, ROOTS, SALT, sender=bazaar.carl)


def test_the_roots_are_those_that_the_receipt_names(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    with reverts("ModelMismatch"):
        bazaar.market.challengeReceipt(
            receipt, bazaar.sign(receipt), (ROOTS[1], ROOTS[0], ROOTS[2]), SALT, sender=bazaar.carl
        )


def test_stake_that_thaws_still_answers_for_receipts(bazaar: Bazaar) -> None:
    receipt = bazaar.receipt()
    bazaar.staking.unstake(bazaar.owen, 10_000 * CP, sender=bazaar.owen)
    bazaar.staking.unstake(bazaar.owen, 5_000 * CP, sender=bazaar.dave)
    bazaar.chain.mine(RECEIPT_LIFETIME - 1)
    job = bazaar.call(receipt)
    bazaar.chain.mine(14 * DAY)
    with reverts("HeldByLock"):
        bazaar.staking.withdraw(bazaar.owen, 0, bazaar.owen, sender=bazaar.owen)
    bazaar.market.claimTimeout(job, sender=bazaar.anyone)
    assert bazaar.reward(bazaar.carl) == RECEIPT_SLASH // 2


def test_who_has_no_stake_left_can_not_be_called(bazaar: Bazaar) -> None:
    bazaar.accepted(bond=15_000 * CP)
    with reverts("InsufficientStake"):
        bazaar.call()


def test_what_there_is_is_locked_if_it_is_less(bazaar: Bazaar) -> None:
    bazaar.accepted(bond=15_000 * CP - 7)
    job = bazaar.call()
    assert bazaar.market.jobOf(job).bond == 7
    bazaar.chain.mine(ANSWER_TIME + 1)
    bazaar.market.claimTimeout(job, sender=bazaar.anyone)
    assert bazaar.reward(bazaar.carl) == 3

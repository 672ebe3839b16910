"""What the job market promises, in plain Python, on the model of the stake behind it.

An action changes the state, or is `Refused` with the error and changes nothing. Money is kept as what each account and
the market should hold; what a module says follows from what is true of a claim and which disputes are open.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.compute.staking_model import Model as Stakes
from tests.contracts.compute.staking_model import Refused
from tests.contracts.market.bazaar import (
    ACCEPTED,
    ANSWER_TIME,
    BURN,
    CALLED,
    CANCELLED,
    CHALLENGE_BOND,
    CHALLENGED,
    COMMITTED,
    DISPUTED,
    ESCALATION,
    EXPIRED,
    FINAL,
    INCONCLUSIVE,
    INVALID,
    MAX_DISPUTE,
    MIN_BOND,
    NOBODY,
    OPEN,
    PENDING,
    RECEIPT_LIFETIME,
    RECEIPT_SLASH,
    REFUTED,
    REVEAL_TIME,
    REVEALED,
    TERMINAL,
    VALID,
    WINDOW,
)

__all__ = ["Job", "Market", "Refused"]


@dataclass
class Job:
    """A job or a challenged receipt. `right`: whether what was claimed is true."""

    requester: str
    operator: str
    currency: str
    price: int
    bond: int
    state: int
    deadline: int
    tier: int = 1
    compute_time: int = 0
    named: str = NOBODY
    receipt: bool = False
    lock: int = 0
    committed_at: int = 0
    right: bool = False
    verdict: int = PENDING
    challenger: str = NOBODY
    escalated: bool = False
    endings: int = 0
    disputes: dict[str, int] = field(default_factory=dict)
    bonds: dict[str, int] = field(default_factory=dict)


class Market:
    """`cannot_receive` are (currency, account) that refuse; `stopped` currencies move for nobody."""

    def __init__(self, stakes: Stakes, cp: str, till_of: Any) -> None:
        self.stakes, self.cp, self.till_of = stakes, cp, till_of
        self.time = 0
        self.paused = False
        self.jobs: dict[int, Job] = {}
        self.receipts: dict[str, int] = {}
        self.owed: defaultdict[str, int] = defaultdict(int)
        self.claimable: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.held: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.deferred: dict[int, int] = {}
        self.cannot_receive: set[tuple[str, str]] = set()
        self.stopped: set[str] = set()
        self.slashed: defaultdict[str, int] = defaultdict(int)

    def set_time(self, time: int) -> None:
        self.time = self.stakes.time = time

    # --- the life of a job

    def create(self, job: Job) -> int:
        if self.paused:
            raise Refused("EnforcedPause")
        if job.bond < MIN_BOND:
            raise Refused("OutOfBounds", job.bond, MIN_BOND, 2**96 - 1)
        self._take(job.currency, job.requester, job.price)
        return self._add(job)

    def cancel(self, number: int, caller: str) -> None:
        job = self._in(number, OPEN)
        if caller != job.requester:
            raise Refused("NotRequester", number, caller, job.requester)
        self._refund(job, CANCELLED)

    def accept(self, number: int, caller: str) -> None:
        job = self._in_time(number, OPEN)
        if job.named != NOBODY:
            self._by(number, caller, job.named)
        job.lock = self.stakes.lock(caller, job.bond)
        job.operator, job.state = caller, ACCEPTED
        job.deadline = self.time + job.compute_time

    def commit(self, number: int, caller: str, right: bool) -> None:
        job = self._in_time(number, ACCEPTED)
        self._by(number, caller, job.operator)
        job.state, job.committed_at, job.right = COMMITTED, self.time, right
        job.deadline = self.time + REVEAL_TIME

    def reveal(self, number: int, caller: str) -> None:
        job = self._in_time(number, COMMITTED)
        self._by(number, caller, job.operator)
        self._window(job, 0)

    def call(self, digest: str, operator: str, caller: str, served: int, right: bool) -> int:
        if not self.time - RECEIPT_LIFETIME <= served <= self.time:
            raise Refused("OutOfBounds", served, self.time - RECEIPT_LIFETIME, self.time)
        if digest in self.receipts:
            raise Refused("AlreadyChallenged", self.receipts[digest])
        lock, locked = self.stakes.lock_disputed(operator, RECEIPT_SLASH)
        self._take(self.cp, caller, CHALLENGE_BOND)
        deadline = self.time + ANSWER_TIME
        job = Job(caller, operator, self.cp, CHALLENGE_BOND, locked, CALLED, deadline, receipt=True, lock=lock)
        job.committed_at, job.right = served, right
        self.receipts[digest] = self._add(job)
        return self.receipts[digest]

    def answer(self, number: int, caller: str) -> None:
        job = self._in_time(number, CALLED)
        self._by(number, caller, job.operator)
        self._window(job, job.committed_at + RECEIPT_LIFETIME)

    # --- challenges and ends

    def refute(self, number: int, caller: str) -> None:
        job = self._challengeable(number)
        if job.right:
            raise Refused("NoProof", b"refute")
        job.verdict, job.challenger = INVALID, caller
        self._slash(job)

    def dispute(self, number: int, caller: str) -> None:
        job = self._challengeable(number)
        if caller in job.disputes:
            raise Refused("DisputedBefore", number, caller)
        self._take(self.cp, caller, CHALLENGE_BOND)
        job.disputes[caller], job.bonds[caller] = PENDING, CHALLENGE_BOND
        job.state = CHALLENGED

    def end_dispute(self, number: int, caller: str) -> int:
        """By what is true: who disputes a claim that is right loses."""
        job = self.jobs[number]
        job.disputes[caller] = VALID if job.right else INVALID
        if not job.right and job.verdict == PENDING:
            job.verdict, job.challenger = INVALID, caller
        return job.disputes[caller]

    def escalate(self, number: int) -> None:
        job = self._revealed(number)
        if self.status(job) != DISPUTED:
            raise Refused("NotEscalatable", number)
        if self.time > job.deadline + ESCALATION:
            raise Refused("TooLate", number, job.deadline + ESCALATION)
        job.verdict, job.challenger, job.escalated = PENDING, NOBODY, True
        job.deadline = self.time + WINDOW

    def settle(self, number: int) -> None:
        job = self._revealed(number)
        verdict = self.status(job)
        if verdict == VALID:
            self._finish(number, job)
        elif verdict == INVALID:
            self._slash(job)
        elif verdict == PENDING and self.time <= job.deadline + MAX_DISPUTE:
            raise Refused("StillPending", number)
        elif verdict == DISPUTED and self.time <= job.deadline + ESCALATION:
            raise Refused("AwaitsEscalation", number, job.deadline + ESCALATION)
        else:
            self._refund(job, CANCELLED)

    def time_out(self, number: int) -> None:
        job = self.jobs[number]
        if job.state not in (OPEN, ACCEPTED, COMMITTED, CALLED):
            raise Refused("WrongState", number, job.state)
        if self.time <= job.deadline:
            raise Refused("TooEarly", number, job.deadline)
        if job.state == CALLED:
            job.challenger = job.requester
            self._slash(job)
        else:
            self._refund(job, EXPIRED)

    def release_bond(self, number: int, challenger: str) -> None:
        job = self.jobs[number]
        amount = job.bonds.get(challenger, 0)
        if amount == 0:
            raise Refused("NoBond", number, challenger)
        outcome = job.disputes[challenger]
        if outcome == PENDING and job.verdict == INVALID:
            outcome = INCONCLUSIVE
        if outcome == PENDING and job.state not in TERMINAL:
            raise Refused("StillPending", number)
        del job.bonds[challenger]
        self._return_bond(job, challenger, amount, lost=outcome == VALID)

    def retry(self, number: int) -> None:
        amount = self.deferred.get(number, 0)
        if amount == 0:
            raise Refused("NothingDeferred", number)
        job = self.jobs[number]
        till = self.till_of(job.operator)
        if not self._can_receive(job.currency, till):
            raise Refused("TransferFailed", job.currency, till, amount)
        del self.deferred[number]
        self._move_out(job.currency, till, amount)

    def claim(self, currency: str, account: str, to: str) -> None:
        amount = self.claimable[currency, account]
        if amount == 0:
            raise Refused("NothingToClaim", account, currency)
        if not self._can_receive(currency, to):
            raise Refused("TransferFailed", currency, to, amount)
        self.claimable[currency, account] = 0
        self._move_out(currency, to, amount)

    # --- what is true

    def status(self, job: Job) -> int:
        if job.verdict != PENDING:
            return job.verdict
        stands = self.time > job.deadline and PENDING not in job.disputes.values()
        return VALID if stands else PENDING

    # --- parts

    def _add(self, job: Job) -> int:
        self.jobs[len(self.jobs) + 1] = job
        return len(self.jobs)

    def _window(self, job: Job, open_until: int) -> None:
        job.state = REVEALED
        job.deadline = max(self.time + WINDOW, open_until)

    def _finish(self, number: int, job: Job) -> None:
        self._end(job, FINAL)
        self.stakes.unlock(job.operator, job.lock)
        if job.receipt:
            self._return_bond(job, job.requester, job.price, lost=True)
            return
        till = self.till_of(job.operator)
        if self._can_receive(job.currency, till):
            self._move_out(job.currency, till, job.price)
        elif job.price:
            self.deferred[number] = job.price

    def _slash(self, job: Job) -> None:
        self._end(job, REFUTED)
        self.stakes.slash(job.operator, job.lock, job.bond, job.challenger)
        self.slashed[job.operator] += job.bond
        self._give_back(job)

    def _refund(self, job: Job, state: int) -> None:
        self._end(job, state)
        if job.lock:
            self.stakes.unlock(job.operator, job.lock)
        self._give_back(job)

    def _end(self, job: Job, state: int) -> None:
        job.state = state
        job.endings += 1

    def _give_back(self, job: Job) -> None:
        if job.receipt:
            self._return_bond(job, job.requester, job.price, lost=False)
        else:
            self._pay(job.currency, job.requester, job.price)

    def _return_bond(self, job: Job, challenger: str, amount: int, lost: bool) -> None:
        if not lost:
            self._pay(self.cp, challenger, amount)
            return
        self._pay(self.cp, job.operator, amount // 2)
        self._pay(self.cp, BURN, amount - amount // 2)

    def _take(self, currency: str, account: str, amount: int) -> None:
        self.held[currency, account] -= amount
        self.owed[currency] += amount

    def _pay(self, currency: str, to: str, amount: int) -> None:
        if amount == 0:
            return
        if self._can_receive(currency, to):
            self._move_out(currency, to, amount)
        else:
            self.claimable[currency, to] += amount

    def _move_out(self, currency: str, to: str, amount: int) -> None:
        self.owed[currency] -= amount
        self.held[currency, to] += amount

    def _can_receive(self, currency: str, account: str) -> bool:
        return currency not in self.stopped and (currency, account) not in self.cannot_receive

    def _by(self, number: int, caller: str, operator: str) -> None:
        if caller != operator:
            raise Refused("NotJobOperator", number, caller, operator)

    def _in(self, number: int, state: int) -> Job:
        job = self.jobs[number]
        if job.state != state:
            raise Refused("WrongState", number, job.state)
        return job

    def _in_time(self, number: int, state: int) -> Job:
        job = self._in(number, state)
        if self.time > job.deadline:
            raise Refused("TooLate", number, job.deadline)
        return job

    def _revealed(self, number: int) -> Job:
        job = self.jobs[number]
        if job.state not in (REVEALED, CHALLENGED):
            raise Refused("WrongState", number, job.state)
        return job

    def _challengeable(self, number: int) -> Job:
        job = self._revealed(number)
        if self.time > job.deadline:
            raise Refused("TooLate", number, job.deadline)
        verdict = self.status(job)
        if verdict != PENDING:
            raise Refused("AlreadyDecided", number, verdict)
        return job

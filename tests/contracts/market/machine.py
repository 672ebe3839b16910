"""The market, the stake behind it and scripted modules, driven by honest, lazy, malicious and griefing people together,
and compared with the model after every step.

Owen is honest: what he claims is true, he answers for his receipts in time, and he does not lose a wei to a slash.
Olga is lazy: she lets deadlines pass. Mallory claims what is false. Carl watches, greta disputes what is right.
Requesters are rita and a wallet that takes no native coin; the USDC's issuer pauses and blacklists.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.testing import Account, Chain, Receipt, reverts
from cluster.testing.batch import Batch, view
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.compute.staking_model import Model as Stakes
from tests.contracts.market.bazaar import (
    ACCEPTED,
    ANSWER_TIME,
    BURN,
    CALLED,
    CHALLENGED,
    COMMITTED,
    COMMITTEE,
    CP,
    DAY,
    DISPUTED,
    FUNDS,
    HOUR,
    INCONCLUSIVE,
    MIN_BOND,
    NO_SALT,
    NOBODY,
    OPEN,
    PENDING,
    REFEREED,
    RESULT,
    REVEALED,
    ROOTS,
    SALT,
    TERMINAL,
    USD,
    VALID,
    WINDOW,
    Bazaar,
    root,
)
from tests.contracts.market.model import Job, Market, Refused

OPERATORS = ("owen", "olga", "mallory")
REQUESTERS = ("rita", "wallet")
CHALLENGERS = ("carl", "greta", "mallory")
PEOPLE = (*OPERATORS, "rita", "carl", "greta", "dave")
CURRENCIES = ("usdc", "native", "cp")
TRUTH, LIE = root("truth"), root("lie")
PLENTY = 10**12

BALANCE_OF, TOTAL_OWED, LOCKED, SLASHABLE, CLAIMABLE = (
    keccak(text=signature)[:4]
    for signature in (
        "balanceOf(address)",
        "totalOwed(address)",
        "lockedStake(address)",
        "slashableStake(address)",
        "claimable(address,address)",
    )
)


class Stage:
    """A bazaar with everybody endowed once, and what a run compares itself with."""

    def __init__(self) -> None:
        self.chain = Chain()
        bazaar = self.bazaar = Bazaar(deploy_suite(self.chain))
        self.who: dict[str, Any] = {name: self.chain.account(name) for name in PEOPLE}
        for name in ("mallory", "greta"):
            bazaar.endow(self.who[name])
        bazaar.staking.register("ipfs://operator", 0, 0, sender=self.who["mallory"])
        self.who["wallet"] = self.chain.deploy("RevertingReceiver", sender=bazaar.admin)
        for token in (bazaar.usdc, bazaar.cp):
            self.tell("wallet", token.approve, bazaar.market, 2**256 - 1)
        bazaar.usdc.mint(self.who["wallet"], PLENTY * USD, sender=bazaar.admin)
        bazaar.usdc.mint(self.who["rita"], PLENTY * USD, sender=bazaar.admin)
        bazaar.cp.transfer(self.who["wallet"], FUNDS * CP, sender=bazaar.suite.treasury)
        for module in (bazaar.module, bazaar.committee):
            module.tell(root("input"), TRUTH, sender=bazaar.admin)
        self.currency: dict[str, Any] = {"usdc": bazaar.usdc, "cp": bazaar.cp, "native": NATIVE}
        self.batch = Batch(self.chain, bazaar.admin)

    def tell(self, name: str, method: Any, *args: Any, value: int = 0) -> Receipt:
        """A transaction of somebody, who may be a contract."""
        actor = self.who[name]
        if isinstance(actor, Account):
            return method(*args, sender=actor, value=value)  # type: ignore[no-any-return]
        sender = self.bazaar.admin
        if value:
            self.chain.fund(sender, value)
        receipt: Receipt = actor.execute(method._contract, value, method.calldata(*args), sender=sender, value=value)
        receipt.return_value = method.function(len(args)).result(receipt.return_value)
        return receipt


@cache
def stage() -> Stage:
    return Stage()


operators, requesters, challengers = map(st.sampled_from, (OPERATORS, REQUESTERS, CHALLENGERS))
anyone = st.sampled_from(("owen", "olga", "mallory", "rita", "carl", "greta"))
pick = st.integers(0, 2**16)
prices = st.one_of(st.integers(0, 3), st.integers(1, 10 * USD))
bonds = st.one_of(st.integers(MIN_BOND - 1, MIN_BOND + 5), st.integers(MIN_BOND, 3_000 * CP))


class JobMarketMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stage = stage()
        self.bazaar, self.chain, self.who = self.stage.bazaar, self.stage.chain, self.stage.who
        self.market, self.staking, self.module = self.bazaar.market, self.bazaar.staking, self.bazaar.module
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        self.at = {name: str(actor.address) for name, actor in self.who.items()}
        self.names = {address: name for name, address in self.at.items()}
        self.code = {name: c if c == NATIVE else c.address for name, c in self.stage.currency.items()}
        self.tills = {self.at[name]: self.bazaar.till(self.who[name]) for name in OPERATORS}
        stakes = Stakes(self.code["cp"], 100 * CP, set(), set(), self.chain.time)
        self.model = Market(stakes, self.code["cp"], self.tills.__getitem__)
        self.model.cannot_receive.add((NATIVE, self.at["wallet"]))
        self._stakes_as_they_are()
        self.places = (*self.at.values(), *self.tills.values(), BURN)
        self.staked: dict[str, int] = {}
        self.before = {
            (code, place): self.bazaar.balance(self.stage.currency[name], place)
            for name, code in self.code.items()
            for place in self.places
        }
        self.touched: set[int] = set()
        self.served = 0

    def _stakes_as_they_are(self) -> None:
        """What the bazaar staked before the machine began."""
        stakes = self.model.stakes
        for name in OPERATORS:
            stakes.register(self.at[name], 0, 10_000)
            if name != "mallory":
                stakes.stake(self.at[name], self.at[name], 10_000 * CP, 0)
        stakes.stake(self.at["dave"], self.at["owen"], 5_000 * CP, 0)

    def teardown(self) -> None:
        try:
            self.touched = set(self.model.jobs)
            self.all_is_as_the_model_says()
        finally:
            self.isolation.__exit__(None, None, None)

    # --- both sides

    def both(self, in_model: Callable[[], Any], on_chain: Callable[[], Receipt]) -> Receipt | None:
        """Both do it, or both refuse with the same error and values."""
        self.model.set_time(self.chain.time)
        try:
            in_model()
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                on_chain()
            return None
        return on_chain()

    def some(self, number: int, *states: int) -> int:
        """A job, in one of these states if there is one."""
        fitting = [n for n, job in self.model.jobs.items() if not states or job.state in states]
        candidates = fitting or list(self.model.jobs)
        found = candidates[number % len(candidates)]
        self.touched.add(found)
        return found

    def by(self, job: int, fallback: str) -> str:
        """The job's operator by name; whoever the test picked if it has none, or 1 time in 8 all the same."""
        return self.names.get(self.model.jobs[job].operator, fallback)

    def jobs(self) -> bool:
        return bool(self.model.jobs)

    # --- requesters

    @initialize(stake=st.integers(100 * CP, 20_000 * CP))
    def mallory_stakes(self, stake: int) -> None:
        self.stake("mallory", "mallory", stake)

    @rule(
        who=requesters,
        currency=st.sampled_from(CURRENCIES),
        price=prices,
        bond=bonds,
        named=st.sampled_from((*OPERATORS, "", "", "", "")),
        tier=st.sampled_from((REFEREED,) * 3 + (COMMITTEE,)),
        wait=st.sampled_from((0, HOUR, DAY)),
        compute=st.sampled_from((1, HOUR, DAY)),
        copies=st.integers(1, 3),
    )
    def create(
        self,
        who: str,
        currency: str,
        price: int,
        bond: int,
        named: str,
        tier: int,
        wait: int,
        compute: int,
        copies: int,
    ) -> None:
        code = self.code[currency]
        if code in self.model.stopped or (code, self.at[who]) in self.model.cannot_receive - {(NATIVE, self.at[who])}:
            return
        for _ in range(copies):
            operator = self.at[named] if named else NOBODY
            deadline = self.chain.time + wait
            job = Job(self.at[who], NOBODY, code, price, bond, OPEN, deadline, tier, compute, operator)
            if named:
                job.operator = operator
            order = self.bazaar.order(
                tier=tier,
                acceptBy=deadline,
                computeTime=compute,
                operator=operator,
                currency=code,
                price=price,
                bond=bond,
                inputRoot=root("input"),
            )
            value = price if currency == "native" else 0
            if value:
                # The wallet's native coin is put up by who drives it.
                self.model.held[NATIVE, self.at[who]] += price if who == "wallet" else 0
            done = self.both(
                lambda: self.model.create(job),  # noqa: B023 - called at once
                lambda: self.stage.tell(who, self.market.createJob, order, value=value),  # noqa: B023 - called at once
            )
            if done is None and value and who == "wallet":
                self.model.held[NATIVE, self.at[who]] -= price

    @precondition(jobs)
    @rule(number=pick, stranger=st.booleans())
    def cancel(self, number: int, stranger: bool) -> None:
        job = self.some(number, OPEN)
        requester = self.names[self.model.jobs[job].requester]
        who = "carl" if stranger else requester
        self.both(
            lambda: self.model.cancel(job, self.at[who]), lambda: self.stage.tell(who, self.market.cancelJob, job)
        )

    # --- operators

    @precondition(jobs)
    @rule(number=pick, who=operators)
    def accept(self, number: int, who: str) -> None:
        job = self.some(number, OPEN)
        self._accept(job, who)

    def _accept(self, job: int, who: str) -> None:
        named = self.model.jobs[job].named
        chosen = self.names[named] if named != NOBODY and job % 8 else who
        self.both(
            lambda: self.model.accept(job, self.at[chosen]),
            lambda: self.stage.tell(chosen, self.market.acceptJob, job, 0),
        )

    def result(self, who: str) -> tuple[bytes, ...]:
        return (LIE if who == "mallory" else TRUTH, *RESULT[1:])

    @precondition(jobs)
    @rule(number=pick, who=operators)
    def commit(self, number: int, who: str) -> None:
        job = self.some(number, ACCEPTED)
        self._commit(job, self.by(job, who))

    def _commit(self, job: int, who: str) -> None:
        commitment = self.market.resultCommitment(job, self.who[who], self.result(who), SALT)
        self.both(
            lambda: self.model.commit(job, self.at[who], right=who != "mallory"),
            lambda: self.stage.tell(who, self.market.commitResult, job, commitment),
        )

    @precondition(jobs)
    @rule(number=pick, who=operators)
    def reveal(self, number: int, who: str) -> None:
        job = self.some(number, COMMITTED)
        self._reveal(job, self.by(job, who))

    def _reveal(self, job: int, who: str) -> None:
        args = (job, self.result(who), SALT, b"", "")
        self.both(
            lambda: self.model.reveal(job, self.at[who]), lambda: self.stage.tell(who, self.market.revealResult, *args)
        )

    @precondition(jobs)
    @rule(number=pick, who=operators)
    def work(self, number: int, who: str) -> None:
        """From acceptance to reveal in a block."""
        job = self.some(number, OPEN)
        self._accept(job, who)
        if self.model.jobs[job].state == ACCEPTED:
            worker = self.by(job, who)
            self._commit(job, worker)
            self._reveal(job, worker)

    @rule(
        plans=st.lists(
            st.tuples(operators, challengers, st.sampled_from(("", "", "game", "refute", "both", "slow"))),
            min_size=12,
            max_size=30,
        ),
        tier=st.sampled_from((REFEREED, REFEREED, COMMITTEE)),
    )
    def season(self, plans: list[tuple[str, str, str]], tier: int) -> None:
        """Many jobs at once, from order to settlement, some of them challenged, some never done."""
        first = len(self.model.jobs) + 1
        self.create("rita", "cp", 1_000, MIN_BOND, "", tier, HOUR, HOUR, len(plans))
        rows = list(zip(range(first, len(self.model.jobs) + 1), plans, strict=False))
        for job, (operator, challenger, plan) in rows:
            self._accept(job, operator)
            if plan != "slow" and self.model.jobs[job].state == ACCEPTED:
                worker = self.by(job, operator)
                self._commit(job, worker)
                self._reveal(job, worker)
            if plan in ("refute", "both"):
                self.bazaar.commit(job.to_bytes(32), keccak(b"refute"), self.who[challenger])
        self.pass_time(1)
        for job, (_, challenger, plan) in rows:
            if plan in ("game", "both") and self.heard(job):
                self._dispute(job, challenger)
            if plan in ("refute", "both") and self.heard(job):
                self._refute(job, challenger)
            if self.model.jobs[job].disputes.get(self.at[challenger]) == PENDING:
                self._end_dispute(job, self.at[challenger], release=True)
        self.pass_time(WINDOW + 1)
        for job, _ in rows:
            self._end(job)

    # --- receipts

    @rule(operator=operators, who=challengers, age=st.sampled_from((0, 1, DAY, 7 * DAY - 1, 7 * DAY, 8 * DAY)))
    def call(self, operator: str, who: str, age: int) -> None:
        self.served += 1
        served = self.chain.time - age
        output = LIE if operator == "mallory" else TRUTH
        receipt = self.bazaar.receipt(
            self.who[operator],
            time=served,
            inputRoot=root("input"),
            outputRoot=output,
            requestId=self.served.to_bytes(32),
        )
        digest = self.market.receiptDigest(receipt)
        self.bazaar.commit(digest, NO_SALT, self.who[who])
        self.pass_time(1)
        signature = self.bazaar.sign(receipt, self.who[operator])
        right = operator != "mallory"
        # Now and then twice: the second time is refused.
        for _ in range(1 + (self.served % 5 == 0)):
            self.both(
                lambda: self.model.call(digest.hex(), self.at[operator], self.at[who], served, right),
                lambda: self.stage.tell(who, self.market.challengeReceipt, receipt, signature, ROOTS, SALT),
            )
        self.touched.add(len(self.model.jobs))
        self.touched.discard(0)

    @precondition(jobs)
    @rule(number=pick, who=operators)
    def answer(self, number: int, who: str) -> None:
        job = self.some(number, CALLED)
        self._answer(job, self.by(job, who))

    def _answer(self, job: int, who: str) -> None:
        args = (job, ROOTS, self.result(who), b"", "")
        self.both(
            lambda: self.model.answer(job, self.at[who]), lambda: self.stage.tell(who, self.market.answerReceipt, *args)
        )

    # --- challengers

    def heard(self, job: int) -> bool:
        """A committee hears nobody."""
        told = self.model.jobs[job]
        return told.tier == REFEREED or told.escalated

    @precondition(jobs)
    @rule(number=pick, who=challengers)
    def refute(self, number: int, who: str) -> None:
        job = self.some(number, REVEALED, CHALLENGED)
        if not self.heard(job):
            return
        self.bazaar.commit(job.to_bytes(32), keccak(b"refute"), self.who[who])
        self.pass_time(1)
        self._refute(job, who)

    def _refute(self, job: int, who: str) -> None:
        self.both(
            lambda: self.model.refute(job, self.at[who]),
            lambda: self.stage.tell(who, self.market.challenge, job, b"refute", SALT),
        )

    @precondition(jobs)
    @rule(number=pick, who=challengers)
    def dispute(self, number: int, who: str) -> None:
        job = self.some(number, REVEALED, CHALLENGED)
        if self.heard(job):
            self._dispute(job, who)

    def _dispute(self, job: int, who: str) -> None:
        self.both(
            lambda: self.model.dispute(job, self.at[who]),
            lambda: self.stage.tell(who, self.market.challenge, job, b"game", NO_SALT),
        )

    @precondition(lambda self: self.open_disputes())
    @rule(number=pick, release=st.booleans())
    def end_dispute(self, number: int, release: bool) -> None:
        found = self.open_disputes()
        job, challenger = found[number % len(found)]
        self.touched.add(job)
        self._end_dispute(job, challenger, release)

    def _end_dispute(self, job: int, challenger: str, release: bool) -> None:
        outcome = self.model.end_dispute(job, challenger)
        self.module.endDispute(job, challenger, outcome, sender=self.bazaar.anyone)
        if release:
            self._release(job, challenger)

    def open_disputes(self) -> list[tuple[int, str]]:
        return [
            (number, who)
            for number, job in self.model.jobs.items()
            for who, outcome in job.disputes.items()
            if outcome == PENDING
        ]

    @precondition(lambda self: any(job.disputes for job in self.model.jobs.values()))
    @rule(number=pick)
    def release(self, number: int) -> None:
        found = [(n, who) for n, job in self.model.jobs.items() for who in job.disputes]
        self._release(*found[number % len(found)])

    def _release(self, job: int, challenger: str) -> None:
        self.both(
            lambda: self.model.release_bond(job, challenger),
            lambda: self.market.releaseBond(job, challenger, sender=self.bazaar.anyone),
        )

    # --- committees

    @precondition(lambda self: self.before_committee())
    @rule(number=pick, verdict=st.sampled_from((VALID, INCONCLUSIVE, DISPUTED, DISPUTED)))
    def committee_votes(self, number: int, verdict: int) -> None:
        """The honest dissent from what is false; some lie; some are silent."""
        found = self.before_committee()
        job = found[number % len(found)]
        told = self.model.jobs[job]
        told.verdict = DISPUTED if verdict == VALID and not told.right else verdict
        self.bazaar.committee.decide(job, told.verdict, NATIVE, sender=self.bazaar.anyone)
        self.touched.add(job)

    def before_committee(self) -> list[int]:
        return [
            number
            for number, job in self.model.jobs.items()
            if job.state == REVEALED and job.tier == COMMITTEE and not job.escalated and job.verdict == PENDING
        ]

    @precondition(jobs)
    @rule(number=pick)
    def escalate(self, number: int) -> None:
        disputed = [n for n, job in self.model.jobs.items() if job.state == REVEALED and job.verdict == DISPUTED]
        job = disputed[number % len(disputed)] if disputed else self.some(number, REVEALED)
        if self.model.jobs[job].receipt:
            return
        who = self.names.get(self.model.jobs[job].operator, "owen")
        self.both(
            lambda: self.model.escalate(job),
            lambda: self.market.escalate(job, self.result(who), b"", sender=self.bazaar.anyone),
        )

    # --- ends

    @precondition(jobs)
    @rule(number=pick)
    def settle(self, number: int) -> None:
        job = self.some(number, REVEALED, CHALLENGED)
        self.both(lambda: self.model.settle(job), lambda: self.market.settle(job, sender=self.bazaar.anyone))

    @precondition(jobs)
    @rule()
    def keeper(self) -> None:
        """Settles and times out whatever there is to."""
        for job in list(self.model.jobs):
            self._end(job)

    def _end(self, job: int) -> None:
        state = self.model.jobs[job].state
        if state in TERMINAL:
            return
        self.touched.add(job)
        if state in (REVEALED, CHALLENGED):
            self.both(lambda: self.model.settle(job), lambda: self.market.settle(job, sender=self.bazaar.anyone))
        else:
            self.both(
                lambda: self.model.time_out(job), lambda: self.market.claimTimeout(job, sender=self.bazaar.anyone)
            )

    @precondition(jobs)
    @rule(number=pick, any_state=st.booleans())
    def time_out(self, number: int, any_state: bool) -> None:
        job = self.some(number, *(() if any_state else (OPEN, ACCEPTED, COMMITTED, CALLED)))
        self.both(lambda: self.model.time_out(job), lambda: self.market.claimTimeout(job, sender=self.bazaar.anyone))

    @precondition(jobs)
    @rule(number=pick)
    def retry(self, number: int) -> None:
        deferred = list(self.model.deferred) or list(self.model.jobs)
        job = deferred[number % len(deferred)]
        self.both(lambda: self.model.retry(job), lambda: self.market.retryPayout(job, sender=self.bazaar.anyone))

    @rule(who=st.sampled_from((*REQUESTERS, "greta")), currency=st.sampled_from(CURRENCIES), elsewhere=st.booleans())
    def claim(self, who: str, currency: str, elsewhere: bool) -> None:
        code, to = self.code[currency], self.at["dave" if elsewhere else who]
        self.both(
            lambda: self.model.claim(code, self.at[who], to),
            lambda: self.stage.tell(who, self.market.claim, code, to),
        )

    # --- stake

    @rule(who=st.sampled_from((*OPERATORS, "dave")), operator=operators, amount=st.integers(1, 2_000 * CP))
    def stake(self, who: str, operator: str, amount: int) -> None:
        done = self.both(
            lambda: self.model.stakes.stake(self.at[who], self.at[operator], amount, 0),
            lambda: self.staking.stake(self.at[operator], amount, 0, sender=self.who[who]),
        )
        if done is not None:
            self.model.held[self.code["cp"], self.at[who]] -= amount

    @rule(who=st.sampled_from((*OPERATORS, "dave")), operator=operators, part=st.sampled_from((1, 100, 5_000, 10_000)))
    def unstake(self, who: str, operator: str, part: int) -> None:
        stakes = self.model.stakes
        shares = stakes.pool(self.at[operator], self.at[who]).active_of[self.at[who]] * part // 10_000
        self.both(
            lambda: stakes.unstake(self.at[who], self.at[operator], shares),
            lambda: self.staking.unstake(self.at[operator], shares, sender=self.who[who]),
        )

    @precondition(lambda self: self.model.stakes.tranches)
    @rule(number=pick)
    def withdraw(self, number: int) -> None:
        tranches = list(self.model.stakes.tranches)
        operator, account, tranche = tranches[number % len(tranches)]
        amounts: list[int] = []
        done = self.both(
            lambda: amounts.append(self.model.stakes.withdraw(account, operator, tranche)),
            lambda: self.staking.withdraw(operator, tranche, account, sender=self.who[self.names[account]]),
        )
        if done is not None:
            self.model.held[self.code["cp"], account] += amounts[0]

    # --- the world

    @rule(
        seconds=st.one_of(
            st.sampled_from((1, HOUR, HOUR + 1, WINDOW + 1, ANSWER_TIME, ANSWER_TIME + 1, DAY, 7 * DAY, 15 * DAY)),
            st.integers(1, 2 * DAY),
        )
    )
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: int) -> None:
        """Owen answers for his receipts before it is too late."""
        for number, job in self.model.jobs.items():
            if job.state == CALLED and job.operator == self.at["owen"] and job.deadline < self.chain.time + seconds:
                self._answer(number, "owen")
                self.touched.add(number)
        self.chain.mine(seconds)
        self.model.set_time(self.chain.time)

    @precondition(lambda self: self.next_deadline() is not None)
    @rule(after=st.integers(0, 1))
    def wait_for_a_deadline(self, after: int) -> None:
        """To its last second, or the next."""
        deadline = self.next_deadline()
        assert deadline is not None
        if (seconds := deadline + after - self.chain.time) > 0:
            self.pass_time(seconds)

    def next_deadline(self) -> int | None:
        return min(
            (
                job.deadline
                for job in self.model.jobs.values()
                if job.state not in TERMINAL and job.deadline >= self.chain.time
            ),
            default=None,
        )

    @rule(on=st.booleans())
    def pause_market(self, on: bool) -> None:
        if on != self.model.paused:
            (self.market.pause if on else self.market.unpause)(sender=self.bazaar.admin)
            self.model.paused = on

    @rule(what=st.sampled_from(("pause", "rita", "wallet", "carl")), on=st.booleans())
    def issuer(self, what: str, on: bool) -> None:
        """USDC's issuer stops the token, or an account."""
        usdc, admin, code = self.bazaar.usdc, self.bazaar.admin, self.code["usdc"]
        if what == "pause":
            if on != (code in self.model.stopped):
                (usdc.pause if on else usdc.unpause)(sender=admin)
                (self.model.stopped.add if on else self.model.stopped.discard)(code)
            return
        key = (code, self.at[what])
        if on != (key in self.model.cannot_receive):
            (usdc.blacklist if on else usdc.unBlacklist)(self.who[what], sender=admin)
            (self.model.cannot_receive.add if on else self.model.cannot_receive.discard)(key)

    # --- after every step

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        at_market, at_staking = self.market.address, self.staking.address
        expected: dict[tuple[Any, ...], int] = {}

        def check(value: int, *of: Any) -> None:
            expected[of] = value

        for code in self.code.values():
            check(self.model.owed[code], at_market, TOTAL_OWED, code)
            if code != NATIVE:
                check(self.model.owed[code], code, BALANCE_OF, at_market)
            for account in (self.at["rita"], self.at["wallet"]):
                check(self.model.claimable[code, account], at_market, CLAIMABLE, code, account)
        for (code, place), before in self.before.items():
            if code != NATIVE:
                burnt = self.model.stakes.burnt if (code, place) == (self.code["cp"], BURN) else 0
                check(before + self.model.held[code, place] + burnt, code, BALANCE_OF, place)
        for name in OPERATORS:
            op = self.model.stakes.operators[self.at[name]]
            assert op.locked <= op.slashable
            check(op.locked, at_staking, LOCKED, self.at[name])
            check(op.slashable, at_staking, SLASHABLE, self.at[name])
        for name in CHALLENGERS:
            owed = int(self.model.stakes.owed[self.code["cp"], self.at[name]])
            check(owed, at_staking, CLAIMABLE, self.code["cp"], self.at[name])
        found = self.stage.batch.words(view(*of) for of in expected)
        wrong = {of: (was, told) for (of, told), was in zip(expected.items(), found, strict=True) if was != told}
        assert wrong == {}, f"(found, expected) differ: {wrong}"
        assert self.chain.balance(at_market) == self.model.owed[NATIVE]
        for (code, place), before in self.before.items():
            if code == NATIVE:
                assert self.chain.balance(place) == before + self.model.held[code, place]
        for number in self.touched:
            self._compare(number)
        self.touched.clear()

    def _compare(self, number: int) -> None:
        job, found = self.model.jobs[number], self.market.jobOf(number)
        assert (found.state, found.requester, found.deadline) == (job.state, job.requester, job.deadline)
        assert (found.operator, found.price, found.bond) == (job.operator, job.price, job.bond)
        assert job.endings == (job.state in TERMINAL)

    @invariant()
    def the_honest_lose_nothing_and_the_caught_all_they_locked(self) -> None:
        assert self.model.slashed[self.at["owen"]] == 0
        for job in self.model.jobs.values():
            if job.verdict != PENDING and job.operator == self.at["owen"]:
                assert job.verdict in (VALID, INCONCLUSIVE, DISPUTED)

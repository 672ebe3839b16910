"""IdleIncentives: who answers is paid, by idle stake and capacity, out of what was funded and not a wei more."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cluster.chain.roles import PROBER
from cluster.testing import Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite, deploy_suite
from tests.contracts.compute.house import CP, DAY, FUNDS, House

RATE = 10**15 + 7
POT = RATE * DAY
WINDOW = 600
WEIGHTS = {1: 1, 2: 3}


class Idle:
    """IdleIncentives over a house with two operators: 200 CP of class 1, 100 CP of class 2."""

    def __init__(self, suite: Suite) -> None:
        self.house = House(suite)
        self.chain, self.admin, self.cp = self.house.chain, suite.admin, suite.token
        self.prober, self.anyone, self.payer = suite.chain.account("prober"), self.house.anyone, self.house.payer
        self.contract: Contract = suite.idle
        self.contract.setRate(RATE, sender=suite.admin)
        suite.grant(PROBER.id, self.prober)
        self.cp.approve(self.contract, 2**256 - 1, sender=self.payer)
        self.first, self.second = self.house.operator, self.house.other
        self.house.staking.register("", 0, 0, sender=self.second)
        self.house.stake(self.first, 200 * CP)
        self.house.stake(self.second, 100 * CP, self.second)
        for class_, weight in WEIGHTS.items():
            self.contract.setClassWeight(class_, weight, sender=self.admin)
        self.contract.setCapacityClass(self.first, 1, sender=self.admin)
        self.contract.setCapacityClass(self.second, 2, sender=self.admin)

    def fund(self, amount: int) -> None:
        self.contract.fund(amount, sender=self.payer)

    def open(self) -> int:
        return int(self.contract.openChallenge(sender=self.prober).expect("ChallengeOpened").epoch)


@pytest.fixture
def idle(suite: Suite) -> Idle:
    return Idle(suite)


def test_those_who_answer_share_the_pot_by_stake_and_class(idle: Idle) -> None:
    idle.fund(10 * POT)
    receipt = idle.contract.openChallenge(sender=idle.prober)
    epoch = idle.contract.currentEpoch()
    assert epoch == idle.chain.time // DAY
    receipt.expect("ChallengeOpened", epoch=epoch, pot=POT, closesAt=idle.chain.time + WINDOW)
    assert (idle.contract.funds(), idle.contract.reserved()) == (9 * POT, POT)
    receipt = idle.contract.answer(epoch, idle.first, sender=idle.first)
    receipt.expect("Answered", epoch=epoch, operator=idle.first, by=idle.first, weight=200 * CP)
    idle.contract.answer(epoch, idle.second, sender=idle.second)
    assert idle.contract.dueWeight(epoch, idle.second) == 300 * CP == idle.contract.weightOf(idle.second)
    record = idle.contract.epochOf(epoch)
    assert (record.pot, record.weight, record.closesAt) == (POT, 500 * CP, idle.chain.time + WINDOW)
    with reverts("NotClosed", epoch):
        idle.contract.pay(epoch, [idle.first], sender=idle.anyone)
    idle.chain.mine(WINDOW)
    receipt = idle.contract.pay(epoch, [idle.first, idle.second], sender=idle.anyone)
    paid = {event.operator: event.amount for event in receipt.named("Paid")}
    assert paid[idle.first.address] == POT * 2 // 5
    assert sum(paid.values()) == POT
    for operator in (idle.first, idle.second):
        assert idle.house.claimable(operator, idle.cp) == paid[operator.address]
    assert idle.contract.reserved() == 0
    with reverts("NothingDue", epoch, idle.first):
        idle.contract.pay(epoch, [idle.first], sender=idle.anyone)
    with reverts("NothingDue", epoch, NATIVE):
        idle.contract.returnPot(epoch, sender=idle.anyone)


def test_a_part_is_rounded_down_and_the_last_one_gets_the_rest(idle: Idle) -> None:
    idle.fund(13)
    epoch = idle.open()
    for operator in (idle.first, idle.second):
        idle.contract.answer(epoch, operator, sender=operator)
    idle.chain.mine(WINDOW)
    idle.contract.pay(epoch, [idle.second], sender=idle.anyone).expect("Paid", operator=idle.second, amount=7)
    idle.contract.pay(epoch, [idle.first], sender=idle.anyone).expect("Paid", operator=idle.first, amount=6)


def test_no_answer_no_pay(idle: Idle) -> None:
    idle.fund(POT)
    epoch = idle.open()
    idle.contract.answer(epoch, idle.first, sender=idle.first)
    with reverts("AlreadyAnswered", epoch, idle.first):
        idle.contract.answer(epoch, idle.first, sender=idle.first)
    idle.chain.mine(WINDOW)
    with reverts("NotOpen", epoch):
        idle.contract.answer(epoch, idle.second, sender=idle.second)
    with reverts("NothingDue", epoch, idle.second):
        idle.contract.pay(epoch, [idle.second], sender=idle.anyone)
    with reverts("NothingDue", epoch, NATIVE):
        idle.contract.returnPot(epoch, sender=idle.anyone)
    idle.contract.pay(epoch, [idle.first], sender=idle.anyone)
    assert idle.house.claimable(idle.first, idle.cp) == POT


def test_there_is_one_challenge_an_epoch(idle: Idle) -> None:
    epoch = idle.open()
    with reverts("AlreadyChallenged", epoch):
        idle.contract.openChallenge(sender=idle.prober)
    with reverts("NotOpen", epoch + 1):
        idle.contract.answer(epoch + 1, idle.first, sender=idle.first)
    with reverts("NotClosed", epoch + 1):
        idle.contract.returnPot(epoch + 1, sender=idle.anyone)
    idle.chain.mine(DAY)
    assert idle.open() == epoch + 1


def test_a_window_is_as_long_at_the_end_of_an_epoch(idle: Idle) -> None:
    idle.fund(POT)
    idle.chain.mine(DAY - idle.chain.time % DAY - 1)
    epoch = idle.open()
    idle.chain.mine(WINDOW - 1)
    assert idle.contract.currentEpoch() == epoch + 1
    idle.contract.answer(epoch, idle.first, sender=idle.first)


def test_a_node_answers_for_its_operator_and_for_no_other(idle: Idle) -> None:
    epoch = idle.open()
    with reverts("NotNode", idle.anyone, idle.first):
        idle.contract.answer(epoch, idle.first, sender=idle.anyone)
    idle.contract.setNode(idle.anyone, sender=idle.first).expect("NodeSet", operator=idle.first, node=idle.anyone)
    assert idle.contract.nodeOf(idle.first) == idle.anyone.address
    with reverts("NotNode", idle.anyone, idle.second):
        idle.contract.answer(epoch, idle.second, sender=idle.anyone)
    idle.contract.answer(epoch, idle.first, sender=idle.anyone).expect("Answered", operator=idle.first, by=idle.anyone)


def test_only_idle_stake_of_an_operator_fit_for_jobs_counts(idle: Idle) -> None:
    epoch = idle.open()
    assert idle.contract.weightOf(idle.first) == 200 * CP
    lock = idle.house.lock(150 * CP)
    assert idle.contract.weightOf(idle.first) == 50 * CP
    rest = idle.house.lock(50 * CP)
    with reverts("NotAvailable", idle.first):
        idle.contract.answer(epoch, idle.first, sender=idle.first)
    for opened in (lock, rest):
        idle.house.staking.unlock(idle.first, opened, sender=idle.house.keeper)
    idle.house.stake(idle.house.alice, 1_000 * CP)
    idle.house.staking.unstake(idle.first, 100 * CP, sender=idle.first)
    assert idle.contract.weightOf(idle.first) == 1_100 * CP
    idle.house.staking.unstake(idle.first, 1, sender=idle.first)
    assert idle.contract.weightOf(idle.first) == 0
    idle.contract.setCapacityClass(idle.second, 0, sender=idle.admin)
    assert idle.contract.weightOf(idle.second) == 0
    idle.contract.setCapacityClass(idle.anyone, 1, sender=idle.admin)
    assert idle.contract.weightOf(idle.anyone) == 0


def test_a_pot_is_what_there_is_and_goes_back_if_nobody_answers(idle: Idle) -> None:
    idle.fund(POT - 1)
    epoch = idle.open()
    assert idle.contract.epochOf(epoch).pot == POT - 1
    with reverts("NotClosed", epoch):
        idle.contract.returnPot(epoch, sender=idle.anyone)
    idle.chain.mine(WINDOW)
    idle.contract.returnPot(epoch, sender=idle.anyone).expect("PotReturned", epoch=epoch, amount=POT - 1)
    assert (idle.contract.funds(), idle.contract.reserved()) == (POT - 1, 0)
    with reverts("NothingDue", epoch, NATIVE):
        idle.contract.returnPot(epoch, sender=idle.anyone)


def test_an_empty_pot_pays_nothing_and_stops_nobody(idle: Idle) -> None:
    epoch = idle.open()
    idle.contract.answer(epoch, idle.first, sender=idle.first)
    idle.chain.mine(WINDOW)
    idle.contract.pay(epoch, [idle.first], sender=idle.anyone).expect("Paid", operator=idle.first, amount=0)
    assert idle.contract.dueWeight(epoch, idle.first) == 0


def test_pay_waits_for_a_staking_contract_that_is_paused(idle: Idle) -> None:
    idle.fund(POT)
    epoch = idle.open()
    idle.contract.answer(epoch, idle.first, sender=idle.first)
    idle.chain.mine(WINDOW)
    idle.house.staking.pause(sender=idle.admin)
    with reverts("EnforcedPause"):
        idle.contract.pay(epoch, [idle.first], sender=idle.anyone)
    idle.house.staking.unpause(sender=idle.admin)
    idle.contract.pay(epoch, [idle.first], sender=idle.anyone)


def test_a_pause_stops_funding_and_challenges_but_no_answer_and_no_pay(idle: Idle) -> None:
    idle.fund(POT)
    epoch = idle.open()
    idle.contract.pause(sender=idle.admin)
    with reverts("EnforcedPause"):
        idle.fund(1)
    with reverts("EnforcedPause"):
        idle.contract.openChallenge(sender=idle.prober)
    idle.contract.answer(epoch, idle.first, sender=idle.first)
    idle.chain.mine(WINDOW)
    idle.contract.pay(epoch, [idle.first], sender=idle.anyone)
    idle.contract.unpause(sender=idle.admin)
    idle.fund(1)


def test_parameters(idle: Idle) -> None:
    assert (idle.contract.EPOCH(), idle.contract.ANSWER_WINDOW()) == (DAY, WINDOW)
    assert (idle.contract.token(), idle.contract.staking()) == (idle.cp.address, idle.house.staking.address)
    assert idle.contract.rate() == RATE
    top = 1_000 * CP
    assert idle.contract.MAX_RATE() == top
    with reverts("RateTooHigh", top + 1, top):
        idle.contract.setRate(top + 1, sender=idle.admin)
    idle.contract.setRate(top, sender=idle.admin).expect("RateSet", rate=top)
    with reverts("InvalidClass", 0):
        idle.contract.setClassWeight(0, 1, sender=idle.admin)
    idle.contract.setClassWeight(9, 4, sender=idle.admin).expect("ClassWeightSet", capacityClass=9, weight=4)
    assert idle.contract.classWeight(9) == 4
    receipt = idle.contract.setCapacityClass(idle.first, 9, sender=idle.admin)
    receipt.expect("CapacityClassSet", operator=idle.first, capacityClass=9)
    assert idle.contract.capacityClassOf(idle.first) == 9
    assert idle.contract.weightOf(idle.first) == 800 * CP


def test_funds_are_measured_and_only_a_surplus_is_rescued(idle: Idle) -> None:
    with reverts("ZeroAmount"):
        idle.fund(0)
    idle.contract.fund(10, sender=idle.payer).expect("Funded", payer=idle.payer, amount=10)
    idle.open()
    idle.fund(5)
    idle.cp.transfer(idle.contract, 3, sender=idle.payer)
    with reverts("SurplusExceeded", 4, 3):
        idle.contract.rescueSurplus(idle.anyone, 4, sender=idle.admin)
    for to in (NATIVE, idle.contract.address):
        with reverts("InvalidAddress", to):
            idle.contract.rescueSurplus(to, 1, sender=idle.admin)
    idle.contract.rescueSurplus(idle.anyone, 3, sender=idle.admin).expect("SurplusRescued", to=idle.anyone, amount=3)
    assert idle.cp.balanceOf(idle.contract) == idle.contract.funds() + idle.contract.reserved() == 15


def test_funds_of_a_token_that_takes_a_fee_are_refused(idle: Idle) -> None:
    fee = idle.chain.deploy("FeeToken", sender=idle.admin)
    staking = idle.chain.deploy("OperatorStaking", fee, idle.house.router, sender=idle.admin)
    contract = idle.chain.deploy_proxy("IdleIncentives", [staking], [idle.house.suite.manager, 0], sender=idle.admin)
    fee.mint(idle.payer, 1_000, sender=idle.admin)
    fee.approve(contract, 1_000, sender=idle.payer)
    # What was there before does not count as received.
    fee.mint(contract, 1_000, sender=idle.admin)
    with reverts("ReceivedLess", 990, 1_000):
        contract.fund(1_000, sender=idle.payer)


def test_strangers_may_not(idle: Idle) -> None:
    calls: dict[str, tuple[Any, ...]] = {
        "setRate": (1,),
        "setClassWeight": (1, 1),
        "setCapacityClass": (idle.first, 1),
        "openChallenge": (),
        "rescueSurplus": (idle.anyone, 0),
        "pause": (),
        "unpause": (),
        "upgradeToAndCall": (idle.contract, b""),
    }
    for function, args in calls.items():
        with reverts("AccessManagedUnauthorized", idle.first):
            getattr(idle.contract, function)(*args, sender=idle.first)


def test_it_is_initialized_once_and_an_upgrade_keeps_its_state(idle: Idle) -> None:
    idle.fund(POT)
    epoch = idle.open()
    idle.contract.answer(epoch, idle.first, sender=idle.first)
    with reverts("InvalidInitialization"):
        idle.contract.initialize(idle.admin, 0, sender=idle.admin)
    code = idle.chain.deploy("IdleIncentives", idle.house.staking, sender=idle.admin)
    with reverts("InvalidInitialization"):
        code.initialize(idle.admin, 0, sender=idle.admin)
    before = idle.contract.epochOf(epoch), idle.contract.rate(), idle.contract.weightOf(idle.second)
    idle.contract.upgradeToAndCall(code, b"", sender=idle.admin)
    assert (idle.contract.epochOf(epoch), idle.contract.rate(), idle.contract.weightOf(idle.second)) == before


class Incentives(RuleBasedStateMachine):
    """Random funding, answers, jobs and payments in any order, against exact fractions."""

    operators = st.sampled_from(("operator", "other"))

    def __init__(self) -> None:
        super().__init__()
        self.idle = Idle(deploy_suite(Chain()))
        self.who = {"operator": self.idle.first, "other": self.idle.second}
        self.funds = self.donated = self.paid = 0
        self.pots: dict[int, int] = {}
        self.closes: dict[int, int] = {}
        # By epoch: weights that are due, and what each should get of the whole pot.
        self.due: dict[int, dict[str, int]] = {}
        self.whole: dict[int, tuple[int, int, int]] = {}

    @rule(amount=st.one_of(st.integers(1, 1000), st.integers(1, 3 * POT)))
    def fund(self, amount: int) -> None:
        amount = min(amount, FUNDS)
        self.idle.fund(amount)
        self.funds += amount

    @rule()
    def open(self) -> None:
        epoch = self.idle.chain.time // DAY
        if epoch in self.pots:
            with reverts("AlreadyChallenged", epoch):
                self.idle.open()
            return
        assert self.idle.open() == epoch
        self.pots[epoch] = min(POT, self.funds)
        self.funds -= self.pots[epoch]
        self.closes[epoch] = self.idle.chain.time + WINDOW
        self.due[epoch] = {}

    @rule(name=operators, back=st.integers(0, 1))
    def answer(self, name: str, back: int) -> None:
        epoch = self.idle.chain.time // DAY - back
        if self.closes.get(epoch, 0) <= self.idle.chain.time:
            with reverts("NotOpen", epoch):
                self.idle.contract.answer(epoch, self.who[name], sender=self.who[name])
        elif name in self.due[epoch]:
            with reverts("AlreadyAnswered", epoch, self.who[name]):
                self.idle.contract.answer(epoch, self.who[name], sender=self.who[name])
        else:
            weight = self.idle.house.staking.availableStake(self.who[name]) * (1 if name == "operator" else 3)
            if weight == 0:
                with reverts("NotAvailable", self.who[name]):
                    self.idle.contract.answer(epoch, self.who[name], sender=self.who[name])
                return
            self.idle.contract.answer(epoch, self.who[name], sender=self.who[name])
            self.due[epoch][name] = weight
            # Pot, weight and answers as they will be when the window closes.
            self.whole[epoch] = (self.pots[epoch], sum(self.due[epoch].values()), len(self.due[epoch]))

    @rule(names=st.lists(operators, min_size=1, max_size=2, unique=True), pick=st.integers(0, 9))
    def pay(self, names: list[str], pick: int) -> None:
        if not self.pots:
            return
        epoch = sorted(self.pots)[pick % len(self.pots)]
        whom = [self.who[name] for name in names]
        if self.idle.chain.time < self.closes[epoch]:
            with reverts("NotClosed", epoch):
                self.idle.contract.pay(epoch, whom, sender=self.idle.anyone)
            return
        missing = [name for name in names if name not in self.due[epoch]]
        if missing:
            with reverts("NothingDue", epoch, self.who[missing[0]]):
                self.idle.contract.pay(epoch, whom, sender=self.idle.anyone)
            return
        receipt = self.idle.contract.pay(epoch, whom, sender=self.idle.anyone)
        for name, event in zip(names, receipt.named("Paid"), strict=True):
            pot, weight, answers = self.whole[epoch]
            assert abs(event.amount - Fraction(pot * self.due[epoch][name], weight)) < answers
            del self.due[epoch][name]
            self.pots[epoch] -= event.amount
            self.paid += event.amount
        if not self.due[epoch]:
            assert self.pots[epoch] == 0

    @rule(pick=st.integers(0, 9))
    def return_pot(self, pick: int) -> None:
        if not self.pots:
            return
        epoch = sorted(self.pots)[pick % len(self.pots)]
        if self.idle.chain.time < self.closes[epoch]:
            expected: tuple[Any, ...] = ("NotClosed", epoch)
        elif self.due[epoch] or not self.pots[epoch]:
            expected = ("NothingDue", epoch, NATIVE)
        else:
            self.idle.contract.returnPot(epoch, sender=self.idle.anyone)
            self.funds += self.pots[epoch]
            self.pots[epoch] = 0
            return
        with reverts(*expected):
            self.idle.contract.returnPot(epoch, sender=self.idle.anyone)

    @rule(name=operators, part=st.integers(1, 4))
    def job(self, name: str, part: int) -> None:
        free = self.idle.house.staking.availableStake(self.who[name])
        if free * part // 4:
            self.idle.house.lock(free * part // 4, self.who[name])

    @rule(amount=st.integers(1, 10**6))
    def donate(self, amount: int) -> None:
        self.idle.cp.transfer(self.idle.contract, amount, sender=self.idle.payer)
        self.donated += amount

    @rule(seconds=st.sampled_from((1, WINDOW, DAY // 2, DAY)))
    def let_pass(self, seconds: int) -> None:
        self.idle.chain.mine(seconds)

    @invariant()
    def holds_what_it_owes(self) -> None:
        reserved = sum(self.pots.values())
        assert self.idle.contract.funds() == self.funds
        assert self.idle.contract.reserved() == reserved
        assert self.idle.cp.balanceOf(self.idle.contract) == self.funds + reserved + self.donated
        assert self.idle.house.staking.totalOwed(self.idle.cp) == self.paid
        for epoch, due in self.due.items():
            assert self.idle.contract.epochOf(epoch).weight == sum(due.values())


Incentives.TestCase.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
TestIncentives = Incentives.TestCase

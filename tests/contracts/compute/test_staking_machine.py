"""OperatorStaking under everything at once, held after every step to the model, to its own logs and to its balances."""

from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cluster.testing import Chain, Receipt, reverts
from cluster.testing.host import calls
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.compute.house import BURN, DAY, FUNDS, THAW, House, act
from tests.contracts.compute.replay import X128, Replay
from tests.contracts.compute.staking_model import Model, Refused
from tests.contracts.promised import PROMISED

EXAMPLES, STEPS = 120, 50
MIN_OWN = 5
PLENTY = 10**9 * 10**18
PEOPLE = ("operator", "other", "late", "alice", "bob", "wallet")
OPERATORS = ("operator", "other", "late")
CURRENCIES = ("eth", "usdc", "cp", "fee", "unknown")

person = st.sampled_from(PEOPLE)
# Mostly the two operators there are from the start.
an_operator = st.sampled_from(("operator",) * 6 + ("other",) * 3 + ("late",))
# From a single unit, the size of attacks on rounding, to a large part of the supply.
amount = st.one_of(st.integers(0, 12), st.integers(1, 10**6), st.integers(1, FUNDS // 50))
part = st.sampled_from((1, 10, 333, 5_000, 9_999, 10_000, 10_000))
currency = st.sampled_from(("eth", "usdc", "cp", "eth", "usdc", "cp", "fee", "unknown"))


class World:
    """The house with a third operator to be, a wallet that takes no native coin and a token that takes a fee."""

    def __init__(self) -> None:
        self.chain = Chain()
        suite = deploy_suite(self.chain)
        self.house = House(suite, min_own=MIN_OWN)
        wallet = self.chain.deploy("RevertingReceiver", sender=suite.admin)
        self.fee = self.chain.deploy("FeeToken", sender=suite.admin)
        self.unknown = self.chain.deploy("FalseToken", sender=suite.admin)
        self.who: dict[str, Any] = {name: self.chain.account(name) for name in PEOPLE} | {"wallet": wallet}
        for actor in (self.who["wallet"], self.who["late"]):
            self.house.endow(actor)
        suite.router.setCurrency(self.fee, True, sender=suite.admin)
        for token in (self.fee, self.unknown):
            token.mint(self.house.payer, PLENTY, sender=suite.admin)
            token.approve(self.house.staking, 2**256 - 1, sender=self.house.payer)
        # Enough for every reward and donation of a run.
        suite.token.transfer(self.house.payer, PLENTY, sender=suite.treasury)
        suite.usdc.mint(self.house.payer, PLENTY, sender=suite.admin)
        self.chain.fund(self.house.payer, PLENTY)
        self.currency: dict[str, Any] = {
            "eth": NATIVE,
            "usdc": suite.usdc,
            "cp": suite.token,
            "fee": self.fee,
            "unknown": self.unknown,
        }
        self.next_implementation = self.chain.deploy("OperatorStaking", suite.token, suite.router, sender=suite.admin)


@cache
def world() -> World:
    return World()


def address(of: Any) -> str:
    return of if isinstance(of, str) else str(of.address)


class Staking(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.house = self.world.house
        self.staking = self.house.staking
        self.who, self.currency = self.world.who, self.world.currency
        self._stack = ExitStack()
        self._stack.enter_context(self.world.chain.isolated())
        self.cp = address(self.house.cp)
        self.model = Model(
            cp=self.cp,
            min_own=MIN_OWN,
            accepted={address(self.currency[name]) for name in ("eth", "usdc", "cp", "fee")},
            fee_taking={address(self.world.fee)},
            time=self.world.chain.time,
        )
        self.replay = Replay(self.cp)
        self.replay.min_own = MIN_OWN
        self.burnt_before = self.house.balance(self.house.cp, BURN)
        # The house registered its operator before the machine began to read.
        self.model.register(self.at("operator"), 2_000, 5_000)
        self.replay.commission[self.at("operator")] = [(self.model.time, 2_000)]
        self.usdc_blacklists: set[str] = set()
        self.steps = 0

    def teardown(self) -> None:
        try:
            self.everything_is_as_the_model_and_the_logs_have_it()
        finally:
            self._stack.close()

    def at(self, name: str) -> str:
        return address(self.who[name])

    def both(self, expected: Callable[[], Any], call: Callable[[], Receipt]) -> tuple[Any, Receipt | None]:
        """The model's answer and the contract's receipt; or both refuse, with the same error and values."""
        try:
            answer = expected()
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                call()
            return None, None
        receipt = call()
        for event in receipt.events:
            if event.address == self.staking.address:
                self.replay.feed(event, self.model.time)
        return answer, receipt

    # --- operators

    @initialize(commission=st.sampled_from((0, 3_333, 10_000)), stakes=st.lists(amount, min_size=4, max_size=4))
    def two_operators_and_some_stake(self, commission: int, stakes: list[int]) -> None:
        self.both(
            lambda: self.model.register(self.at("other"), commission, 10_000),
            lambda: self.staking.register("x", commission, 10_000, sender=self.who["other"]),
        )
        for name, units in zip(("operator", "alice", "bob", "wallet"), stakes, strict=True):
            self.stake(name, "operator", units + MIN_OWN, 0)

    def tranches(self) -> bool:
        return bool(self.model.tranches)

    def locks(self) -> bool:
        return any(op.locks for op in self.model.operators.values())

    def owed(self) -> list[tuple[str, str]]:
        """Who can claim what."""
        return [
            (name, money)
            for name in PEOPLE
            for money in ("eth", "usdc", "cp")
            if self.model.owed[address(self.currency[money]), self.at(name)] >= 1
        ]

    @rule(commission=st.sampled_from((0, 1, 10_000, 10_001)), ceiling=st.sampled_from((1, 10_000, 10_001)))
    def register(self, commission: int, ceiling: int) -> None:
        self.both(
            lambda: self.model.register(self.at("late"), commission, ceiling),
            lambda: self.staking.register("late", commission, ceiling, sender=self.who["late"]),
        )

    @rule(operator=an_operator, bps=st.sampled_from((0, 1_999, 2_000, 5_000, 5_001, 10_000)))
    def change_commission_in_front_of_everybody(self, operator: str, bps: int) -> None:
        self.both(
            lambda: self.model.set_commission(self.at(operator), bps),
            lambda: self.staking.setCommission(bps, sender=self.who[operator]),
        )

    # --- stake

    @rule(name=person, operator=an_operator, units=amount, more=st.sampled_from((0, 0, 0, 1)))
    def stake(self, name: str, operator: str, units: int, more: int) -> None:
        pool = self.model.operators.get(self.at(operator))
        side = pool and (pool.own if name == operator else pool.delegated)
        shares = units * side.shares // side.tokens if side and side.shares else units
        units = min(units, self.house.cp.balanceOf(self.who[name]))
        answer, receipt = self.both(
            lambda: self.model.stake(self.at(name), self.at(operator), units, shares + more),
            lambda: act(self.who[name], self.staking.stake, self.who[operator], units, shares + more),
        )
        if receipt is not None:
            assert receipt.return_value == answer >= units

    @rule(name=person, operator=an_operator, bps=part, more=st.sampled_from((0, 0, 0, 0, 1)))
    def unstake(self, name: str, operator: str, bps: int, more: int) -> None:
        op = self.model.operators.get(self.at(operator))
        side = op and (op.own if name == operator else op.delegated)
        active = side.active_of[self.at(name)] if side else 0
        shares = -(-active * bps // 10_000) + more
        answer, receipt = self.both(
            lambda: self.model.unstake(self.at(name), self.at(operator), shares),
            lambda: act(self.who[name], self.staking.unstake, self.who[operator], shares),
        )
        if receipt is not None:
            assert receipt.return_value == answer

    def pick_tranche(self, pick: int) -> tuple[str, str, int]:
        """Somebody's tranche."""
        there = sorted(self.model.tranches)
        operator, account, number = there[pick % len(there)]
        names = {self.at(name): name for name in PEOPLE}
        return names[operator], names[account], number

    @precondition(tranches)
    @rule(pick=st.integers(0, 50))
    def withdraw(self, pick: int) -> None:
        operator, name, number = self.pick_tranche(pick)
        before = self.house.cp.balanceOf(self.who[name])
        answer, receipt = self.both(
            lambda: self.model.withdraw(self.at(name), self.at(operator), number),
            lambda: act(self.who[name], self.staking.withdraw, self.who[operator], number, self.who[name]),
        )
        if receipt is not None:
            assert receipt.return_value == answer == self.house.cp.balanceOf(self.who[name]) - before

    @precondition(tranches)
    @rule(pick=st.integers(0, 50))
    def withdraw_as_soon_as_it_thawed(self, pick: int) -> None:
        operator, name, number = self.pick_tranche(pick)
        tranche = self.model.tranches.get((self.at(operator), self.at(name), number))
        if tranche is not None and tranche.release_at > self.model.time:
            self.let_pass(tranche.release_at - self.model.time)
        self.withdraw(pick)

    @precondition(tranches)
    @rule(pick=st.integers(0, 50), to=an_operator, wait=st.booleans())
    def redelegate(self, pick: int, to: str, wait: bool) -> None:
        operator, name, number = self.pick_tranche(pick)
        if wait:
            self.let_pass(THAW)
        answer, receipt = self.both(
            lambda: self.model.redelegate(self.at(name), self.at(operator), number, self.at(to), 0),
            lambda: act(self.who[name], self.staking.redelegate, self.who[operator], number, self.who[to], 0),
        )
        if receipt is not None:
            assert receipt.return_value == answer

    # --- rewards

    @rule(operator=an_operator, name=currency, units=amount, sent=st.sampled_from((0, 0, 0, 0, 1)))
    def reward(self, operator: str, name: str, units: int, sent: int) -> None:
        value = (units if name == "eth" else 0) + sent
        money = self.currency[name]
        self.both(
            lambda: self.model.add_rewards([(self.at(operator), units)], address(money), value),
            lambda: self.staking.addReward(self.who[operator], money, units, sender=self.house.payer, value=value),
        )

    @rule(rows=st.lists(st.tuples(an_operator, amount), max_size=4), name=currency)
    def reward_several(self, rows: list[tuple[str, int]], name: str) -> None:
        value = sum(units for _, units in rows) if name == "eth" else 0
        money = self.currency[name]
        self.both(
            lambda: self.model.add_rewards(
                [(self.at(operator), units) for operator, units in rows], address(money), value
            ),
            lambda: self.staking.addRewards(
                [self.who[operator] for operator, _ in rows],
                money,
                [units for _, units in rows],
                sender=self.house.payer,
                value=value,
            ),
        )

    @rule(name=person, operator=an_operator, money=currency, units=amount)
    def stake_take_the_reward_and_leave_in_one_block(self, name: str, operator: str, money: str, units: int) -> None:
        self.stake(name, operator, units, 0)
        self.reward(operator, money, units, 0)
        self.unstake(name, operator, 10_000, 0)

    @rule(operator=an_operator, money=currency)
    def release_held(self, operator: str, money: str) -> None:
        self.both(
            lambda: self.model.release_held(self.at(operator), address(self.currency[money])),
            lambda: self.staking.releaseHeld(self.who[operator], self.currency[money], sender=self.house.anyone),
        )

    @precondition(owed)
    @rule(pick=st.integers(0, 50), elsewhere=st.booleans())
    def claim(self, pick: int, elsewhere: bool) -> None:
        there = self.owed()
        name, money = there[pick % len(there)]
        token, account = self.currency[money], self.who[name]
        operators = [self.who[operator] for operator in OPERATORS if self.at(operator) in self.model.operators]
        to = self.house.anyone if elsewhere else account
        due = self.owed_by_views(address(token), self.at(name)) // X128

        def expected() -> int:
            if due == 0:
                raise Refused("NothingToClaim", self.at(name), address(token))
            unwilling = money == "eth" and to is self.who["wallet"]
            if unwilling or (money == "usdc" and address(to) in self.usdc_blacklists):
                raise Refused("TransferFailed", address(token), address(to), due)
            self.model.paid(self.at(name), address(token), due)
            return due

        before = self.house.balance(token, to)
        answer, receipt = self.both(expected, lambda: act(account, self.staking.claim, operators * 2, token, to))
        if receipt is not None:
            assert receipt.return_value == answer == self.house.balance(token, to) - before

    # --- locks and slashes

    @rule(operator=an_operator, bps=part, more=st.sampled_from((0, 0, 0, 1)))
    def lock(self, operator: str, bps: int, more: int) -> None:
        op = self.model.operators.get(self.at(operator))
        units = (op.available * bps // 10_000 if op else 1) + more
        answer, receipt = self.both(
            lambda: self.model.lock(self.at(operator), units),
            lambda: self.staking.lock(self.who[operator], units, sender=self.house.keeper),
        )
        if receipt is not None:
            assert receipt.return_value == answer

    @rule(operator=an_operator, units=amount)
    def lock_disputed(self, operator: str, units: int) -> None:
        answer, receipt = self.both(
            lambda: self.model.lock_disputed(self.at(operator), units),
            lambda: self.staking.lockDisputed(self.who[operator], units, sender=self.house.keeper),
        )
        if receipt is not None:
            assert receipt.return_value == answer

    def pick_lock(self, operator: str, pick: int) -> int:
        op = self.model.operators.get(self.at(operator))
        return sorted(op.locks)[pick % len(op.locks)] if op and op.locks else 1

    @precondition(locks)
    @rule(operator=an_operator, pick=st.integers(0, 20))
    def unlock(self, operator: str, pick: int) -> None:
        lock = self.pick_lock(operator, pick)
        self.both(
            lambda: self.model.unlock(self.at(operator), lock),
            lambda: self.staking.unlock(self.who[operator], lock, sender=self.house.keeper),
        )

    @precondition(locks)
    @rule(
        operator=an_operator,
        pick=st.integers(0, 20),
        bps=part,
        more=st.sampled_from((0, 0, 0, 1)),
        to=st.sampled_from((*PEOPLE, "nobody")),
    )
    def slash(self, operator: str, pick: int, bps: int, more: int, to: str) -> None:
        op = self.model.operators.get(self.at(operator))
        lock = self.pick_lock(operator, pick)
        locked = op.locks.get(lock, (1, 0))[0] if op else 1
        units = -(-locked * bps // 10_000) + more
        challenger = NATIVE if to == "nobody" else self.who[to]
        before = self.worths(operator)
        total = {True: op.own.tokens, False: op.delegated.tokens} if op else {}
        answer, receipt = self.both(
            lambda: self.model.slash(self.at(operator), lock, units, address(challenger)),
            lambda: self.staking.slash(self.who[operator], lock, units, challenger, sender=self.house.keeper),
        )
        if receipt is None:
            return
        taken = {True: answer[0], False: answer[1]}
        for key, (own, old) in before.items():
            fair = old * (1 - Fraction(taken[own], total[own])) if total[own] else Fraction(0)
            new = self.worths(operator).get(key, (own, 0))[1]
            assert abs(new - fair) < 1, f"{key}: {old} became {new}, not {float(fair)}"

    @rule(operator=an_operator, bps=part, to=person)
    def slash_out_of_the_blue(self, operator: str, bps: int, to: str) -> None:
        """A dispute about work of any time before: reaches thawing stake."""
        op = self.model.operators.get(self.at(operator))
        units = -(-op.slashable * bps // 10_000) if op else 1
        answer, _ = self.both(
            lambda: self.model.lock_disputed(self.at(operator), units),
            lambda: self.staking.lockDisputed(self.who[operator], units, sender=self.house.keeper),
        )
        if answer is not None and op is not None:
            self.slash(operator, list(op.locks).index(answer[0]), 10_000, 0, to)

    @precondition(tranches)
    @rule(pick=st.integers(0, 50), bps=part)
    def slash_in_the_block_of_withdrawal(self, pick: int, bps: int) -> None:
        operator, _, _ = self.pick_tranche(pick)
        self.slash_out_of_the_blue(operator, bps, "bob")
        self.withdraw(pick)

    @rule(operator=an_operator, pick=st.integers(0, 20))
    def slash_to_zero_and_stake_again(self, operator: str, pick: int) -> None:
        self.slash_out_of_the_blue(operator, 10_000, "wallet")
        self.stake("alice", operator, 1, 0)

    # --- the world

    @rule(seconds=st.sampled_from((1, 3_600, 7 * DAY - 1, 7 * DAY, THAW - 1, THAW, 30 * DAY)))
    def let_pass(self, seconds: int) -> None:
        self.world.chain.mine(seconds)
        self.model.time = self.world.chain.time

    @rule(money=st.sampled_from(("eth", "usdc", "cp")), units=st.integers(1, 10**24))
    def donate(self, money: str, units: int) -> None:
        if money == "eth":
            self.world.chain.deploy("ForcedSender", self.staking, sender=self.house.payer, value=units)
        else:
            self.currency[money].transfer(self.staking, units, sender=self.house.payer)
        self.model.donated[address(self.currency[money])] += units

    @rule(money=st.sampled_from(("eth", "usdc", "cp")), more=st.sampled_from((0, 0, 1)))
    def rescue(self, money: str, more: int) -> None:
        at = address(self.currency[money])
        free = self.model.donated[at]

        def expected() -> None:
            if more:
                raise Refused("SurplusExceeded", free + more, free)
            self.model.donated[at] = 0

        self.both(
            expected,
            lambda: self.staking.rescueSurplus(at, self.house.anyone, free + more, sender=self.house.admin),
        )

    @rule(name=st.sampled_from(("alice", "bob")))
    def blacklist(self, name: str) -> None:
        at = self.at(name)
        if at in self.usdc_blacklists:
            self.house.usdc.unBlacklist(at, sender=self.house.admin)
        else:
            self.house.usdc.blacklist(at, sender=self.house.admin)
        self.usdc_blacklists ^= {at}

    @rule(money=st.sampled_from(("usdc", "cp")))
    def the_router_drops_or_takes_a_currency(self, money: str) -> None:
        at = address(self.currency[money])
        self.model.accepted ^= {at}
        self.house.router.setCurrency(at, at in self.model.accepted, sender=self.house.admin)

    @rule(min_own=st.sampled_from((0, 5, 10**18)))
    def another_minimum(self, min_own: int) -> None:
        self.both(
            lambda: setattr(self.model, "min_own", min_own),
            lambda: self.staking.setMinOwnStake(min_own, sender=self.house.admin),
        )

    @rule(name=person, operator=an_operator, units=amount)
    def pause_for_a_while(self, name: str, operator: str, units: int) -> None:
        self.staking.pause(sender=self.house.admin)
        self.model.paused = True
        self.stake(name, operator, units, 0)
        self.reward(operator, "cp", units, 0)
        self.lock(operator, 1, 0)
        self.unstake(name, operator, 10, 0)
        if self.tranches():
            self.withdraw(units)
        if self.tranches():
            self.redelegate(units, operator, False)
        if self.owed():
            self.claim(units, False)
        self.staking.unpause(sender=self.house.admin)
        self.model.paused = False

    @rule()
    def upgrade(self) -> None:
        self.staking.upgradeToAndCall(self.world.next_implementation, b"", sender=self.house.admin)

    # --- what holds

    def owed_by_views(self, currency: str, account: str) -> int:
        """In 2^-128 units."""
        settled: int = self.staking.claimableX128(currency, account)
        return settled + sum(
            self.staking.unsettledX128(operator, account, currency) for operator in self.model.operators
        )

    def worths(self, operator: str) -> dict[Any, tuple[bool, int]]:
        """Whole units of every position and tranche with an operator, as its views tell."""
        at = self.at(operator)
        if at not in self.model.operators:
            return {}
        found: dict[Any, tuple[bool, int]] = {}
        for name in PEOPLE:
            worth = self.staking.positionOf(at, self.who[name])[1]
            found[name] = (name == operator, worth)
        for of, account, number in self.model.tranches:
            if of == at:
                found[account, number] = (account == at, self.staking.trancheOf(at, account, number)[1])
        return found

    @invariant()
    def holds_exactly_what_it_owes(self) -> None:
        assert self.staking.totalStaked() == self.model.total_staked
        for name in ("eth", "usdc", "cp", "fee"):
            at = address(self.currency[name])
            assert self.house.balance(self.currency[name], self.staking) == self.model.balance(at)
            assert self.staking.totalOwed(at) == self.model.total_owed[at] == self.replay.owed[at]
            assert self.staking.surplus(at) == self.model.donated[at]
        assert self.house.balance(self.house.cp, BURN) - self.burnt_before == self.model.burnt

    @invariant()
    def now_and_then(self) -> None:
        """A wrong state stays wrong: reading all of it at every step would only be slower."""
        self.steps += 1
        if self.steps % 6 == 0:
            self.everything_is_as_the_model_and_the_logs_have_it()

    def everything_is_as_the_model_and_the_logs_have_it(self) -> None:
        self.owes_each_what_is_theirs_and_no_fraction_is_lost()
        self.pools_are_as_the_model_and_the_logs_have_them()
        self.locks_are_covered()
        self.tranches_are_as_the_logs_tell()

    def owes_each_what_is_theirs_and_no_fraction_is_lost(self) -> None:
        for name in ("eth", "usdc", "cp", "fee"):
            at = address(self.currency[name])
            if not self.model.total_owed[at]:
                continue
            total = sum(self.staking.heldReward(op, at) for op in self.model.operators) * X128
            for who in PEOPLE:
                account = self.at(who)
                owed = self.owed_by_views(at, account)
                total += owed
                assert owed == self.replay.claims[at, account]
                # The accumulator drops less than one 2^-128 unit for each share and reward, to the operator.
                tolerance = Fraction(self.model.rewards * 2**123, X128)
                assert abs(Fraction(owed, X128) - self.model.owed[at, account]) <= tolerance
            assert total == self.staking.totalOwed(at) * X128

    def pools_are_as_the_model_and_the_logs_have_them(self) -> None:
        for at, op in self.model.operators.items():
            for own, pool in ((True, op.own), (False, op.delegated)):
                expected = (pool.tokens, pool.shares, pool.thawing, pool.generation)
                assert tuple(vars(self.staking.poolOf(at, own)).values()) == expected
                told = self.replay.pools[at, own]
                assert (told.tokens, told.shares, told.thawing, told.generation) == expected
                assert pool.tokens <= pool.shares < 2**123
                for account, active in pool.active_of.items():
                    assert self.staking.positionOf(at, account)[:2] == (active, pool.worth(active))
                    assert told.positions[account] == active
                    actual = Fraction((active + pool.thawing_of[account]) * pool.tokens, pool.shares or 1)
                    assert abs(actual - pool.ideal_of[account]) <= pool.roundings
            assert self.staking.activeStake(at) == (op.own.active, op.delegated.active)
            assert self.staking.commissionOf(at)[0] == self.model.commission(op)
            assert self.model.commission(op) == self.replay.commission_at(at, self.model.time)

    def locks_are_covered(self) -> None:
        for at, op in self.model.operators.items():
            assert self.staking.lockedStake(at) == op.locked <= self.staking.slashableStake(at) == op.slashable
            assert self.staking.availableStake(at) == op.available
            assert self.staking.oldestLock(at) == min(op.locks, default=0)
            for lock, (units, opened) in op.locks.items():
                assert self.staking.lockOf(at, lock) == (units, opened)
                assert self.replay.locks[at, lock] == units
        assert len(self.replay.locks) == sum(len(op.locks) for op in self.model.operators.values())
        assert self.staking.rewardCurrencies() == self.model.currencies == self.replay.currencies
        assert self.staking.minOwnStake() == self.model.min_own == self.replay.min_own

    def tranches_are_as_the_logs_tell(self) -> None:
        told = {
            key: (shares, generation, release) for key, (shares, generation, release) in self.replay.tranches.items()
        }
        assert told == {k: (t.shares, t.generation, t.release_at) for k, t in self.model.tranches.items()}
        for (operator, account, number), expected in told.items():
            tranche = self.staking.trancheOf(operator, account, number)[0]
            assert tuple(vars(tranche).values()) == expected


def test_staking_does_what_its_model_and_its_logs_say() -> None:
    before = calls["transact"]
    run_state_machine_as_test(Staking, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    assert calls["transact"] - before >= PROMISED["compute"]

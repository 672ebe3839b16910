"""Rules about who stakes: operators and their delegators, slashes, members, idle incentives."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.contracts.compute.house import THAW, X128
from tests.contracts.payments.stage import CURRENCIES, PARTIES
from tests.contracts.protocol.economy import ANSWER_WINDOW, DAY, EPOCH, Economy
from tests.contracts.protocol.inference import Inference, amounts, currency, mostly, numbers, party

part = st.sampled_from((1, 333, 5_000, 9_999, 10_000, 10_000))
an_operator = st.sampled_from(("carol",) * 6 + ("wallet",) * 3 + ("dave",) * 2 + ("burner",))
stakes = st.one_of(st.integers(0, 12), st.integers(1, 10**9), st.integers(1, 10**22))


def apart(part_bps: int, of: int) -> int:
    return -(-of * part_bps // 10_000)


class Operators(Inference):
    """Any party may operate, and delegate."""

    model: Economy

    def __init__(self) -> None:
        super().__init__()
        self.staking, self.members, self.idle = self.suite.staking, self.suite.members, self.suite.idle

    # --- stake

    def become_operator(self, name: str, commission: int) -> None:
        self.both(
            lambda: self.model.ask(lambda: self.model.staking.register(self.at[name], commission, 10_000)),
            self.send(name, self.staking.register, "ipfs://node", commission, 10_000),
        )

    def change_commission(self, operator: str, bps: int) -> None:
        self.both(
            lambda: self.model.ask(lambda: self.model.staking.set_commission(self.at[operator], bps)),
            self.send(operator, self.staking.setCommission, bps),
        )

    @rule(name=party, operator=an_operator, units=stakes, more=st.sampled_from((0, 0, 0, 1)))
    def stake(self, name: str, operator: str, units: int, more: int) -> None:
        known = self.model.staking.operators.get(self.at[operator])
        pool = known and (known.own if name == operator else known.delegated)
        least = (units * pool.shares // pool.tokens if pool and pool.shares else units) + more
        if self.affordable(name, "cp", units):
            self.both(
                lambda: self.model.stake(self.at[name], self.at[operator], units, least),
                self.send(name, self.staking.stake, self.at[operator], units, least),
            )

    def stakers(self) -> list[tuple[str, str]]:
        """Who has active stake with whom."""
        operators = self.model.staking.operators.items()
        return [
            (name, operating)
            for operator, known in operators
            if (operating := self.name_of(operator))
            for name in PARTIES
            if (known.own if name == operating else known.delegated).active_of[self.at[name]]
        ]

    @precondition(lambda self: self.stakers())
    @rule(draw=numbers, bps=part, more=st.sampled_from((0, 0, 0, 0, 1)))
    def unstake_some(self, draw: int, bps: int, more: int) -> None:
        there = self.stakers()
        self.unstake(*there[draw % len(there)], bps, more)

    def unstake(self, name: str, operator: str, bps: int, more: int) -> None:
        known = self.model.staking.operators.get(self.at[operator])
        pool = known and (known.own if name == operator else known.delegated)
        shares = apart(bps, pool.active_of[self.at[name]] if pool else 0) + more
        self.both(
            lambda: self.model.ask(lambda: self.model.staking.unstake(self.at[name], self.at[operator], shares)),
            self.send(name, self.staking.unstake, self.at[operator], shares),
        )

    @precondition(lambda self: self.model.staking.tranches)
    @rule(draw=numbers, wait=mostly, to=st.sampled_from(("", "", "carol", "wallet")))
    def withdraw_or_redelegate(self, draw: int, wait: bool, to: str) -> None:
        there = sorted(self.model.staking.tranches)
        operator, account, number = there[draw % len(there)]
        name = self.name_of(account)
        assert name is not None
        if wait:
            self.chain.mine(THAW)
        if to:
            self.both(
                lambda: self.redelegated(account, operator, number, self.at[to]),
                self.send(name, self.staking.redelegate, operator, number, self.at[to], 0),
            )
        else:
            self.both(
                lambda: self.model.withdraw_stake(account, operator, number),
                self.send(name, self.staking.withdraw, operator, number, account),
            )

    def redelegated(self, account: str, operator: str, number: int, to: str) -> None:
        staking = self.model.staking
        self.model.ask(lambda: staking.redelegate(account, operator, number, to, 0))

    @rule(payer=party, operator=an_operator, kind=currency, units=amounts, extra=st.sampled_from((0, 0, 0, 1)))
    def reward(self, payer: str, operator: str, kind: str, units: int, extra: int) -> None:
        value = (units if kind == "eth" else 0) + extra
        if self.affordable(payer, kind, units):
            self.both(
                lambda: self.model.reward(self.at[payer], self.at[kind], [(self.at[operator], units)], value),
                self.send(payer, self.staking.addReward, self.at[operator], self.at[kind], units, value=value),
            )

    def release_held(self, operator: str, kind: str, caller: str) -> None:
        self.both(
            lambda: self.model.ask(lambda: self.model.staking.release_held(self.at[operator], self.at[kind])),
            self.send(caller, self.staking.releaseHeld, self.at[operator], self.at[kind]),
        )

    def rewarded(self) -> list[tuple[str, str]]:
        owed = self.model.staking.owed
        return [(name, kind) for name in PARTIES for kind in CURRENCIES if owed[self.at[kind], self.at[name]] >= 1]

    def owed_x128(self, kind: str, account: str) -> int:
        """By the contract's views, in 2^-128 units."""
        settled: int = self.staking.claimableX128(self.at[kind], account)
        return settled + sum(
            self.staking.unsettledX128(operator, account, self.at[kind]) for operator in self.model.staking.operators
        )

    @precondition(lambda self: self.rewarded())
    @rule(draw=numbers, to=st.sampled_from(("self", "self", *PARTIES, "nobody", "staking")))
    def claim_rewards(self, draw: int, to: str) -> None:
        there = self.rewarded()
        self.claim_reward(*there[draw % len(there)], to)

    def claim_reward(self, name: str, kind: str, to: str) -> None:
        account, at, receiver = self.at[name], self.at[kind], self.at[name if to == "self" else to]
        due = self.owed_x128(kind, account) // X128
        assert abs(due - self.model.staking.owed[at, account]) <= 2
        self.both(
            lambda: self.model.claim_rewards(account, at, receiver, due),
            self.send(name, self.staking.claim, list(self.model.staking.operators), at, receiver),
        )

    @rule(
        what=st.one_of(
            st.tuples(st.just("become_operator"), party, st.sampled_from((0, 1_000, 10_000, 10_001))),
            st.tuples(st.just("change_commission"), an_operator, st.sampled_from((0, 999, 5_000, 10_000, 10_001))),
            st.tuples(st.just("release_held"), an_operator, currency, party),
            st.tuples(st.just("change_cooldown"), st.sampled_from((0, 7 * DAY, 90 * DAY, 90 * DAY + 1))),
        )
    )
    def change_terms(self, what: tuple[Any, ...]) -> None:
        name, *args = what
        getattr(self, name)(*args)

    # --- locks and slashes

    @rule(
        operator=an_operator,
        bps=part,
        way=st.sampled_from(("lock", "dispute", "unlock", "slash", "slash out of the blue", "slash out of the blue")),
        draw=numbers,
        more=st.sampled_from((0, 0, 0, 1)),
        to=st.sampled_from((*PARTIES, "nobody")),
    )
    def lock_and_slash(self, operator: str, bps: int, way: str, draw: int, more: int, to: str) -> None:
        at, staking = self.at[operator], self.model.staking
        known = staking.operators.get(at)
        if way == "lock":
            units = apart(bps, known.available if known else 1) + more
            self.both(
                lambda: self.model.ask(lambda: self.model.staking.lock(at, units)),
                self.send("admin", self.staking.lock, at, units),
            )
        if way in ("dispute", "slash out of the blue"):
            units = apart(bps, known.slashable if known else 1)
            self.both(
                lambda: self.model.ask(lambda: self.model.staking.lock_disputed(at, units)),
                self.send("admin", self.staking.lockDisputed, at, units),
            )
        locks = sorted(known.locks) if known else []
        lock = (locks[-1] if way == "slash out of the blue" else locks[draw % len(locks)]) if locks else 1
        if way == "unlock":
            self.both(
                lambda: self.model.ask(lambda: self.model.staking.unlock(at, lock)),
                self.send("admin", self.staking.unlock, at, lock),
            )
        elif way.startswith("slash"):
            locked = known.locks[lock][0] if known and locks else 1
            units = apart(bps, locked) + more
            self.both(
                lambda: self.model.slash(at, lock, units, self.at[to]),
                self.send("admin", self.staking.slash, at, lock, units, self.at[to]),
            )

    # --- members

    @rule(payer=party, account=st.sampled_from((*PARTIES, "nobody")), units=stakes)
    def join(self, payer: str, account: str, units: int) -> None:
        if self.affordable(payer, "cp", units):
            self.both(
                lambda: self.model.join(self.at[payer], self.at[account], units),
                self.send(payer, self.members.stakeFor, self.at[account], units),
            )

    @precondition(lambda self: any(m.staked + m.cooling for m in self.model.members.values()))
    @rule(
        draw=numbers,
        way=st.sampled_from(("cool", "cancel", "leave", "wait and leave")),
        bps=part,
        more=st.sampled_from((0, 0, 0, 1)),
        to=st.sampled_from(("self", *PARTIES, "nobody", "members")),
    )
    def change_membership(self, draw: int, way: str, bps: int, more: int, to: str) -> None:
        there = [name for name in PARTIES if self.model.members[self.at[name]].staked + more]
        there += [name for name in PARTIES if self.model.members[self.at[name]].cooling]
        if not there:
            return
        name = there[draw % len(there)]
        account, member = self.at[name], self.model.members[self.at[name]]
        if way == "cool":
            units = apart(bps, member.staked) + more
            self.both(lambda: self.model.cool(account, units), self.send(name, self.members.unstake, units))
        elif way == "cancel":
            units = apart(bps, member.cooling) + more
            self.both(
                lambda: self.model.cancel_cooling(account, units), self.send(name, self.members.cancelUnstake, units)
            )
        else:
            if way == "wait and leave":
                self.chain.mine(self.model.cooldown)
            receiver = account if to == "self" else self.at[to]
            self.both(lambda: self.model.leave(account, receiver), self.send(name, self.members.withdraw, receiver))

    def change_cooldown(self, seconds: int) -> None:
        self.both(lambda: self.model.set_cooldown(seconds), self.send("admin", self.members.setCooldown, seconds))

    # --- idle incentives

    @rule(
        rate=st.sampled_from((0, 1, 10**6, 10**21, 10**21 + 1)), weight=st.sampled_from((0, 1, 7)), operator=an_operator
    )
    def change_incentives(self, rate: int, weight: int, operator: str) -> None:
        self.both(lambda: self.model.set_rate(rate), self.send("admin", self.idle.setRate, rate))
        self.idle.setClassWeight(1, weight, sender=self.admin)
        self.idle.setCapacityClass(self.at[operator], 1, sender=self.admin)
        self.model.class_weights[1] = weight
        self.model.classes[self.at[operator]] = 1

    @rule(payer=party, units=stakes)
    def fund_incentives(self, payer: str, units: int) -> None:
        if self.affordable(payer, "cp", units):
            self.both(lambda: self.model.fund_idle(self.at[payer], units), self.send(payer, self.idle.fund, units))

    @rule(answering=st.lists(an_operator, max_size=3), posing=st.booleans(), paid=mostly)
    def challenge(self, answering: list[str], posing: bool, paid: bool) -> None:
        """Opens one, has it answered, and mostly pays for it when it is closed."""
        if paid and self.chain.time // EPOCH in self.model.epochs:
            self.chain.mine(EPOCH)
        number = self.chain.time // EPOCH
        self.both(self.model.challenge, self.send("admin", self.idle.openChallenge))
        for name in answering:
            caller = "alice" if posing else name
            self.both(
                lambda c=caller, n=name: self.model.answer(self.at[c], number, self.at[n]),
                self.send(caller, self.idle.answer, number, self.at[name]),
            )
        if paid:
            self.chain.mine(ANSWER_WINDOW)
            self.pay_for_answers(0, len(answering))

    @precondition(lambda self: self.model.epochs)
    @rule(draw=numbers, most=st.integers(0, 3))
    def pay_for_answers(self, draw: int, most: int) -> None:
        epochs = sorted(self.model.epochs)
        if not epochs:
            return
        number = epochs[-1 - draw % len(epochs)]
        due = [operator for epoch, operator in self.model.due if epoch == number][:most]
        self.both(
            lambda: self.model.pay_idle(number, due or [self.at["carol"]]),
            self.send("bob", self.idle.pay, number, due or [self.at["carol"]]),
        )
        if draw % 2:
            self.both(lambda: self.model.return_pot(number), self.send("bob", self.idle.returnPot, number))

    # --- what a look at all of it finds

    def check_operators(self) -> None:
        staking = self.model.staking
        for at, known in staking.operators.items():
            for own, pool in ((True, known.own), (False, known.delegated)):
                expected = (pool.tokens, pool.shares, pool.thawing, pool.generation)
                assert tuple(vars(self.staking.poolOf(at, own)).values()) == expected
            assert self.staking.lockedStake(at) == known.locked <= known.slashable
            assert self.staking.availableStake(at) == known.available
            assert self.idle.weightOf(at) == self.model.weight_of(at)

    def check_rewards(self) -> None:
        """What is owed to all adds up, to the last fraction, to what the contract holds for them."""
        for kind in CURRENCIES:
            at = self.at[kind]
            if not self.model.staking.total_owed[at]:
                continue
            held = sum(self.staking.heldReward(operator, at) for operator in self.model.staking.operators)
            # A challenger's half of a slash may be owed to anybody.
            claims = sum(self.owed_x128(kind, self.at[name]) for name in PARTIES)
            assert held * X128 + claims == self.model.staking.total_owed[at] * X128, kind

    def check_members(self) -> None:
        for account, member in self.model.members.items():
            found: Any = self.members.membershipOf(account)
            release = member.release_at
            assert (found.staked, found.cooling, found.releaseAt) == (member.staked, member.cooling, release)
        for number, epoch in self.model.epochs.items():
            found = self.idle.epochOf(number)
            assert (found.pot, found.weight, found.closesAt) == (epoch.pot, epoch.weight, epoch.closes_at)

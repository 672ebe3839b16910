"""Deposits, draws, payments to tills, sweeps, claims, sales of dataset and model, blacklistings: after any sequence of
them every contract holds exactly what it owes, in every currency.
"""

from collections.abc import Callable
from typing import Any

from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cluster.testing import Account, Chain, Reverted
from cluster.testing.host import calls
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.promised import PROMISED
from tests.contracts.settlement.model import Grant, Model, Refused
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, USD, World, build

DAY = 86_400
EXAMPLES, STEPS = 220, 50
YEAR = 366 * DAY

ACCOUNTS = st.sampled_from(["ann", "bob"])
RELAYS = st.sampled_from(["rita", "stranger"])
OPERATORS = st.sampled_from(["owen", "bob"])
CURRENCIES = st.sampled_from(["usdc", "native", "cp"])
MODELS = st.sampled_from([BASE_MODEL, TUNED_MODEL])
AMOUNTS = st.one_of(st.integers(0, 3), st.integers(0, 5 * USD))
ROWS = st.lists(st.tuples(ACCOUNTS, MODELS, OPERATORS, AMOUNTS), max_size=5)

_world: list[World] = []


def world() -> World:
    """Deployed when it is first needed, with prices for all currencies."""
    if not _world:
        found = build(deploy_suite(Chain()))
        for currency, dollars in ((NATIVE, 2_000), (found.cp, 1)):
            feed = found.chain.deploy("TestFeed", 8, sender=found.admin)
            feed.set(dollars * 10**8, 0, found.chain.time, sender=found.admin)
            terms = (feed.address, NATIVE, YEAR, 0, 18, 1, 10**12)
            found.prices.setFeed(currency, terms, sender=found.admin)
        _world.append(found)
    return _world[0]


class Money(RuleBasedStateMachine):
    """Drives contracts and model together."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.isolation = self.world.chain.isolated()
        self.isolation.__enter__()
        w = self.world
        self.currency: dict[str, Any] = {"usdc": w.usdc, "cp": w.cp, "native": NATIVE}
        self.model = Model(
            dollar="usdc",
            prices={"native": 2_000 * USD, "cp": USD},
            treasury="treasury",
            staked_operators={"owen"},
            tuned=TUNED_MODEL,
            stack=["tara", "dora"],
        )
        self.staked = {name: w.held(w.staking, currency) for name, currency in self.currency.items()}

    def teardown(self) -> None:
        self.isolation.__exit__(None, None, None)

    def person(self, name: str) -> Account:
        found: Account = getattr(self.world, name)
        return found

    def both(self, model: Callable[[], Any], contract: Callable[[], Any]) -> tuple[Any, Any]:
        """Either both do it, or both refuse for the same reason."""
        expected = found = ""
        modelled = receipt = None
        try:
            modelled = model()
        except Refused as refused:
            expected = refused.name
        try:
            receipt = contract()
        except Reverted as reverted:
            found = reverted.name
        assert found == expected
        return modelled, receipt

    @rule(account=ACCOUNTS, currency=CURRENCIES, amount=AMOUNTS)
    def deposit(self, account: str, currency: str, amount: int) -> None:
        w, what, who = self.world, self.currency[currency], self.person(account)
        value = amount if currency == "native" else 0
        if account in self.model.blacklisted and currency == "usdc":
            return
        self.both(
            lambda: self.model.deposit(account, currency, amount),
            lambda: w.prepaid.deposit(who, what, amount, sender=who, value=value),
        )

    @rule(account=ACCOUNTS, currency=CURRENCIES, amount=st.integers(1, USD))
    def send_to_the_deposit_address(self, account: str, currency: str, amount: int) -> None:
        if "ann" in self.model.blacklisted:
            return
        self.world.pay(self.world.prepaid.depositAddress(self.person(account)), amount, self.currency[currency])
        self.model.deposits[account, currency] += amount

    @rule(account=ACCOUNTS, currency=CURRENCIES)
    def collect(self, account: str, currency: str) -> None:
        w, what, who = self.world, self.currency[currency], self.person(account)
        self.both(
            lambda: self.model.collect(account, currency), lambda: w.prepaid.collect(who, what, sender=w.stranger)
        )

    @rule(account=ACCOUNTS, currency=CURRENCIES, amount=AMOUNTS)
    def withdraw(self, account: str, currency: str, amount: int) -> None:
        w, what, who = self.world, self.currency[currency], self.person(account)
        self.both(
            lambda: self.model.withdraw(account, currency, amount),
            lambda: w.prepaid.withdraw(what, amount, who, sender=who),
        )

    @rule(account=ACCOUNTS, relay=RELAYS, limit=AMOUNTS, period=st.sampled_from([1, 3_600, DAY]))
    def grant(self, account: str, relay: str, limit: int, period: int) -> None:
        self.world.prepaid.setGrant(self.person(relay), limit, period, sender=self.person(account))
        self.model.grants[account, relay] = Grant(limit, period, 0, self.world.chain.time)

    @rule(relay=RELAYS, currency=CURRENCIES, rows=ROWS)
    def draw(self, relay: str, currency: str, rows: list[tuple[str, int, str, int]]) -> None:
        w, what = self.world, self.currency[currency]
        usages = [(self.person(a).address, model, 1, self.person(o).address, micro) for a, model, o, micro in rows]
        expected, receipt = self.both(
            lambda: self.model.draw(relay, currency, rows, w.chain.time),
            lambda: w.prepaid.draw(what, usages, keccak(b"root"), 1, sender=self.person(relay)),
        )
        if receipt is not None:
            assert [event.amount for event in receipt.named("Drawn")] == [units for units in expected if units >= 0]
            assert len(receipt.named("DrawRefused")) == expected.count(-1)

    @rule(model=MODELS, operator=OPERATORS, currency=CURRENCIES, amount=st.integers(1, USD))
    def pay_a_till(self, model: int, operator: str, currency: str, amount: int) -> None:
        if "ann" in self.model.blacklisted:
            return
        self.world.pay(self.world.settlement.tillOf(model, self.person(operator)), amount, self.currency[currency])
        self.model.till[model, operator, currency] += amount

    @rule(model=MODELS, operator=OPERATORS, currency=CURRENCIES)
    def sweep(self, model: int, operator: str, currency: str) -> None:
        w, what, who = self.world, self.currency[currency], self.person(operator)
        self.both(
            lambda: self.model.sweep(model, operator, currency),
            lambda: w.settlement.sweep(model, 1, who, what, sender=w.stranger),
        )

    @rule(account=st.sampled_from(["treasury", "tara", "dora", "bob", "ann", "owen"]), currency=CURRENCIES)
    def claim(self, account: str, currency: str) -> None:
        w, what, who = self.world, self.currency[currency], self.person(account)
        self.both(lambda: self.model.claim(account, currency), lambda: w.settlement.claim(what, who, sender=who))

    @rule(to=st.sampled_from(["dora", "bob", "ann"]))
    def sell_the_dataset(self, to: str) -> None:
        holder = self.model.stack[1]
        if holder != to:
            self.world.nft.transferFrom(self.person(holder), self.person(to), 1, sender=self.person(holder))
            self.model.stack[1] = to

    @rule(to=st.sampled_from(["tara", "bob"]))
    def sell_the_model(self, to: str) -> None:
        owner = self.model.stack[0]
        if owner != to:
            self.world.models.offerOwnership(TUNED_MODEL, self.person(to), sender=self.person(owner))
            self.world.models.acceptOwnership(TUNED_MODEL, sender=self.person(to))
            self.model.stack[0] = to

    @rule(account=st.sampled_from(["ann", "bob", "dora"]), blocked=st.booleans())
    def blacklist(self, account: str, blocked: bool) -> None:
        change = self.world.usdc.blacklist if blocked else self.world.usdc.unBlacklist
        change(self.person(account), sender=self.world.admin)
        (self.model.blacklisted.add if blocked else self.model.blacklisted.discard)(account)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        if paused != self.model.paused:
            (self.world.prepaid.pause if paused else self.world.prepaid.unpause)(sender=self.world.admin)
            self.model.paused = paused

    @rule(seconds=st.sampled_from([1, 3_599, DAY]))
    def wait(self, seconds: int) -> None:
        self.world.chain.mine(seconds)

    @invariant()
    def every_contract_holds_exactly_what_it_owes(self) -> None:
        w = self.world
        for name, currency in self.currency.items():
            assert w.held(w.prepaid, currency) == w.prepaid.totalBalance(currency) == self.model.prepaid_holds(name)
            owed = self.model.settlement_holds(name)
            assert w.held(w.settlement, currency) == w.settlement.totalOwed(currency) == owed
            assert w.held(w.staking, currency) - self.staked[name] == self.model.rewards[name]

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        w = self.world
        for (account, name), amount in self.model.balance.items():
            assert w.prepaid.balanceOf(self.person(account), self.currency[name]) == amount
        for (account, name), amount in self.model.credit.items():
            assert w.settlement.claimable(self.currency[name], self.person(account)) == amount
        for (model, operator, name), amount in self.model.funded.items():
            found = w.settlement.fundedFor(model, 1, self.person(operator), self.currency[name])
            assert found == amount
        for (account, relay), grant in self.model.grants.items():
            grant.renew(w.chain.time)
            found = w.prepaid.grantOf(self.person(account), self.person(relay))
            assert (found.limit, found.period, found.spent, found.since) == tuple(vars(grant).values())


def test_every_contract_holds_exactly_what_it_owes() -> None:
    before = calls["transact"]
    run_state_machine_as_test(
        Money, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True)
    )
    assert calls["transact"] - before >= PROMISED["settlement"]

"""The whole protocol's money in plain Python: the marketplace's model, whose balances are the ledger of every account
and contract, with the models of stake, models, agents and channels beside it, and inference money between them.

An action changes the state, or is `Refused` with the error. What an action of another model changes is not undone when
a later part of it refuses; so such parts come last, or are tried on a copy.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any

from cluster.chain.protocol import FIGURES
from tests.contracts.agents import model as agents
from tests.contracts.channels import model as channels
from tests.contracts.compute import staking_model as staking
from tests.contracts.models import reference as models
from tests.contracts.payments.model import NOBODY, Model, RouterEvent, World
from tests.contracts.payments.model import Refused as Refused
from tests.contracts.settlement.model import Grant

PPM = 1_000_000
DAY = 86_400
EPOCH = DAY
ANSWER_WINDOW = 600
MAX_RATE = 1_000 * 10**18
MAX_AGE, GRACE = 3 * DAY, 3_600
MAX_DEVIATION_BPS = 500
LEAST_PRICE, MOST_PRICE = 1, 10**12
OTHERS = (agents.Refused, channels.Refused, models.Refused, staking.Refused)

Key = tuple[int, int, str]
"""Model, version, operator: what a till is for."""


@dataclass(frozen=True)
class Places:
    """Addresses of contracts, of whoever calls back, and of a wallet that takes no agents."""

    settlement: str
    staking: str
    prepaid: str
    members: str
    idle: str
    channels: str
    collector: str
    burn: str
    reentrant: str
    wallet: str


@dataclass(frozen=True)
class Feed:
    """Two sources that say what 10^18 units cost, in micro-dollars, and when the older one did."""

    first: int
    second: int
    updated_at: int


@dataclass(frozen=True)
class Member:
    """Units of CP; unix seconds."""

    staked: int = 0
    cooling: int = 0
    release_at: int = 0


@dataclass(frozen=True)
class Epoch:
    """Units of CP for what weight has answered; unix seconds."""

    pot: int
    weight: int
    closes_at: int


class Shelf(Mapping[int, models.Dataset]):
    """The marketplace's datasets, as the model registry sees them."""

    def __init__(self, market: Model) -> None:
        self._market = market

    def __getitem__(self, id_: int) -> models.Dataset:
        known = self._market.datasets[id_]
        buyers = {account for bought, account in self._market.purchases if bought == id_}
        return models.Dataset(known.holder, known.free, known.listed, known.delist_reason != 0, buyers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._market.datasets)

    def __len__(self) -> int:
        return len(self._market.datasets)


class Economy(Model):
    """Accounts and currencies are checksummed addresses."""

    def __init__(self, world: World, places: Places, treasury: str, time: int, min_own: int, cooldown: int) -> None:
        super().__init__(world, treasury, time)
        self.places = places
        self.staking = staking.Model(world.cp, min_own, set(self.accepted), set(), time)
        self.models = models.Registry(FIGURES, set(self.accepted), lambda: self.time)
        self.models.datasets = Shelf(self)  # type: ignore[assignment]
        self.agents = agents.Model(time, world.refusing | {places.wallet})
        self.channels: dict[tuple[str, str], channels.Model] = {}

        self.stopped: frozenset[str] = frozenset()
        self.inference_treasury = treasury
        self.funded: defaultdict[tuple[Key, str], int] = defaultdict(int)
        self.inference: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.prepaid: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.grants: defaultdict[tuple[str, str], Grant] = defaultdict(Grant)
        self.feeds: dict[str, Feed] = {}
        self.sequencer_up_since = time - DAY
        self.sequencer_is_down = False
        self.batches: Counter[str] = Counter()
        self.donated: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.cooldown = cooldown
        self.members: defaultdict[str, Member] = defaultdict(Member)
        self.rate = 0
        self.idle_funds = 0
        self.idle_reserved = 0
        self.class_weights: defaultdict[int, int] = defaultdict(int)
        self.classes: defaultdict[str, int] = defaultdict(int)
        self.epochs: dict[int, Epoch] = {}
        self.due: dict[tuple[int, str], int] = {}

        self.entered: frozenset[str] = frozenset()
        self.call_back: Callable[[], object] | None = None

    # --- how things are done

    def run(self, action: Callable[[], Any]) -> list[RouterEvent]:
        self.staking.time = self.agents.time = self.time
        self.staking.accepted = self.models.currencies = set(self.accepted)
        return super().run(action)

    def ask(self, action: Callable[[], Any]) -> Any:
        """An action of another model, which refuses in its own words."""
        try:
            return action()
        except OTHERS as refused:
            raise Refused(refused.name, *getattr(refused, "values", ())) from None

    @contextmanager
    def inside(self, contract: str) -> Iterator[None]:
        """A function that can't be entered while it runs, nor any other such of the contract."""
        if contract in self.entered:
            raise Refused("ReentrancyGuardReentrantCall")
        self.entered |= {contract}
        yield
        self.entered -= {contract}

    def require_running(self, contract: str) -> None:
        if contract in self.stopped:
            raise Refused("EnforcedPause")

    def stop(self, contract: str, stopped: bool) -> None:
        if stopped == (contract in self.stopped):
            raise Refused("EnforcedPause" if stopped else "ExpectedPause")
        self.stopped = self.stopped | {contract} if stopped else self.stopped - {contract}
        if contract == "staking":
            self.staking.paused = stopped

    def pull(self, spender: str, currency: str, payer: str, amount: int) -> None:
        """`transferFrom` by a contract that may take everything."""
        if currency == self.world.usdc:
            self._require_welcome(spender)
        failing, self.failing = self.failing, False  # FalseToken fails `transfer` only.
        try:
            self.transfer(currency, payer, spender, amount)
        finally:
            self.failing = failing

    def take(self, contract: str, currency: str, payer: str, amount: int) -> None:
        """Units into a contract that measures what came."""
        before = self.balances[currency, contract]
        if currency == self.world.native:
            self.transfer(currency, payer, contract, amount)
        else:
            self.pull(contract, currency, payer, amount)
        self._require_received(currency, self.balances[currency, contract] - before, amount)

    def empty(self, till: str, contract: str, currency: str) -> int:
        """A till into the contract that it belongs to."""
        amount = self.balances[currency, till]
        if amount:
            before = self.balances[currency, contract]
            self.transfer(currency, till, contract, amount)
            self._require_received(currency, self.balances[currency, contract] - before, amount)
        return amount

    def _send(self, currency: str, to: str, amount: int) -> None:
        self.pay(currency, self.world.router, to, amount)

    def pay(self, currency: str, source: str, to: str, amount: int) -> None:
        """What is owed, to whoever may call back when it comes."""
        try:
            self.transfer(currency, source, to, amount)
        except Refused:
            raise Refused("TransferFailed", currency, to, amount) from None
        if currency == self.world.native and to == self.places.reentrant and self.call_back is not None:
            before = {name: copy(value) for name, value in vars(self).items()}
            try:
                self.call_back()
            except Refused:
                vars(self).update(before)

    def donate(self, contract: str, currency: str, payer: str, amount: int) -> None:
        """Units that nobody is owed."""
        before = self.balances[currency, contract]
        self.send(currency, payer, contract, amount)
        self.donated[contract, currency] += self.balances[currency, contract] - before

    def rescue_from(self, contract: str, currency: str, to: str, amount: int) -> None:
        if to in (NOBODY, contract):
            raise Refused("InvalidAddress", to)
        surplus = self.donated[contract, currency]
        if amount > surplus:
            raise Refused("SurplusExceeded", amount, surplus)
        self.donated[contract, currency] -= amount
        self.pay(currency, contract, to, amount)

    def claim(self, caller: str, currency: str, to: str) -> None:
        with self.inside("router"):
            super().claim(caller, currency, to)

    # --- what each owes

    def settlement_owes(self, currency: str) -> int:
        credited = sum(amount for (of, _), amount in self.inference.items() if of == currency)
        return credited + sum(amount for (_, of), amount in self.funded.items() if of == currency)

    def prepaid_owes(self, currency: str) -> int:
        return sum(amount for (of, _), amount in self.prepaid.items() if of == currency)

    def channels_owe(self, currency: str) -> int:
        return sum(model.held for (_, of), model in self.channels.items() if of == currency)

    def members_owe(self) -> int:
        return sum(member.staked + member.cooling for member in self.members.values())

    # --- inference: tills, credits

    def fund(self, payer: str, currency: str, rows: list[tuple[Key, int]], value: int) -> None:
        with self.inside("settlement"):
            total = sum(amount for _, amount in rows)
            for key, amount in rows:
                if amount and key[2] in (NOBODY, self.places.settlement):
                    raise Refused("InvalidAddress", key[2])
            expected = total if currency == self.world.native else 0
            if value != expected:
                raise Refused("ValueMismatch", value, expected)
            for key, amount in rows:
                self.funded[key, currency] += amount
            if total:
                self.take(self.places.settlement, currency, payer, total)

    def sweep(self, key: Key, till: str, currency: str) -> None:
        with self.inside("settlement"):
            model, version, operator = key
            if operator in (NOBODY, self.places.settlement):
                raise Refused("InvalidAddress", operator)
            amount = self.empty(till, self.places.settlement, currency) + self.funded[key, currency]
            if amount == 0:
                raise Refused("NothingToSweep", till, currency)
            self.funded[key, currency] = 0
            treasury_ppm, stack_ppm, _ = self.ask(lambda: self.models.version(model, version).stack)
            to_treasury, stack = amount * treasury_ppm // PPM, amount * stack_ppm // PPM
            self.inference[currency, self.inference_treasury] += to_treasury
            left = amount - to_treasury
            for account, ppm in self.models.payees(model, version):
                share = stack * ppm // PPM
                self.inference[currency, account] += share
                left -= share
            if operator in self.staking.operators:
                value = left if currency == self.world.native else 0
                self.reward(self.places.settlement, currency, [(operator, left)], value)
            else:
                self.inference[currency, operator] += left

    def claim_inference(self, account: str, currency: str, to: str) -> None:
        with self.inside("settlement"):
            if to in (NOBODY, self.places.settlement):
                raise Refused("InvalidAddress", to)
            amount = self.inference[currency, account]
            if amount == 0:
                raise Refused("NothingToClaim", account, currency)
            self.inference[currency, account] = 0
            self.pay(currency, self.places.settlement, to, amount)

    def set_inference_treasury(self, treasury: str) -> None:
        if treasury in (NOBODY, self.places.settlement):
            raise Refused("InvalidAddress", treasury)
        self.inference_treasury = treasury

    # --- prepaid balances and prices

    def price(self, currency: str) -> int:
        feed = self.feeds.get(currency)
        if feed is None:
            raise Refused("NoPrice", currency)
        since = self.sequencer_up_since
        if self.sequencer_is_down or self.time - since <= GRACE:
            raise Refused("SequencerDown", since, GRACE)
        if self.time - feed.updated_at > MAX_AGE:
            raise Refused("StalePrice", currency, feed.updated_at, MAX_AGE)
        for price in (feed.first, feed.second):
            if not LEAST_PRICE <= price <= MOST_PRICE:
                raise Refused("PriceOutOfBounds", currency, max(price, 0), LEAST_PRICE, MOST_PRICE)
        if abs(feed.first - feed.second) * 10_000 > feed.first * MAX_DEVIATION_BPS:
            raise Refused("PricesDeviate", currency, feed.first, feed.second, MAX_DEVIATION_BPS)
        return feed.first

    def units_for(self, currency: str, micro: int) -> int:
        return micro if currency == self.world.usdc else micro * 10**18 // self.price(currency)

    def deposit(self, payer: str, account: str, currency: str, amount: int, value: int) -> None:
        with self.inside("prepaid"):
            self.require_running("prepaid")
            if account == NOBODY:
                raise Refused("InvalidAddress", account)
            if amount == 0:
                raise Refused("ZeroAmount")
            self._require_accepted(currency)
            expected = amount if currency == self.world.native else 0
            if value != expected:
                raise Refused("ValueMismatch", value, expected)
            self.prepaid[currency, account] += amount
            self.take(self.places.prepaid, currency, payer, amount)

    def collect(self, account: str, till: str, currency: str) -> None:
        with self.inside("prepaid"):
            self.require_running("prepaid")
            self._require_accepted(currency)
            if self.balances[currency, till] == 0:
                raise Refused("ZeroAmount")
            self.prepaid[currency, account] += self.empty(till, self.places.prepaid, currency)

    def withdraw_prepaid(self, account: str, currency: str, amount: int, to: str) -> None:
        with self.inside("prepaid"):
            if to in (NOBODY, self.places.prepaid):
                raise Refused("InvalidAddress", to)
            if amount == 0:
                raise Refused("ZeroAmount")
            balance = self.prepaid[currency, account]
            if amount > balance:
                raise Refused("InsufficientBalance", account, currency, balance, amount)
            self.prepaid[currency, account] -= amount
            self.pay(currency, self.places.prepaid, to, amount)

    def set_grant(self, account: str, relay: str, limit: int, period: int) -> None:
        if limit and period == 0:
            raise Refused("InvalidPeriod")
        self.grants[account, relay] = Grant(limit, period, 0, self.time)

    def draw(self, relay: str, currency: str, rows: list[tuple[str, Key, int]], root: bytes, count: int) -> None:
        """Rows of account, till, micro-dollars."""
        with self.inside("prepaid"):
            self.require_running("prepaid")
            funded: list[tuple[Key, int]] = []
            for account, key, micro in rows:
                grant = replace(self.grants[account, relay])
                grant.renew(self.time)
                if micro > grant.limit - grant.spent:
                    continue
                units = self.units_for(currency, micro)
                if units > self.prepaid[currency, account]:
                    continue
                grant.spent += micro
                self.grants[account, relay] = grant
                self.prepaid[currency, account] -= units
                funded.append((key, units))
            self.anchor(relay, root, count)
            total = sum(units for _, units in funded)
            if total:
                value = total if currency == self.world.native else 0
                self.fund(self.places.prepaid, currency, funded, value)

    def anchor(self, relay: str, root: bytes, count: int) -> None:
        if not any(root) or count == 0:
            raise Refused("InvalidBatch", root, count)
        self.batches[relay] += 1

    def _require_accepted(self, currency: str) -> None:
        if currency not in self.accepted:
            raise Refused("CurrencyNotAccepted", currency)

    # --- channels with a till as receiver

    def channel(self, till: str, currency: str) -> channels.Model:
        """A copy to try things on."""
        known = self.channels.get((till, currency))
        return deepcopy(known) if known else channels.Model(delay=900)

    def open_channel(self, till: str, currency: str, payer: str, channel: int, amount: int) -> None:
        tried = self.channel(till, currency)
        self.ask(lambda: tried.deposit(channel, amount))
        self.transfer(currency, payer, self.places.collector, amount)
        self.transfer(currency, self.places.collector, self.places.channels, amount)
        self.channels[till, currency] = tried

    def in_channel(self, till: str, currency: str, payer: str, action: Callable[[channels.Model], None]) -> None:
        """What may give money back to the payer, or on to the till."""
        tried = self.channel(till, currency)
        before = replace(tried)
        self.ask(lambda: action(tried))
        for to, amount in ((payer, tried.payer - before.payer), (till, tried.receiver - before.receiver)):
            if amount:
                self.transfer(currency, self.places.channels, to, amount)
        self.channels[till, currency] = tried

    # --- operators

    def reward(self, payer: str, currency: str, rows: list[tuple[str, int]], value: int) -> None:
        with self.inside("staking"):
            later, before = None, copy(self.balances)
            try:
                self.take(self.places.staking, currency, payer, sum(amount for _, amount in rows))
            except Refused as refused:
                # The contract moves the money last: whatever else is wrong is told before.
                later, self.balances = refused, before
                rehearsed = deepcopy(self.staking)
                self.ask(lambda: rehearsed.add_rewards(rows, currency, value))
            if later is not None:
                raise later
            self.ask(lambda: self.staking.add_rewards(rows, currency, value))

    def stake(self, account: str, operator: str, amount: int, min_shares: int) -> int:
        with self.inside("staking"):
            shares = self.ask(lambda: self.staking.stake(account, operator, amount, min_shares))
            self.pull(self.places.staking, self.world.cp, account, amount)
            return int(shares)

    def withdraw_stake(self, account: str, operator: str, number: int) -> None:
        with self.inside("staking"):
            amount = self.ask(lambda: self.staking.withdraw(account, operator, number))
            self.pay(self.world.cp, self.places.staking, account, amount)

    def claim_rewards(self, account: str, currency: str, to: str, due: int) -> None:
        """`due` is what the contract says, a fraction of a unit at most from what the model does."""
        with self.inside("staking"):
            if to in (NOBODY, self.places.staking):
                raise Refused("InvalidAddress", to)
            if due == 0:
                raise Refused("NothingToClaim", account, currency)
            self.staking.paid(account, currency, due)
            try:
                self.pay(currency, self.places.staking, to, due)
            except Refused:
                self.staking.paid(account, currency, -due)
                raise

    def slash(self, operator: str, lock: int, amount: int, challenger: str) -> None:
        with self.inside("staking"):
            burnt = self.staking.burnt
            self.ask(lambda: self.staking.slash(operator, lock, amount, challenger))
            self.transfer(self.world.cp, self.places.staking, self.places.burn, self.staking.burnt - burnt)

    # --- members

    def join(self, payer: str, account: str, amount: int) -> None:
        with self.inside("members"):
            self.require_running("members")
            if account == NOBODY:
                raise Refused("InvalidAddress", account)
            if amount == 0:
                raise Refused("ZeroAmount")
            member = self.members[account]
            self.members[account] = replace(member, staked=member.staked + amount)
            self.pull(self.places.members, self.world.cp, payer, amount)

    def cool(self, account: str, amount: int) -> None:
        member = self.members[account]
        if amount == 0:
            raise Refused("ZeroAmount")
        if amount > member.staked:
            raise Refused("InsufficientStake", account, amount, member.staked)
        self.members[account] = Member(member.staked - amount, member.cooling + amount, self.time + self.cooldown)

    def cancel_cooling(self, account: str, amount: int) -> None:
        member = self.members[account]
        if amount == 0:
            raise Refused("ZeroAmount")
        if amount > member.cooling:
            raise Refused("InsufficientStake", account, amount, member.cooling)
        self.members[account] = replace(member, staked=member.staked + amount, cooling=member.cooling - amount)

    def leave(self, account: str, to: str) -> None:
        with self.inside("members"):
            if to in (NOBODY, self.places.members):
                raise Refused("InvalidAddress", to)
            member = self.members[account]
            if member.cooling == 0:
                raise Refused("NothingCooling", account)
            if self.time < member.release_at:
                raise Refused("StillCooling", member.release_at)
            self.members[account] = replace(member, cooling=0)
            self.transfer(self.world.cp, self.places.members, to, member.cooling)

    def set_cooldown(self, seconds: int) -> None:
        if seconds > 90 * DAY:
            raise Refused("CooldownTooLong", seconds, 90 * DAY)
        self.cooldown = seconds

    # --- idle incentives

    def weight_of(self, operator: str) -> int:
        known = self.staking.operators.get(operator)
        if known is None or known.own.active < self.staking.min_own:
            return 0
        return known.available * self.class_weights[self.classes[operator]]

    def set_rate(self, rate: int) -> None:
        if rate > MAX_RATE:
            raise Refused("RateTooHigh", rate, MAX_RATE)
        self.rate = rate

    def fund_idle(self, payer: str, amount: int) -> None:
        with self.inside("idle"):
            self.require_running("idle")
            if amount == 0:
                raise Refused("ZeroAmount")
            self.idle_funds += amount
            self.pull(self.places.idle, self.world.cp, payer, amount)

    def challenge(self) -> None:
        self.require_running("idle")
        number = self.time // EPOCH
        if number in self.epochs:
            raise Refused("AlreadyChallenged", number)
        pot = min(self.rate * EPOCH, self.idle_funds)
        self.idle_funds -= pot
        self.idle_reserved += pot
        self.epochs[number] = Epoch(pot, 0, self.time + ANSWER_WINDOW)

    def answer(self, caller: str, number: int, operator: str) -> None:
        if caller != operator:
            raise Refused("NotNode", caller, operator)
        epoch = self.epochs.get(number)
        if epoch is None or self.time >= epoch.closes_at:
            raise Refused("NotOpen", number)
        if self.due.get((number, operator)):
            raise Refused("AlreadyAnswered", number, operator)
        weight = self.weight_of(operator)
        if weight == 0:
            raise Refused("NotAvailable", operator)
        self.due[number, operator] = weight
        self.epochs[number] = replace(epoch, weight=epoch.weight + weight)

    def pay_idle(self, number: int, operators: list[str]) -> None:
        with self.inside("idle"):
            epoch = self._closed(number)
            amounts: list[tuple[str, int]] = []
            pot, weight = epoch.pot, epoch.weight
            for operator in operators:
                part = self.due.pop((number, operator), 0)
                if part == 0:
                    raise Refused("NothingDue", number, operator)
                amount = pot * part // weight
                pot, weight = pot - amount, weight - part
                amounts.append((operator, amount))
            self.epochs[number] = replace(epoch, pot=pot, weight=weight)
            self.idle_reserved -= epoch.pot - pot
            for operator, amount in amounts:
                if amount:
                    self.reward(self.places.idle, self.world.cp, [(operator, amount)], 0)

    def return_pot(self, number: int) -> None:
        epoch = self._closed(number)
        if epoch.pot == 0 or epoch.weight:
            raise Refused("NothingDue", number, NOBODY)
        self.epochs[number] = replace(epoch, pot=0)
        self.idle_reserved -= epoch.pot
        self.idle_funds += epoch.pot

    def _closed(self, number: int) -> Epoch:
        epoch = self.epochs.get(number)
        if epoch is None or self.time < epoch.closes_at:
            raise Refused("NotClosed", number)
        return epoch

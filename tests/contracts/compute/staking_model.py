"""What OperatorStaking promises, in plain Python with exact fractions. Written from docs/contracts/accounting.md.

An action changes the state, or is `Refused` with the error and changes nothing. Who is owed what of a reward is kept as
a fraction of each reward, without an accumulator; what a stake should be worth is kept as a fraction that each slash
multiplies, without shares. The pools' integers are kept beside them by the page's formulas.
"""

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

NATIVE = "0x0000000000000000000000000000000000000000"
DAY = 86_400
THAW = 14 * DAY
RISE_DELAY = 7 * DAY
EXHAUSTED = 10**9
MAX_REWARD = 2**96 - 1


class Refused(Exception):
    """The action must revert with this error and these values."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values


@dataclass
class Tranche:
    shares: int
    generation: int
    release_at: int


@dataclass
class Pool:
    tokens: int = 0
    shares: int = 0
    thawing: int = 0
    generation: int = 0
    # Roundings so far, each worth less than a unit.
    roundings: int = 0
    active_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    thawing_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    # What an account's stake, thawing or not, should be worth if nothing were ever rounded.
    ideal_of: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def worth(self, shares: int) -> int:
        return shares * self.tokens // self.shares if shares else 0

    @property
    def active_shares(self) -> int:
        return self.shares - self.thawing

    @property
    def active(self) -> int:
        return self.worth(self.active_shares)

    def slash(self, amount: int) -> None:
        if not amount:
            return
        kept = 1 - Fraction(amount, self.tokens)
        for account in self.ideal_of:
            self.ideal_of[account] *= kept
        self.tokens -= amount
        if self.tokens == 0:
            self.shares = self.thawing = 0
            self.generation += 1
            for members in (self.active_of, self.thawing_of, self.ideal_of):
                members.clear()


@dataclass
class Operator:
    commission: int
    ceiling: int
    next_commission: int = 0
    effective_at: int = 0
    own: Pool = field(default_factory=Pool)
    delegated: Pool = field(default_factory=Pool)
    locks: dict[int, tuple[int, int]] = field(default_factory=dict)
    opened: int = 0
    held: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def locked(self) -> int:
        return sum(amount for amount, _ in self.locks.values())

    @property
    def slashable(self) -> int:
        return self.own.tokens + self.delegated.tokens

    @property
    def available(self) -> int:
        return max(0, self.own.active + self.delegated.active - self.locked)


class Model:
    """Accounts are checksummed addresses; currencies too."""

    def __init__(self, cp: str, min_own: int, accepted: set[str], fee_taking: set[str], time: int) -> None:
        self.cp = cp
        self.min_own = min_own
        self.accepted = accepted
        self.fee_taking = fee_taking
        self.time = time
        self.paused = False
        self.operators: dict[str, Operator] = {}
        self.tranches: dict[tuple[str, str, int], Tranche] = {}
        self.opened: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.currencies: list[str] = []
        # Owed for rewards and to challengers, paid out, and rewards with fractions so far.
        self.owed: defaultdict[tuple[str, str], Fraction] = defaultdict(Fraction)
        self.total_owed: defaultdict[str, int] = defaultdict(int)
        self.rewards = 0
        self.donated: defaultdict[str, int] = defaultdict(int)
        self.burnt = 0

    # --- views

    def operator(self, address: str) -> Operator:
        if address not in self.operators:
            raise Refused("NotOperator", address)
        return self.operators[address]

    def pool(self, operator: str, account: str) -> Pool:
        op = self.operator(operator)
        return op.own if operator == account else op.delegated

    def commission(self, op: Operator) -> int:
        return op.next_commission if op.effective_at and self.time >= op.effective_at else op.commission

    @property
    def total_staked(self) -> int:
        return sum(op.slashable for op in self.operators.values())

    def balance(self, currency: str) -> int:
        staked = self.total_staked if currency == self.cp else 0
        return staked + self.total_owed[currency] + self.donated[currency]

    # --- operators

    def register(self, account: str, commission: int, ceiling: int) -> None:
        self._not_paused()
        if account in self.operators:
            raise Refused("AlreadyOperator", account)
        if ceiling > 10_000:
            raise Refused("CommissionTooHigh", ceiling, 10_000)
        if commission > ceiling:
            raise Refused("CommissionTooHigh", commission, ceiling)
        self.operators[account] = Operator(commission, ceiling)

    def set_commission(self, account: str, bps: int) -> None:
        op = self.operator(account)
        if bps > op.ceiling:
            raise Refused("CommissionTooHigh", bps, op.ceiling)
        now = self.commission(op)
        if bps > now:
            op.commission, op.next_commission, op.effective_at = now, bps, self.time + RISE_DELAY
        else:
            op.commission, op.next_commission, op.effective_at = bps, 0, 0

    # --- stake

    def stake(self, account: str, operator: str, amount: int, min_shares: int) -> int:
        self._not_paused()
        return self._stake(account, operator, amount, min_shares)

    def unstake(self, account: str, operator: str, shares: int) -> int:
        self.operator(operator)
        if shares == 0:
            raise Refused("ZeroAmount")
        pool = self.pool(operator, account)
        active = pool.active_of[account]
        if shares > active:
            raise Refused("InsufficientShares", operator, account, shares, active)
        pool.active_of[account] -= shares
        pool.thawing_of[account] += shares
        pool.thawing += shares
        number = self.opened[operator, account]
        self.opened[operator, account] += 1
        self.tranches[operator, account, number] = Tranche(shares, pool.generation, self.time + THAW)
        return number

    def withdraw(self, account: str, operator: str, number: int) -> int:
        tranche = self._fit_to_leave(account, operator, number)
        del self.tranches[operator, account, number]
        return self._leave(account, operator, tranche)

    def redelegate(self, account: str, from_: str, number: int, to: str, min_shares: int) -> int:
        self._not_paused()
        tranche = self._fit_to_leave(account, from_, number)
        before = deepcopy((self.tranches, self.operators))
        try:
            del self.tranches[from_, account, number]
            amount = self._leave(account, from_, tranche)
            return self._stake(account, to, amount, min_shares)
        except Refused:
            # In place: whoever composes models may hold on to these.
            for there, was in zip((self.tranches, self.operators), before, strict=True):
                there.clear()
                there.update(was)  # type: ignore[arg-type]
            raise

    # --- rewards

    def add_rewards(self, rows: list[tuple[str, int]], currency: str, sent: int) -> None:
        self._not_paused()
        new = currency not in self.currencies
        if new and currency not in self.accepted:
            raise Refused("CurrencyNotAccepted", currency)
        if not rows:
            raise Refused("ZeroAmount")
        for operator, amount in rows:
            self.operator(operator)
            if amount == 0:
                raise Refused("ZeroAmount")
            if amount > MAX_REWARD:
                raise Refused("AmountTooLarge", amount, MAX_REWARD)
        total = sum(amount for _, amount in rows)
        expected = total if currency == NATIVE else 0
        if sent != expected:
            raise Refused("ValueMismatch", sent, expected)
        if currency in self.fee_taking and total >= 100:
            raise Refused("ReceivedLess", currency, total - total // 100, total)
        if new:
            self.currencies.append(currency)
        for operator, amount in rows:
            self._share_out(operator, currency, amount)
        self.total_owed[currency] += total

    def release_held(self, operator: str, currency: str) -> int:
        op = self.operator(operator)
        amount = op.held[currency]
        if amount == 0:
            raise Refused("NothingToClaim", operator, currency)
        own = op.own.active
        if own == 0 or own < self.min_own:
            raise Refused("OwnStakeBelowMin", operator, own, self.min_own)
        op.held[currency] = 0
        self.owed[currency, operator] += amount
        return amount

    def paid(self, account: str, currency: str, amount: int) -> None:
        self.owed[currency, account] -= amount
        self.total_owed[currency] -= amount

    # --- locks

    def lock(self, operator: str, amount: int) -> int:
        self._not_paused()
        op = self.operator(operator)
        if amount == 0:
            raise Refused("ZeroAmount")
        if op.own.active < self.min_own:
            raise Refused("OwnStakeBelowMin", operator, op.own.active, self.min_own)
        if amount > op.available:
            raise Refused("InsufficientStake", operator, amount, op.available)
        return self._open(op, amount)

    def lock_disputed(self, operator: str, amount: int) -> tuple[int, int]:
        op = self.operator(operator)
        if amount == 0:
            raise Refused("ZeroAmount")
        amount_locked = min(amount, op.slashable - op.locked)
        if amount_locked == 0:
            raise Refused("InsufficientStake", operator, amount, 0)
        return self._open(op, amount_locked), amount_locked

    def unlock(self, operator: str, lock: int) -> None:
        op = self.operator(operator)
        if lock not in op.locks:
            raise Refused("NoSuchLock", operator, lock)
        del op.locks[lock]

    def slash(self, operator: str, lock: int, amount: int, challenger: str) -> tuple[int, int]:
        """What came from own stake and from delegations."""
        op = self.operator(operator)
        if lock not in op.locks:
            raise Refused("NoSuchLock", operator, lock)
        if amount == 0:
            raise Refused("ZeroAmount")
        if amount > op.locks[lock][0]:
            raise Refused("SlashAboveLock", amount, op.locks[lock][0])
        del op.locks[lock]
        from_own = min(amount, op.own.tokens)
        op.own.slash(from_own)
        op.delegated.slash(amount - from_own)
        to_challenger = 0 if challenger == NATIVE else amount // 2
        self.owed[self.cp, challenger] += to_challenger
        self.total_owed[self.cp] += to_challenger
        self.burnt += amount - to_challenger
        return from_own, amount - from_own

    # --- parts

    def _not_paused(self) -> None:
        if self.paused:
            raise Refused("EnforcedPause")

    def _open(self, op: Operator, amount: int) -> int:
        op.opened += 1
        op.locks[op.opened] = (amount, self.time)
        return op.opened

    def _lives(self, account: str, operator: str, tranche: Tranche) -> bool:
        return tranche.generation == self.pool(operator, account).generation

    def _fit_to_leave(self, account: str, operator: str, number: int) -> Tranche:
        op = self.operator(operator)
        tranche = self.tranches.get((operator, account, number))
        if tranche is None:
            raise Refused("NoSuchTranche", operator, account, number)
        if self.time < tranche.release_at:
            raise Refused("StillThawing", tranche.release_at)
        if op.locks:
            oldest = min(op.locks)
            if op.locks[oldest][1] < tranche.release_at:
                raise Refused("HeldByLock", operator, oldest)
        if self._lives(account, operator, tranche):
            left = op.slashable - self.pool(operator, account).worth(tranche.shares)
            if left < op.locked:
                raise Refused("StakeLocked", operator, left, op.locked)
        return tranche

    def _leave(self, account: str, operator: str, tranche: Tranche) -> int:
        if not self._lives(account, operator, tranche):
            return 0
        pool = self.pool(operator, account)
        amount = pool.worth(tranche.shares)
        pool.roundings += 1
        pool.tokens -= amount
        pool.shares -= tranche.shares
        pool.thawing -= tranche.shares
        pool.thawing_of[account] -= tranche.shares
        pool.ideal_of[account] -= amount
        if pool.shares == 0:
            # The last to leave takes what all roundings left.
            pool.ideal_of.clear()
            pool.roundings = 0
        return amount

    def _stake(self, account: str, operator: str, amount: int, min_shares: int) -> int:
        self.operator(operator)
        if amount == 0:
            raise Refused("ZeroAmount")
        pool = self.pool(operator, account)
        if pool.shares > pool.tokens * EXHAUSTED:
            raise Refused("PoolExhausted", operator, account == operator)
        shares = amount * pool.shares // pool.tokens if pool.shares else amount
        if shares < min_shares:
            raise Refused("SharesBelowMin", shares, min_shares)
        pool.roundings += 1
        pool.tokens += amount
        pool.shares += shares
        pool.active_of[account] += shares
        pool.ideal_of[account] += amount
        return shares

    def _share_out(self, operator: str, currency: str, amount: int) -> None:
        op = self.operators[operator]
        own, delegated = op.own.active, op.delegated.active
        if own + delegated == 0:
            op.held[currency] += amount
            return
        to_operator = amount * own // (own + delegated)
        to_operator += (amount - to_operator) * self.commission(op) // 10_000
        self.owed[currency, operator] += to_operator
        rest = amount - to_operator
        if rest:
            self.rewards += 1
            for account, shares in op.delegated.active_of.items():
                self.owed[currency, account] += Fraction(rest * shares, op.delegated.active_shares)

"""Tills, credits and prepaid balances in plain Python: what the contracts must do, and with which error they refuse."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.contracts.settlement.world import PPM, STACK_PPM, TREASURY_PPM

Key = tuple[int, str, str]
"""Model, operator, currency."""


class Refused(Exception):
    """The contract must refuse with this error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Grant:
    """What a relay may spend, in micro-dollars a period."""

    limit: int = 0
    period: int = 0
    spent: int = 0
    since: int = 0

    def renew(self, now: int) -> None:
        if self.period and now - self.since >= self.period:
            self.since = now - (now - self.since) % self.period
            self.spent = 0


@dataclass
class Model:
    """`prices` are micro-dollars for 10^18 units; `dollar` is the currency that needs none. `stack` are the accounts
    that stand behind the tuned model's rows, half each.
    """

    dollar: str
    prices: dict[str, int]
    treasury: str
    staked_operators: set[str]
    tuned: int
    stack: list[str]
    paused: bool = False
    balance: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    deposits: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    grants: dict[tuple[str, str], Grant] = field(default_factory=lambda: defaultdict(Grant))
    till: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    funded: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    credit: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    rewards: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    blacklisted: set[str] = field(default_factory=set)

    def prepaid_holds(self, currency: str) -> int:
        return sum(amount for (_, c), amount in self.balance.items() if c == currency)

    def settlement_holds(self, currency: str) -> int:
        credited = sum(amount for (_, c), amount in self.credit.items() if c == currency)
        return credited + sum(amount for (_, _, c), amount in self.funded.items() if c == currency)

    def units(self, currency: str, micro: int) -> int:
        return micro if currency == self.dollar else micro * 10**18 // self.prices[currency]

    def deposit(self, account: str, currency: str, amount: int) -> None:
        self._require_running()
        if amount == 0:
            raise Refused("ZeroAmount")
        self.balance[account, currency] += amount

    def collect(self, account: str, currency: str) -> None:
        self._require_running()
        amount = self.deposits[account, currency]
        if amount == 0:
            raise Refused("ZeroAmount")
        self.balance[account, currency] += amount
        self.deposits[account, currency] = 0

    def withdraw(self, account: str, currency: str, amount: int) -> None:
        if amount == 0:
            raise Refused("ZeroAmount")
        if amount > self.balance[account, currency]:
            raise Refused("InsufficientBalance")
        self._require_payable(account, currency)
        self.balance[account, currency] -= amount

    def draw(self, relay: str, currency: str, rows: list[tuple[str, int, str, int]], now: int) -> list[int]:
        """What each row came to, -1 for one that is refused."""
        self._require_running()
        drawn = []
        for account, model, operator, micro in rows:
            grant = self.grants[account, relay]
            grant.renew(now)
            units = self.units(currency, micro)
            if micro > grant.limit - grant.spent or units > self.balance[account, currency]:
                drawn.append(-1)
                continue
            grant.spent += micro
            self.balance[account, currency] -= units
            self.funded[model, operator, currency] += units
            drawn.append(units)
        return drawn

    def sweep(self, model: int, operator: str, currency: str) -> None:
        key = (model, operator, currency)
        amount = self.till[key] + self.funded[key]
        if amount == 0:
            raise Refused("NothingToSweep")
        self.till[key] = self.funded[key] = 0
        treasury = amount * TREASURY_PPM // PPM
        self.credit[self.treasury, currency] += treasury
        left = amount - treasury
        if model == self.tuned:
            for account in self.stack:
                share = amount * STACK_PPM // PPM // 2
                self.credit[account, currency] += share
                left -= share
        if operator in self.staked_operators:
            self.rewards[currency] += left
        else:
            self.credit[operator, currency] += left

    def claim(self, account: str, currency: str) -> None:
        if self.credit[account, currency] == 0:
            raise Refused("NothingToClaim")
        self._require_payable(account, currency)
        self.credit[account, currency] = 0

    def _require_running(self) -> None:
        if self.paused:
            raise Refused("EnforcedPause")

    def _require_payable(self, account: str, currency: str) -> None:
        if currency == self.dollar and account in self.blacklisted:
            raise Refused("TransferFailed")

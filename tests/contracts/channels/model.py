"""The channels in plain Python: what the contract must do, and with which error it must refuse."""

from dataclasses import dataclass, field


class Refused(Exception):
    """The contract must refuse with this error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Escrow:
    """One channel."""

    balance: int = 0
    claimed: int = 0
    nonce: int = 0
    withdrawing: int = 0
    since: int | None = None

    @property
    def available(self) -> int:
        return self.balance - self.claimed


@dataclass
class Model:
    """All channels by salt, and everybody's tokens. There is one payer and one receiver."""

    delay: int
    escrows: dict[int, Escrow] = field(default_factory=dict)
    claimed: int = 0
    settled: int = 0
    payer: int = 0
    receiver: int = 0
    receiver_blocked: bool = False

    @property
    def held(self) -> int:
        """What the contract must hold."""
        return sum(escrow.balance for escrow in self.escrows.values()) - self.settled

    def escrow(self, salt: int) -> Escrow:
        return self.escrows.setdefault(salt, Escrow())

    def deposit(self, salt: int, amount: int) -> None:
        if amount == 0:
            raise Refused("ZeroAmount")
        self.escrow(salt).balance += amount

    def claim(self, salt: int, ceiling: int, total: int) -> None:
        escrow = self.escrow(salt)
        if total <= escrow.claimed:
            return
        if total > ceiling:
            raise Refused("ClaimExceedsCeiling")
        if total > escrow.balance:
            raise Refused("ClaimExceedsBalance")
        self.claimed += total - escrow.claimed
        escrow.claimed = total

    def settle(self) -> None:
        amount = self.claimed - self.settled
        if amount and self.receiver_blocked:
            raise Refused("AccountBlacklisted")
        self.settled += amount
        self.receiver += amount

    def initiate(self, salt: int, amount: int, now: int) -> None:
        escrow = self.escrow(salt)
        if amount == 0:
            raise Refused("ZeroAmount")
        if escrow.since is not None:
            raise Refused("WithdrawalAlreadyPending")
        if amount > escrow.available:
            raise Refused("WithdrawAmountExceedsAvailable")
        escrow.withdrawing, escrow.since = amount, now

    def finalize(self, salt: int, now: int) -> None:
        escrow = self.escrow(salt)
        if escrow.since is None:
            raise Refused("WithdrawalNotPending")
        if now < escrow.since + self.delay:
            raise Refused("WithdrawDelayNotElapsed")
        self._give_back(escrow, min(escrow.withdrawing, escrow.available))
        escrow.withdrawing, escrow.since = 0, None

    def refund(self, salt: int, amount: int, nonce: int | None) -> None:
        """With a nonce it is a signed one."""
        escrow = self.escrow(salt)
        if nonce is not None and nonce != escrow.nonce:
            raise Refused("InvalidRefundNonce")
        if amount == 0:
            raise Refused("ZeroAmount")
        escrow.nonce += 1
        amount = min(amount, escrow.available)
        self._give_back(escrow, amount)
        if amount and escrow.since is not None:
            escrow.withdrawing = max(escrow.withdrawing - amount, 0)
            if escrow.withdrawing == 0:
                escrow.since = None

    def _give_back(self, escrow: Escrow, amount: int) -> None:
        escrow.balance -= amount
        self.payer += amount

"""What shares of a pool of stake are worth, and what they earned, as OperatorStaking reckons it. Wei of CP."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """One of an operator's two pools."""

    tokens: int = 0
    shares: int = 0
    thawing: int = 0
    generation: int = 0

    def worth(self, shares: int) -> int:
        """Of shares of the pool's generation, rounded down."""
        return shares * self.tokens // self.shares if self.shares else 0

    def active(self) -> int:
        """Of the shares that don't thaw."""
        return self.worth(self.shares - self.thawing)


def available(own: Pool, delegated: Pool, locked: int) -> int:
    """Active stake that is not locked."""
    return max(own.active() + delegated.active() - locked, 0)


def owed_x128(db: sqlite3.Connection, account: str, currency: str) -> tuple[int, list[str]]:
    """All that an account is owed in a currency, in 2^-128 units, and the operators that it ever delegated to."""
    found = db.execute(
        "SELECT amount_x128 FROM reward_credit WHERE account = ? AND currency = ?", (account, currency)
    ).fetchone()
    total = int(found[0]) if found else 0
    operators = []
    for operator, shares, earned, settled in db.execute(
        "SELECT p.operator, shares, coalesce(r.earned_x128, '0'), coalesce(s.earned_x128, '0') FROM stake_position p "
        "LEFT JOIN reward_rate r ON r.operator = p.operator AND r.generation = p.generation AND r.currency = ?2 "
        "LEFT JOIN reward_settled s ON s.operator = p.operator AND s.account = p.account AND s.currency = ?2 "
        "WHERE p.account = ?1 AND p.operator != ?1",
        (account, currency),
    ):
        total += int(shares) * (int(earned) - int(settled))
        operators.append(operator)
    return total, operators

"""What shares of a pool of stake are worth, as OperatorStaking reckons it. Wei of CP."""

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
        return shares * self.tokens // self.shares if shares else 0

    def active(self) -> int:
        """Of the shares that don't thaw."""
        return self.worth(self.shares - self.thawing)


def available(own: Pool, delegated: Pool, locked: int) -> int:
    """Active stake that is not locked."""
    return max(own.active() + delegated.active() - locked, 0)

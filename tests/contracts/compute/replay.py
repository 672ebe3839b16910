"""All state of OperatorStaking rebuilt from its logs alone, in its own integers."""

from collections import defaultdict
from dataclasses import dataclass, field

from cluster.testing import Event

X128 = 2**128


@dataclass
class Pool:
    tokens: int = 0
    shares: int = 0
    thawing: int = 0
    generation: int = 0
    positions: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


class Replay:
    """Feed it every event of the contract in order."""

    def __init__(self, cp: str) -> None:
        self.cp = cp
        self.pools: defaultdict[tuple[str, bool], Pool] = defaultdict(Pool)
        # shares, generation, release
        self.tranches: dict[tuple[str, str, int], tuple[int, int, int]] = {}
        self.locks: dict[tuple[str, int], int] = {}
        # In 2^-128 units, delegations settled at every reward.
        self.claims: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.held: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.owed: defaultdict[str, int] = defaultdict(int)
        # What is in force from when on; an announcement replaces those from its making on.
        self.commission: dict[str, list[tuple[int, int]]] = {}
        self.ceiling: dict[str, int] = {}
        self.uri: dict[str, str] = {}
        self.currencies: list[str] = []
        self.min_own = 0
        self.paused = False

    def feed(self, e: Event, now: int) -> None:
        """Takes in an event of a block of that time."""
        match e.name:
            case "OperatorRegistered":
                self.uri[e.operator] = e.uri
                self.commission[e.operator] = [(now, e.commissionBps)]
                self.ceiling[e.operator] = e.maxCommissionBps
            case "OperatorURISet":
                self.uri[e.operator] = e.uri
            case "CommissionSet":
                in_force = [(since, bps) for since, bps in self.commission[e.operator] if since <= now]
                self.commission[e.operator] = [*in_force, (e.effectiveAt, e.commissionBps)]
            case "Staked":
                pool = self._pool(e)
                pool.tokens += e.amount
                pool.shares += e.shares
                pool.positions[e.account] += e.shares
            case "ThawingStarted":
                pool = self._pool(e)
                pool.positions[e.account] -= e.shares
                pool.thawing += e.shares
                self.tranches[e.operator, e.account, e.tranche] = (e.shares, pool.generation, e.releaseAt)
            case "Withdrawn":
                self._withdrawn(e)
            case "PoolEmptied":
                pool = self.pools[e.operator, e.own]
                pool.shares = pool.thawing = 0
                pool.generation = e.generation
                pool.positions.clear()
            case "RewardAdded":
                self._reward(e)
            case "HeldRewardReleased":
                self.held[e.currency, e.operator] -= e.amount
                self.claims[e.currency, e.operator] += e.amount * X128
            case "Claimed":
                self.claims[e.currency, e.account] -= e.amount * X128
                self.owed[e.currency] -= e.amount
            case "Locked":
                self.locks[e.operator, e.lockId] = e.amount
            case "Unlocked":
                assert self.locks.pop((e.operator, e.lockId)) == e.amount
            case "Slashed":
                self._slashed(e)
            case "RewardCurrencyAdded":
                assert e.index == len(self.currencies)
                self.currencies.append(e.currency)
            case "MinOwnStakeSet":
                self.min_own = e.minOwnStake
            case "Paused" | "Unpaused":
                self.paused = e.name == "Paused"
            case "SurplusRescued" | "Upgraded" | "Initialized" | "AuthorityUpdated":
                pass
            case name:
                raise AssertionError(f"unknown event {name}")

    def commission_at(self, operator: str, now: int) -> int:
        return [bps for since, bps in self.commission[operator] if since <= now][-1]

    def _pool(self, e: Event) -> Pool:
        return self.pools[e.operator, e.operator == e.account]

    def _withdrawn(self, e: Event) -> None:
        pool = self._pool(e)
        shares, generation, _ = self.tranches.pop((e.operator, e.account, e.tranche))
        assert shares == e.shares
        if generation == pool.generation:
            pool.tokens -= e.amount
            pool.shares -= e.shares
            pool.thawing -= e.shares

    def _reward(self, e: Event) -> None:
        assert e.amount == e.toOperator + e.toDelegators + e.held
        self.owed[e.currency] += e.amount
        self.held[e.currency, e.operator] += e.held
        self.claims[e.currency, e.operator] += e.toOperator * X128
        if e.toDelegators:
            pool = self.pools[e.operator, False]
            assert e.generation == pool.generation
            each, rest = divmod(e.toDelegators * X128, pool.shares - pool.thawing)
            for account, shares in pool.positions.items():
                self.claims[e.currency, account] += shares * each
            self.claims[e.currency, e.operator] += rest

    def _slashed(self, e: Event) -> None:
        assert e.fromOwn + e.fromDelegated == e.toChallenger + e.burnt
        del self.locks[e.operator, e.lockId]
        self.pools[e.operator, True].tokens -= e.fromOwn
        self.pools[e.operator, False].tokens -= e.fromDelegated
        self.claims[self.cp, e.challenger] += e.toChallenger * X128
        self.owed[self.cp] += e.toChallenger

"""OperatorStaking, MemberStaking, IdleIncentives."""

from collections import defaultdict
from dataclasses import astuple

from indexer.handlers.operator_staking import commission_at
from indexer.handlers.values import ZERO
from indexer.stake import Pool, available, owed_x128
from indexer.views.question import Call, Known, Question, Questions, ask

STAKING, MEMBERS, IDLE = "OperatorStaking", "MemberStaking", "IdleIncentives"

RATES = ("commission_bps", "max_commission_bps", "next_commission_bps", "effective_at")

Pools = defaultdict[tuple[str, int], Pool]


def questions(known: Known) -> Questions:
    """All of them."""
    pools: Pools = defaultdict(Pool)
    for operator, own, tokens, shares, thawing, generation in known.rows(
        "SELECT operator, own, tokens, shares, thawing, generation FROM stake_pool"
    ):
        pools[operator, own] = Pool(int(tokens), int(shares), int(thawing), generation)
    yield from _operators(known, pools)
    yield from _positions(known, pools)
    yield from _rewards(known)
    yield from _members(known)
    yield from _idle(known, pools)


def _operators(known: Known, pools: Pools) -> Questions:
    yield ask(STAKING, "totalStaked", (), sum(pool.tokens for pool in pools.values()))
    yield ask(STAKING, "minOwnStake", (), int(known.setting(STAKING, "min_own_stake")))
    yield ask(STAKING, "paused", (), known.setting(STAKING, "paused") == "1")
    for operator, uri, locked, *rates in known.rows(
        "SELECT operator, uri, locked, commission_bps, max_commission_bps, next_commission_bps, effective_at "
        "FROM operator"
    ):
        row = dict(zip(RATES, rates, strict=True))
        own, delegated = pools[operator, 1], pools[operator, 0]
        coming = (row["next_commission_bps"], row["effective_at"]) if row["effective_at"] > known.time else (0, 0)
        commission = (commission_at(row, known.time), row["max_commission_bps"], *coming)
        yield ask(STAKING, "isOperator", (operator,), True)
        yield ask(STAKING, "uriOf", (operator,), uri)
        yield ask(STAKING, "commissionOf", (operator,), *commission)
        for pool, is_own in ((own, True), (delegated, False)):
            yield ask(STAKING, "poolOf", (operator, is_own), astuple(pool))
        yield ask(STAKING, "activeStake", (operator,), own.active(), delegated.active())
        yield ask(STAKING, "slashableStake", (operator,), own.tokens + delegated.tokens)
        yield ask(STAKING, "lockedStake", (operator,), int(locked))
        yield ask(STAKING, "availableStake", (operator,), available(own, delegated, int(locked)))
        ((oldest,),) = known.rows("SELECT min(lock_id) FROM stake_lock WHERE operator = ? AND state = 'open'", operator)
        yield ask(STAKING, "oldestLock", (operator,), oldest or 0)
    for operator, lock_id, amount, state, time in known.rows(
        "SELECT operator, lock_id, amount, state, time FROM stake_lock"
    ):
        told = (int(amount), time) if state == "open" else (0, 0)
        yield ask(STAKING, "lockOf", (operator, lock_id), *told)


def _positions(known: Known, pools: Pools) -> Questions:
    for operator, account, shares, generation, tranches in known.rows(
        "SELECT operator, account, shares, generation, tranches FROM stake_position"
    ):
        pool = pools[operator, int(operator == account)]
        active = int(shares) if generation == pool.generation else 0
        yield ask(STAKING, "positionOf", (operator, account), active, pool.worth(active), tranches)
    for operator, account, tranche, shares, generation, release_at in known.rows(
        "SELECT operator, account, tranche, shares, generation, release_at FROM stake_tranche"
    ):
        pool = pools[operator, int(operator == account)]
        worth = pool.worth(int(shares)) if generation == pool.generation else 0
        told = (int(shares), generation, release_at)
        yield ask(STAKING, "trancheOf", (operator, account, tranche), told, worth)


def _rewards(known: Known) -> Questions:
    currencies = known.rows("SELECT currency FROM reward_currency ORDER BY position")
    yield ask(STAKING, "rewardCurrencies", (), tuple(currency for (currency,) in currencies))
    for currency, amount in known.rows("SELECT currency, amount FROM reward_owed"):
        yield ask(STAKING, "totalOwed", (currency,), int(amount))
    for operator, currency, held in known.rows("SELECT operator, currency, held FROM reward_total"):
        yield ask(STAKING, "heldReward", (operator, currency), int(held))
    accounts = known.rows(
        "SELECT account, currency FROM reward_credit "
        "UNION SELECT account, currency FROM stake_position, reward_currency"
    )
    for account, currency in accounts:
        yield _owed(known, account, currency)


def _owed(known: Known, account: str, currency: str) -> Question:
    total, operators = owed_x128(known.db, account, currency)
    credit = Call(STAKING, "claimableX128", (currency, account))
    parts = [Call(STAKING, "unsettledX128", (operator, account, currency)) for operator in operators]
    return Question((credit, *parts), (total,))


def _members(known: Known) -> Questions:
    tiers = known.rows("SELECT tier, min_stake, discount_bps, priority FROM member_tier ORDER BY tier")
    told = tuple((int(min_stake), discount, priority) for _, min_stake, discount, priority in tiers)
    yield ask(MEMBERS, "tiers", (), told)
    yield ask(MEMBERS, "cooldown", (), int(known.setting(MEMBERS, "cooldown")))
    yield ask(MEMBERS, "paused", (), known.setting(MEMBERS, "paused") == "1")
    total = 0
    for account, staked, cooling, release_at in known.rows("SELECT account, staked, cooling, release_at FROM member"):
        total += int(staked) + int(cooling)
        yield ask(MEMBERS, "membershipOf", (account,), (int(staked), int(cooling), release_at))
        reached = [tier for tier in tiers if int(tier[1]) <= int(staked)]
        number, _, discount, priority = reached[-1] if reached else (0, 0, 0, 0)
        yield ask(MEMBERS, "tierOf", (account,), number, discount, priority)
    yield ask(MEMBERS, "totalStaked", (), total)


def _idle(known: Known, pools: Pools) -> Questions:
    for name in ("funds", "reserved", "rate"):
        yield ask(IDLE, name, (), int(known.setting(IDLE, name)))
    yield ask(IDLE, "paused", (), known.setting(IDLE, "paused") == "1")
    weights = dict(known.rows("SELECT capacity_class, weight FROM idle_class"))
    for capacity_class, weight in weights.items():
        yield ask(IDLE, "classWeight", (capacity_class,), weight)
    locked = {operator: int(amount) for operator, amount in known.rows("SELECT operator, locked FROM operator")}
    least = int(known.setting(STAKING, "min_own_stake"))
    for operator, node, capacity_class in known.rows("SELECT operator, node, capacity_class FROM idle_operator"):
        yield ask(IDLE, "nodeOf", (operator,), node or ZERO)
        yield ask(IDLE, "capacityClassOf", (operator,), capacity_class)
        weight = 0
        if operator in locked and pools[operator, 1].active() >= least:
            stake = available(pools[operator, 1], pools[operator, 0], locked[operator])
            weight = stake * weights.get(capacity_class, 0)
        yield ask(IDLE, "weightOf", (operator,), weight)
    for epoch, pot, weight, closes_at in known.rows("SELECT epoch, pot, weight, closes_at FROM idle_epoch"):
        yield ask(IDLE, "epochOf", (epoch,), (int(pot), int(weight), closes_at))
    for epoch, operator, weight, paid in known.rows("SELECT epoch, operator, weight, paid FROM idle_answer"):
        yield ask(IDLE, "dueWeight", (epoch, operator), int(weight) if paid is None else 0)

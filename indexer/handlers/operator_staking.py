"""OperatorStaking: operators, pools of stake, delegations, rewards, locks, slashes, in the contract's own integers."""

import json
from typing import Any

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.handlers.money import PAUSE_HANDLERS, put_claim, surplus_rescued
from indexer.handlers.values import add, known
from indexer.rows import Row, Rows

X128_BITS = 128


def operator_registered(rows: Rows, event: Event) -> None:
    operator = event["operator"]
    rows.put(
        "operator",
        operator=operator,
        uri=event["uri"],
        commission_bps=event["commissionBps"],
        max_commission_bps=event["maxCommissionBps"],
        next_commission_bps=0,
        effective_at=0,
        locked="0",
        currencies="[]",
        **event.place,
    )
    for own in (0, 1):
        rows.put("stake_pool", operator=operator, own=own, tokens="0", shares="0", thawing="0", generation=0)


def operator_uri_set(rows: Rows, event: Event) -> None:
    rows.change("operator", event["operator"], uri=event["uri"])


def commission_set(rows: Rows, event: Event) -> None:
    """A cut holds at once, a rise later; either ends a rise that was not in force."""
    operator, bps, effective_at = event["operator"], event["commissionBps"], event["effectiveAt"]
    if effective_at > event.time:
        current = commission_at(_needed(rows, "operator", operator), event.time)
        columns = {"commission_bps": current, "next_commission_bps": bps, "effective_at": effective_at}
    else:
        columns = {"commission_bps": bps, "next_commission_bps": 0, "effective_at": 0}
    rows.change("operator", operator, **columns)


def commission_at(operator: Row, time: int) -> int:
    """An operator's commission in basis points at a time."""
    due = operator["effective_at"] != 0 and operator["effective_at"] <= time
    found: int = operator["next_commission_bps"] if due else operator["commission_bps"]
    return found


def staked(rows: Rows, event: Event) -> None:
    position = _synced(rows, event)
    _put_position(rows, position, shares=int(position["shares"]) + event["shares"])
    add(rows, "stake_pool", *_pool_of(event), tokens=event["amount"], shares=event["shares"])
    _put_change(rows, event, "staked", event["amount"])


def thawing_started(rows: Rows, event: Event) -> None:
    position = _synced(rows, event)
    shares = int(position["shares"]) - event["shares"]
    _put_position(rows, position, shares=shares, tranches=event["tranche"] + 1)
    add(rows, "stake_pool", *_pool_of(event), thawing=event["shares"])
    rows.put(
        "stake_tranche",
        operator=event["operator"],
        account=event["account"],
        tranche=event["tranche"],
        shares=str(event["shares"]),
        generation=position["generation"],
        release_at=event["releaseAt"],
        **event.place,
    )
    _put_change(rows, event, "thawing", None)


def withdrawn(rows: Rows, event: Event) -> None:
    key = event["operator"], event["account"], event["tranche"]
    tranche, pool = _needed(rows, "stake_tranche", *key), _needed(rows, "stake_pool", *_pool_of(event))
    if tranche["generation"] == pool["generation"]:
        shares = -event["shares"]
        add(rows, "stake_pool", *_pool_of(event), tokens=-event["amount"], shares=shares, thawing=shares)
    rows.remove("stake_tranche", *key)
    _put_change(rows, event, "withdrawn", event["amount"])


def pool_emptied(rows: Rows, event: Event) -> None:
    """What its tokens lose is told by Slashed, next."""
    key = event["operator"], int(event["own"])
    rows.change("stake_pool", *key, shares="0", thawing="0", generation=event["generation"])


def reward_added(rows: Rows, event: Event) -> None:
    operator, currency = event["operator"], event["currency"]
    parts = {
        "amount": event["amount"],
        "to_operator": event["toOperator"],
        "to_delegators": event["toDelegators"],
        "held": event["held"],
    }
    total = rows.get("reward_total", operator, currency) or dict.fromkeys(parts, "0")
    sums = {name: str(int(total[name]) + part) for name, part in parts.items()}
    rows.put("reward_total", operator=operator, currency=currency, **sums)
    texts = {name: str(part) for name, part in parts.items()}
    rows.put("reward", operator=operator, currency=currency, payer=event["payer"], **texts, **event.place)
    _owe(rows, currency, event["amount"])
    credit = event["toOperator"] << X128_BITS
    if event["toDelegators"]:
        credit += _raise_rate(rows, event)
    _credit(rows, operator, currency, credit)


def _raise_rate(rows: Rows, event: Event) -> int:
    """Shares a reward out among delegated shares; gives what rounding drops, in 2^-128 units."""
    operator, currency, generation = event["operator"], event["currency"], event["generation"]
    pool, found = _needed(rows, "stake_pool", operator, 0), _needed(rows, "operator", operator)
    active = int(pool["shares"]) - int(pool["thawing"])
    each, rest = divmod(event["toDelegators"] << X128_BITS, active)
    earned = _rate(rows, operator, generation, currency) + each
    rows.put("reward_rate", operator=operator, generation=generation, currency=currency, earned_x128=str(earned))
    currencies = json.loads(found["currencies"])
    if currency not in currencies:
        rows.change("operator", operator, currencies=json.dumps([*currencies, currency]))
    return rest  # type: ignore[no-any-return]


def held_reward_released(rows: Rows, event: Event) -> None:
    operator, currency = event["operator"], event["currency"]
    add(rows, "reward_total", operator, currency, held=-event["amount"])
    _credit(rows, operator, currency, event["amount"] << X128_BITS)


def claimed(rows: Rows, event: Event) -> None:
    _credit(rows, event["account"], event["currency"], -(event["amount"] << X128_BITS))
    _owe(rows, event["currency"], -event["amount"])
    put_claim(rows, event)


def locked(rows: Rows, event: Event) -> None:
    add(rows, "operator", event["operator"], locked=event["amount"])
    rows.put(
        "stake_lock",
        operator=event["operator"],
        lock_id=event["lockId"],
        amount=str(event["amount"]),
        opened_by=event["by"],
        state="open",
        **event.place,
    )


def unlocked(rows: Rows, event: Event) -> None:
    _end_lock(rows, event, "ended")


def slashed(rows: Rows, event: Event) -> None:
    operator, challenger = event["operator"], known(event["challenger"])
    _end_lock(rows, event, "slashed")
    for own, taken in ((1, event["fromOwn"]), (0, event["fromDelegated"])):
        add(rows, "stake_pool", operator, own, tokens=-taken)
    if event["toChallenger"] and challenger:
        currency = rows.address("ClusterToken")
        _credit(rows, challenger, currency, event["toChallenger"] << X128_BITS)
        _owe(rows, currency, event["toChallenger"])
    rows.put(
        "slash",
        operator=operator,
        lock_id=event["lockId"],
        challenger=challenger,
        from_own=str(event["fromOwn"]),
        from_delegated=str(event["fromDelegated"]),
        to_challenger=str(event["toChallenger"]),
        burnt=str(event["burnt"]),
        **event.place,
    )


def reward_currency_added(rows: Rows, event: Event) -> None:
    rows.put("reward_currency", position=event["index"], currency=event["currency"])


def min_own_stake_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "min_own_stake", str(event["minOwnStake"]))


def _needed(rows: Rows, table: str, *key: Any) -> Row:
    row = rows.get(table, *key)
    if row is None:
        raise LookupError(f"{table} has no row {key}")
    return row


def _pool_of(event: Event) -> tuple[str, int]:
    """Key of the pool that an account's stake is in."""
    return event["operator"], int(event["operator"] == event["account"])


def _synced(rows: Rows, event: Event) -> Row:
    """An account's position, as the contract brings it up to date before its shares change: rewards credited, shares
    of an earlier generation gone.
    """
    operator, account = event["operator"], event["account"]
    generation = _needed(rows, "stake_pool", *_pool_of(event))["generation"]
    position = rows.get("stake_position", operator, account)
    if position is None:
        position = {"operator": operator, "account": account, "shares": "0", "generation": 0, "tranches": 0}
        position |= event.place
    if account != operator:
        for currency in json.loads(_needed(rows, "operator", operator)["currencies"]):
            _settle(rows, position, currency, generation)
    if position["generation"] != generation:
        position = {**position, "shares": "0", "generation": generation}
    return position


def _settle(rows: Rows, position: Row, currency: str, generation: int) -> None:
    """Credits what a position earned, and notes from where on it earns in the pool's generation."""
    operator, account = position["operator"], position["account"]
    found = rows.get("reward_settled", operator, account, currency)
    before = int(found["earned_x128"]) if found else 0
    shares = int(position["shares"])
    if shares:
        earned = _rate(rows, operator, position["generation"], currency) - before
        _credit(rows, account, currency, shares * earned)
    now = _rate(rows, operator, generation, currency)
    rows.put("reward_settled", operator=operator, account=account, currency=currency, earned_x128=str(now))


def _rate(rows: Rows, operator: str, generation: int, currency: str) -> int:
    found = rows.get("reward_rate", operator, generation, currency)
    return int(found["earned_x128"]) if found else 0


def _credit(rows: Rows, account: str, currency: str, amount: int) -> None:
    if amount == 0:
        return
    found = rows.get("reward_credit", account, currency)
    total = (int(found["amount_x128"]) if found else 0) + amount
    rows.put("reward_credit", account=account, currency=currency, amount_x128=str(total))


def _owe(rows: Rows, currency: str, amount: int) -> None:
    found = rows.get("reward_owed", currency)
    rows.put("reward_owed", currency=currency, amount=str((int(found["amount"]) if found else 0) + amount))


def _put_position(rows: Rows, position: Row, shares: int, **more: Any) -> None:
    rows.put("stake_position", **{**position, "shares": str(shares), **more})


def _put_change(rows: Rows, event: Event, kind: str, amount: int | None) -> None:
    rows.put(
        "stake_change",
        operator=event["operator"],
        account=event["account"],
        kind=kind,
        shares=str(event["shares"]),
        amount=None if amount is None else str(amount),
        receiver=event.values.get("to"),
        **event.place,
    )


def _end_lock(rows: Rows, event: Event, state: str) -> None:
    key = event["operator"], event["lockId"]
    add(rows, "operator", event["operator"], locked=-int(_needed(rows, "stake_lock", *key)["amount"]))
    rows.change("stake_lock", *key, state=state)


HANDLERS = {
    "OperatorRegistered": operator_registered,
    "OperatorURISet": operator_uri_set,
    "CommissionSet": commission_set,
    "Staked": staked,
    "ThawingStarted": thawing_started,
    "Withdrawn": withdrawn,
    "PoolEmptied": pool_emptied,
    "RewardAdded": reward_added,
    "HeldRewardReleased": held_reward_released,
    "Claimed": claimed,
    "Locked": locked,
    "Unlocked": unlocked,
    "Slashed": slashed,
    "RewardCurrencyAdded": reward_currency_added,
    "MinOwnStakeSet": min_own_stake_set,
    "SurplusRescued": surplus_rescued,
    **PAUSE_HANDLERS,
}
IGNORED: set[str] = set()

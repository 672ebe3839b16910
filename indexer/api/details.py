# ruff: noqa: S608 - names in SQL come from this module, values are bound
"""What the API tells of one agent, model, operator, member or account."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from indexer.api.lists import LISTS
from indexer.api.queries import MAX_LIMIT, Row, camel
from indexer.stake import Pool, available, owed_x128
from indexer.summary import summary

COLUMNS = {known.path[1:]: known.columns for known in LISTS}
METADATA = ("name_hash", "name", "value")
POOL = ("own", "tokens", "shares", "thawing", "generation")
TOTAL = ("currency", "amount", "to_operator", "to_delegators", "held")
SETTING = ("contract", "name", "value")
TIER = ("tier", "min_stake", "discount_bps", "priority")
FEED = (
    "currency",
    "primary_feed",
    "secondary_feed",
    "max_age",
    "max_deviation_bps",
    "decimals",
    "min_price",
    "max_price",
)
X128_BITS = 128


def _rows(db: sqlite3.Connection, columns: Sequence[str], rest: str, *parameters: Any) -> list[Row]:
    names = [camel(column) for column in columns]
    found = db.execute(f"SELECT {', '.join(columns)} FROM {rest} LIMIT {MAX_LIMIT}", parameters)
    return [dict(zip(names, row, strict=True)) for row in found]


def agent(db: sqlite3.Connection, id_: int) -> Row | None:
    """An agent with what it says of itself."""
    found = _rows(db, COLUMNS["agents"], "agent WHERE id = ?", id_)
    if not found:
        return None
    return {**found[0], "metadata": _rows(db, METADATA, "agent_metadata WHERE agent_id = ? ORDER BY name_hash", id_)}


def agent_summary(db: sqlite3.Connection, id_: int, clients: Sequence[str], tag1: str, tag2: str) -> Row | None:
    """What `ReputationRegistry.getSummary` answers."""
    if db.execute("SELECT 1 FROM agent WHERE id = ?", (id_,)).fetchone() is None:
        return None
    total: list[tuple[int, int]] = []
    for client in clients:
        total += (
            (int(value), decimals)
            for value, decimals in db.execute(
                "SELECT value, value_decimals FROM feedback WHERE agent_id = ?1 AND client = ?2 AND NOT revoked "
                "AND ?3 IN ('', tag1) AND ?4 IN ('', tag2)",
                (id_, client, tag1, tag2),
            )
        )
    count, mean, decimals = summary(total)
    return {"agentId": id_, "count": count, "summaryValue": str(mean), "summaryValueDecimals": decimals}


def model(db: sqlite3.Connection, key: str) -> Row | None:
    """A model by id or name, with its latest versions: prices, datasets, who earns how much of the stack."""
    column, value = ("id", int(key)) if key.isdecimal() else ("name", key)
    found = _rows(db, COLUMNS["models"], f"model WHERE {column} = ?", value)
    if not found:
        return None
    row = found[0]
    row["listed"] = bool(row["listed"])
    row["versions"] = _rows(
        db, COLUMNS["versions"], "model_version WHERE model_id = ? ORDER BY version DESC", row["id"]
    )
    for version in row["versions"]:
        source = (row["id"], version["source"])
        version["datasets"] = _rows(
            db,
            ("dataset_id", "weight"),
            "model_dataset WHERE model_id = ? AND version = ? ORDER BY dataset_id",
            *source,
        )
        version["stack"] = _rows(
            db,
            ("beneficiary", "beneficiary_id", "ppm"),
            "model_share WHERE model_id = ? AND version = ? ORDER BY position",
            *source,
        )
    return row


def operator(db: sqlite3.Connection, account: str) -> Row | None:
    """An operator with its pools: a share is worth tokens / shares of its pool, exactly."""
    found = _rows(db, COLUMNS["operators"], "operator WHERE operator = ?", account)
    if not found:
        return None
    row = found[0]
    row["pools"] = _rows(db, POOL, "stake_pool WHERE operator = ? ORDER BY own DESC", account)
    pools = []
    for told in row["pools"]:
        pools.append(Pool(int(told["tokens"]), int(told["shares"]), int(told["thawing"]), told["generation"]))
        told["own"] = bool(told["own"])
        told["active"] = str(pools[-1].active())
    row["available"] = str(available(pools[0], pools[1], int(row["locked"])))
    row["rewards"] = _rows(db, TOTAL, "reward_total WHERE operator = ? ORDER BY currency", account)
    idle = db.execute("SELECT node, capacity_class FROM idle_operator WHERE operator = ?", (account,)).fetchone()
    row["node"], row["capacityClass"] = idle or (None, 0)
    return row


def account(db: sqlite3.Connection, address: str) -> Row:
    """What an account has in the protocol's contracts, and what they owe it."""
    rewards = []
    for (currency,) in db.execute("SELECT currency FROM reward_currency ORDER BY position").fetchall():
        whole = owed_x128(db, address, currency)[0] >> X128_BITS
        if whole:
            rewards.append({"currency": currency, "amount": str(whole)})
    return {
        "account": address,
        "prepaid": _rows(
            db,
            ("currency", "amount"),
            "prepaid_balance WHERE account = ? AND amount != '0' ORDER BY currency",
            address,
        ),
        "claimable": _rows(
            db,
            ("contract", "currency", "amount", "total"),
            "credit WHERE account = ? ORDER BY contract, currency",
            address,
        ),
        "rewards": rewards,
        "member": _member(db, address),
    }


def _member(db: sqlite3.Connection, address: str) -> Row | None:
    found = _rows(db, ("staked", "cooling", "release_at"), "member WHERE account = ?", address)
    if not found:
        return None
    tiers = _rows(db, TIER, "member_tier ORDER BY tier")
    reached = [tier for tier in tiers if int(tier["minStake"]) <= int(found[0]["staked"])]
    return {**found[0], "tier": reached[-1]["tier"] if reached else 0}


def parameters(db: sqlite3.Connection) -> Row:
    """What governance set."""
    return {
        "settings": _rows(db, SETTING, "setting ORDER BY contract, name"),
        "tiers": _rows(db, TIER, "member_tier ORDER BY tier"),
        "capacityClasses": _rows(db, ("capacity_class", "weight"), "idle_class ORDER BY capacity_class"),
        "priceFeeds": _rows(db, FEED, "price_feed ORDER BY currency"),
    }

"""The API's description (OpenAPI 3.1)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from indexer.api import details
from indexer.api.lists import LISTS, List
from indexer.api.parameters import MAX_TEXT
from indexer.api.queries import DATASET, DEFAULT_LIMIT, EARNING, MAX_LIMIT, PURCHASE, camel
from indexer.store import Store

VERSION = "1"

Schema = dict[str, Any]

_ADDRESS: Schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
_AMOUNT: Schema = {
    "type": "string",
    "pattern": "^[0-9]+$",
    "description": "Decimal integer in the currency's smallest unit",
}
_INTEGER: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}
_PAGING: dict[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "after": {"type": "string", "description": "The `next` of the page before"},
}
_PARTIES: dict[str, Schema] = dict.fromkeys(("buyer", "recipient", "referrer", "holder"), _ADDRESS)

# Columns that are not just text.
_TYPES: dict[str, Schema] = {
    **dict.fromkeys(("creator", "holder", "buyer", "recipient", "treasury", "currency"), _ADDRESS),
    **dict.fromkeys(("price", "to_holder", "to_treasury", "to_referrer", "total"), _AMOUNT),
    **dict.fromkeys(("id", "dataset_id", "royalty_bps", "version", "delist_reason", "rating_sum"), _INTEGER),
    **dict.fromkeys(("rating_count", "purchase_count", "block", "log_index", "time", "count"), _INTEGER),
    "referrer": {"type": ["string", "null"]},
    "free": {"type": "boolean"},
    "listed": {"type": "boolean"},
    "role": {"enum": ["holder", "treasury", "referrer"]},
}


@cache
def _tables() -> dict[str, dict[str, Schema]]:
    """Types of columns, as the migrations make them."""
    store = Store(":memory:")
    found: dict[str, dict[str, Schema]] = {}
    for table in store.derived_tables():
        found[table] = {}
        for _, name, kind, needed, _, in_key in store.db.execute(f"PRAGMA table_info({table})"):
            one = "integer" if kind == "INTEGER" else "string"
            found[table][name] = {"type": one if needed or in_key else [one, "null"]}
    store.close()
    return found


def _columns(table: str, columns: Sequence[str], booleans: Sequence[str] = (), **more: Schema) -> Schema:
    """An object of some columns of a table."""
    types = _tables()[table] | {name: {"type": "boolean"} for name in booleans}
    return _object({camel(name): types[name] for name in columns} | more)


def _rows_of(known: List) -> Schema:
    return _columns(known.table, known.columns, [*known.booleans])


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _row(columns: tuple[str, ...], **more: Schema) -> Schema:
    return _object({camel(name): _TYPES.get(name, _TEXT) for name in columns} | more)


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(items: Schema) -> Schema:
    return _object({"data": _array(items), "next": {"type": ["string", "null"]}})


def _get(summary: str, schema: Schema, query: dict[str, Schema], path: dict[str, Schema]) -> Schema:
    problem = {"content": {"application/json": {"schema": _reference("Error")}}}
    answers: dict[str, Any] = {
        "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
        "400": {"description": "A parameter is wrong", **problem},
        "503": {"description": "Nothing is indexed yet, or it took too long", **problem},
    }
    if path.keys() & {"key", "id", "operator"} or "dataset" in query:
        answers["404"] = {"description": "There is no such thing", **problem}
    parameters = [{"name": n, "in": "query", "required": False, "schema": s} for n, s in query.items()]
    parameters += [{"name": n, "in": "path", "required": True, "schema": s} for n, s in path.items()]
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _schemas() -> dict[str, Schema]:
    price = _object({"currency": _ADDRESS, "amount": _AMOUNT})
    version = _row(("version", "cid", "manifest_hash", "uri", "block", "time", "tx"))
    review = _row(("reviewer", "rating", "uri", "block", "time", "tx"))
    review["properties"]["rating"] = {"type": "integer", "minimum": 1, "maximum": 5}
    dataset = _row(DATASET, prices=_array(price))
    return {
        "Error": _object({"error": _object({"message": _TEXT, "code": _TEXT})}),
        "Dataset": dataset,
        "DatasetInFull": _row(DATASET, prices=_array(price), versions=_array(version), reviews=_array(review)),
        "Purchase": _row(PURCHASE),
        "Earnings": _object({"account": _ADDRESS, "data": _array(_row(EARNING)), "claimable": _array(price)}),
        "Access": _object(
            {
                "datasetId": _INTEGER,
                "account": _ADDRESS,
                "accessLevel": {"enum": ["Public", "Member", "Buyer", "Creator"]},
                "canDownload": {"type": "boolean"},
            }
        ),
        "Status": _object(
            {
                **dict.fromkeys(("chainId", "indexed", "reorganizations"), _INTEGER),
                "head": {"type": ["integer", "null"], "description": "Null until the node has answered"},
                "lag": {"type": ["integer", "null"]},
                "indexedHash": _TEXT,
                "lastReorganization": {
                    "type": ["object", "null"],
                    "properties": {"from": _INTEGER, "to": _INTEGER},
                },
                "error": {
                    "type": ["string", "null"],
                    "description": "What the indexer waits out, if anything",
                },
            }
        ),
    }


def _details() -> dict[str, Schema]:
    lists = {known.path[1:]: known for known in LISTS}
    agents, models, operators = (lists[name] for name in ("agents", "models", "operators"))
    dataset = _columns("model_dataset", ("dataset_id", "weight"))
    share = _columns("model_share", ("beneficiary", "beneficiary_id", "ppm"))
    version = _columns("model_version", lists["versions"].columns, datasets=_array(dataset), stack=_array(share))
    pool = _columns("stake_pool", details.POOL, ("own",), active=_AMOUNT)
    tier = _columns("member_tier", details.TIER)
    money = _object({"currency": _ADDRESS, "amount": _AMOUNT})
    member = _columns("member", ("staked", "cooling", "release_at"), tier=_INTEGER)
    return {
        "Agent": _columns("agent", agents.columns, metadata=_array(_columns("agent_metadata", details.METADATA))),
        "AgentSummary": _object(
            {
                **dict.fromkeys(("agentId", "count", "summaryValueDecimals"), _INTEGER),
                "summaryValue": {"type": "string", "pattern": "^-?[0-9]+$"},
            }
        ),
        "Model": _columns("model", models.columns, ("listed",), versions=_array(version)),
        "Operator": _columns(
            "operator",
            operators.columns,
            pools=_array(pool),
            available=_AMOUNT,
            rewards=_array(_columns("reward_total", details.TOTAL)),
            node={"type": ["string", "null"]},
            capacityClass=_INTEGER,
        ),
        "Account": _object(
            {
                "account": _ADDRESS,
                "prepaid": _array(money),
                "claimable": _array(_columns("credit", ("contract", "currency", "amount", "total"))),
                "rewards": _array(money),
                "member": {**member, "type": ["object", "null"]},
            }
        ),
        "Parameters": _object(
            {
                "settings": _array(_columns("setting", details.SETTING)),
                "tiers": _array(tier),
                "capacityClasses": _array(_columns("idle_class", ("capacity_class", "weight"))),
                "priceFeeds": _array(_columns("price_feed", details.FEED)),
            }
        ),
    }


def _detail_paths() -> dict[str, Schema]:
    agent: Schema = {"type": "integer", "minimum": 0}
    tag: Schema = {"type": "string", "maxLength": MAX_TEXT}
    clients: Schema = {"type": "string", "description": f"At most {MAX_LIMIT} addresses, with commas between; needed"}
    name: Schema = {"type": "string", "description": "Id, or namespace/name; digits are an id"}
    return {
        "/agents/{id}": _get("One agent with its metadata", _reference("Agent"), {}, {"id": agent}),
        "/agents/{id}/summary": _get(
            "What ReputationRegistry.getSummary answers",
            _reference("AgentSummary"),
            {"clients": clients, "tag1": tag, "tag2": tag},
            {"id": agent},
        ),
        "/models/{key}": _get(
            "One model with its latest versions: prices, datasets, stack", _reference("Model"), {}, {"key": name}
        ),
        "/operators/{operator}": _get(
            "One operator with its pools and rewards", _reference("Operator"), {}, {"operator": _ADDRESS}
        ),
        "/accounts/{account}": _get(
            "What an account has, and is owed", _reference("Account"), {}, {"account": _ADDRESS}
        ),
        "/parameters": _get("What governance set", _reference("Parameters"), {}, {}),
    }


def _as_csv(path: Schema) -> Schema:
    get = path["get"]
    content = {"description": f"{get['summary']}, as CSV", "content": {"text/csv": {"schema": _TEXT}}}
    return {"get": {**get, "responses": {**get["responses"], "200": content}}}


@cache
def document() -> Schema:
    """The whole document."""
    key: Schema = {"type": "string", "description": "Id or slug; digits are an id"}
    datasets: dict[str, Schema] = {
        "q": {"type": "string", "maxLength": 100, "description": "Words; each must be in slug, license or URI"},
        "show": {"enum": ["offered", "all"], "default": "offered", "description": "All: what is not listed too"},
        "creator": _ADDRESS,
        "holder": _ADDRESS,
        "sort": {"enum": ["newest", "purchases"], "default": "newest"},
        **_PAGING,
    }
    lists = {
        **{
            known.path: _get(
                f"{known.summary}, newest first",
                _page(_rows_of(known)),
                {f.name: f.schema for f in known.filters} | _PAGING,
                {},
            )
            for known in LISTS
        },
        "/datasets": _get("Datasets on chain", _page(_reference("Dataset")), datasets, {}),
        "/purchases": _get(
            "Purchases with their splits, newest first",
            _page(_reference("Purchase")),
            {"dataset": key, **_PARTIES, **_PAGING},
            {},
        ),
        "/earnings/{account}": _get(
            "What an account earned and can claim", _reference("Earnings"), {}, {"account": _ADDRESS}
        ),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cluster Protocol indexer",
            "version": VERSION,
            "description": "Read-only. Amounts are decimal strings in the currency's smallest unit, times "
            "unix seconds; the zero address as currency is the chain's native coin. Every answer names its "
            "block in `x-block` and can be revalidated by `etag`.",
        },
        "paths": {
            **lists,
            **{f"{path}.csv": _as_csv(item) for path, item in lists.items()},
            **_detail_paths(),
            "/datasets/{key}": _get(
                "One dataset with prices and its latest versions and reviews",
                _reference("DatasetInFull"),
                {},
                {"key": key},
            ),
            "/access/{key}/{account}": _get(
                "What DatasetRegistry.accessLevel and canDownload answer",
                _reference("Access"),
                {},
                {"key": key, "account": _ADDRESS},
            ),
            "/status": _get("Head, indexed block, lag, last reorganization", _reference("Status"), {}, {}),
            "/healthz": _get("Whether the indexer follows the node", _object({"ok": {"type": "boolean"}}), {}, {}),
        },
        "components": {"schemas": _schemas() | _details()},
    }

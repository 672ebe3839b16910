"""The API's description (OpenAPI 3.1)."""

from typing import Any

from indexer.api.queries import DATASET, DEFAULT_LIMIT, EARNING, MAX_LIMIT, PURCHASE, camel

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
    if "key" in path or "dataset" in query:
        answers["404"] = {"description": "There is no such dataset", **problem}
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


def _as_csv(path: Schema) -> Schema:
    get = path["get"]
    content = {"description": f"{get['summary']}, as CSV", "content": {"text/csv": {"schema": _TEXT}}}
    return {"get": {**get, "responses": {**get["responses"], "200": content}}}


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
        "components": {"schemas": _schemas()},
    }

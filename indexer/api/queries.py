# ruff: noqa: S608 - names in SQL come from this module, values are bound
"""What the API reads: one function a question, rows as dictionaries ready for JSON."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.api.lists import List

MAX_LIMIT = 100
DEFAULT_LIMIT = 20
BUSY_TIMEOUT_S = 5

Row = dict[str, Any]
Cursor = tuple[int, int]

DATASET = (
    *(
        "id",
        "slug",
        "creator",
        "holder",
        "license",
        "royalty_bps",
        "version",
        "cid",
        "manifest_hash",
        "uri",
        "free",
    ),
    *("listed", "delist_reason", "rating_sum", "rating_count", "purchase_count", "block", "time", "tx"),
)
PURCHASE = (
    *("dataset_id", "slug", "buyer", "recipient", "currency", "price", "holder", "to_holder", "treasury"),
    *("to_treasury", "referrer", "to_referrer", "block", "log_index", "time", "tx"),
)
EARNING = ("currency", "role", "total", "count")


@dataclass(frozen=True)
class Page:
    """Rows, their columns, and where the next page begins (None at the end)."""

    columns: Sequence[str]
    rows: list[Row]
    next: str | None = None


def camel(name: str) -> str:
    """A column's name as the API has it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def open_reader(path: str) -> sqlite3.Connection:
    """A connection that can't write."""
    db = sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=False,
    )
    db.execute("PRAGMA query_only=ON")
    return db


def checkpoint(db: sqlite3.Connection) -> Row | None:
    """Number and hash of the block that the answers are of; None while there is nothing to answer from."""
    row = db.execute("SELECT checkpoint.block, hash FROM checkpoint, cursor WHERE NOT stale").fetchone()
    return {"block": row[0], "hash": "0x" + row[1].hex()} if row else None


def _rows(db: sqlite3.Connection, columns: Sequence[str], rest: str, parameters: Sequence[Any] = ()) -> list[Row]:
    names = [camel(column) for column in columns]
    found = db.execute(f"SELECT {', '.join(columns)} FROM {rest}", parameters)
    return [dict(zip(names, row, strict=True)) for row in found]


def datasets(
    db: sqlite3.Connection,
    *,
    words: Sequence[str] = (),
    show: str = "offered",
    creator: str | None = None,
    holder: str | None = None,
    sort: str = "newest",
    after: Cursor | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page:
    """Datasets, newest first, or by how often they were bought; those on offer, or all. Each of `words` must be in the
    slug, the license or the URI.
    """
    where: list[str] = ["slug IS NOT NULL"]
    parameters: list[Any] = []
    if show == "offered":
        where.append("listed AND delist_reason = 0")
    for word in words:
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append("(slug LIKE ? ESCAPE '\\' OR license LIKE ? ESCAPE '\\' OR uri LIKE ? ESCAPE '\\')")
        parameters += [like, like, like]
    for column, value in (("creator", creator), ("holder", holder)):
        if value:
            where.append(f"{column} = ?")
            parameters.append(value)
    by_count = sort == "purchases"
    if after is not None:
        where.append("(purchase_count, id) < (?, ?)" if by_count else "id < ?")
        parameters += after if by_count else after[1:]
    order = "purchase_count DESC, id DESC" if by_count else "id DESC"
    rows = _rows(
        db,
        DATASET,
        f"dataset WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?",
        (*parameters, limit + 1),
    )
    more = len(rows) > limit
    rows = [_with_prices(db, row) for row in rows[:limit]]
    following = f"{rows[-1]['purchaseCount'] if by_count else 0}-{rows[-1]['id']}" if more else None
    return Page((*DATASET, "prices"), rows, following)


def dataset_id(db: sqlite3.Connection, key: str) -> int | None:
    """Id of a dataset by id or slug. Digits are an id, always: nobody may claim another dataset's id as a
    slug.
    """
    column, value = ("id", int(key)) if key.isdecimal() else ("slug", key)
    found = db.execute(f"SELECT id FROM dataset WHERE {column} = ?", (value,)).fetchone()
    return found[0] if found else None


def dataset(db: sqlite3.Connection, key: str) -> Row | None:
    """One dataset by id or slug, with prices and its latest versions and reviews."""
    id_ = dataset_id(db, key)
    if id_ is None:
        return None
    row = _with_prices(db, _rows(db, DATASET, "dataset WHERE id = ?", (id_,))[0])
    row["versions"] = _rows(
        db,
        ("version", "cid", "manifest_hash", "uri", "block", "time", "tx"),
        "version WHERE dataset_id = ? ORDER BY version DESC LIMIT ?",
        (id_, MAX_LIMIT),
    )
    row["reviews"] = _rows(
        db,
        ("reviewer", "rating", "uri", "block", "time", "tx"),
        "review WHERE dataset_id = ? ORDER BY block DESC, reviewer LIMIT ?",
        (id_, MAX_LIMIT),
    )
    return row


def _with_prices(db: sqlite3.Connection, row: Row) -> Row:
    row["free"], row["listed"] = bool(row["free"]), bool(row["listed"])
    row["prices"] = _rows(
        db,
        ("currency", "amount"),
        "price WHERE dataset_id = ? ORDER BY currency LIMIT ?",
        (row["id"], MAX_LIMIT),
    )
    return row


def purchases(
    db: sqlite3.Connection, filters: dict[str, Any], after: Cursor | None = None, limit: int = DEFAULT_LIMIT
) -> Page:
    """Purchases, newest first; `filters` by dataset_id, buyer, recipient, referrer, holder."""
    where = ["1", *(f"purchase.{column} = ?" for column in filters)]
    parameters: list[Any] = [*filters.values()]
    if after is not None:
        where.append("(purchase.block, log_index) < (?, ?)")
        parameters += after
    own = {"slug": "dataset.slug"}
    names = [camel(column) for column in PURCHASE]
    found = db.execute(
        f"SELECT {', '.join(own.get(c, f'purchase.{c}') for c in PURCHASE)} FROM purchase "
        f"JOIN dataset ON dataset.id = dataset_id WHERE {' AND '.join(where)} "
        "ORDER BY purchase.block DESC, log_index DESC LIMIT ?",
        (*parameters, limit + 1),
    ).fetchall()
    rows = [dict(zip(names, row, strict=True)) for row in found[:limit]]
    return Page(PURCHASE, rows, f"{rows[-1]['block']}-{rows[-1]['logIndex']}" if len(found) > limit else None)


def listed(
    db: sqlite3.Connection, of: "List", where: Sequence[str], values: Sequence[Any], after: Cursor | None, limit: int
) -> Page:
    """A page of a list, newest first."""
    conditions, parameters = ["1", *where], [*values]
    if after is not None:
        conditions.append("(block, log_index) < (?, ?)")
        parameters += after
    found = _rows(
        db,
        of.columns,
        f"{of.table} WHERE {' AND '.join(conditions)} ORDER BY block DESC, log_index DESC LIMIT ?",
        (*parameters, limit + 1),
    )
    for row in found:
        row.update({camel(name): bool(row[camel(name)]) for name in of.booleans})
    rows = found[:limit]
    return Page(of.columns, rows, f"{rows[-1]['block']}-{rows[-1]['logIndex']}" if len(found) > limit else None)


def earnings(db: sqlite3.Connection, account: str) -> Page:
    """What an account earned, by currency and role."""
    rows = _rows(db, EARNING, "earning WHERE account = ? ORDER BY currency, role LIMIT ?", (account, MAX_LIMIT))
    return Page(EARNING, rows)


def claimable(db: sqlite3.Connection, account: str) -> list[Row]:
    """What an account can claim from the router."""
    return _rows(
        db,
        ("currency", "amount"),
        "credit WHERE contract = 'PaymentRouter' AND account = ? AND amount != '0' ORDER BY currency LIMIT ?",
        (account, MAX_LIMIT),
    )


def access(db: sqlite3.Connection, key: str, account: str) -> Row | None:
    """What `DatasetRegistry.accessLevel` and `canDownload` answer."""
    id_ = dataset_id(db, key)
    if id_ is None:
        return None
    holder, free, listed, reason = db.execute(
        "SELECT holder, free, listed, delist_reason FROM dataset WHERE id = ?", (id_,)
    ).fetchone()
    # The registry asks the router that it has now, which need not be the one whose purchases these are.
    bought = db.execute(
        "SELECT 1 FROM purchase "
        "JOIN setting ON setting.contract = 'DatasetRegistry' AND setting.name = 'payment_router' "
        "JOIN contract ON contract.name = 'PaymentRouter' AND contract.address = setting.value "
        "WHERE dataset_id = ? AND recipient = ?",
        (id_, account),
    ).fetchone()
    level = "Member"
    if int(account, 16) == 0:
        level = "Public"
    elif account == holder:
        level = "Creator"
    elif bought:
        level = "Buyer"
    can_download = level in ("Buyer", "Creator") or (level == "Member" and bool(free and listed) and reason == 0)
    return {"datasetId": id_, "account": account, "accessLevel": level, "canDownload": can_download}

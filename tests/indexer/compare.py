"""What a database holds, to compare it with another one."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from indexer.store import Store

Dump = dict[str, list[tuple[Any, ...]]]


def dump(store: Store, tables: Iterable[str] | None = None) -> Dump:
    """All rows of the tables, sorted; of every table there is if none are named."""
    if tables is None:
        tables = [name for (name,) in store.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: sorted(store.db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}


def function_of_chain(store: Store) -> Dump:
    """What follows from the chain alone, whatever happened on the way: logs, their blocks, all derived rows."""
    found = dump(store, [*store.derived_tables(), "log"])
    found["block"] = store.db.execute(
        "SELECT * FROM block WHERE number IN (SELECT block FROM log) ORDER BY number"
    ).fetchall()
    return found


def earnings_by_purchases(store: Store) -> Dump:
    """What `earning` and `purchase_count` must be, summed up from the purchases."""
    totals: dict[tuple[str, str, str], int] = defaultdict(int)
    counts: Counter[tuple[str, str, str]] = Counter()
    bought: Counter[int] = Counter()
    columns = "dataset_id, currency, holder, to_holder, treasury, to_treasury, referrer, to_referrer, price"
    for id_, currency, *shares, price in store.db.execute(f"SELECT {columns} FROM purchase"):
        bought[id_] += 1
        roles = zip(("holder", "treasury", "referrer"), shares[::2], shares[1::2], strict=True)
        paid = 0
        for role, account, amount in roles:
            paid += int(amount)
            if account is not None:
                totals[account, currency, role] += int(amount)
                counts[account, currency, role] += 1
        assert paid == int(price)
    return {
        "earning": sorted(((*key, str(total), counts[key]) for key, total in totals.items()), key=repr),
        "purchase_count": sorted(bought.items()),
    }


def earnings_in_tables(store: Store) -> Dump:
    """What `earning` and `purchase_count` are."""
    counts = store.db.execute("SELECT id, purchase_count FROM dataset WHERE purchase_count > 0 ORDER BY id").fetchall()
    return {**dump(store, ["earning"]), "purchase_count": counts}

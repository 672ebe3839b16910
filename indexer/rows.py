"""The rows that handlers read and change: a working set in memory over whatever database there is."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = dict[str, Any]
Key = tuple[Any, ...]

MAX_KEPT_ROWS = 100_000


class Tables(Protocol):
    """What a database offers for derived rows. A table's primary key is `keys[table]`."""

    @property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Primary keys of the derived tables, in the order in which tables are written."""

    def load(self, table: str, key: Key) -> Row | None:
        """A row, if there is one."""

    def save(self, table: str, rows: Sequence[Row], removed: Sequence[Key]) -> None:
        """Writes whole rows over what has their keys, and removes rows."""

    def address(self, contract: str) -> str:
        """Where a contract is that the database follows."""


class Rows:
    """Changes are kept in memory and written at once by `flush`, in an order that the events alone decide."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._keys = dict(tables.keys)
        self._changed: dict[str, dict[Key, Row | None]] = {table: {} for table in self._keys}
        self._kept: dict[str, dict[Key, Row | None]] = {table: {} for table in self._keys}

    def get(self, table: str, *key: Any) -> Row | None:
        """The row with this primary key, or None. Rows are not to be changed in place."""
        changed = self._changed[table]
        if key in changed:
            return changed[key]
        kept = self._kept[table]
        if key not in kept:
            kept[key] = self._tables.load(table, key)
        return kept[key]

    def address(self, contract: str) -> str:
        """Where a contract is; the same as long as there is the database."""
        return self._tables.address(contract)

    def put(self, table: str, **row: Any) -> None:
        """A whole row, new or in place of the one with its key."""
        self._changed[table][tuple([row[name] for name in self._keys[table]])] = row

    def change(self, table: str, *key: Any, **columns: Any) -> None:
        """Some columns of a row that exists."""
        row = self.get(table, *key)
        if row is None:
            raise LookupError(f"{table} has no row {key}")
        self._changed[table][key] = {**row, **columns}

    def remove(self, table: str, *key: Any) -> None:
        """The row is gone, if there was one."""
        if self.get(table, *key) is not None:
            self._changed[table][key] = None

    def flush(self) -> None:
        """Hands all changes to the database."""
        kept_rows = 0
        for table, changed in self._changed.items():
            kept = self._kept[table]
            if changed:
                self._tables.save(
                    table,
                    [row for row in changed.values() if row is not None],
                    [key for key, row in changed.items() if row is None],
                )
                kept.update(changed)
                changed.clear()
            kept_rows += len(kept)
        if kept_rows > MAX_KEPT_ROWS:
            self.forget()

    def forget(self) -> None:
        """Drops what is in memory, changes included: the database was changed by somebody else."""
        for table in self._keys:
            self._changed[table].clear()
            self._kept[table].clear()

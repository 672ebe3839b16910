# ruff: noqa: S608 - names in SQL come from our own schema, values are bound
"""The database: raw logs, derived rows, an undo journal and a checkpoint, changed together or not at all.

SQLite in WAL mode; the only module that knows so, besides the API's queries and the audit. Whatever happens to
the process, the same chain gives the same bytes: no row holds a wall-clock time or a running number of its own.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from indexer.chain import Block, Position, RawLog
from indexer.rows import Key, Row

CHAIN_TABLES = frozenset({"block", "log", "contract", "checkpoint", "cursor", "undo", "migration"})
BUSY_TIMEOUT_S = 10
FETCH_ROWS = 1_000
# Stands in the file's header, so that no other program's database is taken for ours: "clus".
APPLICATION_ID = 0x636C7573
# Databases that are no file, to SQLite.
_NO_FILE = (":memory:", "")


class WrongDatabase(RuntimeError):
    """The file is of another deployment, of a newer indexer, in use, or not an indexer's database at all."""


def migrations() -> list[tuple[str, str]]:
    """Numbered SQL files, in order: (name, text)."""
    folder = resources.files("indexer") / "migrations"
    return sorted((f.name, f.read_text()) for f in folder.iterdir() if f.name.endswith(".sql"))


class Store:
    """The writer's connection: everything but reading happens within `transaction`, and a file has one writer at a
    time. With `read_only` it can't write, and may be used beside a writer.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = str(path)
        self._lock = None if read_only or self.path in _NO_FILE else open(f"{self.path}.lock", "w")  # noqa: SIM115
        try:
            if self._lock is not None:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.db = sqlite3.connect(
                self.path,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
                cached_statements=512,
            )
        except BlockingIOError:
            self._unlock()
            raise WrongDatabase(f"{self.path} is in use by another indexer") from None
        except BaseException:
            self._unlock()
            raise
        try:
            if read_only:
                self.db.execute("PRAGMA query_only=ON")
                self._expect_ours()
                if self._new_migrations():
                    raise WrongDatabase(f"{self.path} is of an older indexer; `cluster index run` brings it up to date")
            else:
                self._expect_ours()
                self.db.execute("PRAGMA journal_mode=WAL")
                self.db.execute("PRAGMA synchronous=NORMAL")
                self._migrate()
        except sqlite3.DatabaseError as error:
            self.close()
            raise WrongDatabase(f"{self.path} can't be used as the indexer's database: {error}") from error
        except BaseException:
            self.close()
            raise
        self._addresses: dict[str, str] = {}
        self._columns: dict[str, list[str]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._values: dict[str, Callable[[Row], tuple[Any, ...]]] = {}
        for table in self.derived_tables():
            info = self.db.execute(f"PRAGMA table_info({table})").fetchall()
            self._columns[table] = [row[1] for row in info]
            self._keys[table] = tuple(row[1] for row in sorted(info, key=lambda row: row[5]) if row[5])
            self._values[table] = itemgetter(*self._columns[table])

    def close(self) -> None:
        """Closes the connection."""
        self.db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # Schema

    def _expect_ours(self) -> None:
        """A file with anything in it must be an indexer's."""
        (used,) = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = self.db.execute("PRAGMA application_id").fetchone()
        if used and application != APPLICATION_ID:
            raise WrongDatabase(f"{self.path} is another program's database")

    def _new_migrations(self) -> list[tuple[str, str]]:
        has_any = self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone()
        done = {name for (name,) in self.db.execute("SELECT name FROM migration")} if has_any else set()
        known = migrations()
        unknown = sorted(done - {name for name, _ in known})
        if unknown:
            raise WrongDatabase(f"{self.path} was written by a newer indexer ({', '.join(unknown)})")
        return [(name, text) for name, text in known if name not in done]

    def _migrate(self) -> None:
        with self.transaction():
            new = self._new_migrations()
            self.db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self.db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) WITHOUT ROWID")
            for name, text in new:
                # executescript would commit, so the statements are run one by one.
                for statement in _statements(text):
                    self.db.execute(statement)
                self.db.execute("INSERT INTO migration VALUES (?)", (name,))
            if new:
                self.db.execute("UPDATE cursor SET stale = 1")
                self._make_triggers()

    def derived_tables(self) -> list[str]:
        """Tables that follow from the logs, in the order in which they are written."""
        rows = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in rows if name not in CHAIN_TABLES and not name.startswith("sqlite_")]

    def _make_triggers(self) -> None:
        """Every change of a derived row writes the statement that undoes it."""
        for table in self.derived_tables():
            info = self.db.execute(f"PRAGMA table_info({table})").fetchall()
            where = " || ' AND ' || ".join(f"'{c[1]} = ' || {_literal('NEW', c)}" for c in info if c[5])
            assign = " || ', ' || ".join(f"'{c[1]} = ' || {_literal('OLD', c)}" for c in info)
            values = " || ', ' || ".join(_literal("OLD", c) for c in info)
            undo = {
                "INSERT": f"'DELETE FROM {table} WHERE ' || {where}",
                "UPDATE": f"'UPDATE {table} SET ' || {assign} || ' WHERE ' || {where}",
                "DELETE": f"'INSERT INTO {table} VALUES (' || {values} || ')'",
            }
            for change, statement in undo.items():
                name = f"undo_{table}_{change.lower()}"
                self.db.execute(f"DROP TRIGGER IF EXISTS {name}")
                self.db.execute(
                    f"CREATE TRIGGER {name} AFTER {change} ON {table} "
                    "WHEN (SELECT journaling FROM cursor) = 1 BEGIN INSERT INTO undo "
                    "SELECT block, "
                    "(SELECT coalesce(max(step), 0) + 1 FROM undo WHERE undo.block = cursor.block), "
                    f"{statement} FROM cursor; END"
                )

    # What it is of, and how far it is

    def begin(self, chain_id: int, contracts: Mapping[str, str], start: Block | None) -> None:
        """Says which contracts of which chain these are and after which block to start, or checks that it was
        said before. Raises `WrongDatabase`.
        """
        if self.position() is not None:
            self.check(chain_id, contracts)
            return
        if start is None:
            raise ValueError("a new database needs a block to start from")
        with self.transaction():
            self.db.execute("INSERT INTO checkpoint VALUES (1, ?, ?, ?)", (chain_id, start.number, start.hash))
            self.db.execute("INSERT INTO cursor VALUES (1, ?, 0, ?, 0)", (start.number, start.number))
            self.db.execute("INSERT INTO block VALUES (?, ?, ?, ?)", start)
            self.db.executemany("INSERT INTO contract VALUES (?, ?)", sorted(contracts.items()))

    def check(self, chain_id: int, contracts: Mapping[str, str]) -> None:
        """Raises `WrongDatabase` unless these are the contracts that it follows."""
        found = self.db.execute("SELECT chain_id FROM checkpoint").fetchone()
        if found is None:
            raise WrongDatabase(f"{self.path} is empty; `cluster index run` fills it")
        if found != (chain_id,):
            raise WrongDatabase(f"{self.path} is of chain {found[0]}, not {chain_id}: give another --db")
        known = dict(self.db.execute("SELECT name, address FROM contract"))
        for name in sorted(known.keys() | contracts.keys()):
            if name not in known:
                raise WrongDatabase(f"{self.path} was begun without {name}: give another --db")
            if contracts.get(name) != known[name]:
                raise WrongDatabase(
                    f"{self.path} follows {name} at {known[name]}, but the manifest has it at "
                    f"{contracts.get(name)}: it is of another deployment, give another --db"
                )

    def position(self) -> Position | None:
        """The last block that was read."""
        row = self.db.execute("SELECT block, hash FROM checkpoint").fetchone()
        return Position(*row) if row else None

    def counts(self) -> dict[str, int]:
        """How many rows each derived table has."""
        return {t: self.db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in self.derived_tables()}

    def undo_floor(self) -> int:
        """Lowest block that the journal can go back to."""
        floor: int = self.db.execute("SELECT undo_floor FROM cursor").fetchone()[0]
        return floor

    def stale(self) -> bool:
        """Whether derived rows have to be made anew, because a migration changed their tables."""
        row = self.db.execute("SELECT stale FROM cursor").fetchone()
        return bool(row and row[0])

    def positions(self, highest: int) -> Iterator[Position]:
        """Blocks up to a height whose hashes are known, newest first."""
        last = self.position()
        if last is not None and last.block <= highest:
            yield last
            highest = last.block - 1
        while True:
            rows = self.db.execute(
                "SELECT number, hash FROM block WHERE number <= ? ORDER BY number DESC LIMIT ?",
                (highest, FETCH_ROWS),
            ).fetchall()
            if not rows:
                return
            yield from (Position(*row) for row in rows)
            highest = rows[-1][0] - 1

    def block(self, number: int) -> Block | None:
        """A remembered block."""
        row = self.db.execute("SELECT number, hash, parent, time FROM block WHERE number = ?", (number,)).fetchone()
        return Block(*row) if row else None

    # Forward

    def append(self, blocks: Iterable[Block], logs: Iterable[RawLog]) -> None:
        """Raw logs and the blocks to remember."""
        self.db.executemany("INSERT INTO block VALUES (?, ?, ?, ?)", blocks)
        self.db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", logs)

    def at(self, block: int, journaling: bool) -> None:
        """What is saved from now on is of that block, and is journaled or not."""
        self.db.execute("UPDATE cursor SET block = ?, journaling = ?", (block, int(journaling)))

    def advance(self, to: Position, floor: int) -> None:
        """Sets the checkpoint; forgets what lies deeper than the journal is to go."""
        old = self.undo_floor()
        floor = max(old, min(floor, to.block))
        self.db.execute("DELETE FROM undo WHERE block <= ?", (floor,))
        self.db.execute(
            "DELETE FROM block WHERE number > ? AND number <= ? "
            "AND NOT EXISTS (SELECT 1 FROM log WHERE log.block = block.number)",
            (old, floor),
        )
        self.db.execute("UPDATE cursor SET block = ?, journaling = 0, undo_floor = ?", (to.block, floor))
        self.db.execute("UPDATE checkpoint SET block = ?, hash = ?", to)

    # Back

    def undo(self, after: int) -> None:
        """Takes back all derived rows after a block, by the journal."""
        self.at(after, False)
        for (statement,) in self.db.execute(
            "SELECT statement FROM undo WHERE block > ? ORDER BY block DESC, step DESC", (after,)
        ).fetchall():
            self.db.execute(statement)

    def truncate(self, to: Position) -> None:
        """Takes back everything else after a block."""
        for table in ("log", "undo"):
            self.db.execute(f"DELETE FROM {table} WHERE block > ?", (to.block,))
        self.db.execute("DELETE FROM block WHERE number > ?", (to.block,))
        self.db.execute("UPDATE cursor SET block = ?", (to.block,))
        self.db.execute("UPDATE checkpoint SET block = ?, hash = ?", to)

    def clear(self) -> None:
        """Empties the derived tables and the journal: what is made anew can only be undone from here on."""
        self.at(0, False)
        for table in self.derived_tables():
            self.db.execute(f"DELETE FROM {table}")
        self.db.execute("DELETE FROM undo")
        self.db.execute("UPDATE cursor SET stale = 0, undo_floor = (SELECT block FROM checkpoint)")

    def logs(self) -> Iterator[tuple[RawLog, int]]:
        """All raw logs in order, each with its block's time."""
        after = (-1, -1)
        while True:
            rows = self.db.execute(
                "SELECT log.block, log_index, address, tx, topics, data, time FROM log "
                "JOIN block ON number = log.block WHERE (log.block, log_index) > (?, ?) "
                "ORDER BY log.block, log_index LIMIT ?",
                (*after, FETCH_ROWS),
            ).fetchall()
            if not rows:
                return
            yield from ((RawLog(*row[:6]), row[6]) for row in rows)
            after = rows[-1][:2]

    # Derived rows (`rows.Tables`)

    @property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """Primary keys of the derived tables."""
        return self._keys

    def columns(self, table: str) -> list[str]:
        """Columns of a derived table, in their order."""
        return self._columns[table]

    def address(self, contract: str) -> str:
        """Where a contract is that this database follows."""
        if contract not in self._addresses:
            (self._addresses[contract],) = self.db.execute(
                "SELECT address FROM contract WHERE name = ?", (contract,)
            ).fetchone()
        return self._addresses[contract]

    def load(self, table: str, key: Key) -> Row | None:
        """A row by its primary key."""
        where = " AND ".join(f"{name} = ?" for name in self._keys[table])
        row = self.db.execute(f"SELECT * FROM {table} WHERE {where}", key).fetchone()
        return dict(zip(self._columns[table], row, strict=True)) if row else None

    def save(self, table: str, rows: Sequence[Row], removed: Sequence[Key]) -> None:
        """Writes whole rows over what has their keys, and removes rows."""
        keys, columns = self._keys[table], self._columns[table]
        if removed:
            where = " AND ".join(f"{name} = ?" for name in keys)
            self.db.executemany(f"DELETE FROM {table} WHERE {where}", removed)
        if rows:
            marks = ", ".join("?" * len(columns))
            others = [name for name in columns if name not in keys]
            over = f"UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in others)}" if others else "NOTHING"
            self.db.executemany(
                f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT ({', '.join(keys)}) DO {over}",
                map(self._values[table], rows),
            )


def by_block(logs: Iterable[tuple[RawLog, int]]) -> Iterator[tuple[int, list[tuple[RawLog, int]]]]:
    """Logs (with their times) block by block."""
    for number, group in groupby(logs, key=lambda pair: pair[0].block):
        yield number, list(group)


def _literal(row: str, column: Sequence[object]) -> str:
    """SQL for the literal of a value. Text goes through its bytes: `quote` ends at a NUL, and a contract
    takes NULs in its strings.
    """
    name = f"{row}.{column[1]}"
    if column[2] == "TEXT":
        return f"'CAST(' || quote(CAST({name} AS BLOB)) || ' AS TEXT)'"
    return f"quote({name})"


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a migration ends within a statement: {statement.strip()[:80]}")

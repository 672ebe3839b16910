"""The database: raw logs, derived rows, an undo journal and a checkpoint, changed together or not at all.

SQLite in WAL mode. Everything but `recent_block`, `cursor` and `undo` is a function of the chain alone: however often
the writer is killed, the same chain gives the same rows.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

CHAIN_TABLES = frozenset({"block", "log", "recent_block", "checkpoint", "cursor", "undo", "migration"})
BUSY_TIMEOUT_S = 10


class WrongDatabase(RuntimeError):
    """The file belongs to another chain, or to a newer indexer."""


def migrations() -> list[tuple[str, str]]:
    """Numbered SQL files, in order: (name, text)."""
    folder = resources.files("indexer") / "migrations"
    return sorted((f.name, f.read_text()) for f in folder.iterdir() if f.name.endswith(".sql"))


class Store:
    """One writer's connection."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self.db = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self._migrate()

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def _migrate(self) -> None:
        self.db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
        with self.transaction() as db:
            done = {name for (name,) in db.execute("SELECT name FROM migration")}
            known = migrations()
            unknown = done - {name for name, _ in known}
            if unknown:
                raise WrongDatabase(f"{self.path} was written by a newer indexer ({', '.join(sorted(unknown))})")
            for name, text in known:
                if name in done:
                    continue
                # executescript would commit, so the statements are run one by one.
                for statement in _statements(text):
                    db.execute(statement)
                db.execute("INSERT INTO migration VALUES (?)", (name,))
            self._make_triggers(db)

    def derived_tables(self) -> list[str]:
        """Tables that follow from the logs."""
        rows = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in rows if name not in CHAIN_TABLES and not name.startswith("sqlite_")]

    def _make_triggers(self, db: sqlite3.Connection) -> None:
        """Every change of a derived row writes the statement that undoes it."""
        for table in self.derived_tables():
            info = db.execute(f"PRAGMA table_info({table})").fetchall()
            columns = [row[1] for row in info]
            keys = [row[1] for row in info if row[5]]
            where = " || ' AND ' || ".join(f"'{key} = ' || quote({{row}}.{key})" for key in keys)
            assign = " || ', ' || ".join(f"'{column} = ' || quote(OLD.{column})" for column in columns)
            values = " || ', ' || ".join(f"quote(OLD.{column})" for column in columns)
            undo = {
                "INSERT": f"'DELETE FROM {table} WHERE ' || {where.format(row='NEW')}",
                "UPDATE": f"'UPDATE {table} SET ' || {assign} || ' WHERE ' || {where.format(row='NEW')}",
                "DELETE": f"'INSERT INTO {table} VALUES (' || {values} || ')'",
            }
            for event, statement in undo.items():
                db.execute(
                    f"CREATE TRIGGER IF NOT EXISTS undo_{table}_{event.lower()} AFTER {event} ON {table} "
                    "WHEN (SELECT journaling FROM cursor) = 1 BEGIN "
                    f"INSERT INTO undo (block, statement) SELECT block, {statement} FROM cursor; END"
                )

    # Checkpoint

    def begin(self, chain_id: int, block: int, block_hash: bytes) -> None:
        """Says which chain this is and after which block to start; keeps what is there already."""
        found = self.checkpoint()
        if found is None:
            with self.transaction() as db:
                db.execute("INSERT INTO checkpoint VALUES (1, ?, ?, ?)", (chain_id, block, block_hash))
                db.execute("INSERT INTO cursor VALUES (1, ?, 0, ?)", (block, block))
                db.execute("INSERT INTO recent_block VALUES (?, ?)", (block, block_hash))
            return
        (found_chain,) = self.db.execute("SELECT chain_id FROM checkpoint").fetchone()
        if found_chain != chain_id:
            raise WrongDatabase(f"{self.path} is of chain {found_chain}, not {chain_id}: give another --db")

    def checkpoint(self) -> tuple[int, bytes] | None:
        """Number and hash of the last block that was read."""
        row: tuple[int, bytes] | None = self.db.execute("SELECT block, hash FROM checkpoint").fetchone()
        return row

    def known_blocks(self) -> list[tuple[int, bytes]]:
        """Blocks whose hashes are known, newest first."""
        return self.db.execute(
            "SELECT number, hash FROM recent_block UNION SELECT number, hash FROM block ORDER BY number DESC"
        ).fetchall()

    def logs(self) -> Iterator[Sequence[Any]]:
        """All raw logs with their block's time, in order."""
        return iter(
            self.db.execute(
                "SELECT log.block, log_index, address, tx, topics, data, time FROM log "
                "JOIN block ON block.number = log.block ORDER BY log.block, log_index"
            ).fetchall()
        )


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

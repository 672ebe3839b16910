"""Applies ranges of the chain to the database, and takes them back."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.decoder import Decoder
from indexer.handlers import HANDLERS
from indexer.store import Store


@dataclass(frozen=True)
class Header:
    """A block's place in the chain."""

    number: int
    hash: bytes
    parent: bytes
    time: int


@dataclass(frozen=True)
class Range:
    """What was read of blocks `first` to `last.number`: the logs (as `decoder.Decoder.decode` takes them), the headers
    of the blocks that have logs, and those whose hashes are to be remembered.
    """

    last: Header
    logs: Sequence[Sequence[Any]]
    log_headers: Sequence[Header]
    recent: Sequence[Header]


class Writer:
    """The one that changes the database. `window` is how many blocks back the journal undoes."""

    def __init__(self, store: Store, decoder: Decoder, window: int) -> None:
        self._store = store
        self._decoder = decoder
        self._window = window

    def apply(self, read: Range, head: int) -> None:
        """Logs, blocks, derived rows, journal and checkpoint, in one transaction."""
        floor = max(head - self._window, 0)
        with self._store.transaction() as db:
            db.executemany(
                "INSERT INTO block VALUES (?, ?, ?)", [(h.number, h.hash, h.time) for h in read.log_headers]
            )
            db.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", [log[:6] for log in read.logs])
            db.executemany(
                "INSERT OR REPLACE INTO recent_block VALUES (?, ?)", [(h.number, h.hash) for h in read.recent]
            )
            # What lies deeper than the window is never undone by the journal, so none is written for it.
            old = [log for log in read.logs if log[0] <= floor]
            self._journaling(db, False)
            self._derive(db, old)
            self._journaling(db, True)
            self._derive(db, read.logs[len(old) :])
            self._prune(db, floor, read.last)

    def roll_back(self, number: int, block_hash: bytes) -> bool:
        """Takes everything after a block back. Returns whether the journal sufficed; otherwise all derived rows were
        made anew from the raw logs.
        """
        with self._store.transaction() as db:
            (floor,) = db.execute("SELECT undo_floor FROM cursor").fetchone()
            self._journaling(db, False)
            journal = number >= floor
            if journal:
                statements = db.execute(
                    "SELECT statement FROM undo WHERE block > ? ORDER BY seq DESC", (number,)
                ).fetchall()
                for (statement,) in statements:
                    db.execute(statement)
            for table in ("log", "undo"):
                db.execute(f"DELETE FROM {table} WHERE block > ?", (number,))
            for table in ("block", "recent_block"):
                db.execute(f"DELETE FROM {table} WHERE number > ?", (number,))
            if not journal:
                for table in self._store.derived_tables():
                    db.execute(f"DELETE FROM {table}")
                db.execute("DELETE FROM undo")
                self._derive(db, self._store.logs())
                db.execute("UPDATE cursor SET undo_floor = ?", (number,))
            db.execute("UPDATE cursor SET block = ?", (number,))
            db.execute("UPDATE checkpoint SET block = ?, hash = ?", (number, block_hash))
        return journal

    def _derive(self, db: sqlite3.Connection, logs: Iterable[Sequence[Any]]) -> None:
        block = -1
        for raw in logs:
            if raw[0] != block:
                block = raw[0]
                db.execute("UPDATE cursor SET block = ?", (block,))
            event = self._decoder.decode(raw)
            handler = HANDLERS[event.contract].get(event.name) if event else None
            if event and handler:
                handler(db, event)

    def _journaling(self, db: sqlite3.Connection, on: bool) -> None:
        db.execute("UPDATE cursor SET journaling = ?", (int(on),))

    def _prune(self, db: sqlite3.Connection, floor: int, last: Header) -> None:
        """Forgets what the journal need not undo, but never the newest known block below it: a deep reorganization
        is found by comparing hashes, and every block with logs keeps its own.
        """
        db.execute("DELETE FROM undo WHERE block <= ?", (floor,))
        db.execute("DELETE FROM recent_block WHERE number <= ? AND number > (SELECT min(number) FROM recent_block)", (
            floor - self._window,
        ))
        db.execute(
            "UPDATE cursor SET block = ?, undo_floor = max(undo_floor, min(?, ?)), journaling = 0",
            (last.number, floor, last.number),
        )
        db.execute("UPDATE checkpoint SET block = ?, hash = ?", (last.number, last.hash))

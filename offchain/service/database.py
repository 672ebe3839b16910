"""An SQLite file that is written in groups: many callers, one durable commit.

WAL with synchronous=FULL, so what a caller was told is committed survives `kill -9` and a power cut. All work
runs on one thread; callers hand it functions and await their results.
"""

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from offchain.service.errors import JournalUnusable

T = TypeVar("T")

MAX_GROUP = 256
MAX_QUEUED = 10_000


class JournalBusy(RuntimeError):
    """More work is waiting for the disk than is sane, or the file is closed: shed load."""


_Work = tuple[Callable[[sqlite3.Connection], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Database:
    """One file, one owner. Raises `JournalUnusable` if another process has it open."""

    def __init__(self, path: Path, schema: str, version: int) -> None:
        """`version` is the schema's; a file of another one is refused rather than guessed at."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise JournalUnusable(f"{path} is in use by another process; give each its own journal") from None
        try:
            self._connection = _open(path, schema, version)
        except (sqlite3.Error, JournalUnusable) as error:
            self._lock.close()
            raise JournalUnusable(f"{path}: {error}") from error
        self._closed = False
        self._queue: queue.Queue[_Work | None] = queue.Queue(MAX_QUEUED)
        self._thread = threading.Thread(target=self._work, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `function` in a transaction; returns once it is committed. An exception in it undoes only its
        part.
        """
        return await self.submit(function)

    def submit(self, function: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """As `run`, without waiting. Work is done in the order of submission."""
        if self._closed:
            raise JournalBusy("the journal is closed: this process is ending")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        try:
            self._queue.put_nowait((function, loop, future))
        except queue.Full:
            raise JournalBusy(f"{MAX_QUEUED} writes are waiting for the disk") from None
        return future

    def close(self) -> None:
        """Finishes what is queued, then lets the file go."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        self._lock.close()

    def _work(self) -> None:
        ending = False
        while not ending:
            first = self._queue.get()
            group = [] if first is None else [first]
            ending = first is None
            while not ending and len(group) < MAX_GROUP:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ending = True
                else:
                    group.append(more)
            if group:
                self._commit(group)

    def _commit(self, group: list[_Work]) -> None:
        results: list[tuple[_Work, Any, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for work in group:
                self._connection.execute("SAVEPOINT one")
                try:
                    results.append((work, work[0](self._connection), None))
                except Exception as error:
                    self._connection.execute("ROLLBACK TO one")
                    results.append((work, None, error))
                self._connection.execute("RELEASE one")
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            results = [(work, None, error) for work in group]
        for (_, loop, future), value, failure in results:
            try:
                loop.call_soon_threadsafe(_resolve, future, value, failure)
            except RuntimeError:
                continue  # The loop has ended meanwhile: nobody waits for this any more, and it is committed.


def _resolve(future: "asyncio.Future[Any]", value: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(value)
    else:
        future.set_exception(failure)


def _open(path: Path, schema: str, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found == 0:
        connection.executescript(f"BEGIN; {schema}; PRAGMA user_version={version:d}; COMMIT;")
    elif found != version:
        connection.close()
        raise JournalUnusable(f"its schema is version {found}, this program knows {version}")
    return connection

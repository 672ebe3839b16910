"""The journals' file: what was said to be committed is, whatever happens next."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offchain.service.database import MAX_GROUP, MAX_QUEUED, Database, JournalBusy
from offchain.service.errors import JournalUnusable

SCHEMA = "CREATE TABLE facts (fact TEXT PRIMARY KEY) STRICT"


def add(fact: str, *, twice: bool = False) -> object:
    def work(db: sqlite3.Connection) -> int:
        for _ in range(1 + twice):
            db.execute("INSERT INTO facts VALUES (?)", (fact,))
        return int(db.execute("SELECT count(*) FROM facts").fetchone()[0])

    return work


def facts(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        found = [fact for (fact,) in db.execute("SELECT fact FROM facts ORDER BY rowid")]
    db.close()
    return found


@settings(max_examples=25, deadline=None)
@given(fails=st.lists(st.booleans(), max_size=30))
def test_work_that_fails_is_undone_alone_and_the_order_is_that_of_submission(
    tmp_path_factory: pytest.TempPathFactory, fails: list[bool]
) -> None:
    path = tmp_path_factory.mktemp("database") / "file.sqlite"

    async def play() -> list[object]:
        database = Database(path, SCHEMA, 1)
        work = [database.submit(add(str(n), twice=failing)) for n, failing in enumerate(fails)]  # type: ignore[arg-type]
        try:
            return await asyncio.gather(*work, return_exceptions=True)
        finally:
            database.close()

    results = asyncio.run(play())
    assert [isinstance(result, sqlite3.IntegrityError) for result in results] == fails
    assert [result for result in results if isinstance(result, int)] == list(range(1, fails.count(False) + 1))
    assert facts(path) == [str(n) for n, failing in enumerate(fails) if not failing]


WRITER = """
import asyncio, sys
from pathlib import Path
from offchain.service.database import Database
from tests.service.test_database import SCHEMA, add

async def write():
    database = Database(Path(sys.argv[1]), SCHEMA, 1)
    for number in range(1_000_000):
        await database.run(add(str(number)))
        print(number, flush=True)

asyncio.run(write())
"""


def test_what_was_said_to_be_committed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(50)]
    writer.kill()
    said += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    writer.stdout.close()
    kept = [int(fact) for fact in facts(path)]
    assert kept == list(range(len(kept))), "nothing is missing in between"
    assert len(kept) in (len(said), len(said) + 1), "at most the one that was not said yet"


def test_a_file_of_another_schema_or_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    Database(path, SCHEMA, 1).close()
    with pytest.raises(JournalUnusable, match="its schema is version 1, this program knows 2"):
        Database(path, SCHEMA, 2)
    Database(path, SCHEMA, 1).close()
    (tmp_path / "other").write_bytes(b"not a database" * 100)
    with pytest.raises(JournalUnusable, match="not a database"):
        Database(tmp_path / "other", SCHEMA, 1)


def test_more_than_the_disk_can_take_is_refused_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    path, slow = tmp_path / "file.sqlite", threading.Event()

    async def play() -> int:
        database = Database(path, SCHEMA, 1)
        first = database.submit(lambda _: slow.wait(30))
        work = []

        def flood() -> None:
            for number in range(2 * MAX_QUEUED):
                work.append(database.submit(add(str(number))))  # type: ignore[arg-type]

        with pytest.raises(JournalBusy, match="waiting for the disk"):
            flood()
        slow.set()
        assert await first
        await asyncio.gather(*work)
        database.close()
        with pytest.raises(JournalBusy, match="closed"):
            database.submit(add("too late"))  # type: ignore[arg-type]
        return len(work)

    accepted = asyncio.run(play())
    assert MAX_QUEUED <= accepted <= MAX_QUEUED + MAX_GROUP
    assert len(facts(path)) == accepted

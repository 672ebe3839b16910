"""kill -9 of the indexer, at random moments of the traffic and at any instruction of the database, leaves the same
rows in the same tables as no kill at all: logs, derived rows, journal, checkpoint, everything.
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cluster.chain import anvil
from cluster.chain import manifest as manifests
from cluster.chain.rpc import Rpc
from indexer.store import Store
from indexer.sync import Indexer
from tests.indexer.compare import Dump, dump
from tests.indexer.conftest import World

TIMEOUT_S = 30


class Process:
    """`python -m indexer run` over one database."""

    def __init__(self, world: World, manifest: Path, database: Path) -> None:
        command = [sys.executable, "-m", "indexer", "run", "--manifest", str(manifest), "--rpc", world.url]
        command += ["--db", str(database), "--listen", "127.0.0.1:0", "--poll", "0.05"]
        # A file: a pipe that nobody empties would stop it sooner or later.
        log = database.with_name(f"{database.name}.{time.monotonic_ns()}.log")
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stderr=file, preexec_fn=anvil.dying_with_this())
        until = time.monotonic() + TIMEOUT_S
        while b"\n" not in log.read_bytes():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < until, f"said nothing within {TIMEOUT_S} s"
            time.sleep(0.01)
        said = json.loads(log.read_bytes().splitlines()[0])
        assert said["event"] == "listening", said
        self.url = said["url"]

    def end(self, by: signal.Signals) -> int:
        """Sends a signal and waits; gives the exit code."""
        self.process.send_signal(by)
        return self.process.wait(TIMEOUT_S)

    def kill(self) -> None:
        """Ends it if it still runs."""
        self.process.kill()
        self.process.wait()

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        try:
            with urlopen(f"{self.url}/status", timeout=TIMEOUT_S) as answer:
                found: dict[str, Any] = json.loads(answer.read())
                return found
        except HTTPError as error:
            return {"error": error.code}

    def wait_for(self, block: int) -> None:
        """Until everything to a block is indexed."""
        until = time.monotonic() + TIMEOUT_S
        status = self.status()
        while (status["error"], status.get("indexed")) != (None, block):
            assert time.monotonic() < until, f"not at block {block} after {TIMEOUT_S} s: {status}"
            time.sleep(0.02)
            status = self.status()


@pytest.fixture
def start(world: World, tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Starts an indexer over the database of a name; none outlives the test."""
    path = tmp_path / "manifest.json"
    manifests.save(world.manifest, path)
    with ExitStack() as ends:

        def begin(name: str) -> Process:
            process = Process(world, path, tmp_path / name)
            ends.callback(process.kill)
            return process

        yield begin


def everything(database: Path) -> Dump:
    """All rows of all tables."""
    store = Store(database)
    found = dump(store)
    store.close()
    assert found["undo"], "the journal is part of what is compared"
    assert len(found["purchase"]) > 3
    return found


def test_killed_at_random_moments_of_the_traffic(world: World, start: Callable[[str], Process], tmp_path: Path) -> None:
    random = Random(3)
    steady = start("steady.db")
    for _ in range(5):
        world.blocks(random.randint(10, 30))
        victim = start("killed.db")
        until = time.monotonic() + random.uniform(0, 0.25)
        while time.monotonic() < until:
            world.blocks(1)
        if random.random() < 0.5:
            world.reorg(random.randint(1, 30))
        assert victim.end(signal.SIGKILL) == -signal.SIGKILL
    last = start("killed.db")
    for process in (steady, last):
        process.wait_for(world.head())
        assert process.end(signal.SIGINT) == 0
    assert everything(tmp_path / "killed.db") == everything(tmp_path / "steady.db")


Arm = Callable[[sqlite3.Connection, Callable[[], None]], None]


def run_and_die(world: World, database: Path, arm: Arm, after: int) -> bool:
    """Indexes in a process of its own, which kills itself at the n-th call of what `arm` ties to its database. Returns
    whether it died, or came to its end first.
    """
    child = os.fork()
    if child:
        _, outcome = os.waitpid(child, 0)
        assert outcome in (0, signal.SIGKILL)
        return outcome != 0
    try:
        left = after
        connect = sqlite3.connect

        def burn() -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def connect_and_count(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            db: sqlite3.Connection = connect(*args, **kwargs)
            arm(db, burn)
            return db

        sqlite3.connect = connect_and_count  # type: ignore[assignment]
        asyncio.run(catch_up(world, database))
        os._exit(0)
    finally:
        os._exit(1)


def at_instructions(db: sqlite3.Connection, burn: Callable[[], None]) -> None:
    """Every ten instructions of SQLite's machine."""
    db.set_progress_handler(burn, 10)


def at_statements(db: sqlite3.Connection, burn: Callable[[], None]) -> None:
    """Before every statement that writes, BEGIN and COMMIT included; of many of one kind, before the first."""
    last = ""

    def trace(statement: str) -> None:
        nonlocal last
        kind = " ".join(statement.split()[:3])
        if kind != last and not kind.startswith(("SELECT", "PRAGMA", "--")):
            last = kind
            burn()

    db.set_trace_callback(trace)


async def catch_up(world: World, database: Path) -> None:
    store = Store(database)
    async with Rpc(world.url) as rpc:
        indexer = Indexer(store, world.manifest, rpc)
        await indexer.start()
        await indexer.catch_up()
    store.close()


def test_killed_at_any_instruction_of_the_database(world: World, tmp_path: Path) -> None:
    random = Random(5)
    steady, killed = tmp_path / "steady.db", tmp_path / "killed.db"
    deaths = 0
    # The first deaths come while the tables are made.
    for after in (3, 300, 900):
        deaths += run_and_die(world, killed, at_instructions, after)
    for turn in range(40):
        world.blocks(random.randint(1, 5))
        if turn % 4 == 3:
            world.reorg(random.randint(1, 15))
        deaths += run_and_die(world, killed, at_instructions, random.randint(1, 800))
        asyncio.run(catch_up(world, steady))
    asyncio.run(catch_up(world, killed))
    assert deaths > 20
    assert everything(killed) == everything(steady)


def test_killed_before_each_statement_of_taking_back_and_going_on(world: World, tmp_path: Path) -> None:
    world.blocks(70)
    before, steady, killed = (tmp_path / f"{name}.db" for name in ("before", "steady", "killed"))
    asyncio.run(catch_up(world, before))
    world.reorg(2)
    world.blocks(1)
    shutil.copy(before, steady)
    asyncio.run(catch_up(world, steady))
    expected = everything(steady)
    statement = 1
    shutil.copy(before, killed)
    while run_and_die(world, killed, at_statements, statement):
        asyncio.run(catch_up(world, killed))
        assert everything(killed) == expected
        shutil.copy(before, killed)
        statement += 1
    assert statement > 25

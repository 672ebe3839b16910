"""The journal undoes exactly, whatever the values are; migrations make derived rows anew; a stranger's file is left."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cluster.chain.rpc import Rpc
from indexer import store as module
from indexer.chain import Position, Range
from indexer.decoder import Decoder
from indexer.store import Store, WrongDatabase
from indexer.sync import Indexer
from indexer.writer import Writer
from tests.indexer.compare import Dump, dump
from tests.indexer.conftest import World

HOSTILE = [
    "",
    "a'b",
    "nul\x00inside",
    "\x00",
    "☃ \U0001f600",
    "x" * 5000,
    "'); DELETE FROM dataset; --",
    "\\xff",
]


async def index(world: World, store: Store, to: int | None = None, window: int = 1000) -> None:
    async with Rpc(world.url) as rpc:
        indexer = Indexer(store, world.manifest, rpc, window=window)
        await indexer.start()
        await indexer.catch_up(to)


def derived(store: Store) -> Dump:
    return dump(store, store.derived_tables())


def test_the_journal_takes_every_change_of_every_value_back() -> None:
    store = Store(":memory:")
    store.db.execute("INSERT INTO cursor VALUES (1, 1, 0, 0, 0)")
    rows = [
        {"dataset_id": i, "reviewer": text, "rating": 5, "uri": text, "block": 1, "time": 2, "tx": text}
        for i, text in enumerate(HOSTILE)
    ]
    store.save("review", rows, [])
    before = derived(store)
    store.at(2, True)
    store.save("review", [{**row, "uri": "changed"} for row in rows], [])
    store.save("review", [{**rows[0], "dataset_id": 99, "reviewer": text} for text in HOSTILE], [])
    store.at(3, True)
    store.save("review", [], [(row["dataset_id"], row["reviewer"]) for row in rows])
    assert derived(store) != before
    store.undo(1)
    assert derived(store) == before
    store.close()


@pytest.mark.parametrize("window", [1000, 0])
def test_going_back_and_forth_again_ends_where_it_began(world: World, window: int) -> None:
    """With the journal, and without it by the raw logs."""
    world.blocks(60)

    async def play() -> None:
        store, fresh = Store(":memory:"), Store(":memory:")
        await index(world, store, window=window)
        end = derived(store)
        for back in (1, 7, 30, 55):
            await index(world, fresh, to=world.head() - back)
        for block in (world.head() - 10, world.first + 20, world.first + 5, world.first - 40):
            to = next(store.positions(block))
            journal = Writer(store, Decoder(world.manifest), window).roll_back(to)
            assert journal == (window == 1000)
            fresh = Store(":memory:")
            await index(world, fresh, to=to.block)
            assert derived(store) == derived(fresh)
            fresh.close()
        await index(world, store, window=window)
        assert derived(store) == end
        store.close()

    asyncio.run(play())


def test_a_migration_makes_derived_rows_anew(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.blocks(40)
    path = tmp_path / "index.db"
    known = module.migrations()

    async def play() -> None:
        store = Store(path)
        await index(world, store)
        before = derived(store)
        store.close()
        later = [
            *known,
            ("9999_later.sql", "DROP INDEX dataset_slug;\nDELETE FROM purchase;\nDELETE FROM price;\n"),
        ]
        monkeypatch.setattr(module, "migrations", lambda: later)
        with pytest.raises(WrongDatabase, match="older indexer"):
            Store(path, read_only=True)
        store = Store(path)
        assert store.stale()
        await index(world, store)
        assert not store.stale()
        assert derived(store) == before
        # What was made anew can't be undone by a journal, but still be taken back.
        to = next(store.positions(world.first + 10))
        assert not Writer(store, Decoder(world.manifest), 1000).roll_back(to)
        store.close()
        monkeypatch.setattr(module, "migrations", lambda: known)
        with pytest.raises(WrongDatabase, match="newer indexer"):
            Store(path)

    asyncio.run(play())


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, not a database\n" * 100)
    with pytest.raises(WrongDatabase, match=r"notes\.txt"):
        Store(path)
    assert path.read_text().startswith("my notes")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "browser.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmark (url TEXT)")
    for read_only in (True, False):
        with pytest.raises(WrongDatabase, match="another program"):
            Store(path, read_only=read_only)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmark",)]
    other.close()


def test_one_writer_at_a_time_and_any_readers(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    first = Store(path)
    with pytest.raises(WrongDatabase, match="in use by another indexer"):
        Store(path)
    reader = Store(path, read_only=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.db.execute("DELETE FROM dataset")
    reader.close()
    first.close()
    Store(path).close()


def test_a_range_is_not_applied_to_a_database_that_somebody_else_changed(world: World) -> None:
    world.blocks(10)

    async def play() -> None:
        store = Store(":memory:")
        await index(world, store)
        position = store.position()
        assert position is not None
        other = Position(position.block, b"\x11" * 32)
        nothing = Range(other, Position(position.block + 1, b"\x22" * 32), [], [])
        with pytest.raises(WrongDatabase, match="changed by somebody else"):
            Writer(store, Decoder(world.manifest), 128).apply(nothing, position.block + 1)
        assert store.position() == position
        store.close()

    asyncio.run(play())


def test_a_failed_write_leaves_nothing(world: World) -> None:
    world.blocks(10)

    async def play() -> None:
        store = Store(":memory:")
        await index(world, store)
        before = dump(store)
        world.blocks(5)
        store.db.execute("CREATE TRIGGER full BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        with pytest.raises(sqlite3.DatabaseError, match="disk full"):
            await index(world, store)
        store.db.execute("DROP TRIGGER full")
        assert dump(store) == before
        await index(world, store)
        assert store.position() is not None
        store.close()

    asyncio.run(play())

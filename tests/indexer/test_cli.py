"""`cluster index`: what each command says and does, and its exit code."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cluster.chain import manifest as manifests
from indexer.cli import index
from indexer.store import Store
from tests.indexer.compare import dump
from tests.indexer.conftest import World


class Command:
    """`cluster index` over one chain and one database."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.manifest = folder / "manifest.json"
        self.db = folder / "sub" / "index.db"
        manifests.save(world.manifest, self.manifest)

    def __call__(self, name: str, *more: str, code: int = 0) -> Any:
        """What it says, its stderr included; the JSON at the end if that was asked for."""
        options = ["--db", str(self.db)]
        if name != "status":
            options += ["--manifest", str(self.manifest)]
        if name in ("backfill", "verify"):
            options += ["--rpc", self.world.url]
        result = CliRunner().invoke(index, [name, *options, *more])
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.stdout.splitlines()[-1]) if "--json" in more else result.output


@pytest.fixture
def command(world: World, tmp_path: Path) -> Command:
    world.blocks(60)
    return Command(world, tmp_path)


def rows(path: Path) -> Any:
    store = Store(path, read_only=True)
    found = dump(store)
    store.close()
    return found


def test_backfill_to_a_block_goes_on_later_and_rewind_takes_back(command: Command) -> None:
    head, early = command.world.head(), command.world.first + 20
    done = command("backfill", "--to", str(early), "--window", "1000", "--json")
    at_early = rows(command.db)
    assert done == {"block": early, "head": head, "logs": len(at_early["log"])}
    assert f"indexed to block {head:,}" in command("backfill", "--window", "1000")
    assert command("status", "--json")["block"] == head
    assert command("rewind", str(early), "--json") == {"block": early, "journal": True}
    assert rows(command.db) == at_early
    assert f"back at block {early}, by the journal" in command("rewind", str(early))


def test_rewind_below_the_window_makes_the_rows_anew(command: Command) -> None:
    command("backfill", "--window", "1")
    assert "made anew" in command("rewind", str(command.world.first + 20))
    assert command("verify", "--json")["differences"] == []


def test_status_counts_the_rows_and_changes_nothing(command: Command) -> None:
    command("backfill")
    before = command.db.read_bytes()
    found = command("status", "--json")
    assert found["hash"] == command.world.chain.rpc("eth_getBlockByNumber", hex(found["block"]), False)["hash"]
    assert found["rows"]["purchase"] == len(rows(command.db)["purchase"])
    assert f"indexed to block {found['block']:,}" in command("status")
    assert command.db.read_bytes() == before


def test_verify_tells_a_difference_by_its_exit_code(command: Command) -> None:
    command("backfill")
    assert "says what the chain says" in command("verify")
    found = command("verify", "--json")
    assert found["differences"] == []
    assert found["compared"] > 100
    db = sqlite3.connect(command.db)
    db.execute("UPDATE price SET amount = amount + 1")
    db.commit()
    db.close()
    assert "DatasetRegistry.priceOf" in command("verify", code=1)
    assert command("verify", "--json", code=1)["differences"]


def test_verify_works_beside_the_indexer_and_a_second_writer_does_not(command: Command) -> None:
    command("backfill")
    writer = Store(command.db)
    assert command("verify", "--json")["differences"] == []
    assert command("status", "--json")["block"] == command.world.head()
    for name, more in (("backfill", ()), ("rewind", ("40",))):
        assert "in use by another indexer" in command(name, *more, code=3)
    writer.close()


def test_after_a_reorganization_verify_says_that_it_can_not_compare(command: Command) -> None:
    command("backfill")
    command.world.reorg(3)
    assert "take a reorganization back first" in command("verify", code=3)


@pytest.mark.parametrize(
    ("name", "more"), [("status", ()), ("verify", ()), ("rewind", ("5",))], ids=["status", "verify", "rewind"]
)
def test_without_a_database_it_is_said_and_none_is_made(command: Command, name: str, more: tuple[str, ...]) -> None:
    assert "`cluster index run` makes one" in command(name, *more, code=3)
    assert not command.db.exists()


def test_what_can_not_be_done_is_a_sentence_and_exit_code_3(command: Command, tmp_path: Path) -> None:
    run = CliRunner().invoke
    missing = run(index, ["backfill", "--manifest", str(tmp_path / "none.json"), "--db", str(command.db)])
    assert (missing.exit_code, "no deployment manifest" in missing.output) == (3, True)
    options = ["--manifest", str(command.manifest), "--db", str(command.db)]
    unreachable = run(index, ["backfill", *options, "--rpc", "http://127.0.0.1:9"])
    assert (unreachable.exit_code, "no node answered" in unreachable.output) == (3, True)
    command("backfill")
    other = manifests.load(command.manifest)
    manifests.save(type(other)(1, "other", other.deployer, True, other.contracts), command.manifest)
    assert "of chain 31337, not 1" in command("rewind", "40", code=3)


def test_a_wrong_option_is_exit_code_2() -> None:
    for arguments in (["run", "--listen", "nowhere"], ["rewind", "x"], ["run", "--window", "0"], ["nothing"]):
        assert CliRunner().invoke(index, arguments).exit_code == 2

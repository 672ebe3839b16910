"""The `cluster` command as a person meets it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cluster import cli
from cluster.chain.paths import root
from cluster.cli import COMMANDS, main

PENGUINS = root() / "datasets" / "palmer-penguins"


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


LEAVES = [(path, command) for path, command in walk(main, ()) if not isinstance(command, click.Group)]


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...], command: click.Command) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0, result.output
    assert "Example" in result.output
    assert f"cluster {' '.join(path)}" in result.output


def test_the_groups_help_lists_every_command() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    for name, (_, line) in COMMANDS.items():
        assert name in output
        assert line in output


def test_an_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(main, ["mine"])
    assert result.exit_code == 2
    assert "No such command 'mine'" in result.output


def test_a_command_whose_packages_are_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "relay", ("no_such_package:main", ""))
    result = CliRunner().invoke(main, ["relay"])
    assert result.exit_code == 1
    assert "pip install 'cluster-protocol[relay]'" in result.output


def test_asking_for_help_imports_no_role() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from cluster.cli import main; "
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0; "
        "print([m for m in ('ape', 'web3', 'aiohttp', 'x402', 'openai', 'uvicorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_every_extra_that_is_named_exists() -> None:
    import tomllib

    extras = tomllib.loads((root() / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(cli.EXTRAS.values()) <= set(extras)


def test_dataset_cid_prints_what_ipfs_would() -> None:
    result = CliRunner().invoke(main, ["dataset", "cid", str(PENGUINS / "content" / "penguins.csv")])
    assert result.output == "bafkreihsatnsy5j3be34vlb4wnjfqvrmctyhhzf3y5v6es2mkhhce5t2sm\n"


def test_dataset_manifest_as_json_is_what_its_hash_is_of() -> None:
    import hashlib

    runner = CliRunner()
    shown = runner.invoke(main, ["dataset", "manifest", str(PENGUINS)]).output
    raw = runner.invoke(main, ["dataset", "manifest", str(PENGUINS), "--json"]).output
    assert f"0x{hashlib.sha256(raw.encode()).hexdigest()}" in shown


def test_dataset_manifest_of_something_else_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["dataset", "manifest", str(tmp_path)])
    assert result.exit_code == 1
    assert "dataset.toml is missing" in result.output

"""Set-up says in a sentence what a machine lacks, and does nothing twice."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cluster.chain.paths import root
from tools import setup

SCRIPT = root() / "tools" / "setup.py"


def run(path: str) -> "subprocess.CompletedProcess[str]":
    """The script, with this PATH."""
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        [sys.executable, "-S", str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60
    )


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


@pytest.mark.parametrize("missing", ["node", "npm", "git"])
def test_a_missing_program_is_named(missing: str, tmp_path: Path) -> None:
    for name in {"node", "npm", "git"} - {missing}:
        program(tmp_path, name, "v20.0.0")
    done = run(str(tmp_path))
    assert done.returncode == 2
    assert f"{missing} was not found on the PATH" in done.stderr
    assert "Node 20 or newer" in done.stderr


def test_an_old_node_is_told_with_what_is_needed(tmp_path: Path) -> None:
    program(tmp_path, "node", "v18.19.0")
    program(tmp_path, "npm", "")
    program(tmp_path, "git", "")
    done = run(str(tmp_path))
    assert done.returncode == 2
    assert "Node 20 or newer is needed, `node --version` says v18.19.0" in done.stderr


def test_another_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 2))
    with pytest.raises(setup.CannotSetUp, match=r"Python 3\.11 is needed"):
        setup.check_machine()


def test_too_little_disk_is_told_with_how_much_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))
    with pytest.raises(setup.CannotSetUp, match=r"2500 MB of free disk are needed at .*, there are 12 MB"):
        setup.check_disk()


def test_a_failed_step_shows_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(setup.CannotSetUp, match="failed with exit code 3"):
        setup.run(sys.executable, "-c", "print('the reason'); raise SystemExit(3)")
    assert "the reason" in capsys.readouterr().err


def test_a_second_run_repeats_nothing_and_a_failed_step_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ("python_packages", "node_packages", "compiler", "contracts")
    done: list[str] = []
    monkeypatch.setattr(setup, "STAMPS", tmp_path)
    for step in steps:
        monkeypatch.setattr(setup, step, lambda step=step: done.append(step))
    assert setup.main() == 0
    assert tuple(done) == steps
    assert setup.main() == 0
    assert tuple(done) == steps

    def fail() -> None:
        raise setup.CannotSetUp("no network")

    (tmp_path / "contracts").write_text("of other sources")
    monkeypatch.setattr(setup, "contracts", fail)
    assert setup.main() == 2
    monkeypatch.setattr(setup, "contracts", lambda: done.append("contracts again"))
    assert setup.main() == 0
    assert done[4:] == ["contracts again"]


def test_a_fingerprint_sees_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    (tmp_path / "a").write_text("1")
    first = setup.fingerprint(tmp_path)
    (tmp_path / "a").write_text("2")
    second = setup.fingerprint(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, setup.fingerprint(tmp_path)}) == 3

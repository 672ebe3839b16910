"""ARCHITECTURE.md is true: imports go one way, and every room it names exists."""

import re
import subprocess
import sys
from pathlib import Path

from cluster.chain.paths import root

ROOMS = re.compile(r"^\| ((?:`[\w/.-]+/`(?:, )?)+) \|", re.MULTILINE)


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=root(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert " kept, 0 broken" in done.stdout


def test_every_room_of_the_table_exists_and_every_folder_is_a_room() -> None:
    text = (root() / "ARCHITECTURE.md").read_text()
    rooms = [room for line in ROOMS.findall(text) for room in re.findall(r"`([\w/.-]+)/`", line)]
    assert rooms
    assert [room for room in rooms if not (root() / room).is_dir()] == []
    tracked = subprocess.run(
        ["git", "ls-files", "--", "*/*"], cwd=root(), capture_output=True, text=True, check=True, timeout=30
    ).stdout.splitlines()
    folders = {path.partition("/")[0] for path in tracked} - {".ci", "deployments"}
    assert folders == {room.partition("/")[0] for room in rooms}

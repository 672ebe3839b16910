"""`cluster demo`, run as a person or a script runs it: real chain, real model, real clients."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CLUSTER = str(Path(sys.executable).with_name("cluster"))
LIMIT_S = 150


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that have to do with a stack's folder, or were started in its sessions."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if entry.name.isdecimal() and int(entry.name) != os.getpid() and str(folder) in command:
                found.append(command)
        except (OSError, ValueError):
            continue
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("demo") / "stack"
    done = subprocess.run(
        [CLUSTER, "demo", "--json", "--free-ports", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    found["home"] = home
    found["stderr"] = done.stderr
    return found


def entry(story: dict[str, Any], words: str) -> dict[str, Any]:
    (found,) = [entry for entry in story["entries"] if words in entry["what"]]
    return dict(found)


def test_a_sale_is_split_85_10_5_to_the_last_unit(story: dict[str, Any]) -> None:
    sale = entry(story, "buyer buys")
    assert {a["who"]: int(a["units"]) for a in sale["amounts"]} == {
        "holder": 12_345_679 - 1_234_567 - 617_283,
        "treasury": 1_234_567,
        "referrer": 617_283,
    }
    assert sale["gas"] > 21_000
    assert len(sale["transaction"]) == 66


def test_an_agent_without_coin_buys_by_signature_and_the_treasury_gets_the_referrers_share(
    story: dict[str, Any],
) -> None:
    sale = entry(story, "by signature")
    assert {a["who"]: int(a["units"]) for a in sale["amounts"]} == {
        "holder": 12_345_679 - 1_234_567 - 617_283,
        "treasury": 1_234_567 + 617_283,
    }


def test_the_agent_is_asked_to_pay_pays_and_is_answered_by_a_real_model(story: dict[str, Any]) -> None:
    asked, paid = entry(story, "unpaid: 402"), entry(story, "pays by x402")
    (amount,) = paid["amounts"]
    assert amount["who"] == "operator"
    micro = int(amount["units"])
    assert f"${micro // 10**6}.{micro % 10**6:06d}" in asked["what"]
    assert len(story["answer"].split()) > 10
    assert "enguin" in story["answer"]


def test_the_indexer_tells_the_same_story(story: dict[str, Any]) -> None:
    found = story["found"]
    assert found["dataset"]["slug"] == "palmer-penguins"
    assert found["dataset"]["purchaseCount"] == 2
    transactions = {purchase["tx"] for purchase in found["purchases"]}
    assert transactions == {e["transaction"] for e in story["entries"] if "buys" in e["what"]}
    (earned,) = [row for row in found["earnings"]["data"] if row["role"] == "holder"]
    assert int(earned["total"]) == 2 * (12_345_679 - 1_234_567 - 617_283)
    assert [a["accessLevel"] for a in found["access"]] == ["Buyer", "Buyer"]


def test_progress_goes_to_stderr_and_nothing_is_left_running(story: dict[str, Any]) -> None:
    assert "contracts deployed" in story["stderr"]
    assert processes_of(story["home"]) == []


class Terminal:
    """The command on a pseudo-terminal, as a person has it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seen = ""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [CLUSTER, "demo", "--free-ports", "--home", str(home)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "150"},
        )
        os.close(slave)

    def read_until(self, words: str) -> None:
        until = time.monotonic() + LIMIT_S
        while words not in self.seen:
            assert time.monotonic() < until, self.seen
            if select.select([self._master], [], [], 0.2)[0]:
                self.seen += os.read(self._master, 65_536).decode(errors="replace")

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    running = Terminal(tmp_path / "stack")
    yield running
    running.close()


def test_on_a_terminal_the_stack_stays_up_until_ctrl_c_and_then_is_gone(terminal: Terminal) -> None:
    terminal.read_until("Ctrl-C stops it")
    assert "\x1b[" in terminal.seen, "a terminal gets colour"
    (relay,) = set(re.findall(r"relay +(http://127\.0\.0\.1:\d+)", terminal.seen))
    with urllib.request.urlopen(relay + "/readyz", timeout=10) as answer:
        assert answer.status == 200
    assert processes_of(terminal.home)
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.process.wait(30) == 0
    assert processes_of(terminal.home) == []

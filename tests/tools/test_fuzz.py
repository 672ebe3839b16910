"""Fuzzing stops at the first failure, with what repeats it; and says what it did if there is none."""

import re
import subprocess
import sys
from pathlib import Path

from tools.compiler import ROOT

MACHINE = """
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from cluster.testing import Chain

chain = Chain()
alice = chain.account("alice")
token = chain.deploy("FalseToken", sender=alice)


class Token(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.isolation = chain.isolated()
        self.isolation.__enter__()
        token.mint(alice, 100, sender=alice)

    def teardown(self):
        self.isolation.__exit__(None, None, None)

    @rule(amount=st.integers(0, 100))
    def send(self, amount):
        before = token.balanceOf(alice)
        token.transfer("0x" + "11" * 20, amount, sender=alice)
        assert not BROKEN or token.balanceOf(alice) == before - amount, "it said nothing and did nothing"

    @rule(failing=st.booleans())
    def fail(self, failing):
        token.setFailing(failing, sender=alice)


def test_token():
    run_state_machine_as_test(Token, settings=settings(stateful_step_count=20))
"""


def fuzz(folder: Path, broken: bool, calls: int) -> subprocess.CompletedProcess[str]:
    file = folder / "test_token.py"
    file.write_text(MACHINE.replace("BROKEN", str(broken)))
    command = [sys.executable, "-m", "tools.fuzz", "--calls", str(calls), "--jobs", "1", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_the_first_failure_ends_it_with_the_blob_that_repeats_it(tmp_path: Path) -> None:
    found = fuzz(tmp_path, broken=True, calls=10**9)
    assert found.returncode == 1
    assert "it said nothing and did nothing" in found.stdout
    assert "@reproduce_failure(" in found.stdout
    assert re.search(r"test_token.py failed after [1-9][\d,]* calls", found.stderr)


def test_without_a_failure_it_tells_the_calls_and_the_time_of_each_machine(tmp_path: Path) -> None:
    found = fuzz(tmp_path, broken=False, calls=500)
    assert found.returncode == 0
    told = re.search(r"fuzz: ([\d,]+) calls without a failure", found.stdout)
    assert told is not None
    assert int(told[1].replace(",", "")) >= 500
    assert re.search(r" calls +\d+ CPU s +[\d,]+ a CPU s  .*test_token.py", found.stdout)

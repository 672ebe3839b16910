"""One mutant at a time: compiled by a warm compiler, tested by a child of a process that has imported everything."""

import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tools.compiler import ROOT, SETTINGS, CompilationFailed, Compiler
from tools.home import make_home, put_codes
from tools.mutants.operators import Mutant

TIMEOUT_S = 300
CRASHED = 99
_FORK = get_context("fork")
# Imported once, before any child is forked.
_WARM = ("cluster.testing.suite", "eth_account", "eth_abi", "pyrevm", "pytest")


class Outcome(StrEnum):
    """What became of a mutant. One that compiles to the code of the original is the same contract."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    SAME_CODE = "same code"
    NOT_COMPILED = "not compiled"


@dataclass(frozen=True)
class Result:
    """`by` is the test that noticed."""

    mutant: Mutant
    outcome: Outcome
    seconds: float
    by: str = ""


class Worker:
    """Compiles and tests mutants one after the other, in a home of its own."""

    def __init__(self, folder: Path, contents: Mapping[str, str], targets: Mapping[str, Sequence[str]]) -> None:
        """`targets`: for each source, the `source:Contract`s that are made of it."""
        self._contents = contents
        self._targets = targets
        self._home = make_home(folder, {})
        self._log = folder / "test.log"
        self._compiler = Compiler()
        for module in _WARM:
            import_module(module)
        self._originals: dict[str, dict[str, tuple[str, str]]] = {}

    def close(self) -> None:
        """Ends the compiler."""
        self._compiler.__exit__(None, None, None)

    def run(self, mutant: Mutant) -> Result:
        """Compiles it and runs its domain's tests, then the others."""
        started = time.monotonic()
        outcome, by = self._judge(mutant)
        return Result(mutant, outcome, time.monotonic() - started, by)

    def control(self, sources: Iterable[str]) -> str:
        """Tests the contracts without a mistake, made the same way; gives what fails, else nothing."""
        codes: dict[str, tuple[str, str]] = {}
        for source in sources:
            codes |= self._original(source)
        put_codes(self._home, codes)
        passed = self._tested(["tests/contracts"]) == 0
        return "" if passed else _noticed(self._log.read_text()) or "the tests do not end"

    def _judge(self, mutant: Mutant) -> tuple[Outcome, str]:
        source = mutant.source
        try:
            codes = self._compile(source, mutant.applied(self._contents[source]))
        except CompilationFailed:
            return Outcome.NOT_COMPILED, ""
        if codes == self._original(source):
            return Outcome.SAME_CODE, ""
        put_codes(self._home, codes)
        domain = f"tests/contracts/{Path(source).parts[1]}"
        rounds = [["tests/contracts", f"--ignore={domain}"]]
        if (ROOT / domain).is_dir():
            rounds.insert(0, [domain])
        for tests in rounds:
            code = self._tested(tests)
            if code is None:
                return Outcome.TIMED_OUT, ""
            if code != 0:
                return Outcome.KILLED, _noticed(self._log.read_text())
        return Outcome.SURVIVED, ""

    def _tested(self, tests: list[str]) -> int | None:
        """Exit code of a child that runs tests in this home, or nothing if it took too long."""
        child = _FORK.Process(target=_test, args=(self._home, tests, self._log), daemon=True)
        child.start()
        child.join(TIMEOUT_S)
        if child.exitcode is None:
            child.kill()
            child.join()
            return None
        # Tests failed, or could not be collected; anything else is no verdict.
        if child.exitcode not in (0, 1, 2):
            raise RuntimeError(f"pytest ended with exit code {child.exitcode}; see {self._log}")
        return child.exitcode

    def _original(self, source: str) -> dict[str, tuple[str, str]]:
        if source not in self._originals:
            self._originals[source] = self._compile(source, self._contents[source])
        return self._originals[source]

    def _compile(self, source: str, content: str) -> dict[str, tuple[str, str]]:
        targets = [target.split(":") for target in self._targets[source]]
        wanted: dict[str, dict[str, list[str]]] = {}
        for file, name in targets:
            wanted.setdefault(file, {})[name] = ["evm.bytecode.object", "evm.deployedBytecode.object"]
        request: dict[str, Any] = {
            "language": "Solidity",
            "sources": {file: {"content": self._contents[file]} for file in wanted} | {source: {"content": content}},
            # Without metadata, the same code is the same bytes.
            "settings": {**SETTINGS, "metadata": {"appendCBOR": False}, "outputSelection": wanted},
        }
        made = self._compiler.run(request)["contracts"]
        return {
            name: (made[file][name]["evm"]["bytecode"]["object"], made[file][name]["evm"]["deployedBytecode"]["object"])
            for file, name in targets
        }


def _test(home: Path, tests: list[str], log: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["CLUSTER_HOME"] = str(home)
    os.chdir(ROOT)
    options = ["-x", "-q", "--tb=line", "--timeout=120", "-p", "no:randomly", "-p", "tools.mutants.plugin"]
    code = CRASHED
    try:
        with log.open("w") as file, redirect_stdout(file), redirect_stderr(file):
            code = int(pytest.main([*options, *tests]))
    finally:
        os._exit(code)


def _noticed(log: str) -> str:
    for line in log.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split(" ")[1]
    return ""

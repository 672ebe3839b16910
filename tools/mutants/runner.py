"""One mutant at a time: compiled by a warm compiler, tested by children of a process that has collected the tests."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tools.compiler import SETTINGS as OPTIMIZED
from tools.compiler import CompilationFailed, Compiler
from tools.home import make_home, put_codes
from tools.mutants.collected import Tests
from tools.mutants.evidence import Evidence
from tools.mutants.operators import Mutant
from tools.mutants.survey import PLAIN, Codes, Survey

# So long a mutant is tested before it is compiled with the optimizer, to see if it is one at all.
QUICK_S = 2.0
# Tests that take longer are state machines, or nearly.
LONG_S = 0.5


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
    """Compiles and tests mutants one after the other, in homes of its own."""

    def __init__(self, folder: Path, tests: Tests, survey: Survey, plain: Codes, evidence: Evidence) -> None:
        """`plain`: all contracts as they are, not optimized."""
        self._tests, self._survey, self._plain, self._evidence = tests, survey, plain, evidence
        self._plain_home = make_home(folder / "plain", {})
        self._optimized_home = make_home(folder / "optimized", {})
        self._compiler = Compiler()
        self._originals: dict[str, Codes] = {}
        self._kills: Counter[tuple[str, str]] = Counter()

    def close(self) -> None:
        """Ends the compiler."""
        self._compiler.__exit__(None, None, None)

    def run(self, mutant: Mutant) -> Result:
        """Compiles it and runs the tests that execute it: those that noticed one nearby first, then the quick ones."""
        started = time.monotonic()
        outcome, by = self._judge(mutant)
        if by:
            self._kills[mutant.place, by] += 1
        return Result(mutant, outcome, time.monotonic() - started, by)

    def _judge(self, mutant: Mutant) -> tuple[Outcome, str]:
        source = mutant.source
        changed = mutant.applied(self._survey.contents[source])
        try:
            plain = self._survey.compile(self._compiler, source, changed, PLAIN)
            if plain.items() <= self._plain.items():
                return Outcome.SAME_CODE, ""
            put_codes(self._plain_home, self._plain | plain)
            quick, slow, optimized_only = self._order(mutant)
            found = self._found(self._plain_home, quick)
            if found is not None:
                return found
            optimized = self._survey.compile(self._compiler, source, changed, OPTIMIZED)
        except CompilationFailed:
            return Outcome.NOT_COMPILED, ""
        if optimized == self._original(source):
            return Outcome.SAME_CODE, ""
        put_codes(self._optimized_home, optimized)
        return (
            self._found(self._optimized_home, optimized_only)
            or self._found(self._plain_home, slow)
            or (Outcome.SURVIVED, "")
        )

    def _order(self, mutant: Mutant) -> tuple[list[str], list[str], list[str]]:
        """Quick tests, others, and those that only hold for optimized contracts."""
        known = self._evidence.tests
        ids = self._evidence.executing(mutant)
        ids.sort(key=lambda test: (known[test].seconds > LONG_S, -self._kills[mutant.place, test], known[test].seconds))
        plain = [test for test in ids if known[test].passes_plain]
        quick, left = 0, QUICK_S
        while quick < len(plain) and (left := left - known[plain[quick]].seconds) > 0:
            quick += 1
        return plain[:quick], plain[quick:], [test for test in ids if not known[test].passes_plain]

    def _found(self, home: Path, tests: Sequence[str]) -> tuple[Outcome, str] | None:
        if not tests:
            return None
        report = self._tests.run(home, tests)
        if report is None:
            return Outcome.TIMED_OUT, ""
        return (Outcome.KILLED, next(iter(report.failed))) if report.failed else None

    def _original(self, source: str) -> Codes:
        if source not in self._originals:
            content = self._survey.contents[source]
            self._originals[source] = self._survey.compile(self._compiler, source, content, OPTIMIZED)
        return self._originals[source]

"""Bugs that are named in a table, each planted in a copy of its source: does the test named notice?"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tools.compiler import ROOT, Compiler
from tools.home import make_home, put_codes
from tools.mutants.collected import TESTS, Tests, with_tests
from tools.mutants.survey import PLAIN, Codes, compile_codes


@dataclass(frozen=True)
class Bug:
    """What is wrong, by texts that each stand once in a source below contracts/ and what stands there instead.

    `test` is the function below tests/contracts that notices, with all its parameters or those in brackets. `contract`
    is the `source:Contract` deployed with the bug in it, by default that of the source itself.
    """

    kind: str
    source: str
    edits: Mapping[str, str]
    test: str
    contract: str = ""

    @property
    def target(self) -> str:
        """What is compiled."""
        return f"contracts/{self.contract or f'{self.source}:{Path(self.source).stem}'}"

    def planted(self) -> str:
        """The source with the bug. Raises `ValueError` if it is not there to be changed."""
        text = (ROOT / "contracts" / self.source).read_text()
        for before, after in self.edits.items():
            if text.count(before) != 1:
                raise ValueError(f"{self.kind}: stands {text.count(before)} times in {self.source}: {before}")
            text = text.replace(before, after)
        return text


@dataclass(frozen=True)
class Noticed:
    """Runs of a bug's test that failed, and in which phase: without the bug, and with it."""

    without: dict[str, str]
    with_bug: dict[str, str]


def find(bugs: Sequence[Bug], folder: Path) -> list[Noticed]:
    """For each bug, in a fresh process, since pytest runs in there. Works in, and empties, `folder`."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(_find, bugs, folder).result()


def _find(bugs: Sequence[Bug], folder: Path) -> list[Noticed]:
    found: list[Noticed] = []

    def work(tests: Tests) -> None:
        with Compiler() as compiler:
            bench = _Bench(tests, make_home(folder / "home", {}), compiler)
            found.extend(bench.tried(bug) for bug in bugs)

    with_tests(folder, work, sorted({f"{TESTS}/{bug.test.partition('::')[0]}" for bug in bugs}))
    return found


class _Bench:
    def __init__(self, tests: Tests, home: Path, compiler: Compiler) -> None:
        self._tests, self._home, self._compiler = tests, home, compiler
        self._originals: dict[str, Codes] = {}

    def tried(self, bug: Bug) -> Noticed:
        """Runs the test of a bug without it and with it."""
        test = f"{TESTS}/{bug.test}"
        ids = [each for each in self._tests.ids if each == test or each.startswith(f"{test}[")]
        if not ids:
            raise ValueError(f"{bug.kind}: there is no test {test}")
        if bug.target not in self._originals:
            self._originals[bug.target] = self._compile(bug.target, {})
        original = self._originals[bug.target]
        changed = self._compile(bug.target, {f"contracts/{bug.source}": bug.planted()})
        return Noticed(self._failed(original, ids), self._failed(changed, ids))

    def _compile(self, target: str, changed: Mapping[str, str]) -> Codes:
        file = target.partition(":")[0]
        return compile_codes(self._compiler, {file: (ROOT / file).read_text(), **changed}, [target], PLAIN)

    def _failed(self, codes: Codes, ids: Sequence[str]) -> dict[str, str]:
        put_codes(self._home, codes)
        report = self._tests.run(self._home, ids)
        if report is None:
            raise RuntimeError(f"these do not end: {ids}")
        return report.failed

"""Which tests execute which places of the contracts, and whether what was once found out about a test still holds."""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from tools.compiler import ROOT
from tools.coverage.__main__ import build as build_probed
from tools.coverage.instrument import Probes
from tools.coverage.sources import Range, Source
from tools.home import make_home
from tools.mutants.collected import Tests
from tools.mutants.operators import Mutant
from tools.mutants.survey import Codes

FILE = ROOT / "build" / "mutants" / "executed.json"
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_CHUNK = 40

Place = tuple[str, Range]


@dataclass
class Executed:
    """What is known of one test: its fingerprint, CPU-seconds, the places it executes, and if it passes unoptimized."""

    fingerprint: str
    seconds: float
    passes_plain: bool
    places: list[Place] = field(default_factory=list)


@dataclass
class Evidence:
    """Tests by id, for sources as they are; `closures`: what each is made of."""

    sources: Mapping[str, Source]
    closures: Mapping[str, set[str]]
    tests: dict[str, Executed]

    def executing(self, mutant: Mutant) -> list[str]:
        """Tests that execute what a mutant changes. A constant is in no statement and may be used anywhere: those that
        execute anything made of its source.
        """
        source = self.sources[mutant.source]
        # By its first byte: a statement's range is without the semicolon.
        unit = source.innermost((mutant.start, mutant.start + 1))
        if unit is not None:
            units = self._by_source.get(source.name, {})
            found = {test for each in units if unit[0] <= each[0] and each[1] <= unit[1] for test in units[each]}
        else:
            users = (units for name, units in self._by_source.items() if source.name in self.closures[name])
            found = {test for units in users for tests in units.values() for test in tests}
        return sorted(found or self.tests)

    def fingerprint(self, tests: Iterable[str]) -> str:
        """Of several tests together."""
        return digest(*(self.tests[test].fingerprint for test in sorted(tests)))

    @cached_property
    def _by_source(self) -> dict[str, dict[Range, list[str]]]:
        found: dict[str, dict[Range, list[str]]] = {}
        for test, executed in self.tests.items():
            for name, unit in executed.places:
                found.setdefault(name, {}).setdefault(unit, []).append(test)
        return found


def digest(*texts: str) -> str:
    """A short hash."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def of_code(contents: Mapping[str, str]) -> str:
    """Of sources, whatever their comments say."""
    code = (" ".join(_COMMENT.sub(lambda found: found[1] or "", text).split()) for text in contents.values())
    return digest(*contents, *code)


def of_test(test: str) -> str:
    """Of a test: its own lines, those of its file that are no test's, and the modules beside it that have no tests."""
    file, _, path = test.partition("::")
    rest, functions = _module(ROOT / file)
    return digest(rest, functions.get(path.partition("[")[0], ""), *_helpers((ROOT / file).parent))


@cache
def _module(file: Path) -> tuple[str, dict[str, str]]:
    tree = ast.parse(file.read_text())
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    tree.body = [node for node in tree.body if node not in tests]
    return ast.dump(tree), {node.name: ast.dump(node) for node in tests}


@cache
def _helpers(folder: Path) -> list[str]:
    files = [file for file in sorted(folder.glob("*.py")) if not file.name.startswith("test_")]
    return [ast.dump(ast.parse(file.read_text())) for file in files]


def remembered(contents: Mapping[str, str]) -> dict[str, Executed]:
    """What an earlier run found out about tests that are still the same, if these are still the sources."""
    if not FILE.exists():
        return {}
    found = json.loads(FILE.read_text())
    if found["contents"] != digest(*contents, *contents.values()):
        return {}
    places = [(name, (start, end)) for name, start, end in found["places"]]
    return {
        test: Executed(row["fingerprint"], row["seconds"], row["passes_plain"], [places[i] for i in row["places"]])
        for test, row in found["tests"].items()
        if (ROOT / test.partition("::")[0]).exists() and row["fingerprint"] == of_test(test)
    }


def remember(contents: Mapping[str, str], tests: Mapping[str, Executed]) -> None:
    """For `remembered`."""
    places = sorted({place for executed in tests.values() for place in executed.places})
    numbers = {place: i for i, place in enumerate(places)}
    rows = {
        test: {
            "fingerprint": executed.fingerprint,
            "seconds": round(executed.seconds, 4),
            "passes_plain": executed.passes_plain,
            "places": sorted(numbers[place] for place in executed.places),
        }
        for test, executed in tests.items()
    }
    told = {
        "contents": digest(*contents, *contents.values()),
        "places": [[name, *unit] for name, unit in places],
        "tests": rows,
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(told))


@dataclass(frozen=True)
class Homes:
    """Contracts as they are: with probes, not optimized, and as they were compiled for use."""

    probes: Probes
    probed: Path
    plain: Path
    optimized: Path

    @classmethod
    def made(cls, folder: Path, plain: Codes) -> "Homes":
        """Compiles what needs to be."""
        _, probes = build_probed(folder / "probed")
        return cls(probes, folder / "probed", make_home(folder / "plain", plain), make_home(folder / "optimized", {}))

    def find_out(self, tests: Tests, ids: Sequence[str]) -> Iterator[tuple[str, Executed]]:
        """Runs tests and tells what each executes. All must pass on the contracts for use."""
        for first in range(0, len(ids), _CHUNK):
            chunk = ids[first : first + _CHUNK]
            traced = tests.run(self.probed, chunk, to_the_end=True, hits=True)
            timed = tests.run(self.plain, chunk, to_the_end=True)
            if traced is None or timed is None:
                raise RuntimeError(f"these do not end: {chunk}")
            if timed.failed:
                certain = tests.run(self.optimized, list(timed.failed), to_the_end=True)
                if certain is None or certain.failed:
                    raise RuntimeError(f"the contracts as they are fail {list((certain or timed).failed)}")
            for test in chunk:
                places = {place for probe in traced.hits[test] for place in self.probes.units.get(probe, ())}
                yield test, Executed(of_test(test), timed.seconds[test], test not in timed.failed, sorted(places))

"""Results of earlier runs: build/mutants.json, and which of them still hold."""

import json
from collections.abc import Iterable
from typing import Any

from tools.compiler import ROOT
from tools.mutants.evidence import Evidence, of_code
from tools.mutants.operators import Mutant
from tools.mutants.runner import Outcome, Result
from tools.mutants.survey import Survey

FILE = ROOT / "build" / "mutants.json"


class Results:
    """Those of this run, and those of earlier ones that could be taken instead.

    What a mutant compiles to depends on the sources of the contracts it is in; that it was killed, on the test that did
    it; that it survived, on all tests that execute it.
    """

    def __init__(self, survey: Survey, evidence: Evidence) -> None:
        self._survey, self._evidence = survey, evidence
        rows = json.loads(FILE.read_text()) if FILE.exists() else []
        self._rows: dict[str, dict[str, Any]] = {row["mutant"]: row for row in rows}
        self._codes: dict[str, str] = {}

    def still_holding(self, mutants: Iterable[Mutant]) -> list[Result]:
        """Earlier results of these mutants whose contracts and tests are the same."""
        found = []
        for mutant in mutants:
            row = self._rows.get(mutant.name)
            if row is not None:
                result = Result(mutant, Outcome(row["outcome"]), row["seconds"], row["by"])
                if row == self._row(result):
                    found.append(result)
        return found

    def put(self, result: Result) -> None:
        """Remembers a result, in the file too."""
        self._rows[result.mutant.name] = self._row(result)
        fresh = FILE.with_suffix(".new")
        fresh.write_text("[\n" + ",\n".join(map(json.dumps, self._rows.values())) + "\n]\n")
        fresh.replace(FILE)

    def _row(self, result: Result) -> dict[str, Any]:
        mutant = result.mutant
        if mutant.source not in self._codes:
            self._codes[mutant.source] = of_code(self._survey.closure(mutant.source))
        tests = [result.by] if result.by else self._evidence.executing(mutant)
        known = all(test in self._evidence.tests for test in tests)
        return {
            "mutant": mutant.name,
            "outcome": result.outcome,
            "seconds": round(result.seconds, 1),
            "by": result.by,
            "sources": self._codes[mutant.source],
            "tests": self._evidence.fingerprint(tests) if known else "",
        }

"""Coverage of `contracts/` (without `contracts/test`) by the in-process tests: `python -m tools.coverage`.

Prints a table with what was not covered, writes build/coverage.json; exit code 1 below the thresholds or when a test
fails. What counts is told in docs/testing.md.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from tools.compiler import ROOT, SETTINGS, Compiler, is_ours
from tools.compiler import sources as texts_of
from tools.coverage import report
from tools.coverage.instrument import Probes, assemble, compile_probed, instrument
from tools.coverage.sources import Source, read
from tools.home import make_home

LINES_PERCENT = 99.0
BRANCHES_PERCENT = 95.0
FOLDER = ROOT / "build" / "coverage"


def build(home: Path) -> tuple[dict[str, Source], Probes]:
    """Makes a home whose contracts are probed."""
    texts, probes = texts_of(), Probes()
    with Compiler() as compiler:
        trees, assemblies = compile_probed(compiler, texts, SETTINGS)
        sources = {name: read(name, texts[name], tree) for name, tree in trees.items() if is_ours(name)}
        codes = {}
        for name, assembly in assemblies.items():
            instrument(assembly, sources, probes)
            codes[name] = assemble(compiler, assembly, SETTINGS)
    make_home(home, codes)
    return sources, probes


def run_tests(tests: list[str], jobs: int) -> bool:
    """Runs the tests on the probed contracts; what fails there, on the contracts as they are. Whether all passed.

    A probe costs gas, so tests of gas fail on probed contracts and on no others.
    """
    hits = FOLDER / "hits"
    shutil.rmtree(hits, ignore_errors=True)
    hits.mkdir(parents=True)
    environment = {**os.environ, "CLUSTER_HOME": str(FOLDER / "home"), "COVERAGE_HITS": str(hits)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(jobs), "--dist", "worksteal"]
    probed = [*command, "-p", "tools.coverage.plugin", "--tb", "line", *tests]
    if subprocess.run(probed, cwd=ROOT, env=environment).returncode == 0:
        return True
    failed = (hits / "failed").read_text().splitlines() if (hits / "failed").exists() else tests
    print(f"coverage: {len(failed)} failed on probed contracts, which need more gas; now without probes", flush=True)
    return subprocess.run([*command, *failed], cwd=ROOT).returncode == 0


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.coverage", description=__doc__)
    parser.add_argument("tests", nargs="*", default=["tests/contracts"], help="default: tests/contracts")
    parser.add_argument("--jobs", type=int, default=2, help="test processes (default 2)")
    asked = parser.parse_args()
    started = time.monotonic()
    sources, probes = build(FOLDER / "home")
    passed = run_tests(asked.tests, asked.jobs)
    hits = {int(line) for file in (FOLDER / "hits").glob("*.txt") for line in file.read_text().split()}
    found = report.rows(sources, probes, hits)
    lines, branches = report.share(found)
    print(report.table(found))
    figures = {"lines_percent": lines, "branches_percent": branches, "sources": [asdict(row) for row in found]}
    (ROOT / "build" / "coverage.json").write_text(json.dumps(figures, indent=1) + "\n")
    seconds = time.monotonic() - started
    print(f"lines {lines:.2f} % (>= {LINES_PERCENT}), branches {branches:.2f} % (>= {BRANCHES_PERCENT})")
    print(f"coverage: {seconds:.0f} s")
    if not passed:
        print("coverage: tests failed, so the figures are of a part only", file=sys.stderr)
    return 1 if not passed or lines < LINES_PERCENT or branches < BRANCHES_PERCENT else 0


if __name__ == "__main__":
    sys.exit(main())

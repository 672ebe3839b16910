"""pytest plugin: notes which probes the engines of a test process met. Loaded by `python -m tools.coverage` only."""

import os
from pathlib import Path

import pytest

from tools.coverage import engines

_FOLDER = Path(os.environ["COVERAGE_HITS"])
MANY = 20

_hits: set[int] = set()

engines.watch()


def pytest_runtest_teardown() -> None:
    """Engines are many in some tests: those that only we still know are read and let go."""
    if engines.count() > MANY:
        _hits.update(engines.hits())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The process that hears of all tests notes which failed."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        with (_FOLDER / "failed").open("a") as file:
            file.write(report.nodeid + "\n")


def pytest_sessionfinish() -> None:
    _hits.update(engines.hits())
    (_FOLDER / f"{os.getpid()}.txt").write_text("\n".join(map(str, sorted(_hits))))

"""pytest plugin: notes which probes the engines of a test process met. Loaded by `python -m tools.coverage` only."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pyrevm
import pytest

from cluster.testing import chain
from tools.coverage.instrument import hit_in

_FOLDER = Path(os.environ["COVERAGE_HITS"])
MANY = 20
# The list, the loop's variable and the argument of `getrefcount`.
OURS = 3

_engines: list[Any] = []
_hits: set[int] = set()


def _engine(*args: Any, **options: Any) -> Any:
    engine = pyrevm.EVM(*args, **options)
    _engines.append(engine)
    return engine


# Probed contracts are larger than a chain would take.
chain.CfgEnv = partial(pyrevm.CfgEnv, limit_contract_code_size=1 << 20)  # type: ignore[attr-defined,assignment]
chain.EVM = _engine  # type: ignore[attr-defined,assignment]


def _collect() -> None:
    for engine in _engines:
        _hits.update(hit_in(engine))


def pytest_runtest_teardown() -> None:
    """Engines are many in some tests: those that only this list still knows are read and let go."""
    if len(_engines) > MANY:
        _collect()
        _engines[:] = [engine for engine in _engines if sys.getrefcount(engine) > OURS]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The process that hears of all tests notes which failed."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        with (_FOLDER / "failed").open("a") as file:
            file.write(report.nodeid + "\n")


def pytest_sessionfinish() -> None:
    _collect()
    (_FOLDER / f"{os.getpid()}.txt").write_text("\n".join(map(str, sorted(_hits))))

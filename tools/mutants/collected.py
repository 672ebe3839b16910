"""The contract tests, collected once in a process; children forked from it run some of them on other bytecode.

The process itself never runs a test and has no artifacts, so nothing of the original contracts is left in a child.
"""

import gc
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RLIMIT_CPU, setrlimit
from typing import Any

import hypothesis.stateful
import pytest
from hypothesis import HealthCheck, Phase, settings

from tools.compiler import ROOT
from tools.coverage import engines
from tools.home import make_home

TESTS = "tests/contracts"
# State machines run so many examples: enough to notice nearly all that they would.
EXAMPLES = 12
# Of the processor, since a machine may be busy with other things; and as a last resort of the clock.
LIMIT_CPU_S = 300
LIMIT_S = 3_600
_FORK = get_context("fork")


@dataclass
class Report:
    """What became of tests: CPU-seconds of each that ran, those that failed with the phase, and if asked probes met."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    hits: dict[str, set[int]] = field(default_factory=dict)


class Tests:
    """Collected tests by their ids."""

    def __init__(self, items: Sequence[pytest.Item], log: Path) -> None:
        self._items = {item.nodeid: item for item in items}
        self._log = log
        self.ids = list(self._items)

    def run(self, home: Path, ids: Sequence[str], *, to_the_end: bool = False, hits: bool = False) -> Report | None:
        """Runs tests, in this order, on the artifacts of a home until one fails. Nothing, if that takes too long."""
        mine, others = _FORK.Pipe(duplex=False)
        limit_cpu_s = LIMIT_CPU_S * (10 if to_the_end else 1)
        child = _FORK.Process(target=self._child, args=(others, home, ids, to_the_end, hits, limit_cpu_s), daemon=True)
        child.start()
        others.close()
        try:
            if not mine.poll(LIMIT_S):
                return None
            report: Report = mine.recv()
            return report
        except EOFError:
            child.join()
            if child.exitcode == -signal.SIGXCPU:
                return None
            raise RuntimeError(f"the tests ended without a report; see {self._log}") from None
        finally:
            mine.close()
            child.kill()
            child.join()

    def _child(
        self, to: Connection, home: Path, ids: Sequence[str], to_the_end: bool, hits: bool, limit_cpu_s: int
    ) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        setrlimit(RLIMIT_CPU, (limit_cpu_s, limit_cpu_s + 1))
        os.environ["CLUSTER_HOME"] = str(home)
        report = Report()
        recorder = _Recorder(report)
        with self._log.open("w") as file, redirect_stdout(file), redirect_stderr(file):
            items = [self._items[name] for name in ids]
            items[0].config.pluginmanager.register(recorder)
            gc.freeze()
            for item, following in zip(items, [*items[1:], None], strict=True):
                # Fixtures of many tests are made anew where it matters which test met what.
                after = None if hits else following
                begun = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                report.seconds[item.nodeid] = time.process_time() - begun
                if hits:
                    gc.collect()
                    report.hits[item.nodeid] = engines.hits()
                if report.failed and not to_the_end:
                    break
        to.send(report)


class _Recorder:
    def __init__(self, report: Report) -> None:
        self._report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """For each phase of a test: setup, call and teardown."""
        if report.failed:
            self._report.failed.setdefault(report.nodeid, report.when)
            print(report.longreprtext, flush=True)


class _Loop:
    def __init__(self, work: Callable[[Tests], None], log: Path) -> None:
        self._work, self._log = work, log

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running all tests."""
        if session.testsfailed:
            raise session.Interrupted("tests could not be collected")
        self._work(Tests(session.items, self._log))
        return True


def with_tests(folder: Path, work: Callable[[Tests], None], tests: Sequence[str] = (TESTS,)) -> None:
    """Collects tests in this process and calls `work` with them. Works in, and empties, `folder`."""
    home = make_home(folder / "collected", {})
    shutil.rmtree(home / ".build")
    os.environ["CLUSTER_HOME"] = str(home)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.chdir(ROOT)
    engines.watch()
    _noticing_only()
    log = folder / "collected.log"
    # hypothesis is imported before pytest could rewrite its assertions.
    ignored = "ignore::pytest.PytestAssertRewriteWarning"
    options = ["-q", "-s", "--tb=native", "--timeout=0", "-p", "no:randomly", "-W", ignored, *tests]
    with log.open("w") as file, redirect_stdout(file), redirect_stderr(file):
        code = pytest.main(options, plugins=[_Loop(work, folder / "test.log")])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"mutants: pytest ended with {code!r}; see {log}")


def _noticing_only() -> None:
    """The examples of the default profile, but no time is spent on making a failure small."""
    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    run = hypothesis.stateful.run_state_machine_as_test

    def shortly(factory: Any, *, settings: settings | None = None, **options: Any) -> None:
        phases = [Phase.explicit, Phase.generate]
        run(factory, settings=hypothesis.settings(settings, max_examples=EXAMPLES, phases=phases), **options)
        pytest.skip("the promised number of calls is a matter of the whole run")

    hypothesis.stateful.run_state_machine_as_test = shortly  # type: ignore[assignment]

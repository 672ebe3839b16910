"""Runs every Hypothesis state machine below tests/contracts, each process one at a time, until the calls are made.

`python -m tools.fuzz --calls 5000000`, or `--minutes 10`, or both: what comes first. Every machine gets the same
processor time. Stops at the first failure, with the blob that repeats it; exit code 1 then. Examples are random, so no
two runs are the same. Files named are run instead of all.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.compiler import ROOT

CHUNK_S = 180
STEP_S = 10


@dataclass
class Spent:
    """Calls, and seconds of processor time."""

    calls: int = 0
    cpu_seconds: float = 0


@dataclass
class Run:
    """A process that drives one file's machines."""

    file: str
    process: subprocess.Popen[bytes]
    report: Path
    log: Path

    def spent(self) -> Spent:
        """Calls made so far, and what they took."""
        try:
            told = json.loads(self.report.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return Spent()  # not written yet, or being written
        return Spent(told["calls"], told["cpu_seconds"])


def machines(folder: Path = ROOT / "tests" / "contracts") -> list[str]:
    """Test files that run a state machine."""
    files = [file for file in sorted(folder.rglob("test_*.py")) if "run_state_machine_as_test" in file.read_text()]
    return [str(file.relative_to(ROOT)) for file in files]


def start(file: str, folder: Path, number: int, calls: int, seconds: float) -> Run:
    """Starts a machine in a process of its own."""
    report, log = folder / f"{number}.json", folder / f"{number}.log"
    environment = {
        **os.environ,
        "HYPOTHESIS_PROFILE": "explore",
        "FUZZ_CALLS": str(calls),
        "FUZZ_SECONDS": str(seconds),
        "FUZZ_REPORT": str(report),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tools.fuzz.plugin", "--timeout", "0", file]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    return Run(file, process, report, log)


class Fuzzing:
    """All machines in turn: whoever had least processor time is next."""

    def __init__(self, files: list[str], folder: Path) -> None:
        self.folder = folder
        self.spent = {file: Spent() for file in files}
        self.running: list[Run] = []
        self.number = 0

    def start(self, calls: int, seconds: float) -> None:
        busy = Counter(run.file for run in self.running)
        file = min(self.spent, key=lambda file: (busy[file], self.spent[file].cpu_seconds))
        self.running.append(start(file, self.folder, self.number, calls, seconds))
        self.number += 1

    def collect(self) -> Run | None:
        """Takes in those that ended; the first that failed."""
        for run in [run for run in self.running if run.process.poll() is not None]:
            self.running.remove(run)
            made, spent = run.spent(), self.spent[run.file]
            self.spent[run.file] = Spent(spent.calls + made.calls, spent.cpu_seconds + made.cpu_seconds)
            if run.process.returncode != 0:
                return run
        return None

    def total(self) -> int:
        done = sum(spent.calls for spent in self.spent.values())
        return done + sum(run.spent().calls for run in self.running)

    def stop(self) -> None:
        for run in self.running:
            run.process.kill()
            run.process.wait()


def fuzz(files: list[str], folder: Path, calls: int, minutes: float, jobs: int) -> int:
    """Until the calls are made or the time is up; the exit code."""
    fuzzing = Fuzzing(files, folder)
    started = told = time.monotonic()
    ends = started + 60 * minutes
    try:
        while True:
            failed = fuzzing.collect()
            now, total = time.monotonic(), fuzzing.total()
            if failed is not None:
                print(failed.log.read_text())
                print(f"fuzz: {failed.file} failed after {total:,} calls", file=sys.stderr)
                return 1
            if now - told >= STEP_S:
                told = now
                print(f"fuzz: {total:,} calls, {total / (now - started):,.0f} a second", flush=True)
            spent = total >= calls or now >= ends
            if spent and not fuzzing.running:
                break
            while not spent and len(fuzzing.running) < jobs:
                # Slices of time, so that every machine has its turn however long the run.
                fuzzing.start(max(calls - total, 1), min(CHUNK_S, ends - now))
            time.sleep(0.2)
    finally:
        fuzzing.stop()
    seconds = time.monotonic() - started
    for file, spent_by in fuzzing.spent.items():
        rate = spent_by.calls / (spent_by.cpu_seconds or 1)
        print(f"{spent_by.calls:>12,} calls {spent_by.cpu_seconds:>8,.0f} CPU s {rate:>7,.0f} a CPU s  {file}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    a_cpu_second = total / (used.ru_utime + used.ru_stime)
    print(
        f"fuzz: {total:,} calls without a failure in {seconds:.0f} s, {total / seconds:,.0f} a second, "
        f"{a_cpu_second:,.0f} a second of processor time"
    )
    return 0


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, help="so many calls in all")
    parser.add_argument("--minutes", type=float, help="for so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("files", nargs="*", help="test files with a machine (default: all there are)")
    asked = parser.parse_args()
    calls = asked.calls or (sys.maxsize if asked.minutes else 5_000_000)
    # So that no process outlives this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="cluster-fuzz-") as folder:
        return fuzz(asked.files or machines(), Path(folder), calls, asked.minutes or 60 * 24 * 365, asked.jobs)


if __name__ == "__main__":
    sys.exit(main())

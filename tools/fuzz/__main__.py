"""Runs every Hypothesis state machine below tests/contracts, each process one at a time, until the calls are made.

`python -m tools.fuzz --calls 5000000`, or `--minutes 10`, or both: what comes first. Stops at the first failure, with
the blob that repeats it; exit code 1 then. Examples are random, so no two runs are the same.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.compiler import ROOT

CHUNK_S = 120
FOLDER = ROOT / "build" / "fuzz"
STEP_S = 10


@dataclass
class Run:
    """A process that drives one file's machines."""

    file: str
    process: subprocess.Popen[bytes]
    report: Path
    log: Path

    def calls(self) -> int:
        """Calls made so far."""
        try:
            return int(json.loads(self.report.read_text())["calls"])
        except (FileNotFoundError, json.JSONDecodeError):
            return 0  # not written yet, or being written


def machines(folder: Path = ROOT / "tests" / "contracts") -> list[str]:
    """Test files that run a state machine."""
    files = [file for file in sorted(folder.rglob("test_*.py")) if "run_state_machine_as_test" in file.read_text()]
    return [str(file.relative_to(ROOT)) for file in files]


def start(file: str, number: int, calls: int, seconds: float) -> Run:
    """Starts a machine in a process of its own."""
    report, log = FOLDER / f"{number}.json", FOLDER / f"{number}.log"
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


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, help="so many calls in all")
    parser.add_argument("--minutes", type=float, help="for so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    asked = parser.parse_args()
    calls = asked.calls or (sys.maxsize if asked.minutes else 5_000_000)
    ends = time.monotonic() + 60 * (asked.minutes or 60 * 24 * 365)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    files, made, running = machines(), Counter[str](), list[Run]()
    # So that no process outlives this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started, number, told = time.monotonic(), 0, time.monotonic()
    try:
        while True:
            for run in [run for run in running if run.process.poll() is not None]:
                running.remove(run)
                made[run.file] += run.calls()
                if run.process.returncode != 0:
                    print(run.log.read_text())
                    print(f"fuzz: {run.file} failed after {made.total():,} calls", file=sys.stderr)
                    return 1
            now = time.monotonic()
            total = made.total() + sum(run.calls() for run in running)
            if now - told >= STEP_S:
                told = now
                print(f"fuzz: {total:,} calls, {total / (now - started):,.0f} a second", flush=True)
            spent = total >= calls or now >= ends
            if spent and not running:
                break
            while not spent and len(running) < asked.jobs:
                # Slices of time, so that every machine has its turn however long the run.
                slice_s = min(CHUNK_S, ends - now)
                running.append(start(files[number % len(files)], number, max(calls - total, 1), slice_s))
                number += 1
            time.sleep(0.2)
    finally:
        for run in running:
            run.process.kill()
            run.process.wait()
    seconds = time.monotonic() - started
    for file, count in sorted(made.items()):
        print(f"{count:>12,}  {file}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    a_cpu_second = made.total() / (used.ru_utime + used.ru_stime)
    print(
        f"fuzz: {made.total():,} calls without a failure in {seconds:.0f} s, {made.total() / seconds:,.0f} a second, "
        f"{a_cpu_second:,.0f} a second of processor time"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

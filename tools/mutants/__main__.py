"""Plants small mistakes in the contracts, one at a time, and sees whether the tests notice.

`python -m tools.mutants --sample 60`, or `--contract PaymentRouter`, or `--all`. Survivors are explained in
tools/mutants.toml. Exit code 1: fewer than 90 % killed, or a survivor without explanation; with `--all` also an
explanation of a mutant that does not survive (any more). Results go to build/mutants.json as they come, and a mutant
whose contracts and tests are those of a result there is not run again, unless `--fresh`.
"""

import random
import sys
import time
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from resource import RUSAGE_CHILDREN, getrusage

from tools.compiler import ROOT, Compiler
from tools.mutants import evidence
from tools.mutants.collected import Tests
from tools.mutants.evidence import Evidence
from tools.mutants.operators import Mutant
from tools.mutants.results import Results
from tools.mutants.runner import Outcome, Result, Worker
from tools.mutants.spread import spread
from tools.mutants.survey import Codes, Survey, plain_codes, survey

WANTED_PERCENT = 90.0
EXPLANATIONS = ROOT / "tools" / "mutants.toml"
FOLDER = ROOT / "build" / "mutants"
NOTICED = (Outcome.KILLED, Outcome.TIMED_OUT)


def what_tests_execute(found: Survey, plain: Codes, jobs: int) -> Evidence:
    """From an earlier run as far as it holds. The contracts as they are must pass."""
    ids = list(spread(1, FOLDER, lambda _, tests: tests.ids))
    known = evidence.remembered(found.contents)
    executed = {test: known[test] for test in ids if test in known}
    missing = [test for test in ids if test not in known]
    if missing:
        print(f"mutants: what {len(missing)} of {len(ids)} tests execute is to be found out", flush=True)
        homes = evidence.Homes.made(FOLDER, plain)
        executed |= spread(jobs, FOLDER, lambda number, tests: homes.find_out(tests, missing[number::jobs]))
        evidence.remember(found.contents, executed)
    return Evidence(found.sources, found.closures, executed)


def run_all(mutants: Sequence[Mutant], found: Survey, plain: Codes, executed: Evidence, jobs: int) -> Iterator[Result]:
    """Results as they come, of several processes that each take the next mutant."""
    taken = get_context("fork").Value("i", 0)

    def work(number: int, tests: Tests) -> Iterator[Result]:
        worker = Worker(FOLDER / f"process-{number}", tests, found, plain, executed)
        try:
            while True:
                with taken.get_lock():
                    mine, taken.value = taken.value, taken.value + 1
                if mine >= len(mutants):
                    return
                yield worker.run(mutants[mine])
        finally:
            worker.close()

    yield from spread(jobs, FOLDER, work)


def explained(text: str) -> dict[str, str]:
    """Why a mutant may survive, by its name."""
    entries = tomllib.loads(text).get("acceptable", [])
    return {name: entry["why"].strip() for entry in entries for name in entry["mutants"] if entry["why"].strip()}


def judge(results: Sequence[Result], reasons: dict[str, str], everything: bool) -> tuple[float, list[str]]:
    """Percentage killed, and what is wrong, in sentences."""
    percent = killed_percent(results)
    survivors = {result.mutant.name for result in results if result.outcome is Outcome.SURVIVED}
    wrong = [f"survived without explanation: {name}" for name in sorted(survivors - reasons.keys())]
    if everything:
        wrong += [f"explained, but does not survive (any more): {name}" for name in sorted(reasons.keys() - survivors)]
    if percent < WANTED_PERCENT:
        wrong.append(f"{percent:.1f} % killed, {WANTED_PERCENT} % wanted")
    return percent, wrong


def killed_percent(results: Sequence[Result]) -> float:
    """Of those that are mutants at all."""
    counts = Counter(result.outcome for result in results)
    noticed = sum(counts[outcome] for outcome in NOTICED)
    return 100 * noticed / max(noticed + counts[Outcome.SURVIVED], 1)


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sample", type=int, default=60, help="so many, drawn by the seed (default 60)")
    which.add_argument("--all", action="store_true", help="all mutants")
    which.add_argument("--list", action="store_true", help="only print their names")
    parser.add_argument("--contract", help="only those of the contracts or libraries of these names, with commas")
    parser.add_argument("--match", default="", help="only those whose name has this in it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--fresh", action="store_true", help="take no results of earlier runs")
    asked = parser.parse_args()
    started = time.monotonic()
    with Compiler() as compiler:
        found = survey(compiler)
        contracts = asked.contract.split(",") if asked.contract else None
        chosen = [
            m
            for m in found.mutants
            if (contracts is None or m.name.split(".")[0] in contracts) and asked.match in m.name
        ]
        everything = asked.all and len(chosen) == len(found.mutants)
        if asked.list:
            print("\n".join(mutant.name for mutant in chosen))
            return 0
        plain = plain_codes(compiler)
    if not asked.all:
        drawn = random.Random(asked.seed).sample(range(len(chosen)), min(asked.sample, len(chosen)))
        chosen = [chosen[i] for i in sorted(drawn)]
    executed = what_tests_execute(found, plain, asked.jobs)
    print(f"mutants: {len(chosen)} of {len(found.mutants)}; the contracts as they are pass", flush=True)

    earlier = Results(found, executed)
    results = [] if asked.fresh else earlier.still_holding(chosen)
    done = {result.mutant.name for result in results}
    left = [mutant for mutant in chosen if mutant.name not in done]
    # So that a part says something about the whole.
    random.Random(asked.seed).shuffle(left)
    if results:
        print(f"mutants: {len(results)} known from before, {killed_percent(results):.1f} % killed", flush=True)
    begun = time.monotonic()
    for count, result in enumerate(run_all(left, found, plain, executed, asked.jobs) if left else (), start=1):
        results.append(result)
        earlier.put(result)
        to_go = (time.monotonic() - begun) / count * (len(left) - count) / 60
        print(f"{result.outcome:<13}{result.seconds:>5.1f} s  {result.mutant.name}  {result.by}")
        print(f"{len(results)}/{len(chosen)}  {killed_percent(results):.1f} %  {to_go:.0f} min to go", flush=True)
    percent, wrong = judge(results, explained(EXPLANATIONS.read_text()), everything)
    counts = Counter(result.outcome for result in results)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    took = getrusage(RUSAGE_CHILDREN)
    cpu_min = (took.ru_utime + took.ru_stime) / 60
    print(f"mutants: {percent:.1f} % killed in {time.monotonic() - started:.0f} s, {cpu_min:.1f} CPU-minutes")
    for sentence in wrong:
        print(f"mutants: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Plants small mistakes in the contracts, one at a time, and sees whether the tests notice.

`python -m tools.mutants --sample 60`, or `--contract PaymentRouter`, or `--all`. Survivors are explained in
tools/mutants.toml. Exit code 1: fewer than 90 % killed, or a survivor without explanation; with `--all` also an
explanation of a mutant that does not survive (any more). Results go to build/mutants.json as they come.
"""

import json
import random
import signal
import sys
import time
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from multiprocessing import Process, SimpleQueue
from typing import Any

from tools.compiler import ROOT, SETTINGS, Compiler, is_ours, sources
from tools.mutants.operators import Mutant, mutants_of
from tools.mutants.runner import Outcome, Result, Worker

WANTED_PERCENT = 90.0
EXPLANATIONS = ROOT / "tools" / "mutants.toml"
FOLDER = ROOT / "build" / "mutants"
NOTICED = (Outcome.KILLED, Outcome.TIMED_OUT)


def survey() -> tuple[dict[str, str], list[Mutant], dict[str, list[str]]]:
    """Contents by source, all mutants, and for each source which contracts that are deployed are made of it."""
    contents = {name: text for name, text in sources().items() if is_ours(name)}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in contents.items()},
        "settings": {**SETTINGS, "outputSelection": {"*": {"": ["ast"]}}},
    }
    with Compiler() as compiler:
        trees = {name: made["ast"] for name, made in compiler.run(request)["sources"].items()}
    mutants = [mutant for name in contents for mutant in mutants_of(name, contents[name], trees[name])]
    targets: dict[str, list[str]] = {name: [] for name in contents}
    for name in contents:
        for contract in trees[name]["nodes"]:
            if contract["nodeType"] == "ContractDefinition" and _is_deployed(contract):
                for used in _closure(name, trees):
                    if used in targets:
                        targets[used].append(f"{name}:{contract['name']}")
    return contents, mutants, targets


def _is_deployed(contract: dict[str, Any]) -> bool:
    return contract["contractKind"] == "contract" and not contract["abstract"]


def _closure(name: str, trees: dict[str, Any]) -> set[str]:
    found, left = set(), [name]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [node["absolutePath"] for node in trees[one]["nodes"] if node["nodeType"] == "ImportDirective"]
    return found


def run_all(
    mutants: list[Mutant], contents: dict[str, str], targets: dict[str, list[str]], jobs: int
) -> Iterable[Result]:
    """Results as they come, of several processes."""
    results: SimpleQueue[Result | None] = SimpleQueue()

    def work(number: int) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            worker = Worker(FOLDER / f"home-{number}", contents, targets)
            # Neighbours cost the same, so each process takes every second, third, …
            for mutant in mutants[number::jobs]:
                results.put(worker.run(mutant))
            worker.close()
        finally:
            results.put(None)

    processes = [Process(target=work, args=(number,)) for number in range(jobs)]
    for process in processes:
        process.start()
    # So that no process outlives this one.
    signal.signal(signal.SIGTERM, lambda *_: _stop(processes))
    running = jobs
    while running:
        result = results.get()
        if result is None:
            running -= 1
        else:
            yield result
    for process in processes:
        process.join()
        if process.exitcode != 0:
            raise SystemExit("mutants: a process ended early, so there is no verdict")


def _stop(processes: list[Process]) -> None:
    for process in processes:
        process.terminate()
    sys.exit(1)


def explained(text: str) -> dict[str, str]:
    """Why a mutant may survive, by its name."""
    entries = tomllib.loads(text).get("acceptable", [])
    return {name: entry["why"].strip() for entry in entries for name in entry["mutants"] if entry["why"].strip()}


def judge(results: list[Result], reasons: dict[str, str], everything: bool) -> tuple[float, list[str]]:
    """Percentage killed, and what is wrong, in sentences."""
    counts = Counter(result.outcome for result in results)
    noticed = sum(counts[outcome] for outcome in NOTICED)
    percent = 100 * noticed / max(noticed + counts[Outcome.SURVIVED], 1)
    survivors = {result.mutant.name for result in results if result.outcome is Outcome.SURVIVED}
    wrong = [f"survived without explanation: {name}" for name in sorted(survivors - reasons.keys())]
    if everything:
        wrong += [f"explained, but does not survive (any more): {name}" for name in sorted(reasons.keys() - survivors)]
    if percent < WANTED_PERCENT:
        wrong.append(f"{percent:.1f} % killed, {WANTED_PERCENT} % wanted")
    return percent, wrong


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sample", type=int, default=60, help="so many, drawn by the seed (default 60)")
    which.add_argument("--all", action="store_true", help="all mutants")
    which.add_argument("--list", action="store_true", help="only print their names")
    parser.add_argument("--contract", help="only those of the contract or library of this name")
    parser.add_argument("--match", default="", help="only those whose name has this in it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    asked = parser.parse_args()
    started = time.monotonic()
    contents, mutants, targets = survey()
    chosen = [m for m in mutants if asked.contract in (None, m.name.split(".")[0]) and asked.match in m.name]
    everything = asked.all and len(chosen) == len(mutants)
    if asked.list:
        print("\n".join(mutant.name for mutant in chosen))
        return 0
    if not asked.all:
        drawn = random.Random(asked.seed).sample(range(len(chosen)), min(asked.sample, len(chosen)))
        chosen = [chosen[i] for i in sorted(drawn)]
    control = Worker(FOLDER / "home-control", contents, targets)
    failed = control.control({mutant.source for mutant in chosen})
    control.close()
    if failed:
        print(f"mutants: the contracts as they are fail {failed}; see {FOLDER}/home-control/test.log", file=sys.stderr)
        return 1
    print(f"mutants: {len(chosen)} of {len(mutants)}; the contracts as they are pass", flush=True)
    results = []
    for result in run_all(chosen, contents, targets, asked.jobs):
        results.append(result)
        print(f"{result.outcome:<13}{result.seconds:>5.0f} s  {result.mutant.name}  {result.by}", flush=True)
        _write(results)
    percent, wrong = judge(results, explained(EXPLANATIONS.read_text()), everything)
    counts = Counter(result.outcome for result in results)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    print(f"mutants: {percent:.1f} % killed in {time.monotonic() - started:.0f} s")
    for sentence in wrong:
        print(f"mutants: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


def _write(results: list[Result]) -> None:
    rows = [
        {"mutant": r.mutant.name, "outcome": r.outcome, "seconds": round(r.seconds, 1), "by": r.by} for r in results
    ]
    (ROOT / "build" / "mutants.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())

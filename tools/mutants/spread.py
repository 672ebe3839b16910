"""Work for several processes, each of which has collected the tests."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from tools.mutants.collected import TESTS, Tests, with_tests

Made = TypeVar("Made")
_FORK = get_context("fork")


def spread(
    jobs: int, folder: Path, work: Callable[[int, Tests], Iterable[Made]], tests: Sequence[str] = (TESTS,)
) -> Iterator[Made]:
    """What `work`, told its process's number and the tests, gives in each process, as it comes.

    Ends this process if one of them ends early.
    """
    results = _FORK.SimpleQueue()

    def run(number: int) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

        def all_of_it(collected: Tests) -> None:
            for made in work(number, collected):
                results.put((made,))

        try:
            with_tests(folder / f"process-{number}", all_of_it, tests)
        finally:
            results.put(None)

    processes = [_FORK.Process(target=run, args=(number,)) for number in range(jobs)]
    for process in processes:
        process.start()

    def stop() -> None:
        for process in processes:
            process.terminate()

    def stopped(*_: object) -> None:
        sys.exit(1)

    # So that no process outlives this one.
    signal.signal(signal.SIGTERM, stopped)
    try:
        running = jobs
        while running:
            result = results.get()
            if result is None:
                running -= 1
            else:
                yield result[0]
        for process in processes:
            process.join()
            if process.exitcode != 0:
                raise SystemExit("mutants: a process ended early, so there is no verdict")
    finally:
        stop()

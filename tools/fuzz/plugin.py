"""pytest plugin of fuzzing: a state machine runs until its share of calls is made. Loaded by `python -m tools.fuzz`."""

import gc
import json
import os
import time
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.stateful
import pytest

from cluster.testing.host import calls

CALLS = int(os.environ["FUZZ_CALLS"])
SECONDS = float(os.environ["FUZZ_SECONDS"])
REPORT = Path(os.environ["FUZZ_REPORT"])
EXAMPLES = 50

_run = hypothesis.stateful.run_state_machine_as_test


def _report(made: int) -> None:
    REPORT.write_text(json.dumps({"calls": made, "cpu_seconds": time.process_time()}))


def _until_done(factory: Any, *, settings: Any = None, **options: Any) -> None:
    """Round after round, each with random examples, until the calls or the seconds are spent."""
    how = hypothesis.settings(
        settings, max_examples=EXAMPLES, derandomize=False, database=None, deadline=None, print_blob=True
    )
    # What is there by now stays: a collection need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    first, started = calls["transact"], time.monotonic()
    while True:
        try:
            _run(factory, settings=how, **options)
        except BaseException:
            _report(calls["transact"] - first)
            raise
        made, seconds = calls["transact"] - first, time.monotonic() - started
        _report(made)
        if made >= CALLS or seconds >= SECONDS:
            break
    pytest.skip("what a test promises beside the machine is a matter of `make test`")


hypothesis.stateful.run_state_machine_as_test = _until_done  # type: ignore[assignment]

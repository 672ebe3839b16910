"""The token against its model, over any sequence of what holders, thieves and governance do.

For longer, and other examples each time:
HYPOTHESIS_PROFILE=explore TOKEN_EXAMPLES=100000 pytest tests/contracts/token/test_machine.py --timeout 0
"""

import os

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.promised import PROMISED
from tests.contracts.token.machine import Stage, TokenMachine

EXAMPLES = int(os.environ.get("TOKEN_EXAMPLES", "270"))
STEPS = 60


def test_the_token_does_what_its_model_says() -> None:
    stage = Stage()
    before = calls["transact"]
    how = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    # Any factory does, whatever the annotation says.
    run_state_machine_as_test(lambda: TokenMachine(stage), settings=how)  # type: ignore[arg-type]
    assert calls["transact"] - before >= PROMISED["token"]

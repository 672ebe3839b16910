"""The model registry against its reference, over any sequence of what people, governance and attackers do.

For longer, and other examples each time:
HYPOTHESIS_PROFILE=explore MODELS_EXAMPLES=100000 pytest tests/contracts/models/test_machine.py --timeout 0
"""

import os

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.models.machine import Models
from tests.contracts.promised import PROMISED

EXAMPLES = int(os.environ.get("MODELS_EXAMPLES", "140"))
STEPS = 80


def test_the_model_registry_does_what_its_reference_says() -> None:
    before = calls["transact"]
    run_state_machine_as_test(Models, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    assert calls["transact"] - before >= PROMISED["models"]

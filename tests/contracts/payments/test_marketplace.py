"""The marketplace against its model, over any sequence of what people, governance and attackers do.

For longer, and other examples each time:
HYPOTHESIS_PROFILE=explore MARKETPLACE_EXAMPLES=100000 pytest tests/contracts/payments/test_marketplace.py --timeout 0
"""

import os

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.payments.machine import Marketplace
from tests.contracts.promised import PROMISED

EXAMPLES = int(os.environ.get("MARKETPLACE_EXAMPLES", "150"))
STEPS = 100


def test_the_marketplace_does_what_its_model_says() -> None:
    before = calls["transact"]
    run_state_machine_as_test(Marketplace, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    assert calls["transact"] - before >= PROMISED["payments"]

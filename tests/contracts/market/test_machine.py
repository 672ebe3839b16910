"""The market against its model, over any sequence of what honest, lazy, malicious and griefing people do.

For longer, and other examples each time:
HYPOTHESIS_PROFILE=explore JOB_MARKET_EXAMPLES=100000 pytest tests/contracts/market/test_machine.py --timeout 0
"""

import os

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.market.machine import JobMarketMachine
from tests.contracts.promised import PROMISED

EXAMPLES = int(os.environ.get("JOB_MARKET_EXAMPLES", "420"))
STEPS = 50


def test_the_market_does_what_its_model_says() -> None:
    before = calls["transact"]
    run_state_machine_as_test(JobMarketMachine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    assert calls["transact"] - before >= PROMISED["market"]

"""The marketplace against its model, over any sequence of what people, governance and attackers do.

For longer: HYPOTHESIS_PROFILE=fuzz pytest tests/contracts/payments/test_marketplace.py --timeout 0
"""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.payments.machine import Marketplace

PROMISED_CALLS = 15_000
EXAMPLES = 145
STEPS = 100


def test_the_marketplace_does_what_its_model_says() -> None:
    before = calls["transact"]
    limits = settings(
        max_examples=max(EXAMPLES, settings.default.max_examples),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Marketplace, settings=limits)
    assert calls["transact"] - before >= PROMISED_CALLS

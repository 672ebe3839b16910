"""The whole protocol against its model, over any sequence of what people, machines, governance and attackers do."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.promised import PROMISED
from tests.contracts.protocol.machine import Protocol, closed

PROMISED_LOOPS = 50
"""For each way to pay: published, bought, trained on, served, paid, swept and shared out."""
EXAMPLES, STEPS = 220, 80


def test_the_protocol_does_what_its_model_says() -> None:
    before = calls["transact"]
    run_state_machine_as_test(Protocol, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
    assert calls["transact"] - before >= PROMISED["protocol"]
    assert min(closed.values()) >= PROMISED_LOOPS, closed

"""The agents' contracts against their model, over any sequence of what owners, clients, validators and attackers do.

For longer: HYPOTHESIS_PROFILE=fuzz pytest tests/contracts/agents/test_machine.py --timeout 0
"""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.testing.host import calls
from tests.contracts.agents.machine import AgentsMachine
from tests.contracts.promised import PROMISED

EXAMPLES = 50
STEPS = 100


def test_the_agents_contracts_do_what_their_model_says() -> None:
    before = calls["transact"]
    limits = settings(
        max_examples=max(EXAMPLES, settings.default.max_examples),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(AgentsMachine, settings=limits)
    assert calls["transact"] - before >= PROMISED["agents"]

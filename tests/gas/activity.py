"""Gas of AgentActivity: a batch of steps costs the same however many steps it has."""

from eth_utils import keccak

from tests.gas.identity import URI
from tests.gas.meter import Meter

STEPS = 1_000


def measure(meter: Meter) -> None:
    activity, owner = meter.suite.activity, meter.account("owner")
    with meter.apart():
        meter.suite.identity.register(URI, sender=owner)
        for name, parent in (("first", 0), ("again", 0), ("within_another", 1)):
            meter(f"task_open_{name}", activity.openTask, 0, parent, keccak(text=name), sender=owner)
        for when in ("first", "again"):
            meter(f"task_log_{STEPS}_steps_{when}", activity.logSteps, 1, keccak(text=when), STEPS, sender=owner)
        meter("task_close", activity.closeTask, 1, keccak(b"output"), sender=owner)

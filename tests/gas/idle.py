"""Gas of IdleIncentives. `first`: the operator never earned CP. `again`: it did."""

from cluster.testing.accounts import Account
from tests.gas.data import REVIEW
from tests.gas.meter import CP, Meter

DAY = 86_400
WINDOW = 600
MANY = 10


def measure(meter: Meter) -> None:
    suite, idle = meter.suite, meter.suite.idle
    with meter.apart():
        payer = meter.member("payer", idle)
        for when in ("first", "again"):
            meter(f"idle_fund_{when}", idle.fund, 100 * CP, sender=payer)
        idle.setRate(10 * CP // DAY, sender=suite.admin)
        idle.setClassWeight(1, 3, sender=suite.admin)
        operators = [_operator(meter, f"operator {number}") for number in range(MANY)]
        node = meter.account("node")
        for when, by in (("first", node), ("again", payer)):
            meter(f"idle_set_node_{when}", idle.setNode, by, sender=operators[1])
        for when in ("first", "again"):
            _epoch(meter, operators, when)
        epoch = _open(meter)
        meter.chain.mine(WINDOW)
        meter("idle_return_pot", idle.returnPot, epoch, sender=payer)


def _operator(meter: Meter, name: str) -> Account:
    """Has stake and a capacity class."""
    suite = meter.suite
    operator = meter.member(name, suite.staking)
    suite.staking.register(REVIEW, 1_000, 5_000, sender=operator)
    suite.staking.stake(operator, 200 * CP, 0, sender=operator)
    suite.idle.setCapacityClass(operator, 1, sender=suite.admin)
    return operator


def _open(meter: Meter) -> int:
    """The next day's epoch, with a challenge in it."""
    meter.chain.mine(DAY)
    epoch: int = meter.suite.idle.currentEpoch()
    meter.suite.idle.openChallenge(sender=meter.suite.admin)
    return epoch


def _epoch(meter: Meter, operators: list[Account], when: str) -> None:
    """Answers and pay of one epoch: who answers first in it pays for its weight."""
    idle = meter.suite.idle
    epoch = _open(meter)
    if when == "first":
        meter("idle_answer_first_of_epoch", idle.answer, epoch, operators[0], sender=operators[0])
        meter("idle_answer_by_node", idle.answer, epoch, operators[1], sender=meter.account("payer"))
    for operator in operators[2 if when == "first" else 0 :]:
        idle.answer(epoch, operator, sender=operator)
    meter.chain.mine(WINDOW)
    anyone = meter.account("anyone")
    meter(f"idle_pay_1_operator_{when}", idle.pay, epoch, operators[:1], sender=anyone)
    meter(f"idle_pay_{MANY - 1}_operators_{when}", idle.pay, epoch, operators[1:], sender=anyone)

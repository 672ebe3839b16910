"""Gas of OperatorStaking.

`first`: the account had no stake there, or the operator never earned in the currency. `again`: it had, or did.
"""

from cluster.testing.accounts import Account
from cluster.testing.suite import NATIVE
from tests.gas.data import REVIEW
from tests.gas.meter import CP, ETHER, USDC, Meter

DAY = 86_400
THAW = 14 * DAY
MANY = 10


def measure(meter: Meter) -> None:
    with meter.apart():
        operator = meter.member("operator", meter.suite.staking)
        meter("operator_register", meter.suite.staking.register, REVIEW, 1_000, 5_000, sender=operator)
        _descriptions(meter, operator)
        _stakes(meter, operator)
        _ways_out(meter, operator)
        _rewards(meter, operator)
        _held(meter, operator)
        _claims(meter, operator)


def _descriptions(meter: Meter, operator: Account) -> None:
    staking = meter.suite.staking
    with meter.apart():
        meter("operator_set_uri", staking.setURI, REVIEW.replace("bafy", "bafk"), sender=operator)
        meter("operator_raise_commission", staking.setCommission, 2_000, sender=operator)
        meter("operator_cut_commission", staking.setCommission, 500, sender=operator)


def _stakes(meter: Meter, operator: Account) -> None:
    staking, delegator = meter.suite.staking, meter.member("delegator", meter.suite.staking)
    with meter.apart():
        for name, account in (("own", operator), ("delegated", delegator)):
            for when in ("first", "again"):
                meter(f"stake_{name}_{when}", staking.stake, operator, 200 * CP, 0, sender=account)


def _ways_out(meter: Meter, operator: Account) -> None:
    staking = meter.suite.staking
    delegator, other = (meter.member(name, staking) for name in ("delegator", "other operator"))
    with meter.apart():
        staking.register(REVIEW, 0, 0, sender=other)
        staking.stake(operator, 200 * CP, 0, sender=operator)
        staking.stake(operator, 200 * CP, 0, sender=delegator)
        for when in ("first", "again"):
            meter(f"unstake_{when}", staking.unstake, operator, 50 * CP, sender=delegator)
        meter.chain.mine(THAW)
        meter("stake_withdraw", staking.withdraw, operator, 0, delegator, sender=delegator)
        meter("stake_redelegate", staking.redelegate, operator, 1, other, 0, sender=delegator)


def _rewards(meter: Meter, operator: Account) -> None:
    staking, usdc = meter.suite.staking, meter.suite.usdc
    payer, delegator = (meter.member(name, staking) for name in ("payer", "delegator"))
    with meter.apart():
        usdc.mint(payer, 1_000 * USDC, sender=meter.suite.admin)
        usdc.approve(staking, 2**256 - 1, sender=payer)
        for account in (operator, delegator):
            staking.stake(operator, 200 * CP, 0, sender=account)
        for currency, token, amount in (("usdc", usdc, USDC), ("cp", meter.suite.token, CP), ("eth", NATIVE, ETHER)):
            for when in ("first", "again"):
                value = amount if currency == "eth" else 0
                name = f"reward_{currency}_{when}"
                meter(name, staking.addReward, operator, token, amount, sender=payer, value=value)
        operators = _operators(meter)
        for when in ("first", "again"):
            amounts = [USDC] * MANY
            meter(f"rewards_{MANY}_operators_{when}", staking.addRewards, operators, usdc, amounts, sender=payer)


def _operators(meter: Meter) -> list[Account]:
    """Operators with own stake."""
    staking = meter.suite.staking
    operators = [meter.member(f"operator {number}", staking) for number in range(MANY)]
    for each in operators:
        staking.register(REVIEW, 1_000, 5_000, sender=each)
        staking.stake(each, 200 * CP, 0, sender=each)
    return operators


def _held(meter: Meter, operator: Account) -> None:
    staking, payer = meter.suite.staking, meter.account("payer")
    with meter.apart():
        meter("reward_nobody_staked", staking.addReward, operator, NATIVE, ETHER, sender=payer, value=ETHER)
        staking.stake(operator, 200 * CP, 0, sender=operator)
        meter("release_held", staking.releaseHeld, operator, NATIVE, sender=operator)


def _claims(meter: Meter, operator: Account) -> None:
    staking, payer = meter.suite.staking, meter.account("payer")
    delegator = meter.member("delegator", staking)
    with meter.apart():
        operators = [operator, *_operators(meter)[1:]]
        staking.stake(operator, 200 * CP, 0, sender=operator)
        for each in operators:
            staking.stake(each, 20 * CP, 0, sender=delegator)

        def reward() -> None:
            amounts = [ETHER] * MANY
            staking.addRewards(operators, NATIVE, amounts, sender=payer, value=MANY * ETHER)

        reward()
        meter("stake_claim_own", staking.claim, [], NATIVE, operator, sender=operator)
        for when in ("first", "again"):
            meter(f"stake_claim_1_delegation_{when}", staking.claim, operators[:1], NATIVE, delegator, sender=delegator)
            reward()
        meter(f"stake_claim_{MANY}_delegations", staking.claim, operators, NATIVE, delegator, sender=delegator)

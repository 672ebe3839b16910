"""Registering, description, commission."""

from cluster.testing import reverts
from tests.contracts.compute.house import RISE_DELAY, House


def test_an_account_becomes_an_operator_once(house: House) -> None:
    assert not house.staking.isOperator(house.other)
    receipt = house.staking.register("ipfs://other", 100, 10_000, sender=house.other)
    receipt.expect(
        "OperatorRegistered", operator=house.other, uri="ipfs://other", commissionBps=100, maxCommissionBps=10_000
    )
    assert house.staking.isOperator(house.other)
    assert house.staking.uriOf(house.other) == "ipfs://other"
    assert house.staking.commissionOf(house.other) == (100, 10_000, 0, 0)
    with reverts("AlreadyOperator", house.other):
        house.staking.register("again", 0, 0, sender=house.other)


def test_a_ceiling_is_at_most_all_and_a_commission_at_most_the_ceiling(house: House) -> None:
    with reverts("CommissionTooHigh", 10_001, 10_000):
        house.staking.register("", 0, 10_001, sender=house.other)
    with reverts("CommissionTooHigh", 501, 500):
        house.staking.register("", 501, 500, sender=house.other)
    with reverts("CommissionTooHigh", 5_001, 5_000):
        house.staking.setCommission(5_001, sender=house.operator)


def test_only_an_operator_has_a_description_and_a_commission(house: House) -> None:
    receipt = house.staking.setURI("ipfs://new", sender=house.operator)
    receipt.expect("OperatorURISet", operator=house.operator, uri="ipfs://new")
    assert house.staking.uriOf(house.operator) == "ipfs://new"
    for call, args in (("setURI", ("x",)), ("setCommission", (0,))):
        with reverts("NotOperator", house.alice):
            getattr(house.staking, call)(*args, sender=house.alice)
    for view in (
        "uriOf",
        "commissionOf",
        "activeStake",
        "slashableStake",
        "lockedStake",
        "availableStake",
        "oldestLock",
    ):
        with reverts("NotOperator", house.alice):
            getattr(house.staking, view)(house.alice)


def test_a_cut_counts_at_once_and_a_rise_after_a_week(house: House) -> None:
    receipt = house.staking.setCommission(1_000, sender=house.operator)
    receipt.expect("CommissionSet", operator=house.operator, commissionBps=1_000, effectiveAt=house.chain.time)
    assert house.staking.commissionOf(house.operator) == (1_000, 5_000, 0, 0)

    at = house.chain.time + RISE_DELAY
    receipt = house.staking.setCommission(5_000, sender=house.operator)
    receipt.expect("CommissionSet", operator=house.operator, commissionBps=5_000, effectiveAt=at)
    assert house.staking.commissionOf(house.operator) == (1_000, 5_000, 5_000, at)
    house.chain.mine(RISE_DELAY - 1)
    assert house.staking.commissionOf(house.operator) == (1_000, 5_000, 5_000, at)
    house.chain.mine(1)
    assert house.staking.commissionOf(house.operator) == (5_000, 5_000, 0, 0)


def test_a_rise_in_force_is_what_the_next_one_starts_from(house: House) -> None:
    house.staking.setCommission(3_000, sender=house.operator)
    house.chain.mine(RISE_DELAY)
    house.staking.setCommission(4_000, sender=house.operator)
    assert house.staking.commissionOf(house.operator)[0] == 3_000


def test_a_cut_ends_a_rise_that_was_announced(house: House) -> None:
    house.staking.setCommission(5_000, sender=house.operator)
    house.staking.setCommission(2_000, sender=house.operator)
    house.chain.mine(RISE_DELAY)
    assert house.staking.commissionOf(house.operator) == (2_000, 5_000, 0, 0)

"""Contracts that hold money hand it over by version and operator; sweeps split it like any other."""

from typing import Any

import pytest

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, World


def test_shares_are_recorded_and_told_with_neighbours_of_one_till_together(world: World) -> None:
    owen, bob = world.owen.address, world.bob.address
    shares = [(1, 1, owen, 10), (1, 1, owen, 20), (2, 1, owen, 5), (2, 2, owen, 6), (1, 1, bob, 7), (1, 1, owen, 1)]
    receipt = world.settlement.fund(world.usdc, shares, sender=world.ann)
    funded = receipt.named("Funded")
    assert [(e.modelId, e.version, e.operator, e.amount) for e in funded] == [
        (1, 1, owen, 30),
        (2, 1, owen, 5),
        (2, 2, owen, 6),
        (1, 1, bob, 7),
        (1, 1, owen, 1),
    ]
    assert all((e.currency, e.payer) == (world.usdc.address, world.ann.address) for e in funded)
    assert world.settlement.fundedFor(1, 1, owen, world.usdc) == 31
    assert world.usdc.balanceOf(world.settlement) == world.settlement.totalOwed(world.usdc) == 49


def test_what_was_funded_and_what_was_sent_is_swept_together(world: World) -> None:
    world.settlement.fund(world.usdc, [(BASE_MODEL, 1, world.owen.address, 400)], sender=world.ann)
    world.pay(world.settlement.tillOf(BASE_MODEL, world.owen), 600)
    receipt = world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    receipt.expect("Swept", amount=1_000, toTreasury=50, toOperator=950)
    assert world.settlement.fundedFor(BASE_MODEL, 1, world.owen, world.usdc) == 0
    with reverts("NothingToSweep"):
        world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)


def test_shares_of_nothing_are_passed_over(world: World) -> None:
    nobody = "0x" + "00" * 20
    receipt = world.settlement.fund(world.usdc, [(9, 9, nobody, 0)], sender=world.ann)
    assert receipt.events == []
    assert world.settlement.fund(world.usdc, [], sender=world.ann).events == []


@pytest.mark.parametrize(("currency", "value", "expected"), [("native", 9, 10), ("native", 11, 10), ("usdc", 1, 0)])
def test_the_coin_sent_must_be_the_sum(world: World, currency: str, value: int, expected: int) -> None:
    what = NATIVE if currency == "native" else world.usdc
    with reverts("ValueMismatch", value, expected):
        world.settlement.fund(what, [(1, 1, world.owen.address, 10)], sender=world.ann, value=value)


@pytest.mark.parametrize("bad", ["nobody", "settlement"])
def test_an_operator_that_can_not_be__reverts(world: World, bad: str) -> None:
    operator = NATIVE if bad == "nobody" else world.settlement.address
    with reverts("InvalidAddress", operator):
        world.settlement.fund(world.usdc, [(1, 1, operator, 10)], sender=world.ann)


def test_a_token_that_takes_a_fee__reverts(world: World) -> None:
    token: Any = world.chain.deploy("FeeToken", sender=world.ann)
    token.mint(world.ann, 1_000, sender=world.ann)
    token.approve(world.settlement, 1_000, sender=world.ann)
    with reverts("ReceivedLess", token, 990, 1_000):
        world.settlement.fund(token, [(1, 1, world.owen.address, 1_000)], sender=world.ann)


def test_native_coin_is_funded_with_the_call(world: World) -> None:
    world.settlement.fund(NATIVE, [(TUNED_MODEL, 1, world.owen.address, 1_000)], sender=world.ann, value=1_000)
    world.settlement.sweep(TUNED_MODEL, 1, world.owen, NATIVE, sender=world.stranger)
    assert world.chain.balance(world.settlement) == world.settlement.totalOwed(NATIVE) == 250


def test_a_donation_is_not_anybodys_share(world: World) -> None:
    world.usdc.transfer(world.settlement, 1_000, sender=world.ann)
    with reverts("NothingToSweep"):
        world.settlement.sweep(BASE_MODEL, 1, world.owen, world.usdc, sender=world.stranger)
    assert world.settlement.totalOwed(world.usdc) == 0

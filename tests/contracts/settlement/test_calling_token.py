"""A currency that calls back while it moves is not let in again, whatever moves it."""

from collections.abc import Callable
from typing import Any

import pytest

from cluster.testing import Contract
from cluster.testing.suite import NATIVE
from tests.contracts.settlement.world import BASE_MODEL, FUNDS, USD, World

DAY = 86_400


@pytest.fixture
def token(world: World) -> Contract:
    """Accepted, priced at a dollar, and ann has some of it everywhere."""
    found: Contract = world.chain.deploy("CallingToken", sender=world.admin)
    world.suite.router.setCurrency(found, True, sender=world.admin)
    feed = world.chain.deploy("TestFeed", 8, sender=world.admin)
    feed.set(10**8, 0, world.chain.time, sender=world.admin)
    world.prices.setFeed(found, (feed.address, NATIVE, DAY, 0, 6, USD, USD), sender=world.admin)
    found.mint(world.ann, FUNDS, sender=world.admin)
    for spender in (world.settlement, world.prepaid):
        found.approve(spender, 2**256 - 1, sender=world.ann)
    world.prepaid.deposit(world.ann, found, 100, sender=world.ann)
    world.prepaid.setGrant(world.rita, USD, DAY, sender=world.ann)
    world.pay(world.prepaid.depositAddress(world.ann), 10, found)
    world.pay(world.settlement.tillOf(BASE_MODEL, world.bob), 100, found)
    world.settlement.sweep(BASE_MODEL, 1, world.bob, found, sender=world.stranger)
    world.pay(world.settlement.tillOf(BASE_MODEL, world.bob), 100, found)
    world.pay(world.settlement, 5, found)
    return found


def not_let_in(world: World, token: Contract, again: Any, into: Contract, way: Callable[[], object]) -> None:
    with world.chain.isolated():
        again(sender=world.stranger)
    token.arm(into, again.calldata(), sender=world.stranger)
    way()
    assert token.calls() > 0
    assert token.successes() == 0


class Again:
    """A call that anyone may make, with its arguments."""

    def __init__(self, method: Any, *args: Any) -> None:
        self._method, self._args = method, args

    def __call__(self, sender: Any) -> None:
        self._method(*self._args, sender=sender)

    def calldata(self) -> bytes:
        """For somebody else to call."""
        return self._method.calldata(*self._args)  # type: ignore[no-any-return]


PREPAID: dict[str, Callable[[World, Contract], object]] = {
    "deposit": lambda w, t: w.prepaid.deposit(w.ann, t, 10, sender=w.ann),
    "collect": lambda w, t: w.prepaid.collect(w.ann, t, sender=w.stranger),
    "withdraw": lambda w, t: w.prepaid.withdraw(t, 10, w.ann, sender=w.ann),
    "draw": lambda w, t: w.prepaid.draw(
        t, [(w.ann.address, BASE_MODEL, 1, w.owen.address, 10)], b"\1" * 32, 1, sender=w.rita
    ),
}
SETTLEMENT: dict[str, Callable[[World, Contract], object]] = {
    "fund": lambda w, t: w.settlement.fund(t, [(BASE_MODEL, 1, w.owen.address, 10)], sender=w.ann),
    "sweep": lambda w, t: w.settlement.sweep(BASE_MODEL, 1, w.bob, t, sender=w.stranger),
    "claim": lambda w, t: w.settlement.claim(t, w.bob, sender=w.bob),
    "rescueSurplus": lambda w, t: w.settlement.rescueSurplus(t, w.bob, 5, sender=w.admin),
}


@pytest.mark.parametrize("way", PREPAID)
def test_it_does_not_get_back_into_the_prepaid_balances(world: World, token: Contract, way: str) -> None:
    world.chain.fund(world.prepaid.depositAddress(world.bob), 5)
    again = Again(world.prepaid.collect, world.bob, NATIVE)
    not_let_in(world, token, again, world.prepaid, lambda: PREPAID[way](world, token))


@pytest.mark.parametrize("way", SETTLEMENT)
def test_it_does_not_get_back_into_the_settlement(world: World, token: Contract, way: str) -> None:
    world.pay(world.settlement.tillOf(BASE_MODEL, world.owen), 1_000, NATIVE)
    again = Again(world.settlement.sweep, BASE_MODEL, 1, world.owen, NATIVE)
    not_let_in(world, token, again, world.settlement, lambda: SETTLEMENT[way](world, token))

"""Gas of PrepaidBalances.

`first`: the account never had a balance in the currency, nor the tills drawn for. `again`: they had.
"""

from typing import Any

from eth_utils import keccak

from cluster.testing.suite import NATIVE
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, World, build
from tests.gas.meter import CP, ETHER, USDC, Meter

DAY = 86_400
ROWS = 100
# Of each model by each of two operators.
CUSTOMERS = ROWS // 4
MICRO = 1_000


def measure(meter: Meter) -> None:
    with meter.apart():
        world = build(meter.suite)
        _deposits(meter, world)
        _ways_out(meter, world)
        _draws(meter, world)
        _batches(meter, world)


def _deposits(meter: Meter, world: World) -> None:
    prepaid, ann = world.prepaid, world.ann
    with meter.apart():
        for currency, token, amount in (("usdc", world.usdc, USDC), ("cp", world.cp, CP), ("eth", NATIVE, ETHER)):
            for when in ("first", "again"):
                value = amount if token == NATIVE else 0
                meter(
                    f"prepaid_deposit_{currency}_{when}", prepaid.deposit, ann, token, amount, sender=ann, value=value
                )
    with meter.apart():
        for when in ("first", "again"):
            world.pay(prepaid.depositAddress(ann), USDC)
            meter(f"prepaid_collect_usdc_{when}", prepaid.collect, ann, world.usdc, sender=world.rita)


def _ways_out(meter: Meter, world: World) -> None:
    prepaid, ann = world.prepaid, world.ann
    with meter.apart():
        prepaid.deposit(ann, world.usdc, USDC, sender=ann)
        prepaid.deposit(ann, NATIVE, USDC, sender=ann, value=USDC)
        meter("prepaid_withdraw_usdc", prepaid.withdraw, world.usdc, USDC // 2, ann, sender=ann)
        meter("prepaid_withdraw_all_usdc", prepaid.withdraw, world.usdc, USDC // 2, ann, sender=ann)
        meter("prepaid_withdraw_eth", prepaid.withdraw, NATIVE, USDC // 2, ann, sender=ann)
        for when, dollars in (("first", 10), ("again", 20)):
            meter(f"prepaid_grant_{when}", prepaid.setGrant, world.rita, dollars * USDC, DAY, sender=ann)


def _row(account: Any, model: int, operator: Any) -> tuple[Any, ...]:
    return (account, model, 1, operator, MICRO)


def _customer(world: World, account: Any, currency: Any) -> None:
    """Has a balance, of which rita may draw."""
    amount = ETHER if currency == NATIVE else 100 * USDC
    world.prepaid.deposit(account, currency, amount, sender=world.ann, value=amount if currency == NATIVE else 0)
    world.prepaid.setGrant(world.rita, 10 * USDC, DAY, sender=account)


def _draw(meter: Meter, world: World, name: str, currency: Any, rows: list[tuple[Any, ...]]) -> None:
    for when in ("first", "again"):
        root = keccak(text=f"{name} {when}")
        meter(f"prepaid_draw_{name}_{when}", world.prepaid.draw, currency, rows, root, len(rows), sender=world.rita)


def _price_ether(meter: Meter, world: World) -> None:
    """By one feed."""
    feed = world.chain.deploy("TestFeed", 8, sender=world.admin)
    feed.set(2_000 * 10**8, 0, meter.now(), sender=world.admin)
    terms = (feed, NATIVE, DAY, 0, 18, USDC, 100_000 * USDC)
    world.prices.setFeed(NATIVE, terms, sender=world.admin)


def _draws(meter: Meter, world: World) -> None:
    for name, currency in (("usdc", world.usdc), ("eth", NATIVE)):
        with meter.apart():
            _price_ether(meter, world)
            _customer(world, world.ann, currency)
            _draw(meter, world, f"1_row_{name}", currency, [_row(world.ann, BASE_MODEL, world.owen)])


def _batches(meter: Meter, world: World) -> None:
    """A hundred rows: of 25 accounts that used two models of two operators each, and of a hundred accounts."""
    accounts = ["0x" + keccak(text=f"customer {number}").hex()[:40] for number in range(ROWS)]
    offers = [(model, operator) for model in (BASE_MODEL, TUNED_MODEL) for operator in (world.owen, world.bob)]
    with meter.apart():
        for account in accounts:
            _customer(world, account, world.usdc)
        with meter.apart():
            rows = [_row(account, *offer) for offer in offers for account in accounts[:CUSTOMERS]]
            _draw(meter, world, f"{ROWS}_rows_{CUSTOMERS}_accounts", world.usdc, rows)
        rows = [_row(account, *offers[0]) for account in accounts]
        _draw(meter, world, f"{ROWS}_rows_{ROWS}_accounts", world.usdc, rows)

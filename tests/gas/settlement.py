"""Gas of InferenceSettlement, and of what it spares: settling each call by a transfer of its own.

`base`: the model has no stack. `tuned`: its owner and a dataset's holder share in each fee. `first`: the till has no
code, and nobody was ever owed the currency. `again`: it has, and they were. The operator has delegators.
"""

from typing import Any

from eth_utils import keccak

from cluster.chain.eip3009 import Authorization
from cluster.testing.suite import NATIVE
from tests.contracts.payments.signing import domain_of, sign
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, World, build
from tests.gas.meter import ALWAYS, NEVER, USDC, Meter

MANY = 10


def measure(meter: Meter) -> None:
    with meter.apart():
        world = build(meter.suite)
        _sweeps(meter, world)
        _funds(meter, world)
        _claims(meter, world)
        _transfer_a_call(meter, world)


def _sweeps(meter: Meter, world: World) -> None:
    sweep = world.settlement.sweep
    for name, model in (("base", BASE_MODEL), ("tuned", TUNED_MODEL)):
        with meter.apart():
            for when in ("first", "again"):
                world.pay(world.settlement.tillOf(model, world.owen), 5 * USDC)
                meter(f"sweep_{name}_usdc_{when}", sweep, model, 1, world.owen, world.usdc, sender=world.rita)
    with meter.apart():
        for when in ("first", "again"):
            world.settlement.fund(world.usdc, [(TUNED_MODEL, 1, world.owen, 5 * USDC)], sender=world.ann)
            meter(f"sweep_tuned_funded_{when}", sweep, TUNED_MODEL, 1, world.owen, world.usdc, sender=world.rita)
    with meter.apart():
        for when in ("first", "again"):
            world.pay(world.settlement.tillOf(TUNED_MODEL, world.owen), 5 * USDC, NATIVE)
            meter(f"sweep_tuned_eth_{when}", sweep, TUNED_MODEL, 1, world.owen, NATIVE, sender=world.rita)


def _funds(meter: Meter, world: World) -> None:
    fund = world.settlement.fund

    def shares(count: int) -> list[tuple[Any, ...]]:
        operators = [world.owen, *(world.chain.account(f"served by {n}") for n in range(1, count))]
        return [(BASE_MODEL, 1, operator, USDC) for operator in operators]

    for count in (1, MANY):
        with meter.apart():
            for when in ("first", "again"):
                name = f"fund_{count}_till{'s' if count > 1 else ''}_usdc_{when}"
                meter(name, fund, world.usdc, shares(count), sender=world.ann)
    with meter.apart():
        for when in ("first", "again"):
            meter(f"fund_1_till_eth_{when}", fund, NATIVE, shares(1), sender=world.ann, value=USDC)


def _claims(meter: Meter, world: World) -> None:
    """By the holder of the dataset that the model was tuned on; `first`: who never had USDC."""
    settlement = world.settlement

    def claim(name: str, currency: Any) -> None:
        world.pay(settlement.tillOf(TUNED_MODEL, world.owen), 5 * USDC, currency)
        settlement.sweep(TUNED_MODEL, 1, world.owen, currency, sender=world.rita)
        meter(f"settlement_claim_{name}", settlement.claim, currency, world.dora, sender=world.dora)

    with meter.apart():
        claim("usdc_first", world.usdc)
        claim("usdc_again", world.usdc)
        claim("eth", NATIVE)


def _transfer_a_call(meter: Meter, world: World) -> None:
    """To a till that has been paid before."""
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    with meter.apart():
        world.pay(till, USDC)
        signed = Authorization(world.ann.address, till, 1_000, ALWAYS, NEVER, keccak(b"call"))
        fields = (world.ann, till, signed.value, signed.valid_after, signed.valid_before, signed.nonce)
        signature = sign(world.ann, signed, domain_of(world.usdc))
        name = "usdc_transfer_a_call"
        meter(name, world.usdc.transferWithAuthorization, *fields, signature, sender=world.rita)

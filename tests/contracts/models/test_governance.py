"""Figures, roles and upgrades: what the AccessManager's roles may do, and what nobody may."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak

from cluster.chain.roles import PARAMETERS, TWO_DAYS
from cluster.testing import reverts
from tests.contracts.models.world import DERIVED, FIGURES, HOLDER, OWNER, World, tuples

RESTRICTED: dict[str, Callable[[World], tuple[Any, ...]]] = {
    "setFigures": lambda _: (FIGURES,),
    "delist": lambda _: (1, 1),
    "reinstate": lambda _: (1,),
    "upgradeToAndCall": lambda w: (w.models, b""),
}


@pytest.mark.parametrize("function", RESTRICTED)
def test_strangers_may_not(world: World, function: str) -> None:
    world.register("acme/model")
    for stranger in (world.alice, world.suite.treasury, world.eve):
        with reverts("AccessManagedUnauthorized", stranger):
            getattr(world.models, function)(*RESTRICTED[function](world), sender=stranger)


def test_a_change_of_figures_waits_for_its_delay(world: World) -> None:
    world.manager.grantRole(PARAMETERS.id, world.eve, TWO_DAYS, sender=world.admin)
    figures = (0, 0, 400_000, 400_000, 200_000)
    data = world.models.setFigures.calldata(figures)
    operation = world.manager.hashOperation(world.eve, world.models, data)
    with reverts("AccessManagerNotScheduled", operation):
        world.models.setFigures(figures, sender=world.eve)
    world.manager.schedule(world.models, data, 0, sender=world.eve)
    world.chain.mine(TWO_DAYS - 1)
    with reverts("AccessManagerNotReady", operation):
        world.models.setFigures(figures, sender=world.eve)
    world.chain.mine(1)
    world.models.setFigures(figures, sender=world.eve)
    assert tuples(world.models.figures()) == figures


def test_the_figures_at_the_start_are_the_designs(world: World) -> None:
    assert tuples(world.models.figures()) == FIGURES


def test_new_figures_are_for_new_stacks_only(world: World) -> None:
    seals = world.dataset("seals")
    parent = world.register("acme/parent", datasets=[(seals, 1)])
    old = world.models.stackOf(parent, 1)
    figures = (100_000, 500_000, 400_000, 100_000, 500_000)
    receipt = world.models.setFigures(figures, sender=world.admin)
    assert tuples(receipt.expect("FiguresSet").figures) == figures
    assert world.models.stackOf(parent, 1) == old
    child = world.register("acme/child", DERIVED, parent=(parent, 1), datasets=[(seals, 1)])
    # Of the parent's stack the owner has 50 % and the seals 50 %, by the figures of its time.
    assert tuples(world.models.stackOf(child, 1)) == (
        100_000,
        500_000,
        [(OWNER, child, 100_000), (HOLDER, seals, 650_000), (OWNER, parent, 250_000)],
    )


@pytest.mark.parametrize(
    "figures",
    [
        (0, 0, 500_000, 300_000, 200_000),
        (100_000, 500_000, 900_000, 50_000, 50_000),
        (1, 1, 50_000, 50_000, 900_000),
    ],
)
def test_figures_within_bounds(world: World, figures: tuple[int, ...]) -> None:
    world.models.setFigures(figures, sender=world.admin)
    assert tuples(world.models.figures()) == figures


@pytest.mark.parametrize(
    ("figures", "error"),
    [
        ((100_001, 500_000, 500_000, 300_000, 200_000), ("FeePartTooHigh", 100_001, 100_000)),
        ((2**32 - 1, 0, 500_000, 300_000, 200_000), ("FeePartTooHigh", 2**32 - 1, 100_000)),
        ((0, 500_001, 500_000, 300_000, 200_000), ("FeePartTooHigh", 500_001, 500_000)),
        ((0, 0, 49_999, 750_001, 200_000), ("StackPartTooLow", 49_999, 50_000)),
        ((0, 0, 750_001, 49_999, 200_000), ("StackPartTooLow", 49_999, 50_000)),
        ((0, 0, 750_001, 200_000, 49_999), ("StackPartTooLow", 49_999, 50_000)),
        ((0, 0, 500_000, 300_000, 199_999), ("StackPartsSum", 999_999)),
        ((0, 0, 500_000, 300_000, 200_001), ("StackPartsSum", 1_000_001)),
        ((0, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1), ("StackPartsSum", 3 * (2**32 - 1))),
    ],
)
def test_figures_out_of_bounds(world: World, figures: tuple[int, ...], error: tuple[Any, ...]) -> None:
    with reverts(*error):
        world.models.setFigures(figures, sender=world.admin)
    assert tuples(world.models.figures()) == FIGURES


def test_the_bounds_can_be_read(world: World) -> None:
    bounds = (world.models.MAX_TREASURY_PPM(), world.models.MAX_STACK_PPM(), world.models.MIN_PART_PPM())
    assert bounds == (100_000, 500_000, 50_000)


# --- upgrades


def test_state_stands_in_its_erc_7201_namespace(world: World) -> None:
    named = int.from_bytes(keccak(text="cluster.storage.ModelRegistry")) - 1
    slot = int.from_bytes(keccak(named.to_bytes(32))) & ~0xFF
    packed = sum(figure << 32 * place for place, figure in enumerate(FIGURES))
    assert world.chain.storage(world.models, slot) == packed
    world.register("acme/model")
    assert world.chain.storage(world.models, slot + 1) == world.models.totalModels() == 1


def test_stacks_and_datasets_are_packed_as_the_next_version_will_read_them(world: World) -> None:
    datasets = [(world.dataset(f"data-{number}"), 1 + number) for number in range(5)]
    model = world.register("acme/model", datasets=datasets)
    at = int.from_bytes(keccak(text="cluster.storage.ModelRegistry")) - 1
    at = (int.from_bytes(keccak(at.to_bytes(32))) & ~0xFF) + 7
    for key in (model, 1):
        at = int.from_bytes(keccak(key.to_bytes(32) + at.to_bytes(32)))

    def words(first: int, parts: list[int]) -> None:
        for start in range(0, len(parts), 4):
            packed = sum(part << 64 * place for place, part in enumerate(parts[start : start + 4]))
            assert world.chain.storage(world.models, first + start // 4) == packed

    words(at + 1, [kind << 60 | id_ << 20 | ppm for kind, id_, ppm in world.rows(model)])
    words(int.from_bytes(keccak((at + 9).to_bytes(32))), [id_ << 16 | weight for id_, weight in datasets])


def test_nobody_initializes_twice_nor_the_implementation(world: World) -> None:
    with reverts("InvalidInitialization"):
        world.models.initialize(world.manager, sender=world.admin)
    implementation = world.chain.deploy("ModelRegistry", world.registry, sender=world.admin)
    with reverts("InvalidInitialization"):
        implementation.initialize(world.manager, sender=world.admin)


def test_an_upgrade_keeps_every_model(world: World) -> None:
    seals = world.dataset("seals")
    parent = world.register("acme/parent", datasets=[(seals, 1)])
    child = world.register("acme/child", DERIVED, parent=(parent, 1), datasets=[(seals, 1)])
    views = [
        lambda: world.models.modelOf(child),
        lambda: world.models.versionOf(child, 1),
        lambda: world.models.datasetsOf(child, 1),
        lambda: world.models.stackOf(child, 1),
        lambda: world.models.modelIdOf("acme/child"),
        lambda: world.models.holderOfNamespace("acme"),
        lambda: world.models.figures(),
    ]
    before = [view() for view in views]
    implementation = world.chain.deploy("ModelRegistry", world.registry, sender=world.admin)
    world.models.upgradeToAndCall(implementation, b"", sender=world.admin)
    assert [view() for view in views] == before
    assert world.models.datasets() == world.registry.address
    assert world.register("acme/third") == child + 1

"""Gas of the ModelRegistry.

A version costs more with each row of its stack: a dataset it was trained on, or what its parent's stack says.
`first`: the first model of its namespace. `again`: the namespace is the owner's already.
"""

from tests.contracts.models.world import BASE, DERIVED, HOSTED, World
from tests.gas.data import REVIEW
from tests.gas.meter import USDC, Meter

# With the owner's a stack of 16 rows, the most there are.
MOST_DATASETS = 15


def measure(meter: Meter) -> None:
    with meter.apart():
        world = World(meter.suite)
        for number in range(MOST_DATASETS):
            world.dataset(f"corpus-{number}")
        _registrations(meter, world)
        _versions(meter, world)
        _ownership(meter, world)


def _datasets(count: int) -> list[tuple[int, int]]:
    return [(number + 1, 10) for number in range(count)]


def _registrations(meter: Meter, world: World) -> None:
    register, maker = meter.suite.models.register, meter.account("maker")

    def measured(name: str, model: str, kind: int, **changes: object) -> None:
        version = world.version(uri=REVIEW, **changes)
        meter(f"model_register_{name}", register, f"makers/{model}", kind, version, sender=maker)

    with meter.apart():
        measured("base_first", "one", BASE)
        measured("base_again", "two", BASE)
        measured("hosted", "three", HOSTED)
        measured("hosted_1_dataset", "four", HOSTED, datasets=_datasets(1))
        measured(f"hosted_{MOST_DATASETS}_datasets", "five", HOSTED, datasets=_datasets(MOST_DATASETS))
        measured("derived_from_hosted_1_dataset", "six", DERIVED, parent=(4, 1))


def _versions(meter: Meter, world: World) -> None:
    models, maker = meter.suite.models, meter.account("maker")
    with meter.apart():
        models.register("makers/one", HOSTED, world.version(uri=REVIEW, datasets=_datasets(1)), sender=maker)
        meter("model_add_version", models.addVersion, 1, world.version(uri=REVIEW, datasets=_datasets(1)), sender=maker)
        meter("model_reprice", models.reprice, 1, 1, world.usdc, (USDC // 5, USDC), sender=maker)
        meter("model_set_listed_off", models.setListed, 1, False, sender=maker)
        meter("model_set_listed_on", models.setListed, 1, True, sender=maker)


def _ownership(meter: Meter, world: World) -> None:
    models, maker, heir = meter.suite.models, meter.account("maker"), meter.account("heir")
    with meter.apart():
        models.register("makers/one", BASE, world.version(), sender=maker)
        meter("model_offer_ownership", models.offerOwnership, 1, heir, sender=maker)
        meter("model_accept_ownership", models.acceptOwnership, 1, sender=heir)
        meter("model_transfer_namespace", models.transferNamespace, "makers", heir, sender=maker)

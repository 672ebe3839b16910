"""Versions: who adds them, that old ones never change, and new prices for old weights."""

from typing import Any

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.models.world import (
    BASE,
    DERIVED,
    EMBEDDINGS,
    HOLDER,
    HOSTED,
    IMAGES,
    OWNER,
    World,
    category,
    tuples,
    weights,
)


def snapshot(world: World, model: int, version: int) -> Any:
    """Everything that a version fixes."""
    return [
        tuples(view(model, version)) for view in (world.models.versionOf, world.models.datasetsOf, world.models.stackOf)
    ]


def test_a_new_version_has_a_number_and_leaves_the_old_one_as_it_was(world: World) -> None:
    seals, terns = world.dataset("seals"), world.dataset("terns")
    model = world.register("acme/model", datasets=[(seals, 5)])
    first = snapshot(world, model, 1)
    world.chain.mine(100)
    second = world.version(
        uri="ipfs://second",
        weights=weights("second"),
        datasets=[(terns, 7)],
        taskCategory=category("image-generation"),
        prices=(1, 2),
        currency=NATIVE,
        modality=IMAGES,
    )
    receipt = world.models.addVersion(model, second, sender=world.alice)
    assert receipt.return_value == 2
    added = receipt.expect("VersionAdded", modelId=model, version=2, parentId=0)
    assert tuples(added.stack) == (50_000, 200_000, [(OWNER, model, 500_000), (HOLDER, terns, 500_000)])
    assert len(receipt.events) == 1
    assert world.models.latestVersionOf(model) == world.models.modelOf(model).latestVersion == 2
    assert snapshot(world, model, 1) == first
    got = world.models.versionOf(model, 2)
    assert tuples(got)[:6] == ("ipfs://second", weights("second"), 0, category("image-generation"), (1, 2), NATIVE)
    assert (got.modality, got.source, got.addedAt) == (IMAGES, 2, world.chain.time)
    assert tuples(world.models.datasetsOf(model, 2)) == [(terns, 7)]


def test_only_the_owner_adds_versions(world: World) -> None:
    model = world.register("acme/model")
    with reverts("NotOwner", model, world.bob, world.alice):
        world.models.addVersion(model, world.version(), sender=world.bob)
    with reverts("NotOwner", model, world.bob, world.alice):
        world.models.reprice(model, 1, world.usdc, (1, 1), sender=world.bob)
    with reverts("ModelUnknown", 2):
        world.models.addVersion(2, world.version(), sender=world.alice)
    with reverts("ModelUnknown", 2):
        world.models.reprice(2, 1, world.usdc, (1, 1), sender=world.alice)


def test_a_version_is_of_its_models_kind(world: World) -> None:
    base = world.register("acme/base", BASE)
    hosted = world.register("acme/hosted", HOSTED)
    derived = world.register("acme/derived", DERIVED, parent=(base, 1))
    for model, kind in ((base, BASE), (hosted, HOSTED)):
        with reverts("ParentMismatch", kind, base):
            world.models.addVersion(model, world.version(parent=(base, 1)), sender=world.alice)
    with reverts("ParentMismatch", DERIVED, 0):
        world.models.addVersion(derived, world.version(), sender=world.alice)


def test_access_to_the_datasets_is_asked_for_again(world: World) -> None:
    paid = world.dataset("terns", price=10**6)
    world.nft.transferFrom(world.dora, world.alice, paid, sender=world.dora)
    model = world.register("acme/model", datasets=[(paid, 1)])
    world.nft.transferFrom(world.alice, world.bob, paid, sender=world.alice)
    with reverts("NoAccessToDataset", paid, world.alice):
        world.models.addVersion(model, world.version(datasets=[(paid, 1)]), sender=world.alice)
    world.models.reprice(model, 1, world.usdc, (1, 1), sender=world.alice)


def test_a_derived_model_may_go_on_from_its_own_version(world: World) -> None:
    base = world.register("acme/base", BASE)
    seals = world.dataset("seals")
    model = world.register("acme/derived", DERIVED, parent=(base, 1), datasets=[(seals, 1)])
    world.models.addVersion(model, world.version(parent=(model, 1), datasets=[(seals, 1)]), sender=world.alice)
    # Owner 50 % of version 1, which is the parent: 30 % + 20 % × 50 %. Holder 50 % + 20 % × 50 %.
    assert world.rows(model, 2) == [(OWNER, model, 400_000), (HOLDER, seals, 600_000)]
    with reverts("VersionUnknown", model, 3):
        world.models.addVersion(model, world.version(parent=(model, 3)), sender=world.alice)


# --- price


def test_a_new_price_is_a_new_version_with_the_weights_and_stack_of_the_old_one(world: World) -> None:
    seals = world.dataset("seals")
    model = world.register("acme/model", datasets=[(seals, 5)])
    first = snapshot(world, model, 1)
    world.models.addVersion(model, world.version(weights=weights("second")), sender=world.alice)
    world.models.setFigures((0, 0, 100_000, 800_000, 100_000), sender=world.admin)
    world.chain.mine(9)
    receipt = world.models.reprice(model, 1, world.suite.token, (7, 8), sender=world.alice)
    assert receipt.return_value == 3
    repriced = receipt.expect("VersionRepriced", modelId=model, version=3, source=1, currency=world.suite.token)
    assert tuples(repriced.prices) == (7, 8)
    assert len(receipt.events) == 1
    (version, datasets, stack), third = first, snapshot(world, model, 3)
    assert third[1:] == [datasets, stack]
    assert third[0] == (*version[:4], (7, 8), world.suite.token.address, 0, 0, 1, world.chain.time)
    assert snapshot(world, model, 1) == first
    assert world.payees(model, 3) == world.payees(model, 1)


def test_a_repriced_version_can_be_repriced_and_be_a_parent(world: World) -> None:
    model = world.register("acme/model")
    world.models.reprice(model, 1, world.usdc, (7, 8), sender=world.alice)
    again = world.models.reprice(model, 2, world.usdc, (9, 9), sender=world.alice)
    again.expect("VersionRepriced", version=3, source=1)
    assert world.models.versionOf(model, 3).source == 1
    child = world.register("acme/child", DERIVED, parent=(model, 3))
    assert world.rows(child) == [(OWNER, child, 800_000), (OWNER, model, 200_000)]


def test_a_price_is_held_to_the_same_rules(world: World) -> None:
    model = world.register("acme/model", modality=EMBEDDINGS, prices=(1, 0))
    with reverts("OutputNotMetered", EMBEDDINGS):
        world.models.reprice(model, 1, world.usdc, (1, 1), sender=world.alice)
    with reverts("CurrencyNotAccepted", world.nft):
        world.models.reprice(model, 1, world.nft, (1, 0), sender=world.alice)
    for unknown in (0, 2):
        with reverts("VersionUnknown", model, unknown):
            world.models.reprice(model, unknown, world.usdc, (1, 0), sender=world.alice)
    assert world.models.latestVersionOf(model) == 1


def test_a_fee_is_rounded_up_once(world: World) -> None:
    model = world.register("acme/model", prices=(150_000, 600_000))
    for inputs, outputs, fee in ((0, 0, 0), (1, 0, 1), (10, 0, 2), (1, 1, 1), (2, 2, 2), (10**6, 10**6, 750_000)):
        assert world.models.feeOf(model, 1, inputs, outputs) == (world.usdc.address, fee)
    world.models.reprice(model, 1, NATIVE, (2**128 - 1, 2**128 - 1), sender=world.alice)
    most = 2**64 - 1
    assert world.models.feeOf(model, 2, most, most) == (NATIVE, -(-2 * (2**128 - 1) * most // 10**6))
    assert world.models.feeOf(model, 1, 10**6, 10**6)[1] == 750_000


# --- what is not there


def test_views_refuse_what_does_not_exist(world: World) -> None:
    model = world.register("acme/model")
    for view in ("nameOf", "modelOf", "ownerOf", "isOnOffer", "latestVersionOf"):
        for unknown in (0, 2):
            with reverts("ModelUnknown", unknown):
                getattr(world.models, view)(unknown)
    for view, more in (
        ("versionOf", ()),
        ("datasetsOf", ()),
        ("stackOf", ()),
        ("payeesOf", ()),
        ("feeOf", (1, 1)),
    ):
        for unknown in ((model, 0), (model, 2), (0, 1), (2, 1)):
            with reverts("VersionUnknown", *unknown):
                getattr(world.models, view)(*unknown, *more)

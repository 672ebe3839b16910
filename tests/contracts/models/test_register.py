"""Registering a model: what it takes, what it fixes, what it refuses."""

from typing import Any

import pytest
from eth_utils import keccak

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.models.world import (
    BASE,
    CHAT,
    DERIVED,
    EMBEDDINGS,
    HOSTED,
    IMAGES,
    NO_WEIGHTS,
    OWNER,
    PPM,
    RERANK,
    SPEECH,
    TRANSCRIPTION,
    World,
    category,
    tuples,
    weights,
)


def test_a_hosted_model_is_what_was_registered(world: World) -> None:
    world.chain.mine(77)
    given = world.version(weights=weights("w", codec=0x55), uri="ipfs://card", modality=IMAGES, prices=(3, 2**128 - 1))
    receipt = world.models.register("acme/painter-1.0", HOSTED, given, sender=world.alice)
    assert receipt.return_value == 1
    registered = receipt.expect("ModelRegistered", modelId=1, owner=world.alice, kind=HOSTED)
    assert registered.values["name"] == "acme/painter-1.0"
    receipt.expect("NamespaceHeld", namespace="acme", holder=world.alice)
    added = receipt.expect("VersionAdded", modelId=1, version=1, parentId=0)
    assert tuples(added.content) == (*list(given.values())[:6], world.usdc.address, 0, IMAGES)
    assert tuples(added.stack) == (50_000, 200_000, [(OWNER, 1, PPM)])
    assert len(receipt.events) == 3

    model = world.models.modelOf(1)
    assert (model.owner, model.kind, model.listed, model.delistReason) == (world.alice.address, HOSTED, True, 0)
    assert (model.latestVersion, model.pendingOwner, model.registeredAt) == (1, NATIVE, world.chain.time)
    version = world.models.versionOf(1, 1)
    assert tuples(version) == (
        "ipfs://card",
        given["weights"],
        0,
        category("text-generation"),
        (3, 2**128 - 1),
        world.usdc.address,
        0,
        IMAGES,
        1,
        world.chain.time,
    )
    assert world.models.datasetsOf(1, 1) == []
    assert world.models.modelIdOf("acme/painter-1.0") == 1
    assert world.models.nameOf(1) == "acme/painter-1.0"
    assert world.models.ownerOf(1) == world.alice.address
    assert world.models.latestVersionOf(1) == 1
    assert world.models.isOnOffer(1)


def test_ids_count_from_1_and_unknown_names_have_0(world: World) -> None:
    assert world.models.totalModels() == 0
    assert [world.register(name) for name in ("a/a", "a/b", "a/c")] == [1, 2, 3]
    assert world.models.totalModels() == 3
    assert world.models.modelIdOf("a/d") == 0


def test_a_derived_model_names_its_parent_and_datasets(world: World) -> None:
    seals, terns = world.dataset("seals"), world.dataset("terns")
    parent = world.register("acme/parent")
    receipt = world.registering("acme/child", DERIVED, parent=(parent, 1), datasets=[(seals, 1_000), (terns, 1)])
    child = receipt.return_value
    assert receipt.expect("VersionAdded", modelId=child, parentId=parent).content.parentVersion == 1
    version = world.models.versionOf(child, 1)
    assert (version.parentId, version.parentVersion) == (parent, 1)
    assert tuples(world.models.datasetsOf(child, 1)) == [(seals, 1_000), (terns, 1)]


# --- names

LONG = "a" * 64


@pytest.mark.parametrize(
    "name",
    ["a/b", "0/9", "z/a09z", "meta-llama/llama-3.1-70b_instruct", f"{LONG}/{LONG}", "a--b/c..d", "a.b_c/d"],
)
def test_names_that_are_taken(world: World, name: str) -> None:
    assert world.models.nameOf(world.register(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "a",
        "a/",
        "/b",
        "a/b/c",
        "a//b",
        f"{LONG}a/b",
        f"a/{LONG}b",
        "-a/b",
        "a-/b",
        "a/.b",
        "a/b_",
        "A/b",
        "a/Z",
        "a/b c",
        "a/é",
        "a/b\0",
        "a@b/c",
        "a`b/c",
        "a{b/c",
        "a:b/c",
    ],
)
def test_names_that_are_refused(world: World, name: str) -> None:
    with reverts("InvalidName", name):
        world.register(name)


def test_a_name_is_unique_for_ever(world: World) -> None:
    model = world.register("acme/model")
    world.models.setListed(model, False, sender=world.alice)
    world.models.delist(model, 7, sender=world.admin)
    for caller in (world.alice, world.bob):
        with reverts("NameTaken", "acme/model", model):
            world.register("acme/model", owner=caller)


# --- namespaces


def test_only_the_holder_of_a_namespace_registers_under_it(world: World) -> None:
    assert world.models.holderOfNamespace("acme") == NATIVE
    world.register("acme/one")
    assert world.models.holderOfNamespace("acme") == world.alice.address
    with reverts("NotNamespaceHolder", "acme", world.bob, world.alice):
        world.register("acme/two", owner=world.bob)
    assert world.registering("acme/two").named("NamespaceHeld") == []
    world.register("acme.two/one", owner=world.bob)
    assert world.models.holderOfNamespace("acme.two") == world.bob.address


def test_a_namespace_goes_to_whom_its_holder_gives_it(world: World) -> None:
    model = world.register("acme/one")
    receipt = world.models.transferNamespace("acme", world.bob, sender=world.alice)
    receipt.expect("NamespaceHeld", namespace="acme", holder=world.bob)
    assert world.models.ownerOf(model) == world.alice.address
    with reverts("NotNamespaceHolder", "acme", world.alice, world.bob):
        world.register("acme/two")
    world.register("acme/two", owner=world.bob)


def test_who_can_not_give_a_namespace_away(world: World) -> None:
    world.register("acme/one")
    with reverts("NotNamespaceHolder", "acme", world.bob, world.alice):
        world.models.transferNamespace("acme", world.bob, sender=world.bob)
    with reverts("NotNamespaceHolder", "free", world.bob, NATIVE):
        world.models.transferNamespace("free", world.bob, sender=world.bob)
    with reverts("InvalidHolder", NATIVE):
        world.models.transferNamespace("acme", NATIVE, sender=world.alice)


# --- weights


@pytest.mark.parametrize("kind", [BASE, HOSTED])
@pytest.mark.parametrize(
    ("commitment", "error"),
    [
        ((b"", keccak(text="m")), ("InvalidCid", b"")),
        ((weights("w")[0][:-1], keccak(text="m")), ("InvalidCid", weights("w")[0][:-1])),
        ((weights("w", codec=0x71)[0], keccak(text="m")), ("InvalidCid", weights("w", codec=0x71)[0])),
        ((weights("w")[0], b"\0" * 32), ("InvalidManifestHash",)),
    ],
)
def test_weights_that_are_refused(world: World, kind: int, commitment: Any, error: tuple[Any, ...]) -> None:
    with reverts(*error):
        world.register("acme/model", kind, weights=commitment)


def test_only_a_base_model_may_have_no_weights(world: World) -> None:
    model = world.register("acme/base", BASE, weights=NO_WEIGHTS)
    assert tuples(world.models.versionOf(model, 1).weights) == NO_WEIGHTS
    with reverts("InvalidCid", b""):
        world.register("acme/hosted", HOSTED, weights=NO_WEIGHTS)
    with reverts("InvalidCid", b""):
        world.register("acme/derived", DERIVED, parent=(model, 1), weights=NO_WEIGHTS)
    open_weights = world.register("acme/open", BASE)
    assert tuples(world.models.versionOf(open_weights, 1).weights) == weights("weights")


def test_a_task_category_is_needed(world: World) -> None:
    with reverts("InvalidTaskCategory"):
        world.register("acme/model", taskCategory=b"\0" * 32)


# --- parents


def test_only_derived_models_have_a_parent(world: World) -> None:
    parent = world.register("acme/parent")
    for kind in (BASE, HOSTED):
        with reverts("ParentMismatch", kind, parent):
            world.register("acme/child", kind, parent=(parent, 1))
        with reverts("VersionUnknown", 0, 1):
            world.register("acme/child", kind, parent=(0, 1))
    for version in (0, 1):
        with reverts("ParentMismatch", DERIVED, 0):
            world.register("acme/child", DERIVED, parent=(0, version))


def test_the_parent_must_exist(world: World) -> None:
    parent = world.register("acme/parent")
    own_id = parent + 1
    for unknown in ((parent, 0), (parent, 2), (own_id, 1), (9, 1), (2**64 + parent, 1), (2**256 - 1, 1)):
        with reverts("VersionUnknown", *unknown):
            world.register("acme/child", DERIVED, parent=unknown)


def test_a_parent_may_be_withdrawn_by_its_owner_but_not_delisted_by_a_moderator(world: World) -> None:
    parent = world.register("acme/parent")
    world.models.setListed(parent, False, sender=world.alice)
    world.register("bob/child", DERIVED, owner=world.bob, parent=(parent, 1))
    world.models.delist(parent, 451, sender=world.admin)
    with reverts("ParentDelisted", parent, 451):
        world.register("bob/second", DERIVED, owner=world.bob, parent=(parent, 1))
    world.models.reinstate(parent, sender=world.admin)
    world.register("bob/second", DERIVED, owner=world.bob, parent=(parent, 1))


# --- datasets


def test_a_base_model_has_no_datasets(world: World) -> None:
    with reverts("BaseModelHasNoDatasets"):
        world.register("acme/base", BASE, datasets=[(world.dataset("seals"), 1)])


def test_datasets_come_in_ascending_order_and_once(world: World) -> None:
    seals, terns = world.dataset("seals"), world.dataset("terns")
    for wrong in ((seals, seals), (terns, seals)):
        with reverts("DatasetsNotAscending", *wrong):
            world.register("acme/model", datasets=[(dataset, 1) for dataset in wrong])
    with reverts("DatasetsNotAscending", 0, 0):
        world.register("acme/model", datasets=[(0, 1)])


def test_weights_of_datasets_have_bounds(world: World) -> None:
    seals = world.dataset("seals")
    assert world.models.MAX_WEIGHT() == 1_000
    for wrong in (0, 1_001, 65_535):
        with reverts("InvalidWeight", seals, wrong):
            world.register("acme/model", datasets=[(seals, wrong)])
    world.register("acme/model", datasets=[(seals, 1_000)])


def test_an_unknown_dataset_is_refused(world: World) -> None:
    with reverts("DatasetUnknown", 5):
        world.register("acme/model", datasets=[(5, 1)])


def test_training_on_a_paid_dataset_demands_access_to_it(world: World) -> None:
    free, paid = world.dataset("seals"), world.dataset("terns", price=10**6)
    both = [(free, 1), (paid, 1)]
    with reverts("NoAccessToDataset", paid, world.alice):
        world.register("acme/model", datasets=both)
    world.buy(paid, world.alice)
    world.register("acme/model", datasets=both)
    with reverts("NoAccessToDataset", paid, world.bob):
        world.register("bob/model", owner=world.bob, datasets=both)
    world.register("dora/model", owner=world.dora, datasets=both)


def test_a_buyer_keeps_access_to_a_delisted_dataset_and_a_former_holder_does_not(world: World) -> None:
    paid = world.dataset("terns", price=10**6)
    world.buy(paid, world.alice)
    world.registry.delist(paid, 3, sender=world.admin)
    world.register("acme/model", datasets=[(paid, 1)])
    world.nft.transferFrom(world.dora, world.bob, paid, sender=world.dora)
    with reverts("NoAccessToDataset", paid, world.dora):
        world.register("dora/model", owner=world.dora, datasets=[(paid, 1)])


def test_a_free_dataset_that_was_withdrawn_is_not_open_to_members(world: World) -> None:
    free = world.dataset("seals")
    world.registry.setListed(free, False, sender=world.dora)
    with reverts("NoAccessToDataset", free, world.alice):
        world.register("acme/model", datasets=[(free, 1)])


# --- price and currency


def test_only_currencies_of_the_router_are_accepted(world: World) -> None:
    for number, currency in enumerate((NATIVE, world.usdc, world.suite.token)):
        model = world.register(f"acme/model-{number}", currency=currency)
        assert world.models.versionOf(model, 1).currency == getattr(currency, "address", currency)
    with reverts("CurrencyNotAccepted", world.nft):
        world.register("acme/model", currency=world.nft)
    world.router.setCurrency(world.usdc, False, sender=world.admin)
    with reverts("CurrencyNotAccepted", world.usdc):
        world.register("acme/model")


def test_without_a_router_no_currency_is_accepted(world: World) -> None:
    chain, admin = world.chain, world.admin
    nft = chain.deploy_proxy("DatasetNFT", [], [world.manager], sender=admin)
    lonely = chain.deploy_proxy("DatasetRegistry", [nft], [world.manager], sender=admin)
    models = chain.deploy_proxy("ModelRegistry", [lonely], [world.manager], sender=admin)
    assert models.datasets() == lonely.address
    with reverts("CurrencyNotAccepted", NATIVE):
        models.register("acme/model", HOSTED, world.version(currency=NATIVE), sender=world.alice)


@pytest.mark.parametrize("modality", [CHAT, IMAGES, RERANK])
def test_output_has_a_price_where_it_is_metered(world: World, modality: int) -> None:
    model = world.register("acme/model", modality=modality, prices=(0, 1))
    assert tuples(world.models.versionOf(model, 1).prices) == (0, 1)


@pytest.mark.parametrize("modality", [EMBEDDINGS, SPEECH, TRANSCRIPTION])
def test_output_has_no_price_where_it_is_not_metered(world: World, modality: int) -> None:
    with reverts("OutputNotMetered", modality):
        world.register("acme/model", modality=modality, prices=(1, 1))
    model = world.register("acme/model", modality=modality, prices=(1, 0))
    assert world.models.versionOf(model, 1).modality == modality


def test_a_refused_registration_leaves_the_name_free(world: World) -> None:
    with reverts("InvalidTaskCategory"):
        world.register("acme/model", taskCategory=b"\0" * 32)
    assert world.models.modelIdOf("acme/model") == 0
    assert world.models.holderOfNamespace("acme") == NATIVE
    assert world.register("acme/model", owner=world.bob) == 1

"""Changing hands in two steps, listing by the owner, delisting by a moderator."""

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.models.world import World


def test_a_model_changes_hands_when_the_new_owner_accepts(world: World) -> None:
    model = world.register("acme/model")
    offered = world.models.offerOwnership(model, world.bob, sender=world.alice)
    offered.expect("OwnershipOffered", modelId=model, owner=world.alice, pendingOwner=world.bob)
    assert world.models.modelOf(model).pendingOwner == world.bob.address
    assert world.models.ownerOf(model) == world.alice.address
    accepted = world.models.acceptOwnership(model, sender=world.bob)
    accepted.expect("OwnershipTransferred", modelId=model, previousOwner=world.alice, owner=world.bob)
    assert world.models.ownerOf(model) == world.bob.address
    assert world.models.modelOf(model).pendingOwner == NATIVE
    with reverts("NotOwner", model, world.alice, world.bob):
        world.models.setListed(model, False, sender=world.alice)
    world.models.addVersion(model, world.version(), sender=world.bob)
    with reverts("NotPendingOwner", model, world.bob, NATIVE):
        world.models.acceptOwnership(model, sender=world.bob)


def test_only_the_account_it_was_offered_to_accepts(world: World) -> None:
    model = world.register("acme/model")
    world.models.offerOwnership(model, world.bob, sender=world.alice)
    for caller in (world.carol, world.alice):
        with reverts("NotPendingOwner", model, caller, world.bob):
            world.models.acceptOwnership(model, sender=caller)
    with reverts("ModelUnknown", 9):
        world.models.acceptOwnership(9, sender=world.bob)


def test_only_the_owner_offers(world: World) -> None:
    model = world.register("acme/model")
    with reverts("NotOwner", model, world.bob, world.alice):
        world.models.offerOwnership(model, world.bob, sender=world.bob)
    with reverts("ModelUnknown", 9):
        world.models.offerOwnership(9, world.bob, sender=world.alice)


def test_an_offer_is_taken_back_or_replaced(world: World) -> None:
    model = world.register("acme/model")
    world.models.offerOwnership(model, world.bob, sender=world.alice)
    world.models.offerOwnership(model, world.carol, sender=world.alice)
    with reverts("NotPendingOwner", model, world.bob, world.carol):
        world.models.acceptOwnership(model, sender=world.bob)
    world.models.offerOwnership(model, NATIVE, sender=world.alice)
    with reverts("NotPendingOwner", model, world.carol, NATIVE):
        world.models.acceptOwnership(model, sender=world.carol)


def test_the_owner_lists_and_withdraws(world: World) -> None:
    model = world.register("acme/model")
    world.models.setListed(model, False, sender=world.alice).expect("ListedSet", modelId=model, listed=False)
    assert not world.models.isOnOffer(model)
    assert not world.models.modelOf(model).listed
    world.models.setListed(model, True, sender=world.alice).expect("ListedSet", modelId=model, listed=True)
    assert world.models.isOnOffer(model)
    with reverts("NotOwner", model, world.admin, world.alice):
        world.models.setListed(model, False, sender=world.admin)
    with reverts("ModelUnknown", 9):
        world.models.setListed(9, False, sender=world.alice)


def test_a_moderator_delists_with_a_reason_that_the_owner_can_not_undo(world: World) -> None:
    model = world.register("acme/model")
    delisted = world.models.delist(model, 451, sender=world.admin)
    delisted.expect("ModelDelisted", modelId=model, moderator=world.admin, reason=451)
    world.models.setListed(model, True, sender=world.alice)
    assert not world.models.isOnOffer(model)
    assert world.models.modelOf(model).delistReason == 451
    world.models.delist(model, 65_535, sender=world.admin)
    assert world.models.modelOf(model).delistReason == 65_535
    reinstated = world.models.reinstate(model, sender=world.admin)
    reinstated.expect("ModelReinstated", modelId=model, moderator=world.admin)
    assert world.models.isOnOffer(model)


def test_a_moderator_does_not_list_for_the_owner(world: World) -> None:
    model = world.register("acme/model")
    world.models.setListed(model, False, sender=world.alice)
    world.models.delist(model, 1, sender=world.admin)
    world.models.reinstate(model, sender=world.admin)
    assert not world.models.isOnOffer(model)


def test_what_a_moderator_can_not_do(world: World) -> None:
    model = world.register("acme/model")
    with reverts("InvalidReason"):
        world.models.delist(model, 0, sender=world.admin)
    with reverts("ModelUnknown", 9):
        world.models.delist(9, 1, sender=world.admin)
    with reverts("NotDelisted", model):
        world.models.reinstate(model, sender=world.admin)
    with reverts("ModelUnknown", 9):
        world.models.reinstate(9, sender=world.admin)

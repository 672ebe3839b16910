"""What the holder of a dataset's token alone may do, whoever that is at the moment."""

from typing import Any

import pytest

from cluster.testing import Account, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.conftest import PRICE
from tests.contracts.data.shop import URI, content, seller

HOLDERS_CALLS: dict[str, tuple[Any, ...]] = {
    "addVersion": (content("second"), URI),
    "setMetadataURI": (URI,),
    "setPrice": (NATIVE, 5),
    "setFree": (True,),
    "setListed": (False,),
}

every_call = pytest.mark.parametrize("name", HOLDERS_CALLS)


@every_call
def test_a_stranger_is_refused(
    registry: Contract, dataset: int, creator: Account, stranger: Account, name: str
) -> None:
    with reverts("NotHolder", dataset, stranger, creator):
        getattr(registry, name)(dataset, *HOLDERS_CALLS[name], sender=stranger)


@every_call
def test_a_buyer_is_refused(registry: Contract, dataset: int, creator: Account, buyer: Account, name: str) -> None:
    with reverts("NotHolder", dataset, buyer, creator):
        getattr(registry, name)(dataset, *HOLDERS_CALLS[name], sender=buyer)


@every_call
def test_the_right_goes_with_the_token(
    registry: Contract, nft: Contract, dataset: int, creator: Account, stranger: Account, name: str
) -> None:
    nft.transferFrom(creator, stranger, dataset, sender=creator)
    with reverts("NotHolder", dataset, creator, stranger):
        getattr(registry, name)(dataset, *HOLDERS_CALLS[name], sender=creator)
    getattr(registry, name)(dataset, *HOLDERS_CALLS[name], sender=stranger)


@every_call
def test_an_approved_account_does_not_hold(
    registry: Contract, nft: Contract, dataset: int, creator: Account, stranger: Account, name: str
) -> None:
    nft.approve(stranger, dataset, sender=creator)
    with reverts("NotHolder", dataset, stranger, creator):
        getattr(registry, name)(dataset, *HOLDERS_CALLS[name], sender=stranger)


@every_call
def test_an_unknown_dataset__reverts(registry: Contract, creator: Account, name: str) -> None:
    with reverts("DatasetUnknown", 9):
        getattr(registry, name)(9, *HOLDERS_CALLS[name], sender=creator)


def test_nobody_but_the_token_contract_says_who_holds(
    suite: Suite, registry: Contract, nft: Contract, dataset: int, creator: Account, buyer: Account
) -> None:
    for caller in (creator, buyer, suite.admin):
        with reverts("NotNFT", caller, nft):
            registry.holderChanged(dataset, caller, sender=caller)
    assert seller(registry, dataset) == creator.address


def test_a_receiver_that_is_called_in_a_transfer_holds_already(
    suite: Suite, registry: Contract, nft: Contract, dataset: int, creator: Account
) -> None:
    receiver = suite.chain.deploy("ReentrantReceiver", sender=suite.admin)
    receiver.arm(registry, registry.setListed.calldata(dataset, False), sender=suite.admin)
    nft.safeTransferFrom(creator, receiver, dataset, sender=creator)
    assert receiver.reentered() is True
    assert registry.isOnOffer(dataset) is False


def test_a_receiver_that_passes_the_token_on_in_the_transfer_holds_no_more(
    suite: Suite, registry: Contract, nft: Contract, dataset: int, creator: Account, stranger: Account
) -> None:
    receiver = suite.chain.deploy("ReentrantReceiver", sender=suite.admin)
    on = nft.transferFrom.calldata(receiver, stranger, dataset)
    receiver.arm(nft, on, sender=suite.admin)
    nft.safeTransferFrom(creator, receiver, dataset, sender=creator)
    assert nft.ownerOf(dataset) == seller(registry, dataset) == stranger.address
    suite.chain.fund(suite.admin, PRICE)
    sold = suite.router.purchase(dataset, NATIVE, PRICE, suite.admin, NATIVE, sender=suite.admin, value=PRICE)
    assert sold.expect("PurchaseCompleted").holder == stranger.address

"""What the holder of a dataset's token alone may do, whoever that is at the moment."""

from typing import Any

import pytest

from cluster.testing import Account, Contract, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.data.shop import URI, content

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

"""Who may read a dataset: the one answer that everything off chain asks for."""

from itertools import product

import pytest

from cluster.testing import Account, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import publish

PUBLIC, MEMBER, BUYER, CREATOR = range(4)


@pytest.fixture
def accounts(creator: Account, buyer: Account, stranger: Account) -> dict[int, Account | str]:
    return {PUBLIC: NATIVE, MEMBER: stranger, BUYER: buyer, CREATOR: creator}


@pytest.mark.parametrize(("free", "listed", "delisted"), product([False, True], repeat=3))
@pytest.mark.parametrize("level", [PUBLIC, MEMBER, BUYER, CREATOR])
def test_buyer_and_creator_always_download_members_what_is_free_and_on_offer(
    suite: Suite,
    registry: Contract,
    dataset: int,
    creator: Account,
    accounts: dict[int, Account | str],
    level: int,
    free: bool,
    listed: bool,
    delisted: bool,
) -> None:
    registry.setFree(dataset, free, sender=creator)
    registry.setListed(dataset, listed, sender=creator)
    if delisted:
        registry.delist(dataset, 1, sender=suite.admin)
    expected = {
        PUBLIC: False,
        MEMBER: free and listed and not delisted,
        BUYER: True,
        CREATOR: True,
    }
    assert registry.accessLevel(dataset, accounts[level]) == level
    assert registry.canDownload(dataset, accounts[level]) is expected[level]


def test_the_highest_level_goes_with_the_token_and_a_purchase_stays(
    registry: Contract, nft: Contract, dataset: int, creator: Account, buyer: Account
) -> None:
    nft.transferFrom(creator, buyer, dataset, sender=creator)
    assert registry.accessLevel(dataset, creator) == MEMBER
    assert registry.accessLevel(dataset, buyer) == CREATOR
    nft.transferFrom(buyer, creator, dataset, sender=buyer)
    assert registry.accessLevel(dataset, creator) == CREATOR
    assert registry.accessLevel(dataset, buyer) == BUYER


def test_access_to_one_dataset_says_nothing_of_another(
    suite: Suite, registry: Contract, dataset: int, buyer: Account, stranger: Account
) -> None:
    other = publish(suite, stranger, "seals").return_value
    assert registry.accessLevel(other, buyer) == MEMBER
    assert registry.canDownload(other, buyer) is False


def test_access__unknown__reverts(registry: Contract, stranger: Account) -> None:
    with reverts("DatasetUnknown", 9):
        registry.accessLevel(9, stranger)

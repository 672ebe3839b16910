"""A creator with a dataset on sale, a buyer of it, and somebody who has nothing to do with it."""

import pytest

from cluster.testing import Account, Contract
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import publish

PRICE = 1_000_003


@pytest.fixture
def registry(suite: Suite) -> Contract:
    return suite.registry


@pytest.fixture
def nft(suite: Suite) -> Contract:
    return suite.nft


@pytest.fixture
def creator(suite: Suite) -> Account:
    return suite.chain.account("creator")


@pytest.fixture
def stranger(suite: Suite) -> Account:
    return suite.chain.account("stranger")


@pytest.fixture
def dataset(suite: Suite, creator: Account) -> int:
    """Id of "penguins", sold for native coin."""
    return int(publish(suite, creator, prices=[(NATIVE, PRICE)]).return_value)


@pytest.fixture
def buyer(suite: Suite, dataset: int) -> Account:
    account = suite.chain.account("buyer")
    suite.chain.fund(account, PRICE)
    suite.router.purchase(dataset, NATIVE, PRICE, account, NATIVE, sender=account, value=PRICE)
    return account

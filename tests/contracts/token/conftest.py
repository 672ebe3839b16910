"""Two accounts, one of them with money."""

import pytest

from cluster.testing import Account, Contract
from cluster.testing.suite import Suite

FUNDS = 1_000_000


@pytest.fixture
def alice(suite: Suite) -> Account:
    """Holds `FUNDS` of each token, in its smallest unit."""
    account = suite.chain.account("alice")
    suite.token.transfer(account, FUNDS, sender=suite.treasury)
    suite.usdc.mint(account, FUNDS, sender=suite.admin)
    return account


@pytest.fixture
def bob(suite: Suite) -> Account:
    return suite.chain.account("bob")


@pytest.fixture
def token(suite: Suite) -> Contract:
    return suite.token

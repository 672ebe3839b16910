"""A chain of its own for each test."""

import pytest

from cluster.testing import Account, Chain, Contract


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def alice(chain: Chain) -> Account:
    return chain.account("alice")


@pytest.fixture
def bob(chain: Chain) -> Account:
    return chain.account("bob")


@pytest.fixture
def usdc(chain: Chain, alice: Account) -> Contract:
    """A token whose money alice makes."""
    return chain.deploy("TestUSDC", "USD Coin", sender=alice)

"""A fresh market for every test."""

import pytest

from cluster.testing.suite import Suite
from tests.contracts.payments.market import Market


@pytest.fixture
def market(suite: Suite) -> Market:
    return Market(suite)

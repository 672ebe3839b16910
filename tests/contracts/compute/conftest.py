"""A fresh house of stakers for every test."""

import pytest

from cluster.testing.suite import Suite
from tests.contracts.compute.house import House


@pytest.fixture
def house(suite: Suite) -> House:
    return House(suite)

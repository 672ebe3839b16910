"""The model registry and the people around it, given back to each test as they were."""

import pytest

from cluster.testing.suite import Suite
from tests.contracts.models.world import World


@pytest.fixture
def world(suite: Suite) -> World:
    return World(suite)

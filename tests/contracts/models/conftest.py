"""A model registry, deployed once a worker beside the protocol and given back to each test as it was."""

from collections.abc import Iterator

import pytest

from cluster.testing import Chain, Contract
from cluster.testing.suite import Suite, deploy_suite
from tests.contracts.models.world import World, deploy_models


@pytest.fixture(scope="session")
def with_models() -> tuple[Suite, Contract]:
    suite = deploy_suite(Chain())
    return suite, deploy_models(suite)


@pytest.fixture
def world(with_models: tuple[Suite, Contract]) -> Iterator[World]:
    suite, models = with_models
    assert isinstance(suite.chain, Chain)
    with suite.chain.isolated():
        yield World(suite, models)

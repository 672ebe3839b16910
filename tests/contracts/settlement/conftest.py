"""One world a worker, given back to each test as it was."""

from collections.abc import Iterator

import pytest

from cluster.testing import Chain
from cluster.testing.suite import deploy_suite
from tests.contracts.settlement.world import World, build


@pytest.fixture(scope="session")
def built_settlement() -> World:
    return build(deploy_suite(Chain()))


@pytest.fixture
def world(built_settlement: World) -> Iterator[World]:
    with built_settlement.chain.isolated():
        yield built_settlement

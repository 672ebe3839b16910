"""One world for all tests of a worker; each test's changes are undone."""

from collections.abc import Iterator

import pytest

from cluster.testing import Chain
from tests.contracts.channels.world import World, build


@pytest.fixture(scope="package")
def _built() -> tuple[Chain, World]:
    chain = Chain()
    return chain, build(chain)


@pytest.fixture
def world(_built: tuple[Chain, World]) -> Iterator[World]:
    chain, found = _built
    with chain.isolated():
        yield found

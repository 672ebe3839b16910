"""One bazaar a worker, given back to each test as it was."""

from collections.abc import Iterator

import pytest

from cluster.testing import Chain
from cluster.testing.suite import deploy_suite
from tests.contracts.market.bazaar import Bazaar


@pytest.fixture(scope="session")
def built_bazaar() -> Bazaar:
    return Bazaar(deploy_suite(Chain()))


@pytest.fixture
def bazaar(built_bazaar: Bazaar) -> Iterator[Bazaar]:
    with built_bazaar.chain.isolated():
        yield built_bazaar

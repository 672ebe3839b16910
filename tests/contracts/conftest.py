"""The protocol, deployed once a worker and given back to each test as it was."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cluster.testing import Chain
from cluster.testing.suite import Suite, deploy_suite

# The same examples in every run, so that a failure belongs to a change; HYPOTHESIS_PROFILE=explore looks for new ones.
_COMMON: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("repeatable", derandomize=True, database=None, **_COMMON)
settings.register_profile("explore", **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def deployed() -> Suite:
    return deploy_suite(Chain())


@pytest.fixture
def suite(deployed: Suite) -> Iterator[Suite]:
    """All contracts, wired; what a test does to them is undone after it."""
    chain = deployed.chain
    assert isinstance(chain, Chain)
    with chain.isolated():
        yield deployed


@pytest.fixture
def chain(suite: Suite) -> Chain:
    """The chain under the suite."""
    assert isinstance(suite.chain, Chain)
    return suite.chain

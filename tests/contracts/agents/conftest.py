"""The agents' contracts, deployed once a worker and given back to each test as they were."""

from collections.abc import Iterator

import pytest

from cluster.testing import Account, Chain
from tests.contracts.agents.agents import Agents, deploy_agents


@pytest.fixture(scope="session")
def deployed_agents() -> Agents:
    return deploy_agents(Chain())


@pytest.fixture
def agents(deployed_agents: Agents) -> Iterator[Agents]:
    """The four contracts; what a test does to them is undone after it."""
    chain = deployed_agents.chain
    assert isinstance(chain, Chain)
    with chain.isolated():
        yield deployed_agents


@pytest.fixture
def chain(agents: Agents) -> Chain:
    """The chain under the contracts."""
    assert isinstance(agents.chain, Chain)
    return agents.chain


@pytest.fixture
def owner(agents: Agents) -> Account:
    """Who registers agents."""
    return agents.chain.account("owner")


@pytest.fixture
def client(agents: Agents) -> Account:
    """Who uses them."""
    return agents.chain.account("client")


@pytest.fixture
def validator(agents: Agents) -> Account:
    """Who judges them."""
    return agents.chain.account("validator")


@pytest.fixture
def stranger(agents: Agents) -> Account:
    """Who has nothing to say."""
    return agents.chain.account("stranger")

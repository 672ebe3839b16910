from collections.abc import Iterator

import pytest

from tests.relay.world import World, world


@pytest.fixture(scope="module")
def the_world() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture
def slow_world(the_world: World) -> Iterator[World]:
    """A test may stop mining here, and mine by hand."""
    yield the_world
    the_world.chain.rpc("evm_setAutomine", True)
    the_world.chain.rpc("evm_mine")

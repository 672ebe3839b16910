from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from offchain.relay.app import create_app
from tests.relay.upstream import Upstream, upstream
from tests.relay.world import World, relay_settings, served, to_config, world


@pytest.fixture(scope="session")
def the_world() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture(scope="module")
def the_upstream() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


@dataclass
class Relay:
    """A relay that runs."""

    url: str
    settings: dict[str, Any]
    world: World
    upstream: Upstream
    folder: Path

    @property
    def pay_to(self) -> str:
        return str(self.settings["payment"]["pay_to"])

    def revenue(self) -> int:
        return self.world.balance(self.pay_to)


@pytest.fixture(scope="module")
def relay_of_module(
    the_world: World, the_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    folder = tmp_path_factory.mktemp("relay")
    settings = relay_settings(the_world, folder, {"local": the_upstream.url})
    with served(create_app(to_config(settings))) as url:
        yield Relay(url, settings, the_world, the_upstream, folder)


@pytest.fixture
def relay(relay_of_module: Relay) -> Relay:
    """The module's relay, with an upstream in good order."""
    found = relay_of_module.upstream
    found.mode, found.delay_s = "ok", 0.0
    found.gate.clear()
    found.cancelled.clear()
    found.bodies.clear()
    return relay_of_module

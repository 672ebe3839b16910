"""A chain with the protocol on it, for each test its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from msgspec.structs import replace

from cluster.chain import anvil, artifacts
from cluster.chain.manifest import Deployed, Manifest
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.suite import Suite, deploy_suite, manifest_of
from tests.indexer.traffic import Traffic


@dataclass
class World:
    """A running chain, what is deployed on it, and somebody who uses it."""

    url: str
    chain: AnvilChain
    suite: Suite
    manifest: Manifest
    traffic: Traffic
    # The newest block before any traffic.
    first: int

    def head(self) -> int:
        """Number of the newest block."""
        return self.traffic.head()

    def blocks(self, count: int, transactions: int = 3) -> None:
        """Mines blocks of random transactions."""
        for _ in range(count):
            for _ in range(transactions):
                self.traffic.step()
            self.traffic.mine()

    def reorg(self, depth: int, transactions: int = 3) -> None:
        """Replaces the newest blocks by as many others; the old transactions are gone."""
        self.chain.rpc("anvil_reorg", depth, [])
        self.blocks(1, transactions)


def make_world(url: str, seed: int) -> World:
    """Deploys the protocol on a fresh chain."""
    chain = AnvilChain(url)
    suite = deploy_suite(chain)
    traffic = Traffic(chain, suite, Random(seed))
    manifest = manifest_of(suite, 31337, "local")
    channels = Deployed(traffic.channels.address, 1, "deployed", "", artifacts.load("BatchSettlement").abi)
    manifest = replace(manifest, contracts={**manifest.contracts, "BatchSettlement": channels})
    return World(url, chain, suite, manifest, traffic, first=traffic.head())


@pytest.fixture
def world() -> Iterator[World]:
    with anvil.running(options=OPTIONS) as url:
        made = make_world(url, seed=1)
        yield made
        made.chain.close()

"""A deployment on a real node, made once a worker through ape; each test gets it as it was."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster.chain import anvil
from cluster.chain.manifest import Manifest, load
from cluster.chain.protocol import PROXIED
from cluster.chain.roles import TWO_DAYS
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.suite import Suite
from deployment.config import HOLDERS, Config
from deployment.config import load as load_config

CHAIN_ID = 31337
PEOPLE = ("deployer", *HOLDERS, "treasury")


@dataclass
class Node:
    """An anvil, and ape connected to it. The people of a deployment are ape's test accounts."""

    anvil: AnvilChain
    url: str
    provider: Any
    contracts: dict[str, Any]

    def account(self, name: str) -> Any:
        """ape's account of one of `PEOPLE`."""
        import ape

        return ape.accounts.test_accounts[PEOPLE.index(name)]

    def address(self, name: str) -> str:
        return str(self.account(name).address)

    def signed_by(self, name: str) -> Any:
        """The chain as the scripts see it, with that account signing."""
        from deployment.chain import Chain

        return Chain(self.provider, self.account(name), self.contracts)

    def config(self) -> Config:
        """Each role with another holder, and the admin's calls delayed, as on a public chain."""
        usual = load_config(CHAIN_ID, self.address("deployer"))
        return msgspec.structs.replace(
            usual,
            name="test",
            admin_delay=TWO_DAYS,
            treasury=self.address("treasury"),
            holders={name.upper(): self.address(name) for name in HOLDERS},
            protocol=replace(usual.protocol, treasury=self.address("treasury")),
        )


@dataclass
class World:
    """A deployment: its node and its folder."""

    node: Node
    folder: Path

    @property
    def manifest(self) -> Manifest:
        return load(self.folder / f"{CHAIN_ID}.json")

    def address(self, contract: str) -> str:
        return self.manifest.contract(contract).address

    def suite(self) -> Suite:
        """The contracts as objects; the treasury stands in for whoever signs nothing here."""
        chain, at = self.node.anvil, self.address
        return Suite(
            chain=chain,
            admin=self.node.account("deployer"),
            treasury=self.node.account("treasury"),
            manager=chain.at("ClusterAccessManager", at("AccessManager")),
            usdc=chain.at("TestUSDC", at("USDC")),
            contracts={name: chain.at(name, at(name)) for name in PROXIED},
        )


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    # Imported here: it takes seconds, and most workers run no test that needs it.
    import ape

    from deployment.chain import compile_all

    with anvil.running(options=OPTIONS) as url, ape.networks.parse_network_choice(f"cluster:local:{url}") as provider:
        chain = AnvilChain(url)
        yield Node(chain, url, provider, compile_all())
        chain.close()


@pytest.fixture(scope="session")
def deployed(node: Node, tmp_path_factory: pytest.TempPathFactory) -> World:
    from deployment.deploy import deploy

    folder: Path = tmp_path_factory.mktemp("deployments")
    deploy(node.signed_by("deployer"), node.config(), folder, quiet=True)
    return World(node, folder)


@pytest.fixture
def world(deployed: World, tmp_path: Path) -> Iterator[World]:
    """The deployment; what a test does to chain and folder is undone after it."""
    node, folder = deployed.node, tmp_path / "deployments"
    shutil.copytree(deployed.folder, folder)
    before = node.anvil.rpc("evm_snapshot")
    yield World(node, folder)
    node.anvil.rpc("evm_revert", before)

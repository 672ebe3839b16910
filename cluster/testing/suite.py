"""The protocol deployed in the process, wired as `scripts/deploy.py` wires it."""

from dataclasses import dataclass

from cluster.chain import artifacts
from cluster.chain.manifest import Deployed, Manifest
from cluster.chain.roles import FUNCTIONS, REGISTRY, ROLES
from cluster.testing.accounts import Account
from cluster.testing.contract import Contract
from cluster.testing.host import Host

NATIVE = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True)
class Suite:
    """The contracts, and the accounts that hold roles. `admin` holds every role without a delay."""

    chain: Host
    admin: Account
    treasury: Account
    manager: Contract
    usdc: Contract
    token: Contract
    nft: Contract
    registry: Contract
    router: Contract

    def protocol(self) -> dict[str, Contract]:
        """The upgradeable contracts by name."""
        return {c.name: c for c in (self.token, self.nft, self.registry, self.router)}


def deploy_suite(chain: Host) -> Suite:
    """Deploys everything on a chain."""
    admin, treasury = chain.account("admin"), chain.account("treasury")
    manager = chain.deploy("ClusterAccessManager", admin, sender=admin)
    usdc = chain.deploy("TestUSDC", "USD Coin", sender=admin)
    token = chain.deploy_proxy("ClusterToken", [], [manager, treasury], sender=admin)
    nft = chain.deploy_proxy("DatasetNFT", [], [manager], sender=admin)
    registry = chain.deploy_proxy("DatasetRegistry", [nft], [manager], sender=admin)
    router = chain.deploy_proxy(
        "PaymentRouter", [registry], [manager, treasury, [NATIVE, usdc.address, token.address]], sender=admin
    )
    suite = Suite(chain, admin, treasury, manager, usdc, token, nft, registry, router)
    for name, contract in suite.protocol().items():
        for role, functions in FUNCTIONS[name].items():
            selectors = [f.selector for function in functions for f in contract.codec.functions[function]]
            manager.setTargetFunctionRole(contract, selectors, role.id, sender=admin)
    ids = {role.name: role.id for role in ROLES}
    for role in ROLES[1:]:
        if role.guardian is not None:
            manager.setRoleGuardian(role.id, ids[role.guardian], sender=admin)
        manager.grantRole(role.id, registry if role is REGISTRY else admin, 0, sender=admin)
    registry.setPaymentRouter(router, sender=admin)
    return suite


def manifest_of(suite: Suite, chain_id: int, network: str) -> Manifest:
    """The deployment manifest that the deploy script would have written."""
    contracts = {"AccessManager": suite.manager, "USDC": suite.usdc, **suite.protocol()}
    return Manifest(
        chain_id=chain_id,
        network=network,
        deployer=suite.admin.address,
        complete=True,
        contracts={
            name: Deployed(
                address=contract.address,
                block=1,
                transaction="",
                code_hash="",
                abi=artifacts.load(contract.name).abi,
            )
            for name, contract in contracts.items()
        },
        roles={role.name: role.id for role in ROLES},
    )

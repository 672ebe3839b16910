"""The protocol deployed in the process, wired as `scripts/deploy.py` wires it."""

from dataclasses import dataclass

from cluster.chain import artifacts
from cluster.chain.manifest import Deployed, Manifest
from cluster.chain.protocol import (
    NATIVE,
    PROXIED,
    Parameters,
    constructor_args,
    initial_args,
)
from cluster.chain.roles import FUNCTIONS, ROLES
from cluster.testing.accounts import Account
from cluster.testing.contract import Contract
from cluster.testing.host import Host

__all__ = ["NATIVE", "Suite", "deploy_suite", "manifest_of"]


@dataclass(frozen=True)
class Suite:
    """The contracts, and the accounts that hold roles. `admin` holds each without a delay, if no contract does."""

    chain: Host
    admin: Account
    treasury: Account
    manager: Contract
    usdc: Contract
    contracts: dict[str, Contract]

    def protocol(self) -> dict[str, Contract]:
        """The upgradeable contracts by name."""
        return self.contracts

    @property
    def token(self) -> Contract:
        return self.contracts["ClusterToken"]

    @property
    def nft(self) -> Contract:
        return self.contracts["DatasetNFT"]

    @property
    def registry(self) -> Contract:
        return self.contracts["DatasetRegistry"]

    @property
    def router(self) -> Contract:
        return self.contracts["PaymentRouter"]

    @property
    def receipts(self) -> Contract:
        return self.contracts["ReceiptRegistry"]

    @property
    def identity(self) -> Contract:
        return self.contracts["IdentityRegistry"]

    @property
    def reputation(self) -> Contract:
        return self.contracts["ReputationRegistry"]

    @property
    def validation(self) -> Contract:
        return self.contracts["ValidationRegistry"]

    @property
    def activity(self) -> Contract:
        return self.contracts["AgentActivity"]

    @property
    def models(self) -> Contract:
        return self.contracts["ModelRegistry"]

    @property
    def staking(self) -> Contract:
        return self.contracts["OperatorStaking"]

    @property
    def members(self) -> Contract:
        return self.contracts["MemberStaking"]

    @property
    def idle(self) -> Contract:
        return self.contracts["IdleIncentives"]

    @property
    def settlement(self) -> Contract:
        return self.contracts["InferenceSettlement"]

    @property
    def prices(self) -> Contract:
        return self.contracts["PriceFeeds"]

    @property
    def prepaid(self) -> Contract:
        return self.contracts["PrepaidBalances"]

    def grant(self, role: int, account: Account | Contract) -> None:
        """Gives a role without a delay."""
        self.manager.grantRole(role, account, 0, sender=self.admin)


def deploy_suite(chain: Host, parameters: Parameters | None = None) -> Suite:
    """Deploys the protocol on a chain."""
    admin, treasury = chain.account("admin"), chain.account("treasury")
    chosen = parameters or Parameters(treasury.address)
    manager = chain.deploy("ClusterAccessManager", admin, sender=admin)
    usdc = chain.deploy("TestUSDC", "USD Coin", sender=admin)
    addresses = {"AccessManager": manager.address, "USDC": usdc.address}
    contracts: dict[str, Contract] = {}
    for name in PROXIED:
        initial = initial_args(name, addresses, chosen)
        contracts[name] = chain.deploy_proxy(name, constructor_args(name, addresses), initial, sender=admin)
        addresses[name] = contracts[name].address
    suite = Suite(chain, admin, treasury, manager, usdc, contracts)
    for name, contract in contracts.items():
        for role, functions in FUNCTIONS[name].items():
            selectors = [f.selector for function in functions for f in contract.codec.functions[function]]
            manager.setTargetFunctionRole(contract, selectors, role.id, sender=admin)
    ids = {role.name: role.id for role in ROLES}
    for role in ROLES[1:]:
        if role.guardian is not None:
            manager.setRoleGuardian(role.id, ids[role.guardian], sender=admin)
        if role.contract is None:
            suite.grant(role.id, admin)
        elif role.contract in contracts:
            suite.grant(role.id, contracts[role.contract])
    suite.registry.setPaymentRouter(suite.router, sender=admin)
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

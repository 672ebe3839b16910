"""Proves a deployment right from the chain alone."""

from dataclasses import dataclass
from typing import Any

from ape.api import ProviderAPI
from ape.contracts import ContractInstance
from eth_utils import keccak, to_checksum_address

from cluster.chain.manifest import Manifest
from cluster.chain.roles import FUNCTIONS, ROLES
from deployment.config import ChainConfig
from deployment.wiring import grants, selectors

# ERC-1967: keccak256("eip1967.proxy.implementation") - 1
IMPLEMENTATION_SLOT = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    expected: str
    found: str

    @property
    def right(self) -> bool:
        return self.expected == self.found


def code_hash(provider: ProviderAPI, address: str) -> str:
    """keccak-256 of the code at an address."""
    return "0x" + keccak(bytes(provider.get_code(address))).hex()


def implementation_of(provider: ProviderAPI, proxy: str) -> str:
    """What an ERC-1967 proxy delegates to."""
    word = bytes(provider.web3.eth.get_storage_at(proxy, IMPLEMENTATION_SLOT))
    return to_checksum_address(word[-20:])


def check(
    provider: ProviderAPI, config: ChainConfig, manifest: Manifest, contracts: dict[str, ContractInstance]
) -> list[Finding]:
    """Everything that must hold: code, implementations, authority, roles, delays, parameters."""
    findings: list[Finding] = []

    def expect(what: str, expected: Any, found: Any) -> None:
        findings.append(Finding(what, str(expected), str(found)))

    manager = contracts["AccessManager"]
    for name, deployed in manifest.contracts.items():
        expect(f"{name} code", deployed.code_hash, code_hash(provider, deployed.address))
        if deployed.implementation:
            found = implementation_of(provider, deployed.address)
            expect(f"{name} implementation", deployed.implementation, found)
            expect(f"{name} implementation code", deployed.implementation_code_hash, code_hash(provider, found))
            expect(f"{name} authority", manager.address, contracts[name].authority())
    names = {role.id: role.name for role in ROLES}
    for name, opened in FUNCTIONS.items():
        for role, functions in opened.items():
            for function, selector in zip(functions, selectors(name, functions), strict=True):
                found_role = manager.getTargetFunctionRole(manifest.contract(name).address, selector)
                expect(f"{name}.{function} role", role.name, names.get(found_role, found_role))
    for role, holder, delay in grants(config, manifest.contract("DatasetRegistry").address):
        expect(f"{role.name} held by {holder}", (True, delay), tuple(manager.hasRole(role.id, holder)))
    if config.holders["admin"] != manifest.deployer:
        expect("admin role of the deployer", False, manager.hasRole(0, manifest.deployer)[0])
    router, registry = contracts["PaymentRouter"], contracts["DatasetRegistry"]
    expect("router treasury", config.treasury, router.treasury())
    expect("router registry", registry.address, router.registry())
    expect("registry router", router.address, registry.paymentRouter())
    expect("registry token contract", contracts["DatasetNFT"].address, registry.nft())
    for currency in ("USDC", "ClusterToken"):
        expect(f"{currency} accepted", True, router.isCurrencyAccepted(manifest.contract(currency).address))
    expect("CP supply", contracts["ClusterToken"].MAX_SUPPLY(), contracts["ClusterToken"].totalSupply())
    return findings

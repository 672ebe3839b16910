"""Reads a deployment back from the chain and compares it with what it should be."""

from collections.abc import Mapping
from typing import Any

from cluster.chain import artifacts
from cluster.chain.manifest import Manifest
from cluster.chain.protocol import (
    CHANNELS,
    COLLECTOR,
    FIGURES,
    IMMUTABLES,
    SUPPLY,
    constructor_args,
    currencies,
    initial_args,
)
from cluster.chain.roles import FUNCTIONS, ROLES
from deployment import code
from deployment.chain import Chain, Reverted
from deployment.checks import Check, shown, yes
from deployment.config import Config
from deployment.scene import settings
from deployment.usdc import check_usdc
from deployment.wiring import MANAGER, handover, holders, is_made, wiring


def check_code(chain: Chain, manifest: Manifest) -> list[Check]:
    """Deployed code is the manifest's, and proxies point where the manifest says."""
    checks = []
    for name, deployed in manifest.contracts.items():
        found = code.hash_of(chain.code(deployed.address))
        checks.append(Check(f"{name}: code", deployed.code_hash, found))
        if deployed.implementation is None:
            continue
        target = chain.implementation(deployed.address)
        checks.append(Check(f"{name}: implementation", deployed.implementation, target))
        implementation = chain.code(deployed.implementation)
        expected = str(deployed.implementation_code_hash)
        checks.append(Check(f"{name}: implementation's code", expected, code.hash_of(implementation)))
    return checks


def check_compiled(chain: Chain, manifest: Manifest, config: Config) -> list[Check]:
    """Deployed code is what the sources compile to, and an implementation knows the contracts that it should. Channels'
    contracts that others deployed are theirs.
    """
    checks = []
    addresses = manifest.addresses()
    compiled = {name: name for name in FUNCTIONS} | {"AccessManager": MANAGER}
    if config.local or config.channels is None:
        compiled |= {CHANNELS: CHANNELS, COLLECTOR: COLLECTOR}
    for name, source in compiled.items():
        deployed = manifest.contract(name)
        running = chain.code(deployed.implementation or deployed.address)
        checks.append(
            yes(f"{name}: code is that of the sources", code.matches(artifacts.load(source).runtime, running))
        )
        if deployed.implementation is None:
            continue
        same = code.matches(artifacts.load("ClusterProxy").runtime, chain.code(deployed.address))
        checks.append(yes(f"{name}: proxy's code is that of the sources", same))
        if name in IMMUTABLES:
            made = chain.created(chain.initcode(name, *constructor_args(name, addresses)))
            known = ", ".join(IMMUTABLES[name])
            checks.append(yes(f"{name}: knows {known}", code.equals(running, made, deployed.implementation)))
    return checks


def check_parameters(chain: Chain, config: Config, addresses: Mapping[str, str]) -> list[Check]:
    """The contracts have the configured parameters, and can't be initialized again."""
    manager, protocol = addresses["AccessManager"], config.protocol

    def view(contract: str, method: str, expected: Any, *args: Any) -> Check:
        found = chain.read(contract, addresses[contract], method, *args)
        given = f"({', '.join(map(str, args))})" if args else ""
        return Check(f"{contract}: {method}{given}", shown(expected), shown(found))

    checks = [view(name, "authority", manager) for name in FUNCTIONS]
    checks += [
        view("ClusterToken", "totalSupply", SUPPLY),
        view("PaymentRouter", "treasury", config.treasury),
        view("InferenceSettlement", "treasury", config.treasury),
        view("ModelRegistry", "figures", list(FIGURES)),
        view("OperatorStaking", "minOwnStake", protocol.min_own_stake),
        view("MemberStaking", "cooldown", protocol.member_cooldown),
        view("MemberStaking", "tiers", [list(tier) for tier in protocol.tiers]),
        view("IdleIncentives", "rate", protocol.idle_rate),
    ]
    checks += [view("PaymentRouter", "isCurrencyAccepted", True, currency) for currency in currencies(addresses)]
    for setting in settings(config, addresses):
        checks.append(
            Check(f"{setting.contract}: {setting.name}", shown(setting.expected), shown(setting.found(chain)))
        )
    for name in FUNCTIONS:
        data = chain.encode(name, "initialize", *initial_args(name, addresses, protocol))
        implementation = chain.implementation(addresses[name])
        checks.append(yes(f"{name}: can't be initialized again", _refused(chain, addresses[name], data)))
        checks.append(yes(f"{name}: implementation can't be initialized", _refused(chain, implementation, data)))
    checks += [yes(what, ok) for what, ok in check_usdc(chain, addresses["USDC"])]
    return checks


def check_access(chain: Chain, config: Config, addresses: Mapping[str, str], deployer: str, final: bool) -> list[Check]:
    """Every call of the wiring has had its effect, and the deployer holds nothing that it was not given.
    Before the admin role is handed over, `final` is false.
    """
    manager = addresses["AccessManager"]
    calls = wiring(chain, config, addresses) + (handover(config, deployer) if final else [])
    checks = [
        yes(f"AccessManager: {call}", is_made(chain, manager, call)) for call in calls if call.method != "labelRole"
    ]
    given = holders(config, addresses)
    for role in ROLES:
        if given.get(role.name) == deployer or (role.id == 0 and not final):
            continue
        since = chain.read(MANAGER, manager, "getAccess", role.id, deployer)[0]
        checks.append(yes(f"AccessManager: deployer does not hold {role.name}", since == 0))
    return checks


def _refused(chain: Chain, address: str, data: bytes) -> bool:
    try:
        chain.call(address, data)
    except Reverted:
        return True
    return False

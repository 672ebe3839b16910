"""Roles, delays and the router of the registry. Every step looks first, so running it again changes nothing."""

from collections.abc import Iterator

from ape.contracts import ContractInstance

from cluster.chain import artifacts
from cluster.chain.codec import Codec
from cluster.chain.roles import ADMIN, FUNCTIONS, PARAMETERS, REGISTRY, ROLES, Role
from deployment.config import ChainConfig
from deployment.sender import Sender


def selectors(contract: str, functions: tuple[str, ...]) -> list[bytes]:
    """Selectors of a contract's functions by name."""
    codec = Codec(artifacts.load(contract).abi)
    return [function.selector for name in functions for function in codec.functions[name]]


def grants(config: ChainConfig, registry: str) -> Iterator[tuple[Role, str, int]]:
    """Who is to hold which role, with which execution delay in seconds. The admin role comes last."""
    for role in (*(r for r in ROLES if r is not ADMIN), ADMIN):
        holder = registry if role is REGISTRY else config.holders[role.name.lower()]
        yield role, holder, config.delay_of(role)


def wire(sender: Sender, config: ChainConfig, manager: ContractInstance, contracts: dict[str, str]) -> None:
    """Opens functions to roles, gives the roles out, and hands the admin role over last."""
    by_name = {role.name: role for role in ROLES}
    for name, opened in FUNCTIONS.items():
        for role, functions in opened.items():
            todo = [
                selector
                for selector in selectors(name, functions)
                if manager.getTargetFunctionRole(contracts[name], selector) != role.id
            ]
            if todo:
                sender.send(
                    f"{name}: {', '.join(functions)} → {role.name}",
                    manager.setTargetFunctionRole,
                    contracts[name],
                    todo,
                    role.id,
                )
    for role in ROLES:
        if role.guardian and manager.getRoleGuardian(role.id) != by_name[role.guardian].id:
            guardian = by_name[role.guardian].id
            sender.send(f"{role.name} guarded by {role.guardian}", manager.setRoleGuardian, role.id, guardian)

    registry = sender.at("DatasetRegistry", contracts["DatasetRegistry"])
    if registry.paymentRouter() != contracts["PaymentRouter"]:
        set_router(sender, manager, registry, contracts["PaymentRouter"])

    for role, holder, delay in grants(config, contracts["DatasetRegistry"]):
        member, found = manager.hasRole(role.id, holder)
        if not member or found != delay:
            sender.send(f"{role.name} to {holder}, delay {delay} s", manager.grantRole, role.id, holder, delay)
    if config.holders["admin"] != sender.address and manager.hasRole(ADMIN.id, sender.address)[0]:
        sender.send("deployer gives the admin role up", manager.renounceRole, ADMIN.id, sender.address)


def set_router(sender: Sender, manager: ContractInstance, registry: ContractInstance, router: str) -> None:
    """Sets the registry's router while its role has no other holder, so without the delay it will have."""
    member, delay = manager.hasRole(PARAMETERS.id, sender.address)
    if not member or delay != 0:
        sender.send("PARAMETERS to the deployer, for the wiring", manager.grantRole, PARAMETERS.id, sender.address, 0)
    sender.send("registry sells through the router", registry.setPaymentRouter, router)
    sender.send("PARAMETERS back from the deployer", manager.revokeRole, PARAMETERS.id, sender.address)

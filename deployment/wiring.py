"""The calls that make the AccessManager what `cluster.chain.roles` says, and whether each has been made.

Calls go through the manager's `multicall`, so wiring is there whole or not at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from eth_utils import keccak
from msgspec import Struct

from cluster.chain.roles import ADMIN, FUNCTIONS, ROLES
from deployment.chain import Chain
from deployment.config import Config

MANAGER = "ClusterAccessManager"

# AccessManager's storage: `_targets` and `_roles`, and where in an entry's second word its delay is. The view
# functions don't show a delay that was set and is still to take effect.
_TARGETS_SLOT = 0
_ROLES_SLOT = 1
_TARGET_DELAY_OFFSET_BITS = 0
_ROLE_DELAY_OFFSET_BITS = 128


class Call(Struct, frozen=True):
    """A call of the AccessManager."""

    method: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        shown = ("0x" + part.hex() if isinstance(part, bytes) else part for part in _flat(self.args))
        return f"{self.method}({', '.join(map(str, shown))})"


def holders(config: Config, addresses: Mapping[str, str]) -> dict[str, str]:
    """Holder by role, contracts of the protocol among them. A role whose contract is not deployed has none."""
    contracts = {role.name: addresses[role.contract] for role in ROLES if role.contract and role.contract in addresses}
    return {**config.holders, **contracts}


def wiring(chain: Chain, config: Config, addresses: Mapping[str, str]) -> list[Call]:
    """Labels, guardians, who may call what, holders, delays: all but the hand-over of the admin role."""
    ids = {role.name: role.id for role in ROLES}
    given = holders(config, addresses)
    calls: list[Call] = []
    for role in ROLES:
        if role is ADMIN:
            continue
        calls.append(Call("labelRole", (role.id, role.name)))
        if role.guardian:
            calls.append(Call("setRoleGuardian", (role.id, ids[role.guardian])))
    for contract, opened in FUNCTIONS.items():
        for role, functions in opened.items():
            selectors = [selector for name in functions for selector in chain.selectors(contract, name)]
            calls.append(Call("setTargetFunctionRole", (addresses[contract], selectors, role.id)))
    for role in ROLES:
        if role is not ADMIN and role.name in given:
            calls.append(Call("grantRole", (role.id, given[role.name], role.delay)))
    if config.admin_delay:
        delay = config.admin_delay
        calls += [Call("setGrantDelay", (role.id, delay)) for role in ROLES if role is ADMIN or role.delay]
        calls += [Call("setTargetAdminDelay", (addresses[contract], delay)) for contract in FUNCTIONS]
    return calls


def handover(config: Config, deployer: str) -> list[Call]:
    """Gives the admin role to the configured admin and takes it from the deployer."""
    admin = config.holders["ADMIN"]
    calls = [Call("grantRole", (ADMIN.id, admin, config.admin_delay))]
    if admin != deployer:
        calls.append(Call("renounceRole", (ADMIN.id, deployer)))
    return calls


def missing(chain: Chain, manager: str, calls: Iterable[Call]) -> list[Call]:
    """The calls whose effect the chain does not show. Labels leave nothing that could be read, so they are
    repeated with others and never asked for alone.
    """
    undone = [call for call in calls if call.method == "labelRole" or not is_made(chain, manager, call)]
    return undone if any(call.method != "labelRole" for call in undone) else []


def multicall(chain: Chain, calls: Iterable[Call]) -> bytes:
    """Calldata of all calls in one transaction."""
    return chain.encode(MANAGER, "multicall", [chain.encode(MANAGER, c.method, *c.args) for c in calls])


def is_made(chain: Chain, manager: str, call: Call) -> bool:
    """Whether the chain shows the effect of a call."""
    match call.method, call.args:
        case "setRoleGuardian", (role, guardian):
            return bool(chain.read(MANAGER, manager, "getRoleGuardian", role) == guardian)
        case "setTargetFunctionRole", (target, selectors, role):
            roles = {chain.read(MANAGER, manager, "getTargetFunctionRole", target, s) for s in selectors}
            return roles == {role}
        case "grantRole", (role, account, delay):
            since, current, pending, effect = chain.read(MANAGER, manager, "getAccess", role, account)
            return bool(since != 0 and (pending if effect else current) == delay)
        case "renounceRole", (role, account):
            return bool(chain.read(MANAGER, manager, "getAccess", role, account)[0] == 0)
        case "setGrantDelay", (role, delay):
            slot = _entry(_ROLES_SLOT, role.to_bytes(32)) + 1
            return bool(_set_delay(chain, manager, slot, _ROLE_DELAY_OFFSET_BITS) == delay)
        case "setTargetAdminDelay", (target, delay):
            slot = _entry(_TARGETS_SLOT, bytes.fromhex(target[2:]).rjust(32, b"\0")) + 1
            return bool(_set_delay(chain, manager, slot, _TARGET_DELAY_OFFSET_BITS) == delay)
    raise ValueError(f"no way to tell whether {call} was made")


def _entry(mapping_slot: int, key: bytes) -> int:
    return int.from_bytes(keccak(key + mapping_slot.to_bytes(32)))


def _set_delay(chain: Chain, manager: str, slot: int, offset_bits: int) -> int:
    """The newer value of an OpenZeppelin `Time.Delay`: its lowest 32 bits."""
    return (chain.storage(manager, slot) >> offset_bits) & 0xFFFFFFFF


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value

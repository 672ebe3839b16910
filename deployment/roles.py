"""Roles on a live deployment: who holds what by the chain's word, and how it is given, taken and handed over."""

from typing import Any

from eth_utils import keccak
from msgspec import Struct

from cluster.chain.codec import signature_of
from cluster.chain.protocol import GOVERNOR
from cluster.chain.roles import ADMIN, FUNCTIONS, ROLES, Role
from deployment import events
from deployment.errors import DeploymentError, NothingToDo
from deployment.governor import is_governor
from deployment.managed import Outcome, utc
from deployment.office import Office
from deployment.wiring import MANAGER

PUBLIC = 2**64 - 1
"""The AccessManager's role that everybody has."""

_ZERO = "0x" + "00" * 20


class Holder(Struct, frozen=True, rename="camel"):
    """Who holds a role: active from `since` (unix seconds), each call delayed by `delay` seconds. `name` is the
    contract's, if it is one of the deployment.
    """

    account: str
    since: int
    delay: int
    name: str | None = None

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"{self.account}{name}, delay {self.delay} s"


class Row(Struct, frozen=True, rename="camel"):
    """A role as the AccessManager has it. `functions` are those of the deployment's contracts that it opens."""

    role: str
    id: int
    guardian: str
    holders: list[Holder]
    functions: list[str]

    def __str__(self) -> str:
        lines = [f"{self.role} ({self.id}), guardian {self.guardian}"]
        lines += [f"  held by {holder}" for holder in self.holders] or ["  held by nobody"]
        return "\n".join(lines + [f"  opens {function}" for function in self.functions])


def role_of(name: str) -> Role:
    """The role of a name."""
    return next(role for role in ROLES if role.name == name)


class Roles:
    """The AccessManager of a live deployment."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._chain = office.chain

    def table(self) -> list[Row]:
        """Every role, by the chain's word; after ours, such as open a function and should not."""
        names = {role.id: role.name for role in ROLES}
        opened = self._opened()
        held = self._holders()
        return [
            Row(
                role=role.name,
                id=role.id,
                guardian=names[self._read("getRoleGuardian", role.id)],
                holders=held[role.id],
                functions=opened[role.id],
            )
            for role in ROLES
        ] + [
            Row("anyone" if id_ == PUBLIC else f"role {id_}", id_, ADMIN.name, [], functions)
            for id_, functions in opened.items()
            if id_ not in names
        ]

    def grant(self, role: Role, account: str, delay: int, holder: str | None = None) -> Outcome:
        """Gives a role, or changes the delay with which it is held."""
        since, current, pending, effect = self._read("getAccess", role.id, account)
        if since and (pending if effect else current) == delay:
            raise NothingToDo(f"{account} holds {role.name} with a delay of {delay} s {self._from(since)}")
        if account == _ZERO:
            raise DeploymentError("nobody has the zero address")
        return self._act(f"grant {role.name} to {account}", "grantRole", (role.id, account, delay), holder)

    def revoke(self, role: Role, account: str, holder: str | None = None) -> Outcome:
        """Takes a role. Refuses to take ADMIN from its last holder."""
        if not self._read("getAccess", role.id, account)[0]:
            raise NothingToDo(f"{account} does not hold {role.name}")
        if role is ADMIN and not self._others(account):
            raise DeploymentError(
                f"{account} is the only admin: without it nobody could ever change a role again. Hand it over first: "
                "`ape run roles handover`"
            )
        return self._act(f"revoke {role.name} from {account}", "revokeRole", (role.id, account), holder)

    def handover(self, to: str, delay: int | None = None, keyed: bool = False) -> Outcome:
        """Gives the admin role to another account and, once that one holds it, takes it from the signing one. `delay`
        (seconds) is that of the new admin's calls, by default that of the old one's; `keyed` says that `to` is known
        to be an account with a key, not a contract. Raises `NothingToDo` while a delay runs, and when all is done.
        """
        chain = self._chain
        mine, theirs = (self._read("getAccess", ADMIN.id, account) for account in (chain.sender, to))
        if not mine[0]:
            if theirs[0]:
                raise NothingToDo(f"{to} is admin and {chain.sender} is not: handed over")
            raise DeploymentError(f"{chain.sender} is not an admin; it has nothing to hand over")
        self._require_heir(to, mine[1] if delay is None else delay, keyed)
        if not theirs[0]:
            granted = self.grant(ADMIN, to, mine[1] if delay is None else delay)
            if granted.state != "done":
                return granted
            theirs = self._read("getAccess", ADMIN.id, to)
        if theirs[0] > chain.now():
            raise NothingToDo(f"{to} becomes admin at {utc(theirs[0])}; run the command again then")
        self._require_heir(to, theirs[1], keyed)
        what = f"{chain.sender} renounces {ADMIN.name}"
        data = chain.encode(MANAGER, "renounceRole", ADMIN.id, chain.sender)
        with self._office.sending(what) as sender:
            sender.call(what, self._office.manager, data)
        return Outcome(f"{ADMIN.name} handed over to {to}", "done", self._office.manager, "0x" + data.hex())

    def _require_heir(self, to: str, delay: int, keyed: bool) -> None:
        """Refuses whoever could not use the role: with nobody else left, nothing could be put right."""
        # The deployment's contracts make no calls of their own to the AccessManager, but for the governor.
        own = {d.address: name for name, d in self._office.manifest.contracts.items() if name != GOVERNOR}
        if to in own:
            raise DeploymentError(f"{to} is the {own[to]} of this deployment, which could not use the role")
        if to == self._chain.sender:
            raise DeploymentError(f"{to} is the account that hands over")
        if not self._chain.code(to) and not keyed:
            raise DeploymentError(
                f"there is no contract at {to}, so a mistyped address would lock everybody out; if somebody holds the "
                "key of it, say so with --keyed"
            )
        if not is_governor(self._chain, to):
            return
        found = [self._chain.read(GOVERNOR, to, method) for method in ("token", "accessManager")]
        if found != [self._office.address("ClusterToken"), self._office.manager]:
            raise DeploymentError(f"{to} is a governor of another token or AccessManager: {', '.join(found)}")
        needed = max(
            self._read("getTargetAdminDelay", deployed.address)
            for name, deployed in self._office.manifest.contracts.items()
            if name in FUNCTIONS
        )
        if delay < needed:
            raise DeploymentError(
                f"with a delay of {delay} s the governor could not change who may call what, which waits {needed} s; "
                f"hand over with --delay {needed}"
            )

    def _act(self, what: str, method: str, args: tuple[Any, ...], holder: str | None) -> Outcome:
        data = self._chain.encode(MANAGER, method, *args)
        return self._office.act(what, self._office.manager, data, holder)

    def _others(self, account: str) -> list[Holder]:
        """Admins besides an account that can act now."""
        now = self._chain.now()
        return [h for h in self._holders()[ADMIN.id] if h.account != account and h.since <= now]

    def _holders(self) -> dict[int, list[Holder]]:
        """Holders by role: whoever was ever granted it, and the chain says still holds it."""
        manager = self._office.manifest.contract("AccessManager")
        names = {deployed.address: name for name, deployed in self._office.manifest.contracts.items()}
        granted = events.read(self._chain, MANAGER, manager.address, ("RoleGranted",), manager.block)
        pairs = dict.fromkeys((event.values["roleId"], event.values["account"]) for event in granted)
        held: dict[int, list[Holder]] = {role.id: [] for role in ROLES}
        for role, account in pairs:
            since, delay, _, _ = self._read("getAccess", role, account)
            if since and role in held:
                held[role].append(Holder(account, since, delay, names.get(account)))
        return held

    def _opened(self) -> dict[int, list[str]]:
        """Functions by role, of all that the deployment's ABIs have."""
        opened: dict[int, list[str]] = {role.id: [] for role in ROLES}
        for name in FUNCTIONS:
            deployed = self._office.manifest.contract(name)
            for signature in functions(deployed.abi):
                role = self._read("getTargetFunctionRole", deployed.address, keccak(text=signature)[:4])
                if role != ADMIN.id:
                    opened.setdefault(role, []).append(f"{name}.{signature}")
        return opened

    def _from(self, since: int) -> str:
        return f"from {utc(since)} on" if since > self._chain.now() else "already"

    def _read(self, method: str, *args: Any) -> Any:
        return self._chain.read(MANAGER, self._office.manager, method, *args)


def functions(abi: list[dict[str, Any]]) -> list[str]:
    """Signatures of the functions that change state."""
    return [
        signature_of(entry)
        for entry in abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    ]

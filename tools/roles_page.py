"""`python -m tools.roles_page [--check]`: docs/roles.md, from the table of roles that a deployment is wired by."""

import sys

from cluster.chain.paths import root
from cluster.chain.protocol import PROXIED
from cluster.chain.roles import DAY, FUNCTIONS, ROLES, Role
from deployment.config import HOLDERS

PAGE = root() / "docs" / "roles.md"

HEAD = """# Roles

<!-- Written by `python -m tools.roles_page` from cluster/chain/roles.py. -->

One AccessManager says who may call what. A call by a holder whose role has a delay is scheduled, waits, and is executed
by whoever scheduled it, within a week; the guardian, and any admin, may cancel it meanwhile. `ape run roles list`
shows the same of a live deployment by the chain's word. How roles are given, taken and handed over:
[deployment](deployment.md#governing). Votes of CP: [ClusterGovernor](contracts/ClusterGovernor.md).

| role | id | held by | a call waits | may be canceled by |
|---|---|---|---|---|
"""

OPENED = """
What is held by an account is so by the one of that name in [`deployment/config.toml`](../deployment/config.toml). The
admin's delay is its `admin_delay`, which is also how long a new holder of a delayed role waits, and changes to who may
call what. Nobody but another admin can cancel what an admin scheduled.

| contract | role | opens |
|---|---|---|
"""

FOOT = """
A restricted function that is not here is nobody's: the AccessManager takes it for the admin's. The AccessManager's own
functions are ADMIN's.
"""


def text() -> str:
    """The page."""
    roles = "".join(f"| {' | '.join(_cells(role))} |\n" for role in ROLES)
    opened = "".join(
        f"| {contract} | {role.name} | {', '.join(f'`{function}`' for function in functions)} |\n"
        for contract, opening in FUNCTIONS.items()
        for role, functions in opening.items()
    )
    return HEAD + roles + OPENED + opened + FOOT


def _cells(role: Role) -> list[str]:
    key = role.name.lower()
    holder = f"`{key}`" if key in HOLDERS else _contract(role)
    return [role.name, str(role.id), holder, days(role.delay), role.guardian or "ADMIN"]


def _contract(role: Role) -> str:
    return f"{role.contract}" + ("" if role.contract in PROXIED else ", once there is one")


def days(seconds: int) -> str:
    """How long a call waits, in words."""
    if not seconds:
        return "not"
    whole, rest = divmod(seconds, DAY)
    return f"{seconds} s" if rest else f"{whole} day{'s' if whole > 1 else ''}"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not arguments:
        PAGE.write_text(text())
        return 0
    if PAGE.exists() and PAGE.read_text() == text():
        return 0
    print(f"{PAGE} is not what cluster/chain/roles.py says: `python -m tools.roles_page`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

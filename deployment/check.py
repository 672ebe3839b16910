"""Whether a live deployment is what the manifest, the configuration and the sources say, and a table of it."""

import click
from msgspec import Struct

from cluster.chain.protocol import GOVERNOR
from cluster.chain.roles import ADMIN, FUNCTIONS, ROLES
from deployment import governor, roles, verify
from deployment.checks import Check, yes
from deployment.config import Config
from deployment.office import Office
from deployment.wiring import holders


class Contract(Struct, frozen=True, rename="camel"):
    """A contract of the deployment, and how many facts about it were checked. The code hash is the implementation's, if
    there is one.
    """

    name: str
    address: str
    implementation: str | None
    code_hash: str
    facts: int
    wrong: int


class Report(Struct, frozen=True, rename="camel"):
    """A deployment, as the chain has it. `facts` are all that was checked, the parameters among them."""

    network: str
    chain_id: int
    contracts: list[Contract]
    roles: list[roles.Row]
    parameters: list[Check]
    facts: list[Check]

    @property
    def wrong(self) -> list[Check]:
        """What is not as it should be."""
        return [fact for fact in self.facts if not fact.ok]

    def __str__(self) -> str:
        lines = [
            f"{self.network}, chain {self.chain_id}",
            "",
            *_table(_CONTRACTS, map(_contract_cells, self.contracts)),
        ]
        lines += ["", *_table(_ROLES, [cells for row in self.roles for cells in _role_cells(row)])]
        stated = [[*fact.what.split(": ", 1), fact.found, _mark(fact.ok)] for fact in self.parameters]
        lines += ["", *_table(_PARAMETERS, stated), ""]
        lines += [
            f"{click.style('wrong', fg='red')}: {fact.what}: {fact.found}, should be {fact.expected}"
            for fact in self.wrong
        ]
        return "\n".join([*lines, f"{len(self.facts)} facts checked, {len(self.wrong) or 'none'} wrong"])


_CONTRACTS = ("contract", "address", "implementation", "code hash", "facts", "")
_ROLES = ("role", "held by", "a call waits", "guardian", "opens", "")
_PARAMETERS = ("contract", "parameter", "value", "")


def check(office: Office, config: Config) -> Report:
    """Reads everything back from the chain. Nothing is sent."""
    chain, manifest = office.chain, office.manifest
    addresses = manifest.addresses()
    table = roles.Roles(office).table()
    stated = verify.check_parameters(chain, config, addresses)
    if GOVERNOR in addresses:
        stated += governor.check(chain, addresses, config.governor)
    facts = [
        *verify.check_code(chain, manifest),
        *verify.check_compiled(chain, manifest, config),
        *stated,
        *verify.check_access(chain, config, addresses, manifest.deployer, final=True),
        *_check_roles(office, config, table),
    ]
    contracts = [
        Contract(
            name=name,
            address=deployed.address,
            implementation=deployed.implementation,
            code_hash=deployed.implementation_code_hash or deployed.code_hash,
            facts=sum(_is_about(fact, name) for fact in facts),
            wrong=sum(_is_about(fact, name) and not fact.ok for fact in facts),
        )
        for name, deployed in manifest.contracts.items()
    ]
    parameters = [fact for fact in stated if fact.expected != "yes" and not fact.what.endswith(": authority")]
    return Report(manifest.network, manifest.chain_id, contracts, table, parameters, facts)


def _check_roles(office: Office, config: Config, table: list[roles.Row]) -> list[Check]:
    """Nobody but the configured holder has a role, and it opens nothing but what the table of roles says."""
    given = holders(config, office.manifest.addresses())
    abis = {name: roles.functions(office.manifest.contract(name).abi) for name in FUNCTIONS}
    found = []
    for row in table[len(ROLES) :]:
        found.append(Check(f"AccessManager: {row.role} opens", "nothing", ", ".join(row.functions)))
    for role, row in zip(ROLES, table, strict=False):
        expected = [given[role.name]] if role.name in given else []
        held = [holder.account for holder in row.holders]
        found.append(Check(f"AccessManager: {role.name} is held by", _listed(expected), _listed(held)))
        opened = {
            f"{contract}.{signature}"
            for contract, opening in FUNCTIONS.items()
            for signature in abis[contract]
            if signature.split("(")[0] in opening.get(role, ())
        }
        if role is not ADMIN:
            found.append(yes(f"AccessManager: {role.name} opens what it should", opened == set(row.functions)))
    return found


def _listed(accounts: list[str]) -> str:
    return ", ".join(sorted(accounts)) or "nobody"


def _is_about(fact: Check, contract: str) -> bool:
    return fact.what.startswith(f"{contract}: ")


def _mark(ok: bool) -> str:
    return click.style("ok", fg="green") if ok else click.style("wrong", fg="red")


def _contract_cells(row: Contract) -> list[str]:
    implementation = row.implementation or "not upgradeable"
    return [row.name, row.address, implementation, row.code_hash[:18], str(row.facts), _mark(not row.wrong)]


def _role_cells(row: roles.Row) -> list[list[str]]:
    """A line a holder."""
    opened = f"{len(row.functions)} functions" if row.functions else ""
    if row.id == ADMIN.id:
        opened = "all the rest"
    held = [
        (f"{holder.account}{f' ({holder.name})' if holder.name else ''}", f"{holder.delay} s") for holder in row.holders
    ]
    return [[row.role, who, waits, row.guardian, opened, ""] for who, waits in held or [("nobody", "")]]


def _table(head: tuple[str, ...], rows: "list[list[str]] | map[list[str]]") -> list[str]:
    """Lines of left-aligned columns."""
    whole = [list(head), *rows]
    widths = [max(len(click.unstyle(row[column])) for row in whole) for column in range(len(head))]

    def line(row: list[str]) -> str:
        padded = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True))
        return "  ".join(padded).rstrip()

    return [click.style(line(whole[0]), dim=True), *map(line, whole[1:])]

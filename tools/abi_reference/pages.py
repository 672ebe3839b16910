"""The pages of the reference: an index, and one for each contract."""

import os
import re
from pathlib import Path

from cluster.chain.paths import root
from cluster.chain.roles import FUNCTIONS, Role
from tools.abi_reference.contracts import Contract, Entry, Node, Type
from tools.roles_page import days

FOLDER = root() / "docs" / "reference"
NOTE = "<!-- Written by `python -m tools.abi_reference --write` from the NatSpec of contracts/. -->"
HEAD = (
    "Every function, event and error of every contract, with selectors and topics. How contracts work, what they "
    "promise and who is paid what stands in [docs/contracts](../contracts); who holds the roles that are named here, "
    "in [roles](../roles.md)."
)


def pages(contracts: list[Contract]) -> dict[str, str]:
    """Text of all pages by file name."""
    return {"README.md": _index(contracts)} | {f"{contract.name}.md": _page(contract) for contract in contracts}


def _index(contracts: list[Contract]) -> str:
    placed = sorted(contracts, key=lambda contract: (_domain(contract), contract.name))
    rows = [[f"[{contract.name}]({contract.name}.md)", _domain(contract), _purpose(contract)] for contract in placed]
    return _joined(["# ABI reference", NOTE, HEAD, _table(["contract", "folder", ""], rows)])


def _page(contract: Contract) -> str:
    parts = [f"# {contract.name}", NOTE, _title(contract), contract.docs.notice, _links(contract)]
    parts += [_function(contract, entry) for entry in contract.of("constructor")]
    functions, events, errors = (contract.of(kind) for kind in ("function", "event", "error"))
    if functions:
        parts += ["## Functions", *(_function(contract, entry) for entry in functions)]
    if events:
        parts += ["## Events", *map(_told, events)]
    if errors:
        parts += ["## Errors", *map(_told, errors)]
    if contract.types:
        parts += ["## Types", *map(_type, contract.types)]
    foreign = [entry for kind in ("function", "event", "error") for entry in contract.of(kind, ours=False)]
    if foreign:
        heads = ["", "signature", "selector or topic 0", "declared in", "restricted to"]
        rows = [[e.kind, f"`{e.signature}`", f"`{e.selector}`", e.source, _restricted_to(contract, e)] for e in foreign]
        parts += ["## From OpenZeppelin", _table(heads, rows)]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _domain(contract: Contract) -> str:
    return str(Path(contract.source).parent.relative_to("contracts"))


def _title(contract: Contract) -> str:
    """Its title, if it is more than its name."""
    return _line(contract.title) if " " in contract.title else ""


def _purpose(contract: Contract) -> str:
    return _title(contract) or _line(contract.docs.notice)


def _links(contract: Contract) -> str:
    links = [f"[Source]({os.path.relpath(root() / contract.source, FOLDER)})"]
    explained = root() / "docs" / "contracts" / f"{contract.name}.md"
    if explained.exists():
        links.append(f"[how it works]({os.path.relpath(explained, FOLDER)})")
    return ", ".join(links)


def _function(contract: Contract, entry: Entry) -> str:
    if entry.kind == "constructor":
        name, parts = "constructor", ["## Constructor"]
    else:
        name, parts = entry.abi["name"], [f"### {entry.abi['name']}"]
    parts.append(_call(name, entry))
    if entry.kind != "constructor":
        role = _restricted_to(contract, entry)
        facts = [f"`{entry.selector}`", entry.abi["stateMutability"], role and f"restricted to {role}"]
        parts.append(", ".join(fact for fact in facts if fact))
    outputs = [_row(part, entry.returned(n)) for n, part in enumerate(entry.abi.get("outputs", []))]
    parts += [_line(entry.docs.notice), _line(entry.docs.details), _inputs(entry)]
    return _joined([*parts, _table(["returns", "type", ""], outputs)]).rstrip("\n")


def _told(entry: Entry) -> str:
    """An event or error."""
    name = entry.abi["name"]
    parts = [f"### {name}", _call(name, entry), f"`{entry.selector}`", _line(entry.docs.notice), _inputs(entry)]
    return _joined(parts).rstrip("\n")


def _type(kind: Type) -> str:
    parts = [f"### {kind.name.split('.')[-1]}", f"`{kind.kind} {kind.name}`", _line(kind.docs.notice)]
    if kind.kind == "enum":
        parts.append(", ".join(f"{number} `{name}`" for number, (name, _) in enumerate(kind.members)))
    else:
        rows = [
            [f"`{name}`", f"`{_written(what)}`", _line(kind.docs.params.get(name, ""))] for name, what in kind.members
        ]
        parts.append(_table(["field", "type", ""], rows))
    return _joined(parts).rstrip("\n")


def _call(name: str, entry: Entry) -> str:
    parts = ", ".join(f"{_kind(part)} {part['name']}".strip() for part in entry.abi["inputs"])
    return f"```solidity\n{name}({parts})\n```"


def _inputs(entry: Entry) -> str:
    rows = [_row(part, entry.docs.params.get(part["name"], "")) for part in entry.abi["inputs"]]
    return _table(["parameter", "type", ""], rows)


def _row(part: Node, text: str) -> list[str]:
    name, indexed = part["name"] and f"`{part['name']}`", " indexed" if part.get("indexed") else ""
    return [name, f"`{_kind(part)}`{indexed}", _line(text)]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _kind(part: Node) -> str:
    return _written(part.get("internalType") or part["type"])


def _written(kind: str) -> str:
    """A type as a reader writes it: `Usage[]`, `IERC20`."""
    return re.sub(r"^(?:struct|enum|contract) (?:\w+\.)?", "", kind)


def _restricted_to(contract: Contract, entry: Entry) -> str:
    """The role that may call it, and how long its call waits; empty if no role is needed."""
    if entry.kind != "function":
        return ""
    opened = FUNCTIONS.get(contract.name, {}).items()
    role: Role | None = next((role for role, names in opened if entry.abi["name"] in names), None)
    if role is None:
        return "ADMIN" if "restricted" in entry.modifiers else ""
    return f"{role.name}, who waits {days(role.delay)}" if role.delay else role.name


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

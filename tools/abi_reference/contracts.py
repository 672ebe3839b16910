"""What the compiler says of our contracts: their ABI, and the NatSpec of each part of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eth_utils import keccak

from cluster.chain.codec import signature_of
from tools.compiler import SETTINGS, Compiler, is_ours

SELECTION = {"*": {"*": ["abi", "userdoc", "devdoc"], "": ["ast"]}}

Node = dict[str, Any]


@dataclass(frozen=True)
class Docs:
    """What NatSpec says of one function, event, error, struct or enum."""

    notice: str = ""
    details: str = ""
    params: dict[str, str] = field(default_factory=dict)
    returns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One entry of the ABI. `source`: the contract or interface that declares it; `ours`: whether only ours do."""

    abi: Node
    docs: Docs
    ours: bool
    source: str
    modifiers: frozenset[str] = frozenset()
    is_variable: bool = False

    @property
    def kind(self) -> str:
        return str(self.abi["type"])

    @property
    def signature(self) -> str:
        return str(signature_of(self.abi))

    @property
    def selector(self) -> str:
        hashed = keccak(text=self.signature)
        return "0x" + (hashed if self.kind == "event" else hashed[:4]).hex()

    def returned(self, number: int) -> str:
        """What is said of a return value."""
        returns, unnamed = self.docs.returns, f"_{number}"
        return returns.get(self.abi["outputs"][number]["name"] or unnamed, returns.get(unnamed, ""))


@dataclass(frozen=True)
class Type:
    """A struct or enum of ours."""

    name: str
    kind: str
    members: tuple[tuple[str, str], ...]
    docs: Docs


@dataclass(frozen=True)
class Contract:
    """A contract that can be deployed. `source` is its file's name; `title` and `docs` are those of the interface of
    its name, if there is one.
    """

    name: str
    source: str
    title: str
    docs: Docs
    entries: tuple[Entry, ...]
    types: tuple[Type, ...]

    def of(self, kind: str, ours: bool = True) -> list[Entry]:
        """Entries of a kind, in the order of the ABI."""
        return [entry for entry in self.entries if entry.kind == kind and entry.ours is ours]


class _Sources:
    """The compiler's output, indexed."""

    def __init__(self, output: Node) -> None:
        self.compiled: dict[str, Node] = output["contracts"]
        self.contracts: dict[int, tuple[str, Node]] = {}
        self.types: dict[str, tuple[str, Node]] = {}
        self.told: dict[str, list[tuple[str, Node]]] = {}
        for source, unit in output["sources"].items():
            for top in unit["ast"]["nodes"]:
                self._read(source, top)

    def _read(self, source: str, top: Node) -> None:
        if top["nodeType"] == "ContractDefinition":
            self.contracts[top["id"]] = (source, top)
        for node in top.get("nodes", [top]):
            if node["nodeType"] in ("StructDefinition", "EnumDefinition"):
                self.types[node["canonicalName"]] = (source, node)
            elif "errorSelector" in node or "eventSelector" in node:
                selector = node.get("errorSelector") or node["eventSelector"]
                self.told.setdefault(f"0x{selector}", []).append((source, top))

    def deployable(self) -> Iterator[tuple[str, Node]]:
        """Our contracts that can be deployed."""
        for source, node in self.contracts.values():
            if is_ours(source) and node["contractKind"] == "contract" and not node["abstract"]:
                yield source, node

    def bases(self, contract: Node) -> list[tuple[str, Node]]:
        """Source and contract of all it inherits, itself first."""
        return [self.contracts[number] for number in contract["linearizedBaseContracts"]]

    def declarations(self, contract: Node, selector: str) -> list[tuple[str, str, Node]]:
        """Source, contract and declaration of a function, the contract's own first."""
        return [
            (source, base["name"], node)
            for source, base in self.bases(contract)
            for node in base["nodes"]
            if f"0x{node.get('functionSelector')}" == selector
        ]

    def declarer(self, contract: Node, selector: str) -> tuple[str, str]:
        """Source and name of what declares an event or error: something of ours if there is, a base if there is."""
        bases = contract["linearizedBaseContracts"]
        source, top = min(
            self.told[selector], key=lambda told: (not is_ours(told[0]), told[1]["id"] not in bases, told[1]["name"])
        )
        return source, top["name"]


def read(texts: dict[str, str]) -> list[Contract]:
    """The contracts of these sources that can be deployed, by name."""
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items() if is_ours(name)},
        "settings": SETTINGS | {"outputSelection": SELECTION},
    }
    with Compiler() as compiler:
        found = _Sources(compiler.run(request))
    contracts = [_contract(found, source, node) for source, node in found.deployable()]
    return sorted(contracts, key=lambda contract: contract.name)


def _contract(found: _Sources, source: str, node: Node) -> Contract:
    compiled = found.compiled[source][node["name"]]
    user, dev = compiled["userdoc"], compiled["devdoc"]
    entries = tuple(_entry(found, node, abi, user, dev) for abi in compiled["abi"])
    interface = next((place for place in found.bases(node) if place[1]["name"] == f"I{node['name']}"), (source, node))
    described = found.compiled[interface[0]][interface[1]["name"]]
    docs = Docs(described["userdoc"].get("notice", ""), described["devdoc"].get("details", ""))
    used = {name for entry in entries if entry.ours for name in _types_in(entry.abi)}
    types = tuple(_type(found, name) for name in sorted(used) if is_ours(found.types[name][0]))
    return Contract(node["name"], source, described["devdoc"].get("title", ""), docs, entries, types)


def _entry(found: _Sources, contract: Node, abi: Node, user: Node, dev: Node) -> Entry:
    kind = abi["type"]
    if kind in ("constructor", "receive", "fallback"):
        docs = _docs(user["methods"].get(kind, {}), dev["methods"].get(kind, {}))
        return Entry(abi, docs, kind == "constructor", contract["name"])
    signature = signature_of(abi)
    selector = Entry(abi, Docs(), False, "").selector
    if kind in ("event", "error"):
        told, said = (_first(docs.get(f"{kind}s", {}).get(signature, {})) for docs in (user, dev))
        source, name = found.declarer(contract, selector)
        return Entry(abi, _docs(told, said), is_ours(source), name)
    declarations = found.declarations(contract, selector)
    foreign = [name for source, name, _ in declarations if not is_ours(source)]
    source, name, node = declarations[-1]
    variable = node["nodeType"] == "VariableDeclaration"
    if not foreign and not variable:
        # As the interface says it: implementations may call parameters something else.
        compiled = found.compiled[source][name]
        user, dev = compiled["userdoc"], compiled["devdoc"]
        abi = next(e for e in compiled["abi"] if e["type"] == "function" and signature_of(e) == signature)
    said = dev["methods"].get(signature, {}) | dev.get("stateVariables", {}).get(abi["name"], {})
    modifiers = {call["modifierName"]["name"] for _, _, node in declarations for call in node.get("modifiers", [])}
    docs = _docs(user["methods"].get(signature, {}), said)
    return Entry(abi, docs, not foreign, foreign[0] if foreign else name, frozenset(modifiers), variable)


def _first(docs: Any) -> Node:
    """Of an error, the compiler gives a list: one for each of its declarations."""
    chosen: Node = docs[0] if isinstance(docs, list) else docs
    return chosen


def _docs(user: Node, dev: Node) -> Docs:
    returns = dev.get("returns", {}) | ({"_0": dev["return"]} if "return" in dev else {})
    return Docs(user.get("notice", ""), dev.get("details", ""), dev.get("params", {}), returns)


def _types_in(part: Node) -> Iterator[str]:
    """Names of structs and enums in the ABI of an entry, as `Contract.Name` or `Name`."""
    for parameter in [*part.get("inputs", []), *part.get("outputs", []), *part.get("components", [])]:
        if named := re.match(r"(?:struct|enum) ([\w.]+)", parameter.get("internalType", "")):
            yield named[1]
        yield from _types_in(parameter)


def _type(found: _Sources, name: str) -> Type:
    _, node = found.types[name]
    text = (node.get("documentation") or {}).get("text", "")
    tags = re.findall(r"@(\w+)\s+((?:[^@]|(?<=\S)@)*)", " ".join(text.split()))
    params = dict(rest.strip().split(" ", 1) for tag, rest in tags if tag == "param" and " " in rest.strip())
    notice = " ".join(rest.strip() for tag, rest in tags if tag == "notice")
    members = tuple(
        (member["name"], member.get("typeDescriptions", {}).get("typeString", "")) for member in node["members"]
    )
    kind = "struct" if node["nodeType"] == "StructDefinition" else "enum"
    return Type(name, kind, members, Docs(notice, params=params))

"""What there is to break: the sources, their mutants, and the contracts that are made of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.compiler import SETTINGS as OPTIMIZED
from tools.compiler import Compiler, is_ours, sources
from tools.coverage.sources import Source, read
from tools.mutants.operators import Mutant, mutants_of

Codes = dict[str, tuple[str, str]]
# Compiles four times as fast; what a mutant does is the same.
PLAIN = {**OPTIMIZED, "optimizer": {"enabled": False}}


@dataclass(frozen=True)
class Survey:
    """`contents` by source, ours only; `targets`: for each source, the deployed `source:Contract`s made of it."""

    contents: Mapping[str, str]
    mutants: list[Mutant]
    targets: Mapping[str, list[str]]
    closures: Mapping[str, set[str]]
    sources: Mapping[str, Source]

    def closure(self, source: str) -> dict[str, str]:
        """All of our sources that the contracts made of a source are made of."""
        names = {source}.union(*(self.closures[target.split(":")[0]] for target in self.targets[source]))
        return {name: self.contents[name] for name in sorted(names) if name in self.contents}

    def compile(self, compiler: Compiler, source: str, content: str, settings: Mapping[str, Any]) -> Codes:
        """Creation and runtime code, in hex, of the contracts made of a source, if this were its content."""
        return compile_codes(compiler, {**self.closure(source), source: content}, self.targets[source], settings)


def survey(compiler: Compiler) -> Survey:
    """Reads all sources."""
    contents = {name: text for name, text in sources().items() if is_ours(name)}
    trees = trees_of(compiler, contents)
    closures = {name: _closure(name, trees) for name in contents}
    targets: dict[str, list[str]] = {name: [] for name in contents}
    for name in contents:
        for contract in trees[name]["nodes"]:
            if contract["nodeType"] == "ContractDefinition" and _is_deployed(contract):
                for used in closures[name] & targets.keys():
                    targets[used].append(f"{name}:{contract['name']}")
    mutants = [mutant for name in contents for mutant in mutants_of(name, contents[name], trees[name])]
    places = {name: read(name, contents[name], trees[name]) for name in contents}
    return Survey(contents, mutants, targets, closures, places)


def plain_codes(compiler: Compiler) -> Codes:
    """All contracts as they are, those of local chains too, not optimized."""
    contents = sources()
    trees = trees_of(compiler, contents)
    targets = [
        f"{name}:{contract['name']}"
        for name in contents
        for contract in trees[name]["nodes"]
        if contract["nodeType"] == "ContractDefinition" and _is_deployed(contract)
    ]
    return compile_codes(compiler, contents, targets, PLAIN)


def trees_of(compiler: Compiler, contents: Mapping[str, str]) -> dict[str, Any]:
    """Syntax trees by source."""
    made = compiler.run(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in contents.items()},
            "settings": {**OPTIMIZED, "outputSelection": {"*": {"": ["ast"]}}},
        }
    )
    return {name: tree["ast"] for name, tree in made["sources"].items()}


def compile_codes(
    compiler: Compiler, contents: Mapping[str, str], targets: list[str], settings: Mapping[str, Any]
) -> Codes:
    """Codes of the `source:Contract`s named."""
    pairs = [target.split(":") for target in targets]
    wanted: dict[str, dict[str, list[str]]] = {}
    for file, name in pairs:
        wanted.setdefault(file, {})[name] = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    request: dict[str, Any] = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in contents.items()},
        # Without metadata, the same code is the same bytes.
        "settings": {**settings, "metadata": {"appendCBOR": False}, "outputSelection": wanted},
    }
    made = compiler.run(request)["contracts"]
    return {
        name: (made[file][name]["evm"]["bytecode"]["object"], made[file][name]["evm"]["deployedBytecode"]["object"])
        for file, name in pairs
    }


def _is_deployed(contract: dict[str, Any]) -> bool:
    return contract["contractKind"] == "contract" and not contract["abstract"]


def _closure(name: str, trees: dict[str, Any]) -> set[str]:
    found, left = set(), [name]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [node["absolutePath"] for node in trees[one]["nodes"] if node["nodeType"] == "ImportDirective"]
    return found

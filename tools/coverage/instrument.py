"""Contracts that leave a trace of the blocks they executed, in a way that nothing undoes.

The compiler's assembly (unoptimized, so that each instruction is of one place in the source) gets a probe at the start
of each basic block, and one before each JUMPI that stands for a condition of the source. A probe is `BALANCE` of an
address that stands for it: allowed in static calls, without any effect on the contract but gas, and the engine keeps
the account it loaded in its journal even when the call reverts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.compiler import Compiler
from tools.coverage.sources import Range, Source

FIRST_PROBE = 0xC0_0000_0000
_ENDS = ("JUMP", "JUMPI", "STOP", "RETURN", "REVERT", "INVALID", "SELFDESTRUCT")


@dataclass
class Probes:
    """What each probe's being hit means: (source, unit)s that ran, or a (source, condition, way) that was taken."""

    units: dict[int, list[tuple[str, Range]]] = field(default_factory=dict)
    ways: dict[int, tuple[str, Range, bool]] = field(default_factory=dict)
    next: int = FIRST_PROBE

    def take(self, count: int) -> int:
        """The first of so many new probes in a row."""
        first = self.next
        self.next += count
        return first


def compile_probed(
    compiler: Compiler, texts: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Syntax trees by source, and assemblies by contract."""
    output = compiler.run(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in texts.items()},
            "settings": {
                **settings,
                "optimizer": {"enabled": False},
                "outputSelection": {"*": {"": ["ast"]}, **{name: {"*": ["evm.legacyAssembly"]} for name in texts}},
            },
        }
    )
    trees = {name: output["sources"][name]["ast"] for name in texts}
    assemblies = {
        contract: made["evm"]["legacyAssembly"]
        for contracts in output["contracts"].values()
        for contract, made in contracts.items()
        if made.get("evm", {}).get("legacyAssembly")
    }
    return trees, assemblies


def instrument(assembly: dict[str, Any], sources: Mapping[str, Source], probes: Probes) -> None:
    """Puts probes into an assembly and all that it holds."""
    names = assembly["sourceList"]

    def put(part: Any) -> None:
        if isinstance(part, dict) and ".code" in part:
            part[".code"] = list(_probed(part[".code"], names, sources, probes))
            for inner in part.get(".data", {}).values():
                put(inner)

    put(assembly)


def assemble(compiler: Compiler, assembly: dict[str, Any], settings: Mapping[str, Any]) -> tuple[str, str]:
    """Creation and runtime code of an assembly, in hex."""
    request = {
        "language": "EVMAssembly",
        "sources": {"assembly": {"assemblyJson": assembly}},
        "settings": {
            "experimental": True,
            "evmVersion": settings["evmVersion"],
            "outputSelection": {"*": {"": ["evm.bytecode.object", "evm.deployedBytecode.object"]}},
        },
    }
    made = compiler.run(request)["contracts"]["assembly"][""]["evm"]
    return made["bytecode"]["object"], made.get("deployedBytecode", {}).get("object", "")


def hit_in(engine: Any) -> set[int]:
    """The probes that a pyrevm engine met in all its life.

    Its journal forgets what was reverted to a snapshot; what was ever loaded stays in the database under it.
    """
    addresses = (int(address, 16) for accounts in (engine.journal_state, engine.db_accounts) for address in accounts)
    return {address for address in addresses if FIRST_PROBE <= address < FIRST_PROBE + (1 << 32)}


def _probed(
    code: list[dict[str, Any]], names: list[str], sources: Mapping[str, Source], probes: Probes
) -> Iterator[dict[str, Any]]:
    for block in _blocks(code):
        ran = {
            (source.name, unit)
            for source, place in _places(block, names, sources)
            if (unit := source.innermost(place)) is not None
        }
        at = next((i + 1 for i, item in enumerate(block[:2]) if item["name"] == "JUMPDEST"), 0)
        yield from block[:at]
        if ran:
            probe = probes.take(1)
            probes.units[probe] = sorted(ran)
            yield from _items(block[0], ("PUSH", f"{probe:X}"), ("BALANCE", None), ("POP", None))
        if at == len(block):
            continue
        *body, last = block[at:]
        yield from body
        if last["name"] == "JUMPI":
            for source, place in _places([last], names, sources):
                if place in source.conditions:
                    probe = probes.take(2)
                    probes.ways[probe] = (source.name, place, True)
                    probes.ways[probe + 1] = (source.name, place, False)
                    yield from _items(
                        last,
                        ("DUP2", None),
                        ("ISZERO", None),
                        ("PUSH", f"{probe:X}"),
                        ("ADD", None),
                        ("BALANCE", None),
                        ("POP", None),
                    )
        yield last


def _blocks(code: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Code that is entered at its first item only and left at its last only (or given up with the whole call)."""
    block: list[dict[str, Any]] = []
    for item in code:
        if item["name"] == "tag" and block:
            yield block
            block = []
        block.append(item)
        if item["name"] in _ENDS:
            yield block
            block = []
    if block:
        yield block


def _places(
    items: list[dict[str, Any]], names: list[str], sources: Mapping[str, Source]
) -> Iterator[tuple[Source, Range]]:
    for item in items:
        index = item.get("source", -1)
        if 0 <= index < len(names) and names[index] in sources:
            yield sources[names[index]], (item["begin"], item["end"])


def _items(beside: dict[str, Any], *what: tuple[str, str | None]) -> Iterator[dict[str, Any]]:
    place: dict[str, Any] = {key: beside[key] for key in ("begin", "end", "source") if key in beside}
    for name, value in what:
        yield {**place, "name": name} if value is None else {**place, "name": name, "value": value}

"""What of ours has no NatSpec."""

from collections.abc import Iterable, Iterator

from tools.abi_reference.contracts import Contract, Entry, Type


def missing(contracts: Iterable[Contract]) -> list[str]:
    """What has no description, each named."""
    found: dict[str, None] = {}
    for contract in contracts:
        if not contract.docs.notice:
            found[f"{contract.name}: no @notice"] = None
        for entry in contract.entries:
            if entry.ours:
                found |= dict.fromkeys(_missing_of(entry))
        for kind in contract.types:
            found |= dict.fromkeys(_missing_of_type(kind))
    return list(found)


def _missing_of(entry: Entry) -> Iterator[str]:
    name = f"{entry.source}: {entry.kind} {entry.abi.get('name', '')}".rstrip()
    if entry.kind != "constructor" and not entry.docs.notice:
        yield f"{name}: no @notice"
    if entry.is_variable:
        return
    for number, parameter in enumerate(entry.abi.get("inputs", [])):
        if not entry.docs.params.get(parameter["name"]):
            yield f"{name}: no @param {parameter['name'] or number}"
    for number, parameter in enumerate(entry.abi.get("outputs", [])):
        if not entry.returned(number):
            yield f"{name}: no @return {parameter['name'] or number}"


def _missing_of_type(kind: Type) -> Iterator[str]:
    if not kind.docs.notice:
        yield f"{kind.kind} {kind.name}: no @notice"
    if kind.kind == "struct":
        for member, _ in kind.members:
            if member not in kind.docs.params:
                yield f"struct {kind.name}: no @param {member}"

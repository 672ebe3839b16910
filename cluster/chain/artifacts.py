"""Compiled contracts by name, from the artifacts that ape wrote."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cluster.chain.paths import build_folder


class ArtifactMissing(LookupError):
    """The contract was not compiled; the message says how to."""


class Artifact(msgspec.Struct, frozen=True):
    """A compiled contract.

    `abi` is the JSON ABI, `bytecode` the creation code and `runtime` the deployed code with its immutables zeroed.
    """

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    runtime: bytes


class _Code(msgspec.Struct):
    bytecode: str = ""


class _ContractType(msgspec.Struct, rename="camel"):
    contract_name: str
    abi: list[dict[str, Any]] = []
    source_id: str = ""
    deployment_bytecode: _Code | None = None
    runtime_bytecode: _Code | None = None


class _Build(msgspec.Struct, rename="camel"):
    contract_types: dict[str, _ContractType]


def _code(code: _Code | None) -> bytes:
    return bytes.fromhex(code.bytecode.removeprefix("0x")) if code else b""


@cache
def _read(path: Path, _changed_ns: int) -> _Build:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Build)
    except msgspec.DecodeError as error:
        raise ArtifactMissing(f"{path} is not what ape writes ({error}); delete it, run `ape compile`") from error


def _build() -> _Build:
    path = build_folder() / "__local__.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise ArtifactMissing(f"nothing is compiled (no {path}); run `make setup` or `ape compile`") from None


def load(name: str) -> Artifact:
    """The compiled contract `name`. Raises `ArtifactMissing` if it was not compiled."""
    found = _build().contract_types.get(name)
    if found is None:
        raise ArtifactMissing(f"{name} is not compiled; known: {', '.join(names())}. Run `ape compile`")
    return Artifact(
        found.contract_name,
        found.source_id,
        found.abi,
        _code(found.deployment_bytecode),
        _code(found.runtime_bytecode),
    )


def names() -> list[str]:
    """Names of all compiled contracts and interfaces, sorted."""
    return sorted(_build().contract_types)

"""The deployment manifest: the only place an address or an ABI comes from.

`scripts/deploy.py` writes `deployments/<chainId>.json`; indexer, relay, tests and the command read it.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
from eth_utils import is_checksum_address

from cluster.chain.paths import deployments_folder


class ManifestError(ValueError):
    """The manifest is missing or wrong; the message says which and what would be right."""


class PastImplementation(msgspec.Struct, rename="camel", frozen=True):
    """An implementation that an upgrade replaced: until which block it ran, and what replaced it."""

    address: str
    code_hash: str
    replaced_at_block: int
    replaced_by_transaction: str


class Deployed(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """A contract on chain.

    `address` is what to call (the proxy, for an upgradeable contract). `block` is the first block that can hold its
    events. Code hashes are keccak-256 of the deployed code. `abi` is the implementation's; `history` are the
    implementations before it, oldest first.
    """

    address: str
    block: int
    transaction: str
    code_hash: str
    abi: list[dict[str, Any]]
    implementation: str | None = None
    implementation_code_hash: str | None = None
    history: list[PastImplementation] = []


class Manifest(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """A deployment of the protocol on one chain.

    `parameters` are what the contracts were initialized with (addresses; amounts as decimal strings); `roles` maps a
    role's name to its id.
    """

    chain_id: int
    network: str
    deployer: str
    complete: bool
    contracts: dict[str, Deployed]
    parameters: dict[str, Any] = {}
    roles: dict[str, int] = {}

    def addresses(self) -> dict[str, str]:
        """What to call, by contract."""
        return {name: deployed.address for name, deployed in self.contracts.items()}

    def contract(self, name: str) -> Deployed:
        """The deployed contract `name`. Raises `ManifestError` if it is not in the manifest."""
        try:
            return self.contracts[name]
        except KeyError:
            known = ", ".join(sorted(self.contracts)) or "none"
            raise ManifestError(f"no contract {name!r} on chain {self.chain_id}; deployed: {known}") from None


def path_of(chain_id: int) -> Path:
    """Where the manifest of a chain stands."""
    return deployments_folder() / f"{chain_id}.json"


def load(source: Path | str | int) -> Manifest:
    """Reads a manifest, by path or by chain id. Raises `ManifestError`."""
    path = path_of(source) if isinstance(source, int) else Path(source)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ManifestError(f"no deployment manifest at {path}; deploy first: `ape run deploy`") from None
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise ManifestError(f"{path} is not a deployment manifest: {error}") from error
    for name, deployed in manifest.contracts.items():
        if not is_checksum_address(deployed.address):
            raise ManifestError(f"{path}: address of {name} is not a checksummed address: {deployed.address!r}")
    return manifest


def encode(manifest: Manifest) -> bytes:
    """A manifest as JSON, as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def save(manifest: Manifest, path: Path) -> None:
    """Writes a manifest, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".writing")
    with partial.open("wb") as file:
        file.write(encode(manifest) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)

"""What a deployment is given, by chain: who holds what, which USDC, how long to wait."""

import tomllib
from pathlib import Path

import msgspec
from eth_utils import is_checksum_address, is_hex_address, to_checksum_address

from deployment.errors import DeploymentError

DEFAULT = Path(__file__).with_name("config.toml")

HOLDERS = ("admin", "upgrader", "parameters", "pauser", "moderator", "guardian")
"""Configured holders of the roles of the same name."""

_ZERO = "0x" + "00" * 20


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    confirmations: int
    admin_delay: int
    local: bool = False
    treasury: str | None = None
    usdc: str | None = None
    admin: str | None = None
    upgrader: str | None = None
    parameters: str | None = None
    pauser: str | None = None
    moderator: str | None = None
    guardian: str | None = None


class Config(msgspec.Struct, frozen=True):
    """One chain's configuration, complete and checked.

    `confirmations` counts blocks. `admin_delay` is in seconds. `holders` maps a role's name to its holder.
    `usdc` is None on local chains, which get a test token.
    """

    chain_id: int
    name: str
    local: bool
    confirmations: int
    admin_delay: int
    treasury: str
    usdc: str | None
    holders: dict[str, str]


def load(chain_id: int, deployer: str, path: Path = DEFAULT) -> Config:
    """The configuration of a chain. Raises `DeploymentError` if anything is missing or malformed."""
    section = _section(chain_id, path)
    where = f"[{chain_id}] in {path}"
    needed = {key: getattr(section, key) for key in ("treasury", *HOLDERS)}
    if section.local:
        needed = {key: value or deployer for key, value in needed.items()}
        if section.usdc is not None:
            raise DeploymentError(f"{where}: a local chain gets a test USDC of its own; remove `usdc`")
    else:
        needed["usdc"] = section.usdc
    missing = [key for key, value in needed.items() if not value]
    if missing:
        raise DeploymentError(f"{where} does not say {', '.join(missing)}; {section.name} needs them all")
    for key, value in needed.items():
        if not is_checksum_address(value):
            hint = f"; with a checksum it is {to_checksum_address(value)}" if is_hex_address(value) else ""
            raise DeploymentError(f"{where}: {key} is not a checksummed address: {value!r}{hint}")
        if value == _ZERO:
            raise DeploymentError(f"{where}: {key} is the zero address")
    if section.confirmations < 1 or section.admin_delay < 0:
        raise DeploymentError(f"{where}: confirmations must be at least 1 and admin_delay at least 0")
    return Config(
        chain_id=chain_id,
        name=section.name,
        local=section.local,
        confirmations=section.confirmations,
        admin_delay=section.admin_delay,
        treasury=needed["treasury"],
        usdc=section.usdc,
        holders={key.upper(): needed[key] for key in HOLDERS},
    )


def confirmations(chain_id: int, path: Path = DEFAULT) -> int:
    """Blocks to wait for on a chain: all that an upgrade needs to be told."""
    return _section(chain_id, path).confirmations


def _section(chain_id: int, path: Path) -> _Section:
    try:
        sections = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise DeploymentError(f"no configuration at {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise DeploymentError(f"{path} is not TOML: {error}") from error
    found = sections.get(str(chain_id))
    if found is None:
        raise DeploymentError(f"{path} knows no chain {chain_id}; it has: {', '.join(sections)}")
    try:
        section = msgspec.convert(found, _Section)
    except msgspec.ValidationError as error:
        raise DeploymentError(f"[{chain_id}] in {path}: {error}") from error
    if section.local and chain_id not in (1337, 31337):
        raise DeploymentError(f"[{chain_id}] in {path}: only chains 1337 and 31337 can be local")
    return section

"""Settings from a TOML file and the environment, into typed structs; every complaint names its field."""

import os
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from eth_utils import is_address, is_checksum_address, to_checksum_address

from offchain.service.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read_settings(kind: type[T], path: Path | None, prefix: str) -> T:
    """Reads `path`, lets `PREFIX_FIELD` and `PREFIX_SECTION__FIELD` variables override it, and checks the
    types.

    A variable's value is JSON where it parses as such, else text. Raises `SettingsError`.
    """
    found: dict[str, Any] = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text())
        except OSError as error:
            raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError([f"{path} is not TOML: {error}"]) from error
    for name, value in os.environ.items():
        if name.startswith(prefix + "_"):
            _put(found, name.removeprefix(prefix + "_").lower().split("__"), value, name)
    return to_settings(kind, found, str(path or "settings"))


def to_settings(kind: type[T], found: dict[str, Any], where: str = "settings") -> T:
    """Checks the types. Raises `SettingsError`."""
    try:
        return msgspec.convert(found, kind, dec_hook=_convert)
    except msgspec.ValidationError as error:
        raise SettingsError([f"{where}: {error}"]) from error


def _convert(kind: type[Any], value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise NotImplementedError(f"no setting is a {kind}")


def _put(found: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part in path[:-1]:
        inner = found.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError([f"{name}: {part} is not a section"])
        found = inner
    try:
        found[path[-1]] = msgspec.json.decode(value)
    except msgspec.DecodeError:
        found[path[-1]] = value


def check_address(field: str, value: str) -> list[str]:
    """What is wrong with an address."""
    if not is_address(value) or not value.startswith("0x"):
        return [f"{field} must be an address (0x and 40 hexadecimal digits), not {value[:60]!r}"]
    if value != value.lower() and not is_checksum_address(value):
        return [f"{field}: the checksum of {value} is wrong; was it copied whole?"]
    return []


def checksummed(address: str) -> str:
    """An address that `check_address` found nothing wrong with, as it is written everywhere."""
    return to_checksum_address(address)

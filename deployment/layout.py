"""Storage layouts: what a contract keeps where, and whether another may take its place behind a proxy.

Read from the sources by OpenZeppelin's upgrades-core, ERC-7201 namespaces included. `storage-layouts/` holds those of
the last release; `deployments/<chainId>.layouts.json` those of the code that runs on a chain, which is what an upgrade
is compared with.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from cluster.chain import artifacts
from cluster.chain.paths import root
from deployment.errors import DeploymentError

PROGRAM = Path(__file__).with_suffix(".cjs")
TIMEOUT_S = 120

Layout = dict[str, Any]
"""`storage` and `namespaces` (by name) list what is kept: contract, label, type, slot and offset in bytes; `types` says
what the types are.
"""


class Found(msgspec.Struct, frozen=True):
    """A contract's layout. `unsafe` says what forbids it behind a proxy and `incompatible` why it can't follow the
    layout it was compared with; each is empty if there is nothing to say.
    """

    layout: Layout
    unsafe: str
    incompatible: str


class Recorded(msgspec.Struct):
    """The layout of an implementation on chain."""

    implementation: str
    layout: Layout


class Reading:
    """A reading of layouts that goes on in another process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def result(self) -> dict[str, Found]:
        """Layouts by contract. Raises `DeploymentError`."""
        try:
            output, errors = self._process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise DeploymentError(f"storage layouts were not read within {TIMEOUT_S} s") from None
        if self._process.returncode != 0:
            raise DeploymentError(f"storage layouts can't be read from the sources:\n{errors.strip()}")
        return msgspec.json.decode(output, type=dict[str, Found])


@contextmanager
def reading(
    sources: Mapping[str, str], originals: Mapping[str, Layout] | None = None, folder: Path | None = None
) -> Iterator[Reading]:
    """Begins to read the layouts of contracts, given with their files, each compared with an original of its name.

    Paths are relative to `folder`, a checkout.
    """
    process = subprocess.Popen(
        ["node", str(PROGRAM)],
        cwd=folder or root(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None  # noqa: S101, it is a pipe
        process.stdin.write(json.dumps({"sources": dict(sources), "originals": dict(originals or {})}))
        process.stdin.close()
        process.stdin = None
        yield Reading(process)
    finally:
        process.kill()
        process.communicate()


def sources_of(contracts: Iterable[str]) -> dict[str, str]:
    """File of each compiled contract."""
    return {name: artifacts.load(name).source for name in contracts}


def require_compatible(contract: str, source: str, original: Layout) -> Layout:
    """Layout of `source`, if it may follow `original` behind the proxy of `contract`. Raises `DeploymentError`."""
    with reading(sources_of([source]), {source: original}) as begun:
        found = begun.result()[source]
    require_safe(source, found)
    if found.incompatible:
        raise DeploymentError(
            f"{source} does not keep what {contract} has in storage where it is; the upgrade would corrupt it. Add new "
            f"fields at the end of a struct, and change nothing before them:\n{found.incompatible}"
        )
    return found.layout


def require_safe(contract: str, found: Found) -> None:
    """Raises `DeploymentError` if the code must not run behind a proxy."""
    if found.unsafe:
        raise DeploymentError(f"{contract} must not run behind a proxy:\n{found.unsafe}")


def record_path(folder: Path, chain_id: int) -> Path:
    """Where the layouts of a chain's implementations stand."""
    return folder / f"{chain_id}.layouts.json"


def load_record(folder: Path, chain_id: int) -> dict[str, Recorded]:
    """Layouts by contract. Raises `DeploymentError`."""
    path = record_path(folder, chain_id)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Recorded])
    except FileNotFoundError:
        raise DeploymentError(
            f"no record of storage layouts at {path}, so nothing shows what an upgrade would have to keep; it is "
            "written by `ape run deploy` and belongs under version control with the manifest"
        ) from None
    except msgspec.DecodeError as error:
        raise DeploymentError(f"{path} is no record of storage layouts: {error}") from error


def save_record(record: Mapping[str, Recorded], folder: Path, chain_id: int) -> None:
    """Writes the record, whole or not at all."""
    path = record_path(folder, chain_id)
    writing = path.with_suffix(".writing")
    writing.write_text(text_of(msgspec.to_builtins(record)))
    writing.replace(path)


def text_of(value: Any) -> str:
    """JSON with each item of a layout in one line."""
    return _text(value, 0) + "\n"


def _text(value: Any, depth: int) -> str:
    flat = not isinstance(value, dict | list) or not any(isinstance(part, dict | list) for part in _parts(value))
    if flat and (depth > 0 or not value):
        return json.dumps(value)
    indent, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        lines = [f"{indent}{json.dumps(key)}: {_text(part, depth + 1)}" for key, part in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{end}}}"
    return "[\n" + ",\n".join(f"{indent}{_text(part, depth + 1)}" for part in value) + f"\n{end}]"


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value

"""A second home of the checkout with other bytecode, for tests to run against: everything linked but the artifacts."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tools.compiler import ROOT

Codes = Mapping[str, tuple[str, str]]


def make_home(folder: Path, codes: Codes) -> Path:
    """Makes `folder` a CLUSTER_HOME whose contracts have the creation and runtime code given, in hex, by name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in (".build", "build", ".git", ".hypothesis"):
            (folder / entry.name).symlink_to(entry)
    (folder / ".build").mkdir()
    put_codes(folder, codes)
    return folder


def put_codes(folder: Path, codes: Codes) -> None:
    """Writes the checkout's artifacts with these codes in place of theirs."""
    build = msgspec.json.decode((ROOT / ".build" / "__local__.json").read_bytes())
    for name, (creation, runtime) in codes.items():
        kind = build["contractTypes"][name]
        kind["deploymentBytecode"] = {"bytecode": f"0x{creation}"}
        kind["runtimeBytecode"] = {"bytecode": f"0x{runtime}"}
    path = folder / ".build" / "__local__.json"
    # Replaced whole: artifacts are cached by the file's time.
    (fresh := path.with_suffix(".new")).write_bytes(msgspec.json.encode(build))
    os.replace(fresh, path)

"""Committed storage layouts of the upgradeable contracts, in `storage-layouts/`, one file a contract.

`python -m tools.storage_layouts --check` compares them with the sources, `--write` accepts the sources' as they are.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from cluster.chain.paths import root
from cluster.chain.roles import FUNCTIONS
from deployment import layout
from deployment.errors import DeploymentError

FOLDER = root() / "storage-layouts"


def committed(folder: Path) -> dict[str, layout.Layout]:
    """Layouts by contract, of those that have a file."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def compare(found: Mapping[str, layout.Found], accepted: Mapping[str, layout.Layout]) -> list[str]:
    """What is wrong, in sentences; `found` was compared with `accepted` when it was read."""
    wrong = []
    for name, read in found.items():
        if read.unsafe:
            wrong.append(f"{name} must not run behind a proxy:\n{read.unsafe}")
        if name not in accepted:
            wrong.append(f"{name} has no committed storage layout: run `make storage-layouts` and commit it")
        elif read.incompatible:
            wrong.append(
                f"{name} does not keep what the last release has in storage where it is; an upgrade would corrupt it. "
                f"Add new fields at the end of a struct, and change nothing before them:\n{read.incompatible}"
            )
        elif read.layout != accepted[name]:
            wrong.append(
                f"{name}'s storage layout changed, in a way that an upgrade can take: run `make storage-layouts` and "
                "commit it, so that the next change is compared with this one"
            )
    wrong += [f"{FOLDER.name}/{name}.json is of no upgradeable contract: delete it" for name in accepted.keys() - found]
    return wrong


def write(found: Mapping[str, layout.Found], folder: Path) -> None:
    """Writes the layouts, one file a contract."""
    folder.mkdir(exist_ok=True)
    for name, read in found.items():
        (folder / f"{name}.json").write_text(layout.text_of(read.layout))


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.storage_layouts", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail if the sources' layouts are not the committed ones")
    action.add_argument("--write", action="store_true", help="commit to the sources' layouts")
    asked = parser.parse_args()
    accepted = committed(FOLDER)
    try:
        with layout.reading(layout.sources_of(FUNCTIONS), accepted) as begun:
            found = begun.result()
    except DeploymentError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.write:
        write(found, FOLDER)
        for name in (name for name, read in found.items() if read.incompatible):
            print(
                f"{name}: written, but a chain that runs the layout before can't be upgraded to it:\n"
                f"{found[name].incompatible}",
                file=sys.stderr,
            )
        return 0
    wrong = compare(found, accepted)
    for sentence in wrong:
        print(f"storage layouts: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

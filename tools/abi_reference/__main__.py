"""`python -m tools.abi_reference --write|--check`: docs/reference, a page a contract.

Descriptions are the NatSpec of `contracts/`. Whatever of ours lacks one fails both: functions, parameters, returns,
events, errors, structs. What contracts have from OpenZeppelin is listed without.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from tools.abi_reference.contracts import read
from tools.abi_reference.missing import missing
from tools.abi_reference.pages import FOLDER, pages
from tools.compiler import sources


def differences(wanted: dict[str, str], folder: Path) -> list[str]:
    """What is not as it is wanted in a folder of pages."""
    there = {path.name: path.read_text() for path in sorted(folder.glob("*.md"))}
    wrong = [f"{folder.name}/{name} is out of date" for name, text in wanted.items() if there.get(name) != text]
    return wrong + [f"{folder.name}/{name} is of no contract" for name in there.keys() - wanted]


def main() -> int:
    parser = ArgumentParser(prog="python -m tools.abi_reference", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail if a page is not what the sources say")
    action.add_argument("--write", action="store_true", help="write the pages")
    asked = parser.parse_args()
    contracts = read(sources())
    wrong = missing(contracts)
    if asked.write:
        FOLDER.mkdir(exist_ok=True)
        wanted = pages(contracts)
        for path in FOLDER.glob("*.md"):
            if path.name not in wanted:
                path.unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text)
    else:
        stale = differences(pages(contracts), FOLDER)
        wrong += stale + (["write them: `python -m tools.abi_reference --write`"] if stale else [])
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

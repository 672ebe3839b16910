"""Runs Slither over our contracts: `python -m tools.slither`. Every finding is either mended or explained.

`tools/slither.toml` explains: a finding that it does not name fails, and so does an explanation of a finding that is
not there any more. Contracts of local chains (contracts/test) and OpenZeppelin's are not ours to judge.
"""

import inspect
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crytic_compile import CryticCompile
from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector

ROOT = Path(__file__).resolve().parents[1]
EXPLANATIONS = ROOT / "tools" / "slither.toml"
ARTIFACTS = ROOT / "build" / "slither"
COMPILER = ROOT / ".solcx" / "solc-v0.8.37"

OUTPUT = ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers"]
SELECTION = {"*": {"*": OUTPUT, "": ["ast"]}}


@dataclass(frozen=True)
class Finding:
    """What a detector says about a place such as `PaymentRouter.claim`."""

    check: str
    place: str
    text: str


def compile_contracts(contracts: Path, artifacts: Path) -> None:
    """Compiles all below a folder `contracts` but its `test` and what ape may have left there, into a build-info file
    as Hardhat writes them.
    """
    base = contracts.parent
    passed_over = {contracts / "test", contracts / ".cache"}
    files = [file for file in sorted(contracts.rglob("*.sol")) if passed_over.isdisjoint(file.parents)]
    given = {
        "language": "Solidity",
        "sources": {str(file.relative_to(base)): {"content": file.read_text()} for file in files},
        # Optimized as ape does it: without, the compiler runs out of stack in what is fine otherwise.
        "settings": {"evmVersion": "cancun", "optimizer": {"enabled": True}, "outputSelection": SELECTION},
    }
    command = [str(COMPILER), "--standard-json", "--base-path", str(ROOT / "node_modules")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=300, check=True)
    output = json.loads(done.stdout)
    errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
    if errors:
        raise SystemExit("\n".join(errors))
    folder = artifacts / "build-info"
    folder.mkdir(parents=True, exist_ok=True)
    info = {"_format": "hh-sol-build-info-1", "solcVersion": "0.8.37", "input": given, "output": output}
    (folder / "contracts.json").write_text(json.dumps(info))


def findings(base: Path, artifacts: Path) -> list[Finding]:
    """What all of Slither's detectors find in our contracts."""
    compiled = CryticCompile(
        str(base),
        compile_force_framework="hardhat",
        ignore_compile=True,
        hardhat_artifacts_directory=str(artifacts),
    )
    slither = Slither(compiled)
    for detector in vars(all_detectors).values():
        if inspect.isclass(detector) and issubclass(detector, AbstractDetector):
            slither.register_detector(detector)
    ours = base / "contracts"
    if not any(ours in Path(contract.source_mapping.filename.absolute).parents for contract in slither.contracts):
        raise SystemExit("Slither saw no contract of ours")
    found = []
    for result in (result for results in slither.run_detectors() for result in results):
        elements = [e for e in result["elements"] if ours in Path(e["source_mapping"]["filename_absolute"]).parents]
        if elements:
            found.append(Finding(result["check"], _place(elements[0]), result["description"].strip()))
    return found


def unexplained(found: Iterable[Finding], explanations: dict[str, Any]) -> tuple[list[Finding], list[str]]:
    """Findings without an explanation, and explanations without a finding."""
    everywhere = {check for check, why in explanations.get("everywhere", {}).items() if why.strip()}
    explained = {
        (check, place)
        for check, entries in explanations.get("at", {}).items()
        for entry in entries
        for place in entry["places"]
        if entry["why"].strip()
    }
    left = [f for f in found if f.check not in everywhere and (f.check, f.place) not in explained]
    checks = {finding.check for finding in found}
    seen = {(finding.check, finding.place) for finding in found}
    idle = [f"{check} (everywhere)" for check in sorted(everywhere - checks)]
    idle += [f"{check} at {place}" for check, place in sorted(explained - seen)]
    return left, idle


def _place(element: dict[str, Any]) -> str:
    """`Contract.function`, or what else the element is and is part of."""
    names = [element["name"]]
    parent = element.get("type_specific_fields", {}).get("parent")
    while parent is not None and parent["type"] in ("contract", "function"):
        names.insert(0, parent["name"])
        parent = parent.get("type_specific_fields", {}).get("parent")
    return ".".join(names)


def main() -> int:
    compile_contracts(ROOT / "contracts", ARTIFACTS)
    found = findings(ROOT, ARTIFACTS)
    left, idle = unexplained(found, tomllib.loads(EXPLANATIONS.read_text()))
    for finding in left:
        print(f"slither: {finding.check} at {finding.place}:\n{finding.text}\n", file=sys.stderr)
    for explanation in idle:
        print(f"slither: {EXPLANATIONS.name} explains what is not found (any more): {explanation}", file=sys.stderr)
    if left:
        print(f"slither: mend these {len(left)}, or explain them in {EXPLANATIONS.relative_to(ROOT)}", file=sys.stderr)
    return 1 if left or idle else 0


if __name__ == "__main__":
    sys.exit(main())

"""ERC-8004 as its reference contracts (version 2.0.0) speak it, written down from their source and not from ours.

In `erc8004.txt`: the name of a registry, then a function or event a line, as in Solidity; functions with selector.
"""

import re
from pathlib import Path
from typing import Any

REGISTRIES = {
    name: lines
    for name, _, lines in (
        part.partition("\n") for part in Path(__file__).with_name("erc8004.txt").read_text().split("\n\n")
    )
}

# keccak256 of the events' canonical signatures.
TOPICS = {
    "Registered": "ca52e62c367d81bb2e328eb795f7c7ba24afb478408a26c0e201d155c449bc4a",
    "MetadataSet": "2c149ed548c6d2993cd73efe187df6eccabe4538091b33adbd25fafdb8a1468b",
    "URIUpdated": "3a2c7fffc2cba7582c690e3b82c453ea02a308326a98a3ad7576c606336409fb",
    "NewFeedback": "6a4a61743519c9d648a14e6493f47dbe3ff1aa29e7785c96c8326a205e58febc",
    "FeedbackRevoked": "25156fd3288212246d8b008d5921fde376c71ed14ac2e072a506eb06fde6d09d",
    "ResponseAppended": "b1c6be0b5b8aef6539e2fac0fd131a2faa7b49edf8e505b5eb0ad487d56051d4",
    "ValidationRequest": "530436c3634a98e1e626b0898be2f1e9980cc1bd2a78c07a0aba52d0a48a5059",
    "ValidationResponse": "afddf629e874ccc3963b6a888c477bd464a6c8525024fc88759ea3b2326349ae",
}

_LINE = re.compile(
    r"(?:0x(?P<selector>\w{8}) function|event) (?P<name>\w+)\((?P<inputs>.*?)\)(?P<view> view)?"
    r"(?: returns \((?P<outputs>.*)\))?$"
)
_TUPLE = re.compile(r"\(([^()]*)\)\[\] (\w+)")


def _parameters(text: str | None) -> list[dict[str, Any]]:
    """Parameters of a line; the only struct there is stands in an array."""
    structs = {f"struct{n}": found for n, found in enumerate(_TUPLE.finditer(text or ""))}
    for key, found in structs.items():
        text = (text or "").replace(found[0], f"{key} {found[2]}")
    parameters: list[dict[str, Any]] = []
    for part in (text or "").split(", ") if text else []:
        kind, *words = part.split(" ")
        parameter: dict[str, Any] = {"type": kind, "name": words[-1] if words else ""}
        if kind in structs:
            parameter |= {"type": "tuple[]", "components": _parameters(structs[kind][1])}
        if "indexed" in words:
            parameter["indexed"] = True
        parameters.append(parameter)
    return parameters


def parse(lines: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """JSON ABI, and the selector that stands before each function, by its canonical signature."""
    abi: list[dict[str, Any]] = []
    selectors: dict[str, str] = {}
    for line in lines.strip().splitlines():
        found = _LINE.match(line)
        if found is None:
            raise ValueError(line)
        entry: dict[str, Any] = {"name": found["name"], "inputs": _parameters(found["inputs"])}
        if found["selector"] is None:
            inputs = [{"indexed": False, **parameter} for parameter in entry["inputs"]]
            abi.append(entry | {"type": "event", "anonymous": False, "inputs": inputs})
            continue
        abi.append(
            entry
            | {
                "type": "function",
                "stateMutability": "view" if found["view"] else "nonpayable",
                "outputs": _parameters(found["outputs"]),
            }
        )
        kinds = (p["type"].replace("tuple", "(string,bytes)") for p in entry["inputs"])
        selectors[f"{entry['name']}({','.join(kinds)})"] = found["selector"]
    return abi, selectors

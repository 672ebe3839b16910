"""docs/reference says what the contracts' NatSpec says, and nothing of ours goes without."""

from pathlib import Path

import pytest

from tools.abi_reference.__main__ import differences
from tools.abi_reference.contracts import Contract, read
from tools.abi_reference.missing import missing
from tools.abi_reference.pages import FOLDER, pages
from tools.compiler import sources

COMPLETE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
/// @notice Says what it is.
interface IPlanted {
    /// @notice Says what it is.
    enum Kind { One, Two }
    /// @notice Says what it is.
    /// @param kind Which.
    /// @param amount Wei.
    struct Item { Kind kind; uint256 amount; }
    /// @notice Says what it is.
    /// @param item Which.
    event Added(Item indexed item);
    /// @notice Says what it is.
    /// @param asked Wei.
    error TooMuch(uint256 asked);
    /// @notice Says what it is.
    /// @param items Which.
    /// @param to Where.
    /// @return total Wei.
    /// @return Whether.
    function add(Item[] calldata items, address to) external returns (uint256 total, bool);
}
/// @notice Says what it is.
contract Planted is IPlanted, Ownable {
    /// @notice Says what it is.
    uint256 public count;
    /// @param owner Who.
    constructor(address owner) Ownable(owner) {}
    /// @inheritdoc IPlanted
    function add(Item[] calldata things, address) external returns (uint256, bool) {
        if (things.length == 0) revert TooMuch(++count);
        emit Added(things[0]);
        return (things[0].amount, true);
    }
}
"""

# What is said if the n-th line of NatSpec is not there; None if that is no lack.
COMPLAINTS = [
    "Planted: no @notice",
    "enum IPlanted.Kind: no @notice",
    "struct IPlanted.Item: no @notice",
    "struct IPlanted.Item: no @param kind",
    "struct IPlanted.Item: no @param amount",
    "IPlanted: event Added: no @notice",
    "IPlanted: event Added: no @param item",
    "IPlanted: error TooMuch: no @notice",
    "IPlanted: error TooMuch: no @param asked",
    "IPlanted: function add: no @notice",
    "IPlanted: function add: no @param items",
    "IPlanted: function add: no @param to",
    # The compiler itself wants the name of a return value.
    None,
    "IPlanted: function add: no @return 1",
    None,
    "Planted: function count: no @notice",
    "Planted: constructor: no @param owner",
    None,
]


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    return read(sources())


def planted(left_out: int) -> str:
    """The source without its n-th line of NatSpec, its contract called after that."""
    lines = COMPLETE.replace("Planted", f"Planted{left_out}").splitlines()
    spec = [place for place, line in enumerate(lines) if "///" in line]
    del lines[spec[left_out]]
    return "\n".join(lines)


def test_the_pages_are_up_to_date_and_nothing_is_missing(contracts: list[Contract]) -> None:
    assert missing(contracts) == []
    assert differences(pages(contracts), FOLDER) == [], "run `python -m tools.abi_reference --write`"


def test_every_line_of_natspec_is_missed() -> None:
    assert missing(read({"contracts/Planted.sol": COMPLETE})) == []
    numbers = [number for number, complaint in enumerate(COMPLAINTS) if complaint]
    found = read({f"contracts/Planted{number}.sol": planted(number) for number in numbers})
    said = {contract.name: missing([contract]) for contract in found}
    assert said == {f"Planted{n}": [str(COMPLAINTS[n]).replace("Planted", f"Planted{n}")] for n in numbers}


def test_what_is_openzeppelins_needs_no_description_of_ours() -> None:
    [contract] = read({"contracts/Planted.sol": COMPLETE})
    foreign = {entry.signature for entry in contract.of("function", ours=False)}
    assert foreign == {"owner()", "renounceOwnership()", "transferOwnership(address)"}
    assert [entry.source for entry in contract.of("error", ours=False)] == ["Ownable", "Ownable"]


def test_a_page_names_selectors_topics_and_who_may_call(contracts: list[Contract]) -> None:
    written = pages(contracts)
    assert "`0x81bbba58`, view\n" in written["ReputationRegistry.md"]
    anchored = written["ReceiptRegistry.md"]
    assert "nonpayable, restricted to DRAWER\n" in anchored
    assert "restricted to PARAMETERS, who waits 2 days\n" in written["PaymentRouter.md"]
    assert "`0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef`" in written["ClusterToken.md"]
    assert set(written) == {"README.md"} | {f"{contract.name}.md" for contract in contracts}


def test_a_page_that_is_not_as_it_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "Same.md").write_text("same")
    (tmp_path / "Old.md").write_text("old")
    (tmp_path / "Other.md").write_text("other")
    found = differences({"Same.md": "same", "Old.md": "new", "New.md": "new"}, tmp_path)
    name = tmp_path.name
    assert found == [
        f"{name}/Old.md is out of date",
        f"{name}/New.md is out of date",
        f"{name}/Other.md is of no contract",
    ]

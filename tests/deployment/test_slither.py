"""Slither sees our contracts, and no finding passes without an explanation."""

from pathlib import Path

import pytest

from tools.slither import Finding, compile_contracts, findings, unexplained

PLANTED = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IERC20 {
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

contract Planted {
    mapping(address account => uint256) public owed;

    function deposit() external payable {
        owed[msg.sender] += msg.value;
    }

    function withdraw() external {
        (bool ok, ) = msg.sender.call{value: owed[msg.sender]}("");
        require(ok);
        owed[msg.sender] = 0;
    }

    function sweep(address payable to) external {
        require(tx.origin == address(0xdead));
        to.transfer(address(this).balance);
    }

    function drain(IERC20 token, address from) external {
        token.transferFrom(from, msg.sender, 1);
    }
}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    base: Path = tmp_path_factory.mktemp("planted")
    (base / "contracts" / "test").mkdir(parents=True)
    (base / "contracts" / "Planted.sol").write_text(PLANTED)
    (base / "contracts" / "test" / "Local.sol").write_text(PLANTED.replace("Planted", "Local"))
    compile_contracts(base / "contracts", base / "build")
    return findings(base, base / "build")


def test_planted_bugs_are_found(found: list[Finding]) -> None:
    assert {
        ("reentrancy-eth", "Planted.withdraw"),
        ("tx-origin", "Planted.sweep"),
        ("arbitrary-send-erc20", "Planted.drain"),
        ("unchecked-transfer", "Planted.drain"),
    } <= {(finding.check, finding.place) for finding in found}


def test_contracts_of_local_chains_are_not_judged(found: list[Finding]) -> None:
    assert {finding.place.split(".")[0] for finding in found if finding.check != "pragma"} <= {"Planted", "IERC20"}


def explained(*places: str, why: str = "because") -> dict[str, object]:
    return {"at": {"tx-origin": [{"why": why, "places": list(places)}]}}


ORIGIN = Finding("tx-origin", "Planted.sweep", "uses tx.origin")
OTHER = Finding("tx-origin", "Planted.drain", "uses tx.origin")


def test_a_finding_passes_only_where_it_is_explained() -> None:
    assert unexplained([ORIGIN, OTHER], {}) == ([ORIGIN, OTHER], [])
    assert unexplained([ORIGIN, OTHER], explained("Planted.sweep")) == ([OTHER], [])
    assert unexplained([ORIGIN, OTHER], {"everywhere": {"tx-origin": "because"}}) == ([], [])


def test_an_explanation_without_a_reason_explains_nothing() -> None:
    assert unexplained([ORIGIN], explained("Planted.sweep", why=" ")) == ([ORIGIN], [])
    assert unexplained([ORIGIN], {"everywhere": {"tx-origin": ""}}) == ([ORIGIN], [])


def test_an_explanation_of_nothing_is_named() -> None:
    idle = ["tx-origin at Planted.gone"]
    assert unexplained([ORIGIN], explained("Planted.sweep", "Planted.gone")) == ([], idle)
    assert unexplained([], {"everywhere": {"assembly": "because"}}) == ([], ["assembly (everywhere)"])

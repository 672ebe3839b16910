"""A mutant is judged by the tests that execute it, and its result is taken again exactly while it must be the same."""

import json
from pathlib import Path

import pytest

from tools.compiler import Compiler
from tools.coverage.sources import read
from tools.mutants import evidence, results
from tools.mutants.evidence import Evidence, Executed, of_code, of_test
from tools.mutants.operators import Mutant, mutants_of
from tools.mutants.results import Results
from tools.mutants.runner import Outcome, Result
from tools.mutants.survey import Survey, trees_of

NAME = "contracts/Planted.sol"
USER = "contracts/User.sol"
TEXT = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Planted {
    uint256 public constant MOST = 5;
    uint256 public total;
    function add(uint256 amount) external {
        if (amount > MOST) revert();
        total += amount;
    }
    function least(uint256 one, uint256 two) external pure returns (uint256) {
        return one < two ? one : two;
    }
}
"""


@pytest.fixture(scope="module")
def survey() -> Survey:
    with Compiler() as compiler:
        tree = trees_of(compiler, {NAME: TEXT})[NAME]
    return Survey(
        {NAME: TEXT},
        mutants_of(NAME, TEXT, tree),
        {NAME: [f"{NAME}:Planted"]},
        {NAME: {NAME}, USER: {NAME, USER}},
        {NAME: read(NAME, TEXT, tree)},
    )


def place(text: str) -> tuple[str, tuple[int, int]]:
    return NAME, (TEXT.index(text), TEXT.index(text) + len(text))


def known(fingerprints: dict[str, str]) -> dict[str, Executed]:
    places = {
        "refused": [place("if (amount > MOST) revert()")],
        "added": [place("if (amount > MOST) revert()"), place("total += amount")],
        "least": [place("return one < two ? one : two")],
        "user": [(USER, (0, 1))],
    }
    return {name: Executed(fingerprints[name], 0.1, True, places[name]) for name in places}


def mutant(survey: Survey, name: str) -> Mutant:
    (found,) = (mutant for mutant in survey.mutants if mutant.name == f"Planted.{name}")
    return found


def test_a_mutant_is_tested_by_what_executes_its_statement(survey: Survey) -> None:
    executed = Evidence(
        survey.sources, survey.closures, known(dict.fromkeys(("refused", "added", "least", "user"), ""))
    )
    asked = {
        "add: no statement: total += amount;": ["added"],
        "add: comparison: amount > MOST -> (amount >= MOST)": ["added", "refused"],
        "least: comparison: one < two -> (one <= two)": ["least"],
        # A constant is no statement: all that execute anything made of the source.
        "MOST: off by one: 5 -> (5 + 1)": ["added", "least", "refused", "user"],
    }
    assert {name: executed.executing(mutant(survey, name)) for name in asked} == asked


def test_a_result_holds_while_code_and_its_tests_are_the_same(
    survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "mutants.json")
    same = {"refused": "1", "added": "2", "least": "3", "user": "4"}
    killed = mutant(survey, "add: comparison: amount > MOST -> (amount >= MOST)")
    survivor = mutant(survey, "add: no statement: total += amount;")
    other = mutant(survey, "least: comparison: one < two -> (one <= two)")
    first = Results(survey, Evidence(survey.sources, survey.closures, known(same)))
    first.put(Result(killed, Outcome.KILLED, 0.2, "refused"))
    first.put(Result(survivor, Outcome.SURVIVED, 0.3))
    assert len(json.loads((tmp_path / "mutants.json").read_text())) == 2

    def holding(text: str, fingerprints: dict[str, str]) -> list[Mutant]:
        changed = Survey({NAME: text}, survey.mutants, survey.targets, survey.closures, survey.sources)
        earlier = Results(changed, Evidence(survey.sources, survey.closures, known(fingerprints)))
        return [result.mutant for result in earlier.still_holding([killed, survivor, other])]

    assert holding(TEXT, same) == [killed, survivor]
    assert holding(TEXT.replace("MIT", "MIT "), same) == [killed, survivor]
    assert holding(TEXT.replace("MOST = 5", "MOST = 6"), same) == []
    assert holding(TEXT, {**same, "refused": "new"}) == [survivor]
    assert holding(TEXT, {**same, "added": "new"}) == [killed]
    assert holding(TEXT, {**same, "least": "new"}) == [killed, survivor]


def test_code_is_the_same_whatever_its_comments_say() -> None:
    code = 'a = "ipfs://x"; // why\n/// @dev\nb;'
    assert of_code({"x": code}) == of_code({"x": '/* but\n why */ a =  "ipfs://x";\nb;'})
    assert of_code({"x": code}) != of_code({"x": code.replace("ipfs", "https")})
    assert of_code({"x": code}) != of_code({"x": code.replace("b", "c")})


def test_a_test_is_the_same_while_its_lines_and_helpers_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    file, helper = tmp_path / "test_x.py", tmp_path / "world.py"

    def fingerprint(text: str, helping: str = "y = 1") -> str:
        evidence._module.cache_clear()
        evidence._helpers.cache_clear()
        file.write_text(text)
        helper.write_text(helping)
        return of_test("test_x.py::test_one[a]")

    text = "z = 1\ndef test_one(p):\n    assert p\ndef test_two():\n    assert z\n"
    same = fingerprint(text)
    assert fingerprint(text.replace("assert z", "assert not z") + "# said\n") == same
    assert fingerprint(text.replace("assert p", "assert not p")) != same
    assert fingerprint(text.replace("z = 1", "z = 2")) != same
    assert fingerprint(text, "y = 2") != same

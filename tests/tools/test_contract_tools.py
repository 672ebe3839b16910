"""Coverage tells what ran, also in calls that revert or only read; mutants are the mistakes they say they are."""

from collections.abc import Iterator

import pytest
from pyrevm import EVM

from cluster.chain.codec import Codec
from tools.compiler import SETTINGS, CompilationFailed, Compiler
from tools.coverage import report
from tools.coverage.instrument import Probes, assemble, compile_probed, hit_in, instrument
from tools.coverage.sources import read
from tools.mutants.__main__ import explained, judge
from tools.mutants.operators import Mutant, mutants_of
from tools.mutants.runner import Outcome, Result

NAME = "contracts/Planted.sol"
TEXT = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Planted {
    uint256 public immutable LIMIT;
    uint256 public total;
    event Added(uint256 amount, uint256 total);
    error TooMuch();
    modifier small(uint256 amount) {
        if (amount > LIMIT) revert TooMuch();
        _;
    }
    constructor(uint256 limit) {
        LIMIT = limit;
    }
    function add(uint256 amount) external small(amount) {
        total += amount;
        emit Added(amount, total);
    }
    function kind(uint256 amount) external pure returns (uint256) {
        if (amount > 3 && amount < 10) {
            return 1;
        }
        return amount == 0 ? 7 : 8;
    }
}
"""
ALICE = "0x000000000000000000000000000000000000a11c"


@pytest.fixture(scope="module")
def compiler() -> Iterator[Compiler]:
    with Compiler() as warm:
        yield warm


def test_coverage_is_what_ran(compiler: Compiler) -> None:
    trees, assemblies = compile_probed(compiler, {NAME: TEXT}, SETTINGS)
    sources, probes = {NAME: read(NAME, TEXT, trees[NAME])}, Probes()
    instrument(assemblies["Planted"], sources, probes)
    creation, _ = assemble(compiler, assemblies["Planted"], SETTINGS)
    engine = EVM()

    def row() -> report.Row:
        (found,) = report.rows(sources, probes, hit_in(engine))
        return found

    assert (row().lines, len(row().missed_lines)) == (11, 11)
    assert (row().branches, len(row().missed_ways)) == (8, 8)

    planted = engine.deploy(ALICE, bytes.fromhex(creation) + (100).to_bytes(32, "big"))
    assert row().missed_lines == [8, 9, 15, 16, 17, 19, 20, 21, 23]

    codec = Codec(
        [{"type": "function", "name": n, "inputs": [{"type": "uint256"}], "outputs": []} for n in ("add", "kind")]
    )
    add, kind = (codec.function(name, 1).calldata for name in ("add", "kind"))
    before = engine.snapshot()
    with pytest.raises(RuntimeError, match="Revert"):
        engine.message_call(ALICE, planted, calldata=add((101,)))
    engine.revert(before)
    assert row().missed_lines == [16, 17, 19, 20, 21, 23]
    assert row().missed_ways[0] == "9: if never false"

    engine.message_call(ALICE, planted, calldata=add((100,)))
    assert row().missed_lines == [19, 20, 21, 23]

    for amount, ways in (
        (2, {"20: if never true", "20: left of && never true", "23: conditional never true"}),
        (0, {"20: if never true", "20: left of && never true"}),
        (10, {"20: if never true"}),
        (4, set()),
    ):
        engine.message_call(ALICE, planted, calldata=kind((amount,)), is_static=True)
        assert set(row().missed_ways) == ways
    assert row().missed_lines == []


def test_mutants_change_what_they_say_and_nothing_else(compiler: Compiler) -> None:
    trees, _ = compile_probed(compiler, {NAME: TEXT}, SETTINGS)
    mutants = {mutant.name: mutant for mutant in mutants_of(NAME, TEXT, trees[NAME])}
    assert {
        "Planted.small: no revert: revert TooMuch();",
        "Planted.small: comparison: amount > LIMIT -> (amount >= LIMIT)",
        "Planted.constructor: zero: limit -> 0",
        "Planted.add: no modifier: small(amount)",
        "Planted.add: no statement: total += amount;",
        "Planted.add: assignment: total += amount -> total -= amount",
        "Planted.add: no event: emit Added(amount, total);",
        "Planted.add: arguments: amount, total -> total, amount",
        "Planted.kind: and/or: amount > 3 && amount < 10 -> (amount > 3 || amount < 10)",
        "Planted.kind: off by one: 10 -> (10 + 1)",
        "Planted.kind: ternary: amount == 0 ? 7 : 8 -> 8",
    } <= mutants.keys()
    changed = mutants["Planted.small: comparison: amount > LIMIT -> (amount >= LIMIT)"].applied(TEXT)
    assert changed == TEXT.replace("if (amount > LIMIT)", "if ((amount >= LIMIT))")
    compile_probed(compiler, {NAME: changed}, SETTINGS)
    with pytest.raises(CompilationFailed, match="TooMuch"):
        compile_probed(compiler, {NAME: TEXT.replace("error TooMuch();", "")}, SETTINGS)


def test_a_survivor_needs_an_explanation_and_an_explanation_a_survivor() -> None:
    killed, other, survivor = (Mutant(name, NAME, 0, 0, "") for name in ("killed", "other", "survivor"))
    results = [Result(killed, Outcome.KILLED, 0.0)] * 18 + [Result(other, Outcome.SAME_CODE, 0.0)]
    results.append(Result(survivor, Outcome.SURVIVED, 0.0))
    reasons = explained('[[acceptable]]\nmutants = ["survivor", "killed"]\nwhy = "said"\n')
    assert judge(results, {}, everything=False)[1] == ["survived without explanation: survivor"]
    assert judge(results, reasons, everything=True)[1] == ["explained, but does not survive (any more): killed"]
    percent, wrong = judge([*results, results[-1], results[-1]], reasons, everything=False)
    assert (round(percent, 1), wrong) == (85.7, ["85.7 % killed, 90.0 % wanted"])

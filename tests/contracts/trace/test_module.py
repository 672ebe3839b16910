"""What the module takes from the market, and what governance may set."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from eth_abi import encode

from cluster.chain import artifacts
from cluster.testing import reverts
from offchain.compute.faults import Fault
from offchain.compute.program import Kind, Program
from tests.compute.tiny import TINY
from tests.contracts.trace.court import (
    CLAIM_TYPE,
    CLOCK,
    JOB,
    PENDING,
    PROVE_TIME,
    VALID,
    WINDOW,
    Court,
    claim_id,
    game,
    proof,
    said,
)
from tests.contracts.trace.tampers import element

NOBODY = "0x" + "00" * 20


def test_a_claim_is_taken_and_stands_after_its_window(court: Court) -> None:
    claim = said().claim
    receipt = court.open(claim)
    receipt.expect("ClaimOpened", jobId=JOB, windowEnd=court.chain.time + WINDOW)
    assert receipt.return_value == court.chain.time + WINDOW
    assert court.module.claimOf(JOB)[:2] == (claim.hash(), court.chain.time + WINDOW)
    court.chain.mine(WINDOW)
    assert court.status() == (PENDING, NOBODY)
    court.chain.mine()
    assert court.status() == (VALID, NOBODY)
    assert court.module.status(JOB + 1) == (PENDING, NOBODY)


def test_a_window_lasts_as_long_as_the_market_wants(court: Court) -> None:
    until = court.chain.time + 3 * WINDOW
    assert court.open(said().claim, openUntil=until).return_value == until


def test_a_proof_is_heard_in_the_last_second_of_the_window_and_not_after(court: Court) -> None:
    told = said()
    with element(Random(1), told, told.trace.run.op(12)) as (claim, fault):
        court.open(claim)
        end = court.chain.time + WINDOW
        court.chain.mine(WINDOW + 1)
        for content in (proof(claim, fault), game(claim)):
            with reverts("WindowEnded", JOB, end):
                court.submit(content)
        court.chain.mine(-1)
        court.submit(proof(claim, fault))


def test_only_the_market_hands_over_claims_and_proofs(court: Court) -> None:
    claim = said().claim
    aux = encode([CLAIM_TYPE], [(*vars(claim).values(),)])
    with reverts("NotMarket", court.anyone.address):
        court.module.onClaim(JOB, court.market_claim(claim), aux, sender=court.anyone)
    with reverts("NotMarket", court.anyone.address):
        court.module.submit(JOB, court.anyone, game(claim), sender=court.anyone)


@pytest.mark.parametrize("field", ["programRoot", "modelRoot", "inputRoot", "outputRoot", "traceRoot"])
def test_the_claim_is_the_one_that_the_market_knows(court: Court, field: str) -> None:
    with reverts("ClaimMismatch"):
        court.open(said().claim, JOB, **{field: b"\x01" * 32})


@pytest.mark.parametrize(
    "changes",
    [
        {"id": b"\x01" * 32},
        {"seed": b"\x01" * 32},
        {"salt_hash": b"\x01" * 32},
        {"input_root": b"\x01" * 32},
        {"prompt_tokens": 4},
        {"completion_tokens": 4},
        {"max_tokens": 99},
        {"beta": 1},
    ],
)
def test_every_field_of_a_claim_is_bound(court: Court, changes: dict[str, Any]) -> None:
    told = court.market_claim(said().claim)
    claim = replace(said().claim, **changes)
    with reverts("ClaimMismatch"):
        court.open(claim, **told)


def test_an_id_binds_chain_market_job_and_operator(court: Court) -> None:
    for job, operator in ((JOB, court.operator), (8, court.operator), (JOB, court.carl)):
        assert court.module.claimId(job, operator) == claim_id(court.market, operator, job)
    with reverts("ClaimMismatch"):
        court.open(said().claim, operator=court.carl.address)
    with reverts("ClaimMismatch"):
        court.open(replace(said().claim, id=claim_id(court.market, court.operator, chain=1)))


@pytest.mark.parametrize(
    ("prompt", "completion", "most"), [(0, 5, 5), (300, 0, 5), (300, 6, 5), (590, 11, 11), (2**32 - 1, 1, 1)]
)
def test_counts_fit_the_request_and_the_context(court: Court, prompt: int, completion: int, most: int) -> None:
    claim = replace(said().claim, prompt_tokens=prompt, completion_tokens=completion, max_tokens=most)
    with reverts("InvalidCounts"):
        court.open(claim)


def test_the_inverse_temperature_is_bounded(court: Court) -> None:
    court.open(replace(said().claim, beta=2**24))
    with reverts("InvalidBeta", 2**24 + 1):
        court.open(replace(said().claim, beta=2**24 + 1))


AT = {"layers": 0, "heads": 8, "kv_heads": 16, "context": 24, "ffn": 40, "vocab": 56, "eos": 88, "eps": 120}


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": 0},
        {"layers": 101},
        {"heads": 0},
        {"heads": 7},
        {"heads": 27, "kv_heads": 9},
        {"kv_heads": 0},
        {"kv_heads": 2},
        {"kv_heads": 6, "heads": 9},
        {"context": 2049},
        {"context": 0},
        {"ffn": 0},
        {"ffn": 100},
        {"ffn": 1728},
        {"vocab": 0},
        {"vocab": 193},
        {"vocab": 65_664},
        {"eos": 384},
        {"eps": 0},
    ],
)
def test_a_program_that_formulas_do_not_cover_is_refused(court: Court, changes: dict[str, int]) -> None:
    """As the reference refuses it."""
    word = sum({**vars(TINY), **changes}[field] << at for field, at in AT.items()).to_bytes(32, "big")
    with pytest.raises(ValueError, match="no such program"):
        Program.read(word)
    with reverts("InvalidProgram", word):
        court.open(replace(said().claim, program=word))


def test_a_program_has_nothing_above_its_fields(court: Court) -> None:
    word = (int.from_bytes(TINY.word) | 1 << 152).to_bytes(32, "big")
    with reverts("InvalidProgram", word):
        court.open(replace(said().claim, program=word))


def test_what_is_no_proof_is_not_heard(court: Court) -> None:
    claim = said().claim
    court.open(claim)
    for content in (b"", b"\0" * 32, game(claim)[:-1], b"\0" + proof_of_nothing()[1:], bytes(4096)):
        with reverts("InvalidProof"):
            court.submit(content)


def proof_of_nothing() -> bytes:
    return proof(said().claim, Fault(Kind.PAD, 0, 0, 0, 0, []))


def test_a_game_is_about_the_claim(court: Court) -> None:
    claim = said().claim
    court.open(claim)
    with reverts("ClaimMismatch"):
        court.submit(game(replace(claim, trace_root=b"\x01" * 32)))


def figures_of(court: Court) -> tuple[int, ...]:
    return tuple(vars(court.module.parameters()).values())


def test_figures_are_set_by_governance_within_bounds(court: Court) -> None:
    module, admin = court.module, court.admin
    assert figures_of(court) == (WINDOW, CLOCK, PROVE_TIME)
    module.setParameters((60, 60, 60), sender=admin).expect("ParametersSet")
    assert figures_of(court) == (60, 60, 60)
    with reverts("AccessManagedUnauthorized", court.anyone.address):
        module.setParameters((60, 60, 60), sender=court.anyone)
    bounds = [(60, 14 * 86_400), (60, 6 * 86_400), (60, 86_400)]
    for i, (low, high) in enumerate(bounds):
        for value in (low - 1, high + 1):
            figures = [60, 60, 60]
            figures[i] = value
            with reverts("OutOfBounds", value, low, high):
                module.setParameters(tuple(figures), sender=admin)


def test_it_says_what_it_is(court: Court) -> None:
    assert court.module.tier() == 1
    assert court.module.market() == court.market.address
    assert court.module.verifier() == court.verifier.address
    claim = said().claim
    told, values = court.market_claim(claim), tuple(vars(claim).values())
    assert court.module.requestHash(values) == told["inputRoot"]
    assert court.module.answerHash(values) == told["outputRoot"]


def test_code_fits_a_contract(court: Court) -> None:
    for name in ("TraceModule", "FaultVerifier"):
        assert len(artifacts.load(name).runtime) < 24_576

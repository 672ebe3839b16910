"""A proof of every kind fits its limit at SmolLM2-135M's widths. `bench/poc_gas.py` has the figures, from a node."""

import pytest

from bench.poc_gas import floor, limit
from tests.contracts.trace import widths
from tests.contracts.trace.court import INVALID, JOB, Court, proof

COLD = 15_000
"""What a node charges more, at most: here what earlier transactions touched stays warm."""


@pytest.mark.parametrize("name", widths.NAMES)
def test_a_proof_fits_its_limit(court: Court, name: str) -> None:
    claim, fault = widths.forged(name)
    court.open(claim)
    content = proof(claim, fault)
    assert floor(court.module.submit.calldata(JOB, court.carl, content)) <= limit(name)
    court.module.submit(JOB, court.carl, content, sender=court.market, gas=limit(name) - COLD)
    assert court.status() == (INVALID, court.carl.address)

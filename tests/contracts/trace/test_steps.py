"""What the chain recomputes is what the Python reference computes, formula by formula."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

import pytest

from cluster.testing import Account, Chain, Contract
from offchain.compute import trees
from tests.contracts.trace.vectors import FORMULAS, Formula, drawn

AT_ONCE = 500
DRAWS = 6_000
T = TypeVar("T")


def batches(vectors: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(vectors), AT_ONCE):
        yield vectors[first : first + AT_ONCE]


@pytest.fixture(scope="module")
def witness() -> Contract:
    return Chain().deploy("StepWitness", sender=Account("witness"))


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f"{f.kind.name}-{f.n}")
def test_a_step_on_chain_is_the_reference(witness: Contract, formula: Formula) -> None:
    rng = Random(f"{formula.kind.name} {formula.n}")
    vectors = [formula.make(rng, formula.n) for _ in range(formula.count)]
    for batch in batches(vectors):
        data = b"".join(vector for vector, _ in batch)
        found = witness.recompute(formula.kind, len(batch[0][0]), formula.n, data)
        for (vector, expected), value in zip(batch, found, strict=True):
            assert value == expected, vector.hex()


def test_a_draw_on_chain_is_the_reference(witness: Contract) -> None:
    rng, n, m = Random("draws"), 5, 6
    for batch in batches([drawn(rng, n, m) for _ in range(DRAWS)]):
        chunks, places = witness.drawn(n, m, b"".join(data for data, _, _ in batch))
        for (data, chunk, place), found in zip(batch, zip(chunks, places, strict=True), strict=True):
            assert found == (chunk, place), data.hex()


def test_salts_and_random_bits_are_the_reference(witness: Contract) -> None:
    rng = Random("salts")
    for _ in range(100):
        secret, op, row = rng.randbytes(32), rng.getrandbits(32), rng.getrandbits(32)
        assert witness.salted(secret, op, row) == (trees.salt(secret, op, row), trees.draw(secret, row))


def test_a_run_takes_100_000_vectors() -> None:
    assert sum(formula.count for formula in FORMULAS) + DRAWS >= 100_000

"""The same bits, whatever computes them."""

import hashlib

import numpy as np
import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from offchain.compute import kernels, steps
from offchain.compute.engines import Blas, Compiled, Engine, Plain64
from offchain.compute.keccak import keccak_many
from offchain.compute.model import Tensor
from offchain.compute.program import Run
from offchain.compute.session import choose, generate
from offchain.compute.weights import Matrix
from tests.compute.conversation import SEED, scene
from tests.compute.tiny import tiny

INT32 = st.integers(-(2**31) + 1, 2**31 - 1)
EDGES = [0, 1, -1, 2**13, -(2**13), 2**24, -(2**24), 2**31 - 1, -(2**31) + 1]


def digests(engine: Engine, tokens: list[int]) -> list[str]:
    found = []

    def take(_op: int, tensor: Tensor) -> None:
        arrays = tensor if isinstance(tensor, tuple) else (tensor,)
        found.append(hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in arrays)).hexdigest())

    model = tiny()
    model.run(Run(model.program, len(tokens) - 4, 5, True), [*tokens, 0], 60_000, take, engine)
    return found


@pytest.mark.parametrize("positions", [5, 31, 33, 257, 300])
def test_three_engines_give_the_same_bits_of_every_op(positions: int) -> None:
    tokens = [(13 * i * i + i) % tiny().program.vocab for i in range(positions)]
    compiled = digests(Compiled(), tokens)
    assert len(compiled) == tiny().program.ops
    assert digests(Blas(), tokens) == compiled
    assert digests(Plain64(), tokens) == compiled


@pytest.mark.parametrize("beta", [0, 65_536])
def test_generation_with_a_cache_gives_the_tokens_of_the_whole_run(beta: int) -> None:
    played = scene(beta)
    logits: list[Tensor] = []
    tail = played.model.program.tail
    tokens = [*played.said.prompt, *played.said.completion]
    played.model.run(played.run, tokens, beta, lambda op, tensor: logits.append(tensor) if op == tail + 1 else None)
    rows = np.asarray(logits[0])
    assert [choose(row, beta, SEED, step) for step, row in enumerate(rows)] == list(played.said.completion)


def test_a_seed_gives_the_same_answer_again_and_another_one_another() -> None:
    answers = [list(generate(tiny(), [5, 6, 7], 12, 65_536, bytes([seed]) * 32)) for seed in (1, 1, 2)]
    assert answers[0] == answers[1] != answers[2]


@settings(max_examples=60, deadline=None)
@given(st.lists(INT32 | st.sampled_from(EDGES), min_size=192, max_size=192), st.data())
def test_rows_of_any_values_are_normalised_as_the_reference_does(x: list[int], data: st.DataObject) -> None:
    w = data.draw(st.lists(st.integers(-32768, 32767), min_size=192, max_size=192))
    row = np.array([x], np.int32)
    for engine in (Compiled(), Plain64()):
        q, shifts = engine.normq(row, np.array(w), 2684)
        assert (int(shifts[0]), q[0].tolist()) == steps.normq(x, w, 2684)


@settings(max_examples=60, deadline=None)
@given(st.lists(INT32 | st.sampled_from(EDGES), min_size=384, max_size=384))
def test_rows_of_any_values_are_quantised_gated_and_added_as_the_reference_does(x: list[int]) -> None:
    row = np.array([x], np.int32)
    for engine in (Compiled(), Plain64()):
        peaks = engine.peak(row)
        assert peaks[0].tolist() == [steps.peak(x[:192]), steps.peak(x[192:])]
        q, shifts = engine.quant(row, peaks)
        assert int(shifts[0]) == steps.shift_of(steps.peak(x))
        assert q[0].tolist() == [steps.code(value, int(shifts[0])) for value in x]
        assert engine.swiglu(row)[0].tolist() == [steps.swiglu(g, u) for g, u in zip(x[:192], x[192:], strict=True)]
        assert engine.add(row[:, :192], row[:, 192:])[0].tolist() == [
            steps.sat32(a + b) for a, b in zip(x[:192], x[192:], strict=True)
        ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 18), st.integers(0, 2**24 - 1), st.integers(0, 255), st.sampled_from([14, 16]), st.data())
def test_a_dot_product_is_the_references_at_its_bounds(
    shift: int, m: int, s: int, out: int, data: st.DataObject
) -> None:
    k = 1536
    extreme = data.draw(st.booleans())
    draw = st.sampled_from([-8191, 8191]) if extreme else st.integers(-8191, 8191)
    q = data.draw(st.lists(draw, min_size=8, max_size=8)) * (k // 8)
    w = data.draw(st.lists(st.sampled_from([-127, 127]) if extreme else st.integers(-127, 127), min_size=8, max_size=8))
    matrix = Matrix(np.array([w * (k // 8)], np.int8), np.array([m]), np.array([s]))
    rows = (np.array([q], np.int16), np.array([shift]))
    wanted = steps.linear((shift, q), m, s, w * (k // 8), out)
    for engine in (Compiled(), Blas(), Plain64()):
        assert engine.linear(rows, matrix, out)[0, 0] == wanted


@settings(deadline=None)
@given(st.integers(0, 2**33))
def test_the_exponential_is_the_references_and_close_to_the_true_one(y: int) -> None:
    assert kernels.exp(y) == steps.exp(y)
    assert abs(steps.exp(y) / 2**30 - np.exp(-y / 65536)) < 2e-5


@given(
    st.integers(0, 2**62 - 1)
    | st.integers(0, 2**31 - 1).map(lambda r: r * r)
    | st.integers(1, 2**31 - 1).map(lambda r: r * r - 1)
)
def test_integer_roots_are_exact(value: int) -> None:
    r = kernels.isqrt(value)
    assert r * r <= value < (r + 1) * (r + 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=40), st.sampled_from([1, 4, 8]), st.integers(0, 2**32))
def test_hashes_of_many_messages_are_those_of_each(counts: list[int], size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2**8, sum(counts) * size, np.uint8).view(f"u{size}")
    headers = rng.integers(0, 2**8, (len(counts), 61), np.uint8)
    starts = np.cumsum([0, *counts[:-1]])
    found = keccak_many(headers, values, starts, np.array(counts))
    for i, (start, count) in enumerate(zip(starts, counts, strict=True)):
        data = values[start : start + count]
        assert bytes(found[i]) == keccak(headers[i].tobytes() + data.astype(data.dtype.newbyteorder(">")).tobytes())

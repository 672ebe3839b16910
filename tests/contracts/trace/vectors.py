"""Random inputs of every formula with its edges, and what the Python reference makes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from offchain.compute import steps
from offchain.compute.program import Kind


def integer(rng: Random, bits: int) -> int:
    """Signed: an edge, a power of two or next to one, of any length, or anything."""
    top = 1 << (bits - 1)
    which = rng.random()
    if which < 0.2:
        return rng.choice((0, 1, -1, top - 1, -top, 1 - top))
    if which < 0.4:
        power = 1 << rng.randrange(bits - 1)
        return rng.choice((power, -power)) + rng.choice((-1, 0, 1))
    if which < 0.7:
        return rng.getrandbits(rng.randrange(1, bits)) * rng.choice((1, -1))
    return rng.getrandbits(bits) - top


def integers(rng: Random, bits: int, count: int) -> list[int]:
    """Of any mixture, of one sign and size at times: sums come to their bounds."""
    if rng.random() < 0.2:
        return [integer(rng, bits)] * count
    return [integer(rng, bits) for _ in range(count)]


def packed(values: list[int], bits: int) -> bytes:
    return b"".join(value.to_bytes(bits // 8, "big", signed=True) for value in values)


def unsigned(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


Vector = tuple[bytes, int]
"""What the contract gets, and what has to come out."""


@dataclass(frozen=True)
class Formula:
    """`n` values where that varies; `make` gives vectors that are all of one length."""

    kind: Kind
    count: int
    n: int
    make: Callable[[Random, int], Vector]


def multiplier(rng: Random) -> tuple[int, int]:
    return rng.choice((0, 1, 2**24 - 1, 2**32 - 1, rng.getrandbits(24))), rng.choice((0, 1, 76, 255, rng.randrange(90)))


def embed(rng: Random, n: int) -> Vector:
    (m, s), w, i = multiplier(rng), integers(rng, 8, n), rng.randrange(n)
    return unsigned(m, 4) + unsigned(s, 1) + packed(w, 8) + unsigned(i, 1), steps.embed(m, s, w[i])


def normq(rng: Random, n: int) -> Vector:
    """The right row, or one value or the shift next to it."""
    x, w, eps = integers(rng, 32, n), integers(rng, 16, n), rng.choice((1, 2684, 2**32 - 1))
    shift, q = steps.normq(x, w, eps)
    row = bytearray(unsigned(shift, 1) + packed(q, 16))
    wrong = rng.random() < 0.5
    if wrong:
        row[rng.randrange(len(row))] ^= 1 << rng.randrange(8)
    return unsigned(eps, 4) + bytes(row) + packed(x, 32) + packed(w, 16), int(wrong)


def linear(rng: Random, n: int) -> Vector:
    (m, s), w, q = multiplier(rng), integers(rng, 8, n), integers(rng, 16, n)
    shift, out = rng.choice((0, 13, 255, rng.randrange(40))), rng.choice((14, 16))
    data = unsigned(shift, 1) + packed(q, 16) + unsigned(m, 4) + unsigned(s, 1) + packed(w, 8) + unsigned(out, 1)
    return data, steps.linear((shift, q), m, s, w, out)


def rope(rng: Random, _: int) -> Vector:
    (a, b), (c, s), odd = integers(rng, 32, 2), integers(rng, 16, 2), rng.randrange(2)
    return packed([a, b], 32) + packed([c, s], 16) + unsigned(odd, 1), steps.rope(a, b, c, s)[odd]


def score(rng: Random, _: int) -> Vector:
    q, k = integers(rng, 32, 64), integers(rng, 32, 64)
    return packed(q + k, 32), steps.score(q, k)


def largest(bits: int) -> Callable[[Random, int], Vector]:
    def make(rng: Random, n: int) -> Vector:
        values = integers(rng, bits, n)
        return packed(values, bits), max(values)

    return make


def attend(rng: Random, n: int) -> Vector:
    """Scores near the maximum, where weights are not 0, as often as any; the sum of the weights at times."""
    top, before = integer(rng, 32), integer(rng, 64)
    near = rng.random() < 0.5
    scores = [max(-(2**31), top - rng.getrandbits(20)) for _ in range(n)] if near else integers(rng, 32, n)
    values = integers(rng, 32, n)
    return packed([*scores, top], 32) + packed([before], 64) + packed(values, 32), steps.attend(
        scores, top, values, before
    )


def weight_sum(rng: Random, n: int) -> Vector:
    top, before = integer(rng, 32), integer(rng, 64)
    scores = [max(-(2**31), top - rng.getrandbits(rng.randrange(1, 23))) for _ in range(n)]
    return packed([*scores, top], 32) + packed([before], 64), steps.attend(scores, top, [1] * n, before)


def divide(rng: Random, _: int) -> Vector:
    total, weight = integer(rng, 64), integer(rng, 64)
    return packed([total, weight], 64), steps.divide(total, weight)


def peak(rng: Random, n: int) -> Vector:
    values = integers(rng, 32, n)
    return packed(values, 32), steps.peak(values)


def quant(rng: Random, _: int) -> Vector:
    most, value = abs(integer(rng, 56)), integer(rng, 56)
    shift = steps.shift_of(most)
    return packed([most, value], 64), (shift << 128) + steps.code(value, shift)


def add(rng: Random, _: int) -> Vector:
    a, b = integer(rng, 32), integer(rng, 32)
    return packed([a, b], 32), steps.sat32(a + b)


def swiglu(rng: Random, _: int) -> Vector:
    g, u = rng.choice((integer(rng, 32), integer(rng, 20))), integer(rng, 32)
    return packed([g, u], 32), steps.swiglu(g, u)


def chunk_max(rng: Random, n: int) -> Vector:
    first, logits = rng.randrange(65536 - n), integers(rng, 32, n)
    return unsigned(first, 4) + packed(logits, 32), steps.chunk_max(logits, first)


def any_logits(rng: Random, n: int) -> tuple[list[int], int, int]:
    """Logits, TOP and beta: as they come from one another, or anything."""
    beta = rng.choice((1, 65536, 1 << 24, rng.getrandbits(24)))
    logits = integers(rng, rng.choice((18, 22, 32)), n)
    if rng.random() < 0.7:
        return logits, max(logits) * 65536 + rng.getrandbits(16), beta
    return logits, integer(rng, 64), beta


def chunk_sum(rng: Random, n: int) -> Vector:
    logits, top, beta = any_logits(rng, n)
    return packed([top], 64) + unsigned(beta, 4) + packed(logits, 32), steps.chunk_sum(logits, top, beta)


def greedy(rng: Random, _: int) -> Vector:
    top = integer(rng, 64)
    return packed([top], 64), steps.greedy(top)


FORMULAS = [
    Formula(Kind.EMBED, 7_000, 9, embed),
    Formula(Kind.NORMQ, 7_000, 16, normq),
    Formula(Kind.LINEAR, 7_000, 32, linear),
    Formula(Kind.LINEAR, 100, 1536, linear),
    Formula(Kind.ROPE, 8_000, 0, rope),
    Formula(Kind.SCORE, 5_000, 0, score),
    Formula(Kind.MAX, 6_000, 9, largest(32)),
    Formula(Kind.ATTEND, 7_000, 7, attend),
    Formula(Kind.ATTEND, 3_000, 7, weight_sum),
    Formula(Kind.DIVIDE, 8_000, 0, divide),
    Formula(Kind.PEAK, 6_000, 9, peak),
    Formula(Kind.QUANT, 8_000, 0, quant),
    Formula(Kind.ADD, 7_000, 0, add),
    Formula(Kind.SWIGLU, 8_000, 0, swiglu),
    Formula(Kind.CHUNKMAX, 6_000, 9, chunk_max),
    Formula(Kind.TOP, 6_000, 9, largest(64)),
    Formula(Kind.SUM, 6_000, 9, chunk_sum),
    Formula(Kind.TOKEN, 6_000, 0, greedy),
]


def drawn(rng: Random, n: int, m: int) -> tuple[bytes, int, int]:
    """A draw among `n` sums, honest or any, and `m` logits: the chunk and the place in it."""
    draw = rng.choice((0, 2**64 - 1, rng.getrandbits(64)))
    logits, top, beta = any_logits(rng, m)
    sums = [rng.getrandbits(38) for _ in range(n)] if rng.random() < 0.7 else integers(rng, 64, n)
    chunk, within = steps.drawn_chunk(sums, draw)
    place = steps.drawn_index(steps.weights_of(logits, top, beta), within)
    data = unsigned(draw, 8) + packed([top], 64) + unsigned(beta, 4) + packed(sums, 64) + packed(logits, 32)
    return data, chunk, place

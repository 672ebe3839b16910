"""The reference of each step, in plain integers: docs/proof-of-compute.md, section 5. What the chain recomputes.

Every function is total: it takes any values of the types that leaves can hold.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import isqrt

POLYNOMIAL = (744171342, 257114721, 57148382, 7335691)
"""Of 2^-x: `power` below."""
LOG2_E = 94548
"""log2(e), Q16."""
FAR = 40 << 16
"""Beyond this e^-y is not told apart, Q16."""
CODE = 8191
"""The largest activation."""

Row = tuple[int, list[int]]
"""A row of activations: its shift, its values."""


def clamp(value: int, bound: int) -> int:
    return max(-bound, min(bound, value))


def sat32(value: int) -> int:
    return clamp(value, 2**31 - 1)


def sat24(value: int) -> int:
    return clamp(value, 2**23 - 1)


def quo(a: int, b: int) -> int:
    """Rounds towards zero, as the EVM's SDIV; 0 if b is 0."""
    if b == 0:
        return 0
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def rounded(value: int, shift: int) -> int:
    return (value + (1 << shift >> 1)) >> shift


def power(f: int) -> int:
    """2^30 · 2^(-f/65536), for 0 <= f < 65536."""
    c1, c2, c3, c4 = POLYNOMIAL
    return 2**30 - ((f * (c1 - ((f * (c2 - ((f * (c3 - ((f * c4) >> 16))) >> 16))) >> 16))) >> 16)


def exp(y: int) -> int:
    """e^-y, Q30, of y >= 0 in Q16."""
    u = (min(y, FAR) * LOG2_E) >> 16
    return power(u & 65535) >> (u >> 16)


def scale(m: int, s: int, fraction: int, value: int) -> int:
    """A sum of products times its row's multiplier, to the fraction bits wanted."""
    return sat32(rounded(value * m, max(1, min(62, s + fraction))))


def embed(m: int, s: int, w: int) -> int:
    return scale(m, s, -14, w)


def shift_of(peak: int) -> int:
    return max(0, peak.bit_length() - 13)


def code(value: int, shift: int) -> int:
    return clamp(rounded(value, shift), CODE)


def normq(x: Sequence[int], w: Sequence[int], eps: int) -> Row:
    d = len(x)
    s = max(0, max(map(abs, x)).bit_length() - 24)
    z = [v >> s for v in x]
    r = max(1, isqrt(((sum(v * v for v in z) + ((eps * d) >> (2 * s))) // d) << 12))
    inverse = 2**50 // r
    y = [(((v * inverse) >> 28) * f + 2048) >> 12 for v, f in zip(z, w, strict=True)]
    shift = shift_of(max(map(abs, y)))
    return shift, [code(v, shift) for v in y]


def linear(row: Row, m: int, s: int, w: Sequence[int], out: int) -> int:
    shift, q = row
    return scale(m, s, 16 - out - shift, sum(a * b for a, b in zip(q, w, strict=True)))


def rope(a: int, b: int, c: int, s: int) -> tuple[int, int]:
    return sat24((a * c - b * s + 2**17) >> 18), sat24((a * s + b * c + 2**17) >> 18)


def score(q: Sequence[int], k: Sequence[int]) -> int:
    return sat32(sum(a * b for a, b in zip(q, k, strict=True)) >> 11)


def attend(scores: Sequence[int], top: int, values: Sequence[int], before: int) -> int:
    """`values` are the positions' values of one channel, or ones for the sum of the weights."""
    return before + sum((exp(max(0, top - s)) >> 10) * v for s, v in zip(scores, values, strict=True))


def divide(total: int, weight: int) -> int:
    return sat32(quo(total, weight)) if weight > 0 else 0


def peak(values: Sequence[int]) -> int:
    return min(2**31 - 1, max(map(abs, values)))


def swiglu(g: int, u: int) -> int:
    y = exp(abs(g))
    sigmoid = 2**46 // (2**30 + y) if g >= 0 else (y << 16) // (2**30 + y)
    return sat32((((g * sigmoid) >> 16) * u + 2**15) >> 16)


def chunk_max(logits: Sequence[int], first: int) -> int:
    """`first` is the vocabulary index of the first of them."""
    return max(value * 65536 + 65535 - first - i for i, value in enumerate(logits))


def weights_of(logits: Sequence[int], top: int, beta: int) -> list[int]:
    """What each is drawn with, Q30; `top` is the TOP value."""
    return [exp((max(0, (top >> 16) - value) * beta) >> 16) for value in logits]


def chunk_sum(logits: Sequence[int], top: int, beta: int) -> int:
    return sum(weights_of(logits, top, beta))


def greedy(top: int) -> int:
    return 65535 - (top & 65535)


def drawn_chunk(sums: Sequence[int], draw: int) -> tuple[int, int]:
    """The chunk that a draw of 64 bits falls into, and how far into it, of the SUM row."""
    threshold = (draw * sum(sums)) >> 64
    before = 0
    for chunk, upto in enumerate(accumulate(sums)):
        if upto > threshold:
            return chunk, threshold - before
        before = upto
    return len(sums) - 1, threshold - before + sums[-1]


def drawn_index(weights: Sequence[int], threshold: int) -> int:
    """The place within the chunk."""
    for i, upto in enumerate(accumulate(weights)):
        if upto > threshold:
            return i
    return len(weights) - 1

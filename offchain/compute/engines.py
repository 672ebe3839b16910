"""Three engines that compute the ops of a run over whole tensors. They give the same bits; `Compiled` is the fast one.

What they share is what an op reads and the types it has. `Compiled` runs `kernels`. `Blas` and `Plain64` are NumPy:
one multiplies matrices with floats, in pieces whose sums stay below 2^24 and so are exact in any order, the other in
int64.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from offchain.compute import kernels
from offchain.compute.program import HEAD, SPAN, WIDTH
from offchain.compute.steps import CODE, FAR, LOG2_E, POLYNOMIAL
from offchain.compute.weights import Matrix

I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Rows = tuple[I16, I64]
"""Activations and their shifts."""
Turns = tuple[I64, I64]
"""Cosines and sines."""


class Engine(Protocol):
    """The ops. Tensors have a row a position; attention's are [t, h, p], [t, c, h] and [t, c, h, 65]."""

    def embed(self, tokens: I64, table: Matrix) -> I32: ...
    def normq(self, x: I32, w: I64, eps: int) -> Rows: ...
    def linear(self, rows: Rows, matrix: Matrix, out: int) -> I32: ...
    def rope(self, x: I32, turns: Turns) -> I32: ...
    def score(self, roped: I32, heads: int) -> I32: ...
    def max(self, scores: I32) -> I32: ...
    def attend(self, scores: I32, tops: I32, values: I32) -> I64: ...
    def divide(self, totals: I64) -> I32: ...
    def peak(self, x: I32) -> I32: ...
    def quant(self, x: I32, peaks: I32) -> Rows: ...
    def add(self, a: I32, b: I32) -> I32: ...
    def swiglu(self, x: I32) -> I32: ...
    def chunk_max(self, logits: I32) -> I64: ...
    def chunk_sum(self, logits: I32, tops: I64, beta: int) -> I64: ...


def spans(positions: int) -> int:
    return -(-positions // SPAN)


class Compiled:
    """Loops compiled by numba; a few threads can run it at once."""

    def embed(self, tokens: I64, table: Matrix) -> I32:
        x = np.empty((len(tokens), table.w.shape[1]), np.int32)
        kernels.embed(tokens, table.w, table.m, table.s, x)
        return x

    def normq(self, x: I32, w: I64, eps: int) -> Rows:
        q, shifts = np.empty(x.shape, np.int16), np.empty(len(x), np.int64)
        kernels.normq(x, w, eps, q, shifts)
        return q, shifts

    def linear(self, rows: Rows, matrix: Matrix, out: int) -> I32:
        y = np.empty((len(rows[0]), len(matrix.w)), np.int32)
        kernels.linear(rows[0], rows[1], matrix.w, matrix.m, matrix.s, out, y)
        return y

    def rope(self, x: I32, turns: Turns) -> I32:
        y = np.empty_like(x)
        kernels.rope(x, 0, turns[0], turns[1], y)
        return y

    def score(self, roped: I32, heads: int) -> I32:
        scores = np.zeros((len(roped), heads, len(roped)), np.int32)
        kernels.score(roped, np.ascontiguousarray(roped[:, heads * HEAD :]), 0, heads, scores)
        return scores

    def max(self, scores: I32) -> I32:
        tops = np.zeros((len(scores), spans(len(scores)), scores.shape[1]), np.int32)
        kernels.running_max(scores, 0, tops)
        return tops

    def attend(self, scores: I32, tops: I32, values: I32) -> I64:
        totals = np.zeros((*tops.shape, HEAD + 1), np.int64)
        kernels.attend(scores, tops, values, 0, totals)
        return totals

    def divide(self, totals: I64) -> I32:
        out = np.empty((len(totals), totals.shape[2] * HEAD), np.int32)
        kernels.divide(totals, 0, out)
        return out

    def peak(self, x: I32) -> I32:
        peaks = np.empty((len(x), x.shape[1] // WIDTH), np.int32)
        kernels.peak(x, peaks)
        return peaks

    def quant(self, x: I32, peaks: I32) -> Rows:
        q, shifts = np.empty(x.shape, np.int16), np.empty(len(x), np.int64)
        kernels.quant(x, peaks, q, shifts)
        return q, shifts

    def add(self, a: I32, b: I32) -> I32:
        out = np.empty_like(a)
        kernels.add(a, b, out)
        return out

    def swiglu(self, x: I32) -> I32:
        out = np.empty((len(x), x.shape[1] // 2), np.int32)
        kernels.swiglu(x, out)
        return out

    def chunk_max(self, logits: I32) -> I64:
        out = np.empty((len(logits), logits.shape[1] // WIDTH), np.int64)
        kernels.chunk_max(logits, out)
        return out

    def chunk_sum(self, logits: I32, tops: I64, beta: int) -> I64:
        out = np.empty((len(logits), logits.shape[1] // WIDTH), np.int64)
        kernels.chunk_sum(logits, tops, beta, out)
        return out


def sat(values: I64, bits: int = 31) -> I32:
    most = 2**bits - 1
    return np.clip(values, -most, most).astype(np.int32)


def lengths(values: I64) -> I64:
    """Bit lengths of values below 2^53."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)


def exps(y: I64) -> I64:
    c1, c2, c3, c4 = POLYNOMIAL
    u = (np.clip(y, 0, FAR) * LOG2_E) >> 16
    f = u & 65535
    poly = (f * (c1 - ((f * (c2 - ((f * (c3 - ((f * c4) >> 16))) >> 16))) >> 16))) >> 16
    return np.asarray((2**30 - poly) >> (u >> 16), np.int64)


def roots(values: I64) -> I64:
    """Integer square roots of values below 2^62."""
    r = np.sqrt(values.astype(np.float64)).astype(np.int64)
    r -= r * r > values
    return r + ((r + 1) * (r + 1) <= values)


def coded(x: I64, most: I64) -> Rows:
    shifts = np.maximum(0, lengths(most) - 13)
    half = (np.int64(1) << shifts) >> 1
    q = np.clip((x + half[:, None]) >> shifts[:, None], -CODE, CODE)
    return q.astype(np.int16), shifts


class Plain64:
    """NumPy in int64."""

    def products(self, q: I16, matrix: Matrix) -> I64:
        """Exact sums [t, n]."""
        return np.asarray(q.astype(np.int64) @ matrix.w.astype(np.int64).T, np.int64)

    def embed(self, tokens: I64, table: Matrix) -> I32:
        e = np.clip(table.s[tokens] - 14, 1, 62)[:, None]
        return sat((table.w[tokens] * table.m[tokens][:, None] + ((np.int64(1) << e) >> 1)) >> e)

    def normq(self, x: I32, w: I64, eps: int) -> Rows:
        wide, d = x.astype(np.int64), x.shape[1]
        s = np.maximum(0, lengths(np.abs(wide).max(1)) - 24)
        z = wide >> s[:, None]
        mean = ((z * z).sum(1) + (np.int64(eps * d) >> (2 * s))) // d
        inverse = 2**50 // np.maximum(1, roots(mean << 12))
        y = (((z * inverse[:, None]) >> 28) * w + 2048) >> 12
        return coded(y, np.abs(y).max(1))

    def linear(self, rows: Rows, matrix: Matrix, out: int) -> I32:
        e = np.clip(matrix.s[None] + 16 - out - rows[1][:, None], 1, 62)
        return sat((self.products(rows[0], matrix) * matrix.m + ((np.int64(1) << e) >> 1)) >> e)

    def rope(self, x: I32, turns: Turns) -> I32:
        pairs = x.astype(np.int64).reshape(len(x), -1, HEAD // 2, 2)
        c, s = (turn[: len(x), None] for turn in turns)
        a, b = pairs[..., 0], pairs[..., 1]
        y = np.stack([(a * c - b * s + 2**17) >> 18, (a * s + b * c + 2**17) >> 18], -1)
        return sat(y, 23).reshape(x.shape)

    def score(self, roped: I32, heads: int) -> I32:
        t = len(roped)
        parts = roped.astype(np.int64).reshape(t, -1, HEAD)
        group = heads // (parts.shape[1] - heads)
        keys = np.repeat(parts[:, heads:], group, axis=1)
        scores = sat(np.einsum("thi,phi->thp", parts[:, :heads], keys) >> 11)
        scores[np.broadcast_to(~causal(t)[:, None], scores.shape)] = 0
        return scores

    def max(self, scores: I32) -> I32:
        t = len(scores)
        held = np.where(causal(t)[:, None], scores.astype(np.int64), -(2**31))
        tops = np.zeros((t, spans(t), scores.shape[1]), np.int32)
        for c in range(spans(t)):
            tops[SPAN * c :, c] = held[SPAN * c :, :, : SPAN * (c + 1)].max(2)
        return tops

    def attend(self, scores: I32, tops: I32, values: I32) -> I64:
        t, heads = scores.shape[:2]
        last = tops[np.arange(t), np.arange(t) // SPAN].astype(np.int64)
        w = np.where(causal(t)[:, None], exps(last[:, :, None] - scores) >> 10, 0)
        v = np.repeat(values.astype(np.int64).reshape(t, -1, HEAD), heads * HEAD // values.shape[1], axis=1)
        v = np.concatenate([v, np.ones((t, heads, 1), np.int64)], 2)
        totals = np.zeros((*tops.shape, HEAD + 1), np.int64)
        for c in range(spans(t)):
            end = SPAN * (c + 1)
            totals[SPAN * c :, c] = np.einsum("thp,phi->thi", w[SPAN * c :, :, :end], v[:end])
        return totals

    def divide(self, totals: I64) -> I32:
        t = np.arange(len(totals))
        final = totals[t, t // SPAN]
        value, weight = final[..., :HEAD], final[..., HEAD:]
        return sat(np.sign(value) * (np.abs(value) // weight)).reshape(len(totals), -1)

    def peak(self, x: I32) -> I32:
        return sat(np.abs(x.astype(np.int64)).reshape(len(x), -1, WIDTH).max(2))

    def quant(self, x: I32, peaks: I32) -> Rows:
        return coded(x.astype(np.int64), peaks.max(1).astype(np.int64))

    def add(self, a: I32, b: I32) -> I32:
        return sat(a.astype(np.int64) + b)

    def swiglu(self, x: I32) -> I32:
        g, u = np.split(x.astype(np.int64), 2, axis=1)
        y = exps(np.abs(g))
        sigmoid = np.where(g >= 0, np.int64(2**46), y << 16) // (2**30 + y)
        return sat((((g * sigmoid) >> 16) * u + 2**15) >> 16)

    def chunk_max(self, logits: I32) -> I64:
        keys = logits.astype(np.int64) * 65536 + 65535 - np.arange(logits.shape[1])
        return np.asarray(keys.reshape(len(logits), -1, WIDTH).max(2), np.int64)

    def chunk_sum(self, logits: I32, tops: I64, beta: int) -> I64:
        e = exps((((tops >> 16) - logits) * beta) >> 16)
        return np.asarray(e.reshape(len(logits), -1, WIDTH).sum(2), np.int64)


class Blas(Plain64):
    """As `Plain64`, but for the matrices: float32 products of 7-bit halves of the activations."""

    SPLIT = 768
    """Terms a product: 768 · 127 · 128 < 2^24."""

    def products(self, q: I16, matrix: Matrix) -> I64:
        high = q >> 7
        halves = np.concatenate([high, q - (high << 7)]).astype(np.float32)
        w = matrix.w.astype(np.float32)
        total = np.zeros((2 * len(q), len(w)), np.int64)
        for k in range(0, q.shape[1], self.SPLIT):
            total += (halves[:, k : k + self.SPLIT] @ w[:, k : k + self.SPLIT].T).astype(np.int64)
        return (total[: len(q)] << 7) + total[len(q) :]


def causal(positions: int) -> NDArray[np.bool_]:
    """[t, p]: whether p is at or before t."""
    return np.tri(positions, dtype=np.bool_)

"""The steps over whole tensors, compiled. `steps` says what each computes; the tests hold these to it, bit by bit.

Rows are positions. A call may be for rows start, start + 1, …, with the keys and values of all positions before.
"""

import math

import numpy as np
from numpy.typing import NDArray

from offchain.compute.jit import jit
from offchain.compute.program import HEAD, SPAN, WIDTH
from offchain.compute.steps import FAR, LOG2_E, POLYNOMIAL

I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

MOST32 = 2**31 - 1
MOST24 = 2**23 - 1
BLOCK = 32
C1, C2, C3, C4 = POLYNOMIAL


@jit
def clamp(value: int, most: int) -> int:
    return min(max(value, -most), most)


@jit
def exp(y: int) -> int:
    u = (min(max(y, 0), FAR) * LOG2_E) >> 16
    f = u & 65535
    return (2**30 - ((f * (C1 - ((f * (C2 - ((f * (C3 - ((f * C4) >> 16))) >> 16))) >> 16))) >> 16)) >> (u >> 16)


@jit
def bit_length(value: int) -> int:
    n = 0
    while value > 0:
        value >>= 1
        n += 1
    return n


@jit
def isqrt(value: int) -> int:
    """Of value < 2^62: the float's root is at most one off."""
    r = int(math.sqrt(value))
    while r * r > value:
        r -= 1
    while (r + 1) * (r + 1) <= value:
        r += 1
    return r


@jit
def embed(tokens: I64, w: I8, m: I64, s: I64, x: I32) -> None:
    for t in range(len(tokens)):
        n = tokens[t]
        e = min(max(s[n] - 14, 1), 62)
        half = 1 << (e - 1)
        for i in range(x.shape[1]):
            x[t, i] = clamp((w[n, i] * m[n] + half) >> e, MOST32)


@jit
def quantise(y: I64, peak: int, q: I16) -> int:
    """Writes a row's activations; returns their shift."""
    shift = max(0, bit_length(peak) - 13)
    half = (1 << shift) >> 1
    for i in range(len(y)):
        q[i] = clamp((y[i] + half) >> shift, 8191)
    return shift


@jit
def normq(x: I32, w: I64, eps: int, q: I16, shifts: I64) -> None:
    d = x.shape[1]
    y = np.empty(d, np.int64)
    for t in range(len(x)):
        most = 0
        for i in range(d):
            most = max(most, abs(np.int64(x[t, i])))
        s = max(0, bit_length(most) - 24)
        total = 0
        for i in range(d):
            z = np.int64(x[t, i] >> s)
            total += z * z
        inverse = (1 << 50) // max(1, isqrt(((total + ((eps * d) >> (2 * s))) // d) << 12))
        most = 0
        for i in range(d):
            v = (((np.int64(x[t, i] >> s) * inverse) >> 28) * w[i] + 2048) >> 12
            y[i] = v
            most = max(most, abs(v))
        shifts[t] = quantise(y, most, q[t])


@jit
def dot(x: I16, w: I8) -> np.int32:
    total = np.int32(0)
    for i in range(len(x)):
        total = np.int32(total + np.int32(x[i]) * np.int32(w[i]))
    return total


@jit
def linear(q: I16, shifts: I64, w: I8, m: I64, s: I64, out: int, y: I32) -> None:
    """For `BLOCK` positions at a time, whose activations stay in the cache, while the weights pass by."""
    for first in range(0, len(q), BLOCK):
        end = min(first + BLOCK, len(q))
        for n in range(len(w)):
            row = w[n]
            for t in range(first, end):
                e = min(max(s[n] + 16 - out - shifts[t], 1), 62)
                y[t, n] = clamp((np.int64(dot(q[t], row)) * m[n] + (1 << (e - 1))) >> e, MOST32)


@jit
def rope(x: I32, start: int, cos: I64, sin: I64, y: I32) -> None:
    half = 1 << 17
    for t in range(len(x)):
        for h in range(0, x.shape[1], HEAD):
            for i in range(HEAD // 2):
                a, b = np.int64(x[t, h + 2 * i]), np.int64(x[t, h + 2 * i + 1])
                c, s = cos[start + t, i], sin[start + t, i]
                y[t, h + 2 * i] = clamp((a * c - b * s + half) >> 18, MOST24)
                y[t, h + 2 * i + 1] = clamp((a * s + b * c + half) >> 18, MOST24)


@jit
def score(q: I32, keys: I32, start: int, heads: int, out: I32) -> None:
    """out[t, h, p] for p <= start + t; the rest is left as it was."""
    group = heads // (keys.shape[1] // HEAD)
    for t in range(len(q)):
        for h in range(heads):
            row, at = q[t, h * HEAD : h * HEAD + HEAD], h // group * HEAD
            for p in range(start + t + 1):
                key = keys[p, at : at + HEAD]
                total = np.int64(0)
                for i in range(HEAD):
                    total += np.int64(row[i]) * np.int64(key[i])
                out[t, h, p] = clamp(total >> 11, MOST32)


@jit
def running_max(scores: I32, start: int, out: I32) -> None:
    """out[t, c, h]: the highest score of the positions up to those of chunk c."""
    for t in range(len(scores)):
        for h in range(scores.shape[1]):
            most = scores[t, h, 0]
            for c in range((start + t) // SPAN + 1):
                for p in range(SPAN * c, min(SPAN * (c + 1), start + t + 1)):
                    most = max(most, scores[t, h, p])
                out[t, c, h] = most


@jit
def attend(scores: I32, tops: I32, values: I32, start: int, out: I64) -> None:
    """out[t, c, h, 0:64]: values weighted up to chunk c; out[t, c, h, 64]: the weights."""
    heads = scores.shape[1]
    group = heads // (values.shape[1] // HEAD)
    weights = np.empty(SPAN, np.int64)
    total = np.empty(HEAD, np.int64)
    for t in range(len(scores)):
        last = (start + t) // SPAN
        for h in range(heads):
            at = h // group * HEAD
            top = np.int64(tops[t, last, h])
            total[:] = 0
            weight = 0
            for c in range(last + 1):
                first, end = SPAN * c, min(SPAN * (c + 1), start + t + 1)
                for p in range(first, end):
                    e = exp(top - scores[t, h, p]) >> 10
                    weights[p - first] = e
                    weight += e
                for p in range(first, end):
                    e32 = np.int32(weights[p - first])
                    if e32 > 0:
                        row = values[p, at : at + HEAD]
                        for i in range(HEAD):
                            total[i] += np.int64(e32) * np.int64(row[i])
                for i in range(HEAD):
                    out[t, c, h, i] = total[i]
                out[t, c, h, HEAD] = weight


@jit
def divide(totals: I64, start: int, out: I32) -> None:
    for t in range(len(out)):
        last = (start + t) // SPAN
        for h in range(totals.shape[2]):
            weight = totals[t, last, h, HEAD]
            for i in range(HEAD):
                value = totals[t, last, h, i]
                out[t, h * HEAD + i] = clamp(value // weight if value >= 0 else -(-value // weight), MOST32)


@jit
def peak(x: I32, out: I32) -> None:
    for t in range(len(x)):
        for c in range(out.shape[1]):
            most = 0
            for i in range(WIDTH * c, WIDTH * (c + 1)):
                most = max(most, abs(np.int64(x[t, i])))
            out[t, c] = most


@jit
def quant(x: I32, peaks: I32, q: I16, shifts: I64) -> None:
    for t in range(len(x)):
        most = 0
        for c in range(peaks.shape[1]):
            most = max(most, np.int64(peaks[t, c]))
        shift = max(0, bit_length(most) - 13)
        half = (1 << shift) >> 1
        for i in range(x.shape[1]):
            q[t, i] = clamp((np.int64(x[t, i]) + half) >> shift, 8191)
        shifts[t] = shift


@jit
def add(a: I32, b: I32, out: I32) -> None:
    for t in range(len(a)):
        for i in range(a.shape[1]):
            out[t, i] = clamp(np.int64(a[t, i]) + np.int64(b[t, i]), MOST32)


@jit
def swiglu(x: I32, out: I32) -> None:
    f = out.shape[1]
    for t in range(len(x)):
        for i in range(f):
            g, u = np.int64(x[t, i]), np.int64(x[t, f + i])
            y = exp(abs(g))
            sigmoid = ((1 << 46) if g >= 0 else (y << 16)) // ((1 << 30) + y)
            out[t, i] = clamp((((g * sigmoid) >> 16) * u + 32768) >> 16, MOST32)


@jit
def chunk_max(logits: I32, out: I64) -> None:
    for t in range(len(logits)):
        for c in range(out.shape[1]):
            most = -(1 << 62)
            for n in range(WIDTH * c, WIDTH * (c + 1)):
                most = max(most, np.int64(logits[t, n]) * 65536 + 65535 - n)
            out[t, c] = most


@jit
def chunk_sum(logits: I32, tops: I64, beta: int, out: I64) -> None:
    for t in range(len(logits)):
        top = tops[t, 0] >> 16
        for c in range(out.shape[1]):
            total = 0
            for n in range(WIDTH * c, WIDTH * (c + 1)):
                total += exp(((top - np.int64(logits[t, n])) * beta) >> 16)
            out[t, c] = total


@jit
def layer(
    x: I32,
    start: int,
    heads: int,
    eps: int,
    norm: I64,
    qk: tuple[I8, I64, I64],
    v: tuple[I8, I64, I64],
    o: tuple[I8, I64, I64],
    ffn_norm: I64,
    gate_up: tuple[I8, I64, I64],
    down: tuple[I8, I64, I64],
    cos: I64,
    sin: I64,
    keys: I32,
    values: I32,
) -> None:
    """All ops of a layer for the rows from `start` on: x becomes the residual stream behind it, keys and values of
    these rows are added to the caches [context, 64 · key heads].
    """
    t, d = x.shape
    upto = start + t
    f = down[0].shape[1]
    q, shifts = np.empty((t, d), np.int16), np.empty(t, np.int64)
    normq(x, norm, eps, q, shifts)
    mixed, roped = np.empty((t, len(qk[0])), np.int32), np.empty((t, len(qk[0])), np.int32)
    linear(q, shifts, qk[0], qk[1], qk[2], 16, mixed)
    rope(mixed, start, cos, sin, roped)
    keys[start:upto] = roped[:, heads * HEAD :]
    linear(q, shifts, v[0], v[1], v[2], 16, values[start:upto])
    scores = np.empty((t, heads, upto), np.int32)
    score(roped, keys, start, heads, scores)
    spans = (upto + SPAN - 1) // SPAN
    tops, totals = np.empty((t, spans, heads), np.int32), np.empty((t, spans, heads, HEAD + 1), np.int64)
    running_max(scores, start, tops)
    attend(scores, tops, values, start, totals)
    y, peaks = np.empty((t, d), np.int32), np.empty((t, d // WIDTH), np.int32)
    divide(totals, start, y)
    peak(y, peaks)
    quant(y, peaks, q, shifts)
    linear(q, shifts, o[0], o[1], o[2], 14, y)
    add(x, y, x)
    normq(x, ffn_norm, eps, q, shifts)
    wide, gated = np.empty((t, 2 * f), np.int32), np.empty((t, f), np.int32)
    linear(q, shifts, gate_up[0], gate_up[1], gate_up[2], 16, wide)
    swiglu(wide, gated)
    codes, tips = np.empty((t, f), np.int16), np.empty((t, f // WIDTH), np.int32)
    peak(gated, tips)
    quant(gated, tips, codes, shifts)
    linear(codes, shifts, down[0], down[1], down[2], 14, y)
    add(x, y, x)

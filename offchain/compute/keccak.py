"""Keccak-256 of many messages at once: `LANES` of them side by side, which compilers turn into vector code."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offchain.compute.jit import jit

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Unsigned = NDArray[np.unsignedinteger[Any]]

LANES = 8
RATE = 136
"""Bytes a block."""


def _round_constants() -> Words:
    """The 24 words of iota, from the LFSR that defines them."""
    words, state = [], 1
    for _ in range(24):
        word = 0
        for j in range(7):
            if state & 1:
                word |= 1 << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        words.append(word)
    return np.array(words, dtype=np.uint64)


ROUNDS = _round_constants()
U = np.uint64
ONE = np.uint64(1)


@jit
def turned(word: np.uint64, by: np.uint64) -> np.uint64:
    return (word << by) | (word >> (U(64) - by))


@jit
def permute_round(s: Words, word: np.uint64) -> None:
    """One round on `LANES` states: word x + 5y of state j is s[(x + 5y)·LANES + j]. Written out, so that the loop over
    j has no inner one and becomes vector code.
    """
    for j in range(LANES):
        a0, a1, a2, a3, a4 = s[0 * LANES + j], s[1 * LANES + j], s[2 * LANES + j], s[3 * LANES + j], s[4 * LANES + j]
        b0, b1, b2, b3, b4 = s[5 * LANES + j], s[6 * LANES + j], s[7 * LANES + j], s[8 * LANES + j], s[9 * LANES + j]
        c0, c1, c2, c3, c4 = (
            s[10 * LANES + j],
            s[11 * LANES + j],
            s[12 * LANES + j],
            s[13 * LANES + j],
            s[14 * LANES + j],
        )
        d0, d1, d2, d3, d4 = (
            s[15 * LANES + j],
            s[16 * LANES + j],
            s[17 * LANES + j],
            s[18 * LANES + j],
            s[19 * LANES + j],
        )
        e0, e1, e2, e3, e4 = (
            s[20 * LANES + j],
            s[21 * LANES + j],
            s[22 * LANES + j],
            s[23 * LANES + j],
            s[24 * LANES + j],
        )
        p0 = a0 ^ b0 ^ c0 ^ d0 ^ e0
        p1 = a1 ^ b1 ^ c1 ^ d1 ^ e1
        p2 = a2 ^ b2 ^ c2 ^ d2 ^ e2
        p3 = a3 ^ b3 ^ c3 ^ d3 ^ e3
        p4 = a4 ^ b4 ^ c4 ^ d4 ^ e4
        q0 = p4 ^ turned(p1, ONE)
        q1 = p0 ^ turned(p2, ONE)
        q2 = p1 ^ turned(p3, ONE)
        q3 = p2 ^ turned(p4, ONE)
        q4 = p3 ^ turned(p0, ONE)
        g0 = a0 ^ q0
        k1 = turned(b0 ^ q0, U(36))
        h2 = turned(c0 ^ q0, U(3))
        l3 = turned(d0 ^ q0, U(41))
        i4 = turned(e0 ^ q0, U(18))
        i0 = turned(a1 ^ q1, U(1))
        g1 = turned(b1 ^ q1, U(44))
        k2 = turned(c1 ^ q1, U(10))
        h3 = turned(d1 ^ q1, U(45))
        l4 = turned(e1 ^ q1, U(2))
        l0 = turned(a2 ^ q2, U(62))
        i1 = turned(b2 ^ q2, U(6))
        g2 = turned(c2 ^ q2, U(43))
        k3 = turned(d2 ^ q2, U(15))
        h4 = turned(e2 ^ q2, U(61))
        h0 = turned(a3 ^ q3, U(28))
        l1 = turned(b3 ^ q3, U(55))
        i2 = turned(c3 ^ q3, U(25))
        g3 = turned(d3 ^ q3, U(21))
        k4 = turned(e3 ^ q3, U(56))
        k0 = turned(a4 ^ q4, U(27))
        h1 = turned(b4 ^ q4, U(20))
        l2 = turned(c4 ^ q4, U(39))
        i3 = turned(d4 ^ q4, U(8))
        g4 = turned(e4 ^ q4, U(14))
        s[0 * LANES + j] = g0 ^ (~g1 & g2) ^ word
        s[1 * LANES + j] = g1 ^ (~g2 & g3)
        s[2 * LANES + j] = g2 ^ (~g3 & g4)
        s[3 * LANES + j] = g3 ^ (~g4 & g0)
        s[4 * LANES + j] = g4 ^ (~g0 & g1)
        s[5 * LANES + j] = h0 ^ (~h1 & h2)
        s[6 * LANES + j] = h1 ^ (~h2 & h3)
        s[7 * LANES + j] = h2 ^ (~h3 & h4)
        s[8 * LANES + j] = h3 ^ (~h4 & h0)
        s[9 * LANES + j] = h4 ^ (~h0 & h1)
        s[10 * LANES + j] = i0 ^ (~i1 & i2)
        s[11 * LANES + j] = i1 ^ (~i2 & i3)
        s[12 * LANES + j] = i2 ^ (~i3 & i4)
        s[13 * LANES + j] = i3 ^ (~i4 & i0)
        s[14 * LANES + j] = i4 ^ (~i0 & i1)
        s[15 * LANES + j] = k0 ^ (~k1 & k2)
        s[16 * LANES + j] = k1 ^ (~k2 & k3)
        s[17 * LANES + j] = k2 ^ (~k3 & k4)
        s[18 * LANES + j] = k3 ^ (~k4 & k0)
        s[19 * LANES + j] = k4 ^ (~k0 & k1)
        s[20 * LANES + j] = l0 ^ (~l1 & l2)
        s[21 * LANES + j] = l1 ^ (~l2 & l3)
        s[22 * LANES + j] = l2 ^ (~l3 & l4)
        s[23 * LANES + j] = l3 ^ (~l4 & l0)
        s[24 * LANES + j] = l4 ^ (~l0 & l1)


@jit
def permute(s: Words) -> None:
    """Keccak-f[1600]."""
    for word in ROUNDS:
        permute_round(s, word)


@jit
def absorb_and_squeeze(s: Words, blocks: Words, counts: Ints, width: int, out: Words, targets: Ints) -> None:
    """Hashes the `width` padded messages blocks[j], counts[j] blocks each, into out[targets[j]]."""
    s[:] = 0
    most = 0
    for j in range(width):
        most = max(most, counts[j])
    for block in range(most):
        for j in range(width):
            if block < counts[j]:
                for w in range(17):
                    s[w * LANES + j] ^= blocks[j, 17 * block + w]
        permute(s)
        for j in range(width):
            if block == counts[j] - 1:
                for w in range(4):
                    out[targets[j], w] = s[w * LANES + j]


@jit
def write_big_endian(values: Unsigned, size: int, into: Bytes) -> None:
    """Each of `values` as `size` bytes."""
    if size == 4:
        for k in range(len(values)):
            v = values[k]
            into[4 * k] = v >> 24
            into[4 * k + 1] = v >> 16
            into[4 * k + 2] = v >> 8
            into[4 * k + 3] = v
    elif size == 8:
        for k in range(len(values)):
            v = values[k]
            for b in range(8):
                into[8 * k + b] = v >> (56 - 8 * b)
    else:
        into[:] = values


@jit
def hash_all(
    headers: Bytes, values: Unsigned, size: int, starts: Ints, counts: Ints, order: Ints, longest: int, out: Words
) -> None:
    """Message i is headers[i], then values[starts[i]:][:counts[i]] big-endian. `order` makes those of one length
    neighbours; `longest` is the most blocks of one.
    """
    s = np.empty(25 * LANES, np.uint64)
    buffer = np.empty((LANES, longest * RATE), np.uint8)
    words = buffer.view(np.uint64)
    blocks = np.empty(LANES, np.int64)
    at = headers.shape[1]
    for first in range(0, len(order), LANES):
        targets = order[first : first + LANES]
        for j in range(len(targets)):
            i = targets[j]
            end = at + counts[i] * size
            blocks[j] = end // RATE + 1
            buffer[j, :at] = headers[i]
            write_big_endian(values[starts[i] : starts[i] + counts[i]], size, buffer[j, at:end])
            buffer[j, end : blocks[j] * RATE] = 0
            buffer[j, end] = 1
            buffer[j, blocks[j] * RATE - 1] |= 128
        absorb_and_squeeze(s, words, blocks, len(targets), out, targets)


def keccak_many(headers: Bytes, values: Unsigned, starts: Ints, counts: Ints) -> Bytes:
    """Hashes of `headers[i]` and `values[starts[i]:][:counts[i]]`, big-endian one after the other, as bytes [n, 32].

    `values` is unsigned: of 1, 4 or 8 bytes each.
    """
    n, at = headers.shape
    out = np.empty((n, 4), np.uint64)
    if n:
        size = values.itemsize
        order = np.argsort(counts, kind="stable")
        hash_all(headers, values, size, starts, counts, order, (int(counts.max()) * size + at) // RATE + 1, out)
    return out.view(np.uint8).reshape(n, 32)


@jit
def hash_pairs(nodes: Words, out: Words, s: Words) -> None:
    """out[i] is the hash of 0x01 ‖ nodes[2i] ‖ nodes[2i + 1]; s is scratch."""
    for first in range(0, len(out), LANES):
        width = min(LANES, len(out) - first)
        s[:] = 0
        for j in range(width):
            carried = U(1)
            for w in range(8):
                word = nodes[2 * (first + j) + w // 4, w % 4]
                s[w * LANES + j] = carried | (word << U(8))
                carried = word >> U(56)
            s[8 * LANES + j] = carried | U(0x0100)
            s[16 * LANES + j] = U(1) << U(63)
        permute(s)
        for j in range(width):
            for w in range(4):
                out[first + j, w] = s[w * LANES + j]


@jit
def hash_levels(nodes: Words, starts: Ints, counts: Ints, zeros: Words) -> None:
    """Fills a tree above its leaves. Level k is nodes[starts[k]:][:counts[k]]; behind an odd one is room for a node,
    which becomes zeros[k].
    """
    s = np.empty(25 * LANES, np.uint64)
    for level in range(len(counts) - 1):
        start, count = starts[level], counts[level]
        if count % 2:
            nodes[start + count] = zeros[level]
        above = starts[level + 1]
        hash_pairs(nodes[start : start + count + count % 2], nodes[above : above + counts[level + 1]], s)

"""The trace of a run: one Merkle tree over the values of all ops, hashed op by op while the run computes them.

Nothing but the ops asked for stays in memory: a trace is a function of its request, and is opened by making it again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from offchain.compute import forest, trees
from offchain.compute.engines import I64, Engine
from offchain.compute.faults import Opening
from offchain.compute.keccak import Bytes, Unsigned, keccak_many
from offchain.compute.model import Model, Sink, Tensor
from offchain.compute.program import SPAN, WIDTH, Kind, Op, Run, depth

HEADER = 61
"""Bytes of a leaf before its data."""


def data_of(run: Run, op: Op, tensor: Tensor) -> tuple[Unsigned, I64, I64]:
    """An op's values in a row, and for each place [row, chunk] which its leaf starts with and how many it has; 0 is
    none. Rows of activations come as bytes.
    """
    rows, chunks = np.arange(op.rows)[:, None], np.arange(op.chunks)[None]
    if isinstance(tensor, tuple):
        q, shifts = tensor
        data = np.empty((op.rows, 1 + 2 * op.width), np.uint8)
        data[:, 0] = shifts
        data[:, 1:] = q.astype(">i2").view(np.uint8)
        return data.reshape(-1), rows * data.shape[1], np.full((op.rows, 1), data.shape[1])
    heads, positions = run.program.heads, run.positions
    flat = np.ascontiguousarray(tensor.T if op.columns else tensor).reshape(-1)
    if op.columns:
        starts = rows * positions + SPAN * chunks
        counts = np.minimum(SPAN, positions - SPAN * chunks) + 0 * rows
    elif op.kind is Kind.SCORE:
        span, head = chunks // heads, chunks % heads
        starts = (rows * heads + head) * positions + SPAN * span
        counts = np.clip(rows + 1 - SPAN * span, 0, SPAN)
    elif op.kind in (Kind.MAX, Kind.ATTEND):
        each = heads if op.kind is Kind.MAX else tensor.shape[3]
        starts = (rows * op.chunks + chunks) * each
        counts = np.where(SPAN * (chunks if op.kind is Kind.MAX else chunks // heads) <= rows, each, 0)
    else:
        width = WIDTH if op.chunks > 1 else op.width
        starts = rows * op.width + width * chunks
        counts = np.minimum(width, op.width - width * chunks) + 0 * rows
    return flat.view(np.uint32 if op.size == 4 else np.uint64), starts, counts


@dataclass(frozen=True)
class Part:
    """One op of a trace, all of it."""

    op: Op
    values: Unsigned
    starts: I64
    counts: I64
    salts: Bytes
    tree: forest.Tree

    @property
    def root(self) -> bytes:
        return bytes(self.tree[-1][0])

    def leaf(self, row: int, chunk: int) -> bytes:
        """The data."""
        start = int(self.starts[row, chunk])
        values = self.values[start : start + int(self.counts[row, chunk])]
        return values.astype(values.dtype.newbyteorder(">")).tobytes()

    def differences(self, other: "Part") -> list[tuple[int, int]]:
        """The places (row, chunk) whose leaves differ, in order."""
        places = np.flatnonzero((self.tree[0] != other.tree[0]).any(1))
        return [divmod(int(place), 1 << depth(self.op.chunks)) for place in places]


def hashed(run: Run, op: Op, tensor: Tensor, claim: bytes, secret: bytes) -> Part:
    values, starts, counts = data_of(run, op, tensor)
    salts = salts_of(secret, op)
    rows, chunks = np.nonzero(counts)
    headers = np.empty((len(rows), HEADER), np.uint8)
    headers[:, 0] = 0
    headers[:, 1:33] = np.frombuffer(claim, np.uint8)
    headers[:, 33:37] = np.frombuffer(trees.u32(op.number), np.uint8)
    headers[:, 37:41] = rows.astype(">u4")[:, None].view(np.uint8)
    headers[:, 41:45] = chunks.astype(">u4")[:, None].view(np.uint8)
    headers[:, 45:] = salts[rows]
    leaves = np.zeros((op.rows << depth(op.chunks), 32), np.uint8)
    places = (rows << depth(op.chunks)) + chunks
    leaves[places] = keccak_many(headers, values, starts[rows, chunks], counts[rows, chunks])
    return Part(op, values, starts, counts, salts, forest.merkle(leaves))


def salts_of(secret: bytes, op: Op) -> Bytes:
    """A salt a row, [rows, 16]."""
    preimages = np.empty((op.rows, 41), np.uint8)
    preimages[:, :37] = np.frombuffer(b"\x04" + secret + trees.u32(op.number), np.uint8)
    preimages[:, 37:] = np.arange(op.rows, dtype=">u4")[:, None].view(np.uint8)
    nothing = np.zeros(op.rows, np.int64)
    return keccak_many(preimages, np.zeros(1, np.uint8), nothing, nothing)[:, :16]


@dataclass
class Trace:
    """The op roots, and the parts that were to be kept."""

    run: Run
    op_roots: list[bytes]
    parts: dict[int, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.top = trees.layers(self.op_roots)

    @property
    def root(self) -> bytes:
        return self.top[-1][0]

    def opening(self, op: int, row: int, chunk: int) -> Opening:
        """Of one leaf. Raises `KeyError` if the op was not kept."""
        part = self.parts[op]
        siblings = forest.path(part.tree, part.op.place(row, chunk)) + trees.path(self.top, op)
        return Opening(part.salts[row].tobytes(), part.leaf(row, chunk), siblings)

    def row_opening(self, op: int, row: int) -> Opening:
        """Of all chunks of a row."""
        part = self.parts[op]
        data = b"".join(part.leaf(row, chunk) for chunk in range(part.op.chunks))
        siblings = forest.path(part.tree, row, depth(part.op.chunks)) + trees.path(self.top, op)
        return Opening(part.salts[row].tobytes(), data, siblings)


def neighbours(run: Run, op: int) -> range:
    """All ops that a fault proof about an op may open: those of its layer or the tail, and the one before."""
    tail = run.program.tail
    if op >= tail:
        return range(tail - 1, run.program.ops)
    base = 1 + (max(op, 1) - 1) // 19 * 19
    return range(base - 1, base + 19)


def build(
    model: Model,
    run: Run,
    tokens: Sequence[int],
    beta: int,
    claim: bytes,
    secret: bytes,
    keep: Collection[int] = (),
    meddle: Sink | None = None,
    engine: Engine | None = None,
) -> Trace:
    """Runs the whole conversation and hashes what it computes.

    `tokens` are prompt and completion, `claim` the claim's id, `secret` what the salts come from; `keep` names the ops
    that will be opened. `meddle` may change each op's values before they are hashed and used: how a liar's trace is
    made, for demonstrations and tests.
    """
    roots, parts = [trees.ZERO] * model.program.ops, {}

    def take(op: int, tensor: Tensor) -> None:
        if meddle:
            meddle(op, tensor)
        part = hashed(run, run.op(op), tensor, claim, secret)
        roots[op] = part.root
        if op in keep:
            parts[op] = part

    model.run(run, tokens, beta, take, engine)
    return Trace(run, roots, parts)

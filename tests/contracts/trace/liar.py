"""Traces with one thing wrong: the leaf and what stands above it are changed in place, and back again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from offchain.compute import trees
from offchain.compute.claim import Claim
from offchain.compute.forest import Tree
from offchain.compute.program import Op, depth
from offchain.compute.trace import Trace
from tests.contracts.trace.court import Said


def climb_in(tree: Tree, place: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Puts a leaf into a tree; gives what was there: level, place, node."""
    before = []
    for level, nodes in enumerate(tree):
        before.append((level, place, bytes(nodes[place])))
        nodes[place] = np.frombuffer(leaf, np.uint8)
        if level + 1 < len(tree):
            left, right = place & ~1, place | 1
            other = bytes(nodes[right]) if right < len(nodes) else trees.ZEROS[level]
            leaf = trees.node(bytes(nodes[left]), other)
        place >>= 1
    return before


@contextmanager
def leaf_instead(said: Said, op: Op, row: int, chunk: int, data: bytes, salt: bytes | None = None) -> Iterator[Claim]:
    """The claim of whoever puts this leaf where another one belongs, the trace being so meanwhile."""
    trace = said.trace
    part = trace.parts[op.number]
    start, count = int(part.starts[row, chunk]), int(part.counts[row, chunk])
    values = part.values[start : start + count]
    honest, honest_salt = values.copy(), part.salts[row].copy()
    values[:] = np.frombuffer(data, values.dtype.newbyteorder(">"))
    if salt is not None:
        part.salts[row] = np.frombuffer(salt, np.uint8)
    leaf = trees.trace_leaf(said.claim.id, op.number, row, chunk, part.salts[row].tobytes(), data)
    place = (row << depth(op.chunks)) + chunk
    before = climb_in(part.tree, place, leaf)
    root = trace.op_roots[op.number]
    with _op_root(trace, op.number, part.root) as trace_root:
        yield replace(said.claim, trace_root=trace_root)
    assert trace.op_roots[op.number] == root
    values[:], part.salts[row] = honest, honest_salt
    for level, at, node in before:
        part.tree[level][at] = np.frombuffer(node, np.uint8)


@contextmanager
def node_instead(said: Said, op: Op, place: int, leaf: bytes) -> Iterator[Claim]:
    """The claim of whoever puts any word at a place of an op's tree."""
    part = said.trace.parts[op.number]
    before = climb_in(part.tree, place, leaf)
    with _op_root(said.trace, op.number, part.root) as trace_root:
        yield replace(said.claim, trace_root=trace_root)
    for level, at, node in before:
        part.tree[level][at] = np.frombuffer(node, np.uint8)


@contextmanager
def _op_root(trace: Trace, op: int, root: bytes) -> Iterator[bytes]:
    honest = trace.op_roots[op], trace.top
    trace.op_roots[op] = root
    trace.top = trees.layers(trace.op_roots)
    yield trace.root
    trace.op_roots[op], trace.top = honest

"""Merkle trees over many leaves; `trees` says what they are."""

from itertools import accumulate

import numpy as np

from offchain.compute.keccak import Bytes, hash_levels
from offchain.compute.trees import ZEROS, Path

Tree = list[Bytes]
"""Nodes [n, 32] level by level, from the leaves to the root, without those of empty trees on the right."""
_ZEROS = np.frombuffer(b"".join(ZEROS), np.uint8).reshape(-1, 32)


def merkle(leaves: Bytes) -> Tree:
    """The tree over `leaves`, places that hold nothing being zero."""
    counts = [max(1, len(leaves))]
    while counts[-1] > 1:
        counts.append((counts[-1] + 1) // 2)
    starts = list(accumulate([count + count % 2 for count in counts], initial=0))
    nodes = np.zeros((starts[-1], 32), np.uint8)
    nodes[: len(leaves)] = leaves
    hash_levels(nodes.view(np.uint64), np.array(starts), np.array(counts), _ZEROS.view(np.uint64))
    return [nodes[start : start + count] for start, count in zip(starts, counts, strict=False)]


def path(tree: Tree, place: int, start: int = 0) -> Path:
    """Siblings from level `start` up, of the node there at `place`."""
    found = []
    for level, nodes in enumerate(tree[start:-1], start):
        at = (place >> (level - start)) ^ 1
        found.append(bytes(nodes[at]) if at < len(nodes) else ZEROS[level])
    return found

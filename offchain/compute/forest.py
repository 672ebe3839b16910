"""Merkle trees over many leaves; `trees` says what they are."""

import numpy as np

from offchain.compute.keccak import Bytes, parents
from offchain.compute.program import depth
from offchain.compute.trees import ZEROS, Path

Tree = list[Bytes]
"""Nodes [n, 32] level by level, from the leaves to the root, without those of empty trees on the right."""
_ZEROS = [np.frombuffer(zero, np.uint8) for zero in ZEROS]


def merkle(leaves: Bytes) -> Tree:
    """The tree over `leaves`, places that hold nothing being zero."""
    tree = [leaves if len(leaves) else np.zeros((1, 32), np.uint8)]
    for level in range(depth(len(leaves))):
        below = tree[-1]
        if len(below) % 2:
            below = np.concatenate([below, _ZEROS[level][None]])
        tree.append(parents(below))
    return tree


def path(tree: Tree, place: int, start: int = 0) -> Path:
    """Siblings from level `start` up, of the node there at `place`."""
    found = []
    for level, nodes in enumerate(tree[start:-1], start):
        at = (place >> (level - start)) ^ 1
        found.append(bytes(nodes[at]) if at < len(nodes) else ZEROS[level])
    return found

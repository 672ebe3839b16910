"""Merkle trees as docs/proof-of-compute.md, section 2, has them; hashes one at a time, for few of them."""

from collections.abc import Sequence

from eth_utils import keccak

from offchain.compute.program import TOKENS, depth

ZERO = bytes(32)
Path = list[bytes]


def node(left: bytes, right: bytes) -> bytes:
    return keccak(b"\x01" + left + right)


def _zeros() -> list[bytes]:
    zeros = [ZERO]
    for _ in range(64):
        zeros.append(node(zeros[-1], zeros[-1]))
    return zeros


ZEROS = _zeros()
"""Roots of empty trees, by depth."""


def layers(leaves: Sequence[bytes], levels: int | None = None) -> list[list[bytes]]:
    """All nodes, level by level from the leaves up, without those of empty trees."""
    levels = depth(len(leaves)) if levels is None else levels
    tree = [list(leaves) or [ZERO]]
    for level in range(levels):
        below = tree[-1]
        if len(below) % 2:
            below = [*below, ZEROS[level]]
        tree.append([node(below[i], below[i + 1]) for i in range(0, len(below), 2)])
    return tree


def root(leaves: Sequence[bytes]) -> bytes:
    return layers(leaves)[-1][0]


def path(tree: Sequence[Sequence[bytes]], place: int) -> Path:
    """Siblings from the leaf up."""
    found = []
    for level, nodes in enumerate(tree[:-1]):
        at = (place >> level) ^ 1
        found.append(nodes[at] if at < len(nodes) else ZEROS[level])
    return found


def climb(start: bytes, place: int, siblings: Sequence[bytes]) -> bytes:
    """The root that the path leads to."""
    for level, sibling in enumerate(siblings):
        start = node(sibling, start) if place >> level & 1 else node(start, sibling)
    return start


def u32(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def salt(secret: bytes, op: int, row: int) -> bytes:
    return keccak(b"\x04" + secret + u32(op, row))[:16]


def trace_leaf(claim: bytes, op: int, row: int, chunk: int, salted: bytes, data: bytes) -> bytes:
    return keccak(b"\x00" + claim + u32(op, row, chunk) + salted + data)


def weight_leaf(matrix: int, row: int, data: bytes) -> bytes:
    return keccak(b"\x02" + u32(matrix, row) + data)


def token_leaf(index: int, salted: bytes, data: bytes) -> bytes:
    return keccak(b"\x03" + u32(index) + salted + data)


def token_leaves(tokens: Sequence[int], secret: bytes, op: int) -> list[bytes]:
    """`op` is `PROMPT` or `COMPLETION`."""
    return [
        token_leaf(i, salt(secret, op, i), u32(*tokens[i * TOKENS : (i + 1) * TOKENS]))
        for i in range(-(-len(tokens) // TOKENS))
    ]


def token_root(tokens: Sequence[int], secret: bytes, op: int) -> bytes:
    """`inputRoot` or `outputRoot`."""
    return root(token_leaves(tokens, secret, op))


def draw(seed: bytes, step: int) -> int:
    """The 64 random bits of the `step`-th token of an answer."""
    return int.from_bytes(keccak(b"\x05" + seed + u32(step))[:8], "big")

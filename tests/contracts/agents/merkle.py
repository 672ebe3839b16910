"""A Merkle tree with sorted pairs, as OpenZeppelin's MerkleProof takes it."""

from collections.abc import Sequence

from eth_utils import keccak

from cluster.chain.words import encoder

_STEP = encoder(["uint256", "uint64", "bytes32"])


def leaf(task: int, step: int, step_hash: bytes) -> bytes:
    """A step's leaf, hashed twice."""
    return keccak(keccak(_STEP([task, step, step_hash])))


def node(left: bytes, right: bytes) -> bytes:
    return keccak(min(left, right) + max(left, right))


class Tree:
    """A node without a sibling goes up as it is."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            pairs = [below[n : n + 2] for n in range(0, len(below), 2)]
            self.levels.append([node(*pair) if len(pair) == 2 else pair[0] for pair in pairs])

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def proof(self, position: int) -> list[bytes]:
        """Siblings from the leaf to the root."""
        siblings = []
        for level in self.levels[:-1]:
            if position ^ 1 < len(level):
                siblings.append(level[position ^ 1])
            position //= 2
        return siblings

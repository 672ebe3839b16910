"""Proofs at any shape without a trace: openings of random data under trees of which nothing else is known."""

from dataclasses import dataclass, replace
from random import Random

from offchain.compute import steps, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Checker, Fault, Opening, integers, words
from offchain.compute.program import COMPLETION, PROMPT, TOKENS, Kind, Op, depth

Node = tuple[int, int]
"""Level from below, and place."""


class Sparse:
    """A tree of which some nodes are given; what else is needed is random."""

    def __init__(self, rng: Random, levels: int) -> None:
        self.rng, self.levels = rng, levels
        self.given: dict[Node, bytes] = {}

    def node(self, level: int, place: int) -> bytes:
        if (level, place) not in self.given:
            below = [at for (low, at) in self.given if low < level and at >> (level - low) == place]
            known = level and below
            both = (self.node(level - 1, 2 * place), self.node(level - 1, 2 * place + 1)) if known else None
            self.given[level, place] = trees.node(*both) if both else self.rng.randbytes(32)
        return self.given[level, place]

    def path(self, level: int, place: int) -> trees.Path:
        return [self.node(at, (place >> (at - level)) ^ 1) for at in range(level, self.levels)]

    def shown(self, level: int, place: int) -> list[bytes]:
        """What a reveal at a node shows: the nodes four levels below, or where the tree ends."""
        down = min(4, level)
        return [self.node(level - down, at) for at in range(place << down, (place + 1) << down)]

    def spread(self, place: int) -> None:
        """Makes all nodes that a game shows on its way to a leaf, before the root is asked for."""
        level = self.levels
        while level:
            down = min(4, level)
            first = place >> level << down
            for at in range(first, first + (1 << down)):
                if at != place >> (level - down):
                    self.node(level - down, at)
            level -= down

    @property
    def root(self) -> bytes:
        return self.node(self.levels, 0)


@dataclass
class Made:
    """An opening whose path is not known yet: the trees from the bottom up, with its place in each."""

    opening: Opening
    climbs: list[tuple[Sparse, int, int]]


class Forger(Checker):
    """Answers what the checker reads with random data, none of it zero, and finds roots under which all of it stands.

    The accused value is as random, so there is a fault.
    """

    def __init__(self, rng: Random, claim: Claim, fault: Fault, spreads: bool = False) -> None:
        """`spreads`: the trees also have what a game shows on its way to the accused leaf."""
        super().__init__(claim, fault)
        self.rng, self.spreads = rng, spreads
        self.op_roots = Sparse(rng, depth(self.program.ops))
        self.matrix_roots = Sparse(rng, depth(self.program.matrices))
        self.op_trees: dict[int, Sparse] = {}
        self.matrix_trees: dict[int, Sparse] = {}
        self.token_trees: dict[int, Sparse] = {}
        self.made: dict[int, Made] = {}

    def filled(self, length: int) -> bytes:
        return bytes(self.rng.randrange(1, 256) for _ in range(length))

    def leaf(self, index: int, op: Op, row: int, chunk: int) -> bytes:
        length = self.run.length(op, row, chunk)
        return self.hold(index, op, 0, op.place(row, chunk), [(row, chunk, length)])

    def row(self, index: int, op: Op, row: int) -> bytes:
        parts = [(row, chunk, self.run.length(op, row, chunk)) for chunk in range(op.chunks)]
        return self.hold(index, op, op.chunk_depth, row, parts)

    def hold(self, index: int, op: Op, level: int, place: int, parts: list[tuple[int, int, int]]) -> bytes:
        salt, data, leaves = self.rng.randbytes(16), b"", []
        for row, chunk, length in parts:
            assert length
            filled = bytearray(self.filled(length))
            if op.size == 8:
                filled[::8] = b"\0" * len(filled[::8])
            data += filled
            leaves.append(trees.trace_leaf(self.claim.id, op.number, row, chunk, salt, bytes(filled)))
        tree = self.op_trees.setdefault(op.number, Sparse(self.rng, op.depth))
        tree.given[level, place] = trees.root(leaves)
        self.made[index] = Made(Opening(salt, data), [(tree, level, place), (self.op_roots, 0, op.number)])
        return data

    def weights(self, index: int, matrix: int, row: int) -> bytes:
        rows, _, length = self.program.matrix(matrix)
        data = self.filled(length)
        tree = self.matrix_trees.setdefault(matrix, Sparse(self.rng, depth(rows)))
        tree.given[0, row] = trees.weight_leaf(matrix, row, data)
        self.made[index] = Made(Opening(bytes(16), data), [(tree, 0, row), (self.matrix_roots, 0, matrix)])
        return data

    def tokens(self, index: int, tree: int, leaf: int) -> list[int]:
        count = self.claim.prompt_tokens if tree == PROMPT else self.claim.completion_tokens
        leaves, salt = -(-count // TOKENS), self.rng.randbytes(16)
        held = min(TOKENS, count - TOKENS * leaf)
        data = trees.u32(*[self.rng.randrange(256, self.program.vocab) for _ in range(held)])
        said = self.token_trees.setdefault(tree, Sparse(self.rng, depth(leaves)))
        said.given[0, leaf] = trees.token_leaf(leaf, salt, data)
        self.made[index] = Made(Opening(salt, data), [(said, 0, leaf)])
        return words(data)

    def almost(self) -> None:
        """Makes the accused row of RMSNorm the right one but for its last value: the chain looks at all of them."""
        accused, x, w = (self.made[index].opening for index in range(3))
        shift, codes = steps.normq(integers(x.data, 4), integers(w.data, 2), self.program.eps)
        codes[-1] ^= 1
        data = bytes([shift]) + b"".join(code.to_bytes(2, "big", signed=True) for code in codes)
        fault, made = self.fault, self.made[0]
        tree, level, place = made.climbs[0]
        tree.given[level, place] = trees.trace_leaf(self.claim.id, fault.op, fault.row, 0, accused.salt, data)
        made.opening = replace(accused, data=data)

    def forged(self) -> tuple[Claim, Fault]:
        """A claim that has this fault, and its proof."""
        self.check()
        if self.fault.kind is Kind.NORMQ:
            self.almost()
        op = self.fault.op
        if self.spreads:
            self.op_trees[op].spread(self.run.op(op).place(self.fault.row, self.fault.chunk))
        for number, tree in self.op_trees.items():
            self.op_roots.given[0, number] = tree.root
        if self.spreads:
            self.op_roots.spread(op)
        for number, tree in self.matrix_trees.items():
            self.matrix_roots.given[0, number] = tree.root
        roots = {PROMPT: bytes(32), COMPLETION: bytes(32)} | {
            tree: said.root for tree, said in self.token_trees.items()
        }
        claim = replace(
            self.claim,
            trace_root=self.op_roots.root,
            model_root=self.matrix_roots.root,
            input_root=roots[PROMPT],
            output_root=roots[COMPLETION],
        )
        openings = []
        for index in sorted(self.made):
            made = self.made[index]
            path = [node for tree, level, place in made.climbs for node in tree.path(level, place)]
            openings.append(replace(made.opening, path=path))
        return claim, replace(self.fault, openings=openings)

"""Makes fault proofs: follows the checker's own reads, and hands it the openings instead of checking them."""

from collections.abc import Sequence
from dataclasses import dataclass

from offchain.compute import forest, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Checker, Fault, Opening, activations, integers, words
from offchain.compute.program import COMPLETION, PROMPT, TOKENS, Kind, Op
from offchain.compute.trace import Part, Trace
from offchain.compute.weights import Weights


@dataclass(frozen=True)
class Conversation:
    """The tokens of a claim, and the secret that salts them."""

    prompt: Sequence[int]
    completion: Sequence[int]
    secret: bytes


class Prover(Checker):
    """Collects the openings of one fault. The trace must have kept the ops that it reads."""

    def __init__(self, claim: Claim, fault: Fault, trace: Trace, weights: Weights, said: Conversation) -> None:
        super().__init__(claim, fault)
        self.trace, self.model, self.said = trace, weights, said

    def collect(self) -> Fault:
        """The whole proof. Raises `NoFault`, `BadProof` if there is none to be made."""
        self.check()
        return self.fault

    def add_opening(self, opening: Opening) -> bytes:
        self.fault.openings.append(opening)
        return opening.data

    def leaf(self, index: int, op: Op, row: int, chunk: int) -> bytes:  # noqa: ARG002
        return self.add_opening(self.trace.opening(op.number, row, chunk))

    def row(self, index: int, op: Op, row: int) -> bytes:  # noqa: ARG002
        return self.add_opening(self.trace.row_opening(op.number, row))

    def weights(self, index: int, matrix: int, row: int) -> bytes:  # noqa: ARG002
        siblings = forest.path(self.model.matrix_tree(matrix), row) + forest.path(self.model.tree, matrix)
        return self.add_opening(Opening(bytes(16), self.model.raw[matrix][row].tobytes(), siblings))

    def tokens(self, index: int, tree: int, leaf: int) -> list[int]:  # noqa: ARG002
        tokens = self.said.prompt if tree == PROMPT else self.said.completion
        siblings = trees.path(trees.layers(trees.token_leaves(tokens, self.said.secret, tree)), leaf)
        data = trees.u32(*tokens[TOKENS * leaf : TOKENS * (leaf + 1)])
        return words(self.add_opening(Opening(trees.salt(self.said.secret, tree, leaf), data, siblings)))


def prove(
    claim: Claim,
    trace: Trace,
    weights: Weights,
    said: Conversation,
    kind: Kind,
    op: int,
    row: int,
    chunk: int,
    element: int,
) -> Fault:
    """A proof against the claim, out of the operator's own trace. Raises `NoFault` if the value is right."""
    return Prover(claim, Fault(kind, op, row, chunk, element, []), trace, weights, said).collect()


def prove_token(claim: Claim, trace: Trace, weights: Weights, said: Conversation, step: int) -> Fault:
    """That the answer's `step`-th token is not the one its logits lead to."""
    return prove(claim, trace, weights, said, Kind.TOKEN, COMPLETION, step // TOKENS, 0, step % TOKENS)


def element(honest: Part, accused: Part, row: int, chunk: int) -> int:
    """Which value of a leaf to accuse: the first that differs; behind the last, a row's shift."""
    a, b, op = honest.leaf(row, chunk), accused.leaf(row, chunk), honest.op
    if op.kind is Kind.NORMQ or op.kind is Kind.TOP:
        return 0
    if op.kind is Kind.QUANT:
        (shift, q), (other, p) = activations(a), activations(b)
        return op.width if shift != other else first_difference(q, p)
    return first_difference(integers(a, op.size), integers(b, op.size))


def first_difference(a: Sequence[int], b: Sequence[int]) -> int:
    """Raises `StopIteration` if they are the same."""
    return next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)


def first_fault(honest: Trace, accused: Trace, said: Conversation, claim: Claim, weights: Weights) -> Fault:
    """The first value of the accused trace that differs from the honest one, as a proof. Both traces must have kept the
    first op whose roots differ, and its `neighbours`. Raises `NoFault`, `StopIteration` if there is no difference.
    """
    op = next(i for i, (a, b) in enumerate(zip(honest.op_roots, accused.op_roots, strict=True)) if a != b)
    mine, theirs = honest.parts[op], accused.parts[op]
    row, chunk = mine.differences(theirs)[0]
    return prove(claim, accused, weights, said, mine.op.kind, op, row, chunk, element(mine, theirs, row, chunk))

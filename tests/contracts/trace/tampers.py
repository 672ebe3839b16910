"""Random tampers of one element of a trace, and the proofs that they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from offchain.compute import forest, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Fault, Opening
from offchain.compute.program import COMPLETION, TOKENS, Kind, Op
from offchain.compute.prover import Conversation, prove
from tests.compute.tiny import TINY, tiny
from tests.contracts.trace.court import SECRET, Said
from tests.contracts.trace.liar import leaf_instead, node_instead

WHOLE = (Kind.NORMQ, Kind.TOP)
"""Kinds whose fault names no element."""


def place(rng: Random, said: Said, op: Op) -> tuple[int, int]:
    """Of any leaf that there is."""
    while True:
        row, chunk = rng.randrange(op.rows), rng.randrange(op.chunks)
        if said.trace.run.count(op, row, chunk):
            return row, chunk


def tampered(rng: Random, value: int, size: int) -> int:
    """Another value of the type: one off, the other sign, or anything."""
    top = 1 << (8 * size - 1)
    other = rng.choice((value - 1, value + 1, -value, rng.getrandbits(8 * size) - top))
    other = (other + top) % (2 * top) - top
    return other if other != value else (value ^ 1)


def any_op(rng: Random, said: Said) -> Op:
    return rng.choice([op for op in map(said.trace.run.op, range(TINY.ops)) if op.rows])


@contextmanager
def element(rng: Random, said: Said, op: Op) -> Iterator[tuple[Claim, Fault]]:
    """One value of one leaf, or a row's shift."""
    row, chunk = place(rng, said, op)
    data = bytearray(said.trace.parts[op.number].leaf(row, chunk))
    quantised = op.kind in (Kind.NORMQ, Kind.QUANT)
    count = (len(data) - quantised) // op.size
    i = rng.randrange(count + quantised)
    if i == count:
        data[0] = (data[0] + rng.randrange(1, 256)) % 256
    else:
        at = quantised + i * op.size
        value = int.from_bytes(data[at : at + op.size], "big", signed=True)
        data[at : at + op.size] = tampered(rng, value, op.size).to_bytes(op.size, "big", signed=True)
    with leaf_instead(said, op, row, chunk, bytes(data)) as claim:
        named = 0 if op.kind in WHOLE else i
        yield claim, prove(claim, said.trace, tiny().weights, said.conversation, op.kind, op.number, row, chunk, named)


@contextmanager
def salt(rng: Random, said: Said, op: Op) -> Iterator[tuple[Claim, Fault]]:
    row, chunk = place(rng, said, op)
    data = said.trace.parts[op.number].leaf(row, chunk)
    with leaf_instead(said, op, row, chunk, data, rng.randbytes(16)) as claim:
        openings = [said.trace.opening(op.number, row, chunk), Opening(bytes(16), SECRET)]
        yield claim, Fault(Kind.SALT, op.number, row, chunk, 0, openings)


@contextmanager
def padding(rng: Random, said: Said, op: Op) -> Iterator[tuple[Claim, Fault]]:
    """Something where no leaf is: behind the last chunk of a row, or a position that is to come."""
    empty = [
        (row, chunk)
        for row in {rng.randrange(op.rows), 0}
        for chunk in range(1 << (op.depth - (op.rows - 1).bit_length()))
        if not said.trace.run.count(op, row, chunk)
    ]
    row, chunk = rng.choice(empty)
    with node_instead(said, op, op.place(row, chunk), rng.randbytes(32)) as claim:
        tree = said.trace.parts[op.number].tree
        at = op.place(row, chunk)
        from_trace = said.trace.opening(op.number, *place(rng, said, op)).path[op.depth :]
        opening = Opening(bytes(16), bytes(tree[0][at]), forest.path(tree, at) + from_trace)
        yield claim, Fault(Kind.PAD, op.number, row, chunk, 0, [opening])


def answered(said: Said, answer: list[int]) -> tuple[Claim, Conversation]:
    """The claim with another answer of the same length, the trace being the honest one's."""
    root = trees.token_root(answer, SECRET, COMPLETION)
    return replace(said.claim, output_root=root), Conversation(said.conversation.prompt, answer, SECRET)


def token(rng: Random, said: Said) -> tuple[Claim, Fault]:
    """Another token at a place of the answer."""
    answer = list(said.conversation.completion)
    i = rng.randrange(len(answer))
    answer[i] = (answer[i] + rng.choice((1, TINY.vocab - 1, rng.randrange(1, TINY.vocab)))) % TINY.vocab
    claim, conversation = answered(said, answer)
    found = prove(claim, said.trace, tiny().weights, conversation, Kind.TOKEN, COMPLETION, i // TOKENS, 0, i % TOKENS)
    return claim, found

"""Every change of a trace is refuted; no honest value is."""

import random
from dataclasses import replace

import numpy as np
import pytest
from eth_utils import keccak

from offchain.compute import faults, prover, trace, trees
from offchain.compute.faults import BadProof, Fault, NoFault, Opening
from offchain.compute.model import Tensor
from offchain.compute.program import COMPLETION, SPAN, Kind, depth
from offchain.compute.trace import Trace
from tests.compute.conversation import SECRET, Scene, scene

TAMPERS = 3
"""Of each op; the chain's own tests make more."""
SAMPLED = 65_536


def live(scene: Scene, op: int, rng: random.Random) -> tuple[int, int, int]:
    """A random value of an op: row, chunk, element."""
    shape = scene.run.op(op)
    while True:
        row, chunk = rng.randrange(shape.rows), rng.randrange(shape.chunks)
        if count := scene.run.count(shape, row, chunk):
            break
    if shape.kind in (Kind.NORMQ, Kind.TOP):
        return row, chunk, 0
    return row, chunk, rng.randrange(count + (shape.kind is Kind.QUANT))


def tampered(scene: Scene, op: int, rng: random.Random) -> Trace:
    """A trace whose op `op` has one other value, and everything after follows from that."""
    shape = scene.run.op(op)

    def meddle(number: int, tensor: Tensor) -> None:
        if number != op:
            return
        array = tensor[rng.randrange(2)] if isinstance(tensor, tuple) else tensor
        while True:
            at = tuple(rng.randrange(size) for size in array.shape)
            if not (shape.kind is Kind.SCORE and at[2] > at[0]) and not (
                shape.kind in (Kind.MAX, Kind.ATTEND) and SPAN * at[1] > at[0]
            ):
                break
        old = int(array[at])
        array[at] = rng.choice([old + 1, old - 1, -old if old else 7]) if old or array.dtype != np.int64 else old + 1

    return scene.build(trace.neighbours(scene.run, op), meddle)


@pytest.mark.parametrize("beta", [0, SAMPLED])
def test_any_value_of_any_op_that_is_changed_is_refuted(beta: int) -> None:
    played, rng = scene(beta), random.Random(beta)
    kinds = set()
    for op in range(played.model.program.ops):
        for _ in range(TAMPERS if played.run.op(op).rows else 0):
            bad = tampered(played, op, rng)
            claim = played.claim(bad)
            fault = prover.first_fault(played.honest, bad, played.said, claim, played.model.weights)
            assert fault.op == op
            faults.check(claim, fault)
            kinds.add(fault.kind)
    assert kinds == {kind for kind in Kind if Kind.PAD < kind < Kind.TOKEN and (beta or kind is not Kind.SUM)}


@pytest.mark.parametrize("beta", [0, SAMPLED])
def test_no_value_of_an_honest_trace_can_be_accused(beta: int) -> None:
    played, rng = scene(beta), random.Random(1 + beta)
    claim = played.claim(played.honest)
    for op in range(played.model.program.ops):
        for _ in range(8 if played.run.op(op).rows else 0):
            with pytest.raises(NoFault):
                prover.prove(
                    claim,
                    played.honest,
                    played.model.weights,
                    played.said,
                    played.run.op(op).kind,
                    op,
                    *live(played, op, rng),
                )
    for step in range(len(played.said.completion)):
        with pytest.raises(NoFault):
            prover.prove_token(claim, played.honest, played.model.weights, played.said, step)


@pytest.mark.parametrize("beta", [0, SAMPLED])
def test_each_token_of_the_answer_that_is_changed_is_refuted(beta: int) -> None:
    played = scene(beta)
    for step in range(len(played.said.completion)):
        answer = list(played.said.completion)
        answer[step] = (answer[step] + 1) % played.model.program.vocab
        liar = replace(played, said=replace(played.said, completion=answer))
        # What the liar computed up to there is honest, and goes on from the wrong token.
        bad = liar.build(trace.neighbours(played.run, played.model.program.tail))
        claim = liar.claim(bad)
        faults.check(claim, prover.prove_token(claim, bad, played.model.weights, liar.said, step))


def broken(fault: Fault, rng: random.Random) -> Fault:
    """The same proof with one thing bent."""
    openings = list(fault.openings)
    i = rng.randrange(len(openings))
    each = openings[i]
    match rng.randrange(6):
        case 0:
            data = bytearray(each.data)
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            openings[i] = replace(each, data=bytes(data))
        case 1:
            path = list(each.path)
            path[rng.randrange(len(path))] = rng.randbytes(32)
            openings[i] = replace(each, path=path)
        case 2:
            openings[i] = replace(each, path=each.path[:-1] if rng.random() < 0.5 else [*each.path, bytes(32)])
        case 3:
            # A node passed off as a leaf.
            openings[i] = replace(each, data=each.path[0] + each.path[-1], path=each.path[1:])
        case 4:
            openings[i] = openings[(i + 1) % len(openings)]
        case _:
            return replace(fault, row=fault.row ^ 1) if rng.random() < 0.5 else replace(fault, op=fault.op ^ 1)
    return replace(fault, openings=openings)


def test_bent_proofs_against_honest_values_prove_nothing() -> None:
    """Also a control: unbent, and against a changed value, the same proof holds."""
    played, rng = scene(SAMPLED), random.Random(5)
    claim, weights = played.claim(played.honest), played.model.weights

    class Honest(prover.Prover):
        def check(self) -> None:
            try:
                super().check()
            except NoFault:
                return

    for op in range(played.model.program.ops):
        shape = played.run.op(op)
        for _ in range(4):
            empty = Fault(shape.kind, op, *live(played, op, rng), [])
            fault = Honest(claim, empty, played.honest, weights, played.said).collect()
            with pytest.raises(NoFault):
                faults.check(claim, fault)
            for _ in range(6):
                with pytest.raises((NoFault, BadProof)):
                    faults.check(claim, broken(fault, rng))
            for other in (replace(claim, id=b"d" * 32), replace(claim, trace_root=b"t" * 32)):
                with pytest.raises(BadProof):
                    faults.check(other, fault)


def completion_opening(played: Scene, answer: list[int], leaf: int, secret: bytes = SECRET) -> Opening:
    leaves = trees.layers(trees.token_leaves(answer, secret, COMPLETION))
    salt = trees.salt(secret, COMPLETION, leaf)
    return Opening(salt, trees.u32(*answer[64 * leaf : 64 * leaf + 64]), trees.path(leaves, leaf))


@pytest.mark.parametrize(
    ("answer", "most", "accused"),
    [
        ([5, 2, 6], 3, 1),  # goes on after the end
        ([5, 6, 7], 4, 2),  # ends before it may
    ],
)
def test_an_answer_that_ends_where_it_must_not_is_refuted(answer: list[int], most: int, accused: int) -> None:
    played = scene()
    root = trees.token_root(answer, SECRET, COMPLETION)
    claim = replace(played.claim(played.honest), output_root=root, completion_tokens=3, max_tokens=most)
    opening = completion_opening(played, answer, 0)
    for element in range(3):
        fault = Fault(Kind.STOP, COMPLETION, 0, 0, element, [opening])
        if element == accused:
            faults.check(claim, fault)
        else:
            with pytest.raises(NoFault):
                faults.check(claim, fault)


@pytest.mark.parametrize(("answer", "most"), [([5, 6, 2], 9), ([5, 6, 7], 3), ([5, 6, 2], 3)])
def test_an_answer_that_ends_where_it_may_is_not(answer: list[int], most: int) -> None:
    played = scene()
    root = trees.token_root(answer, SECRET, COMPLETION)
    claim = replace(played.claim(played.honest), output_root=root, completion_tokens=3, max_tokens=most)
    for element in range(3):
        with pytest.raises(NoFault):
            faults.check(claim, Fault(Kind.STOP, COMPLETION, 0, 0, element, [completion_opening(played, answer, 0)]))


def test_a_salt_other_than_the_requests_is_refuted() -> None:
    played = scene()
    told, used = b"t" * 32, SECRET
    claim = replace(played.claim(played.honest), salt_hash=keccak(told))
    answer = list(played.said.completion)
    secret = Opening(b"", told)
    faults.check(claim, Fault(Kind.SALT, 4, 9, 0, 0, [played.honest.opening(4, 9, 0), secret]))
    faults.check(claim, Fault(Kind.SALT, COMPLETION, 0, 0, 0, [completion_opening(played, answer, 0), secret]))
    honest = played.claim(played.honest)
    with pytest.raises(BadProof, match="not the secret"):
        faults.check(honest, Fault(Kind.SALT, 4, 9, 0, 0, [played.honest.opening(4, 9, 0), secret]))
    with pytest.raises(NoFault):
        faults.check(honest, Fault(Kind.SALT, 4, 9, 0, 0, [played.honest.opening(4, 9, 0), Opening(b"", used)]))


def test_what_stands_where_nothing_may_is_refuted() -> None:
    played, node = scene(), b"n" * 32
    part = played.honest.parts[5]  # SCORE: 2 spans of 6 heads in 16 places
    row, chunk = 3, 6  # the second span of row 3
    assert played.run.count(part.op, row, chunk) == 0
    leaves = part.tree[0].copy()
    leaves[part.op.place(row, chunk)] = np.frombuffer(node, np.uint8)
    tree = trace.forest.merkle(leaves)
    roots = list(played.honest.op_roots)
    roots[5] = bytes(tree[-1][0])
    bad = Trace(played.run, roots)
    siblings = trace.forest.path(tree, part.op.place(row, chunk)) + trees.path(bad.top, 5)
    claim = played.claim(bad)
    faults.check(claim, Fault(Kind.PAD, 5, row, chunk, 0, [Opening(b"", node, siblings)]))
    with pytest.raises(BadProof, match="there is a leaf"):
        faults.check(claim, Fault(Kind.PAD, 5, row, 0, 0, [Opening(b"", node, siblings)]))
    honest = played.honest.opening(5, row, 0)
    clean = Opening(
        b"", bytes(32), trace.forest.path(part.tree, part.op.place(row, chunk)) + honest.path[-depth(len(roots)) :]
    )
    with pytest.raises(NoFault):
        faults.check(played.claim(played.honest), Fault(Kind.PAD, 5, row, chunk, 0, [clean]))


def test_a_trace_keeps_only_what_it_is_asked_to_and_the_root_is_the_same() -> None:
    played = scene()
    lean = played.build(keep=[3])
    assert set(lean.parts) == {3}
    assert lean.root == played.honest.root
    assert trees.root(lean.op_roots) == lean.root


def test_leaves_are_laid_out_as_the_program_says() -> None:
    played = scene(SAMPLED)
    for op in range(played.model.program.ops):
        shape, part = played.run.op(op), played.honest.parts[op]
        for row in {0, shape.rows - 1, shape.rows // 2, min(SPAN, shape.rows - 1)}:
            for chunk in range(shape.chunks):
                assert len(part.leaf(row, chunk)) == played.run.length(shape, row, chunk)

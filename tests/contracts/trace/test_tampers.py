"""One wrong element anywhere in a trace is refuted by one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from cluster.testing import reverts
from offchain.compute import trace, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Fault, Opening
from offchain.compute.model import Tensor
from offchain.compute.program import COMPLETION, Kind
from offchain.compute.prover import first_fault, prove
from tests.compute.tiny import TINY, tiny
from tests.contracts.trace import tampers
from tests.contracts.trace.court import INVALID, SECRET, Court, Said, claimed, proof, said

BETAS = (0, 65_536)
ELEMENTS, SALTS, PADDINGS, TOKENS = 900, 60, 60, 60
"""Tampers in all; each is of the greedy or the sampled conversation."""


def refuted(court: Court, claim: Claim, fault: Fault) -> None:
    """The claim is made and refuted, once, and forgotten."""
    with court.chain.isolated():
        court.open(claim)
        court.submit(proof(claim, fault)).expect("ClaimRefuted", challenger=court.carl.address)
        assert court.status() == (INVALID, court.carl.address)


def each(rng: Random, count: int) -> Sequence[Said]:
    return [said(rng.choice(BETAS)) for _ in range(count)]


def test_every_tamper_of_an_element_is_refuted(court: Court) -> None:
    rng, kinds = Random("elements"), Counter[Kind]()
    for told in each(rng, ELEMENTS):
        op = tampers.any_op(rng, told)
        kinds[op.kind] += 1
        with tampers.element(rng, told, op) as (claim, fault):
            refuted(court, claim, fault)
        assert told.trace.root == told.claim.trace_root
    assert len(kinds) == Kind.SUM - Kind.PAD


def test_every_wrong_salt_is_refuted(court: Court) -> None:
    rng = Random("salts")
    for told in each(rng, SALTS):
        with tampers.salt(rng, told, tampers.any_op(rng, told)) as (claim, fault):
            refuted(court, claim, fault)


def test_whatever_stands_where_no_leaf_is_is_refuted(court: Court) -> None:
    rng = Random("paddings")
    for told in each(rng, PADDINGS):
        op = told.trace.run.op(rng.choice((5, 6, 7, 24, 26)))
        with tampers.padding(rng, told, op) as (claim, fault):
            refuted(court, claim, fault)


def test_every_wrong_token_is_refuted(court: Court) -> None:
    rng = Random("tokens")
    for told in each(rng, TOKENS):
        refuted(court, *tampers.token(rng, told))


def test_an_op_beyond_the_program_is_refuted(court: Court) -> None:
    """A word among the op roots behind the last."""
    told = said()
    for number in range(TINY.ops, 1 << (TINY.ops - 1).bit_length()):
        roots = [*told.trace.op_roots, *[trees.ZERO] * (number - TINY.ops), b"\x01" * 32]
        tree = trees.layers(roots)
        claim = replace(told.claim, trace_root=tree[-1][0])
        fault = Fault(Kind.PAD, number, 0, 0, 0, [Opening(bytes(16), b"\x01" * 32, trees.path(tree, number))])
        refuted(court, claim, fault)


def test_a_sum_of_weights_in_a_greedy_trace_is_refuted(court: Court) -> None:
    """An op without rows has the root 0, and not even that of an empty tree."""
    told, op = said(), TINY.tail + 4
    for root in (b"\x01" * 32, trees.ZEROS[1]):
        tree = trees.layers([*told.trace.op_roots[:op], root])
        claim = replace(told.claim, trace_root=tree[-1][0])
        refuted(court, claim, Fault(Kind.PAD, op, 0, 0, 0, [Opening(bytes(16), root, trees.path(tree, op))]))


def test_an_answer_that_ends_too_early_is_refuted(court: Court) -> None:
    told = said()
    claim = replace(told.claim, max_tokens=told.claim.max_tokens + 1)
    last = claim.completion_tokens - 1
    fault = prove(claim, told.trace, tiny().weights, told.conversation, Kind.STOP, COMPLETION, 0, 0, last)
    refuted(court, claim, fault)


def test_an_answer_that_goes_on_behind_its_end_is_refuted(court: Court) -> None:
    told = said()
    answer = list(told.conversation.completion)
    answer[2] = TINY.eos
    claim, conversation = tampers.answered(told, answer)
    refuted(court, claim, prove(claim, told.trace, tiny().weights, conversation, Kind.STOP, COMPLETION, 0, 0, 2))


def test_a_wrong_salt_of_the_answer_is_refuted(court: Court) -> None:
    told = said()
    data, wrong = trees.u32(*told.conversation.completion), b"\x05" * 16
    claim = replace(told.claim, output_root=trees.token_leaf(0, wrong, data))
    openings = [Opening(wrong, data), Opening(bytes(16), SECRET)]
    refuted(court, claim, Fault(Kind.SALT, COMPLETION, 0, 0, 0, openings))


@pytest.mark.parametrize("op", [0, 2, 3, 7, 14, 22, 34, 38, 40])
def test_a_liar_that_computes_on_with_its_lie_is_refuted(court: Court, op: int) -> None:
    """The first op that differs from the honest trace is where the fault is, whatever follows from it."""
    told, rng = said(65_536), Random(op)

    def meddle(number: int, tensor: Tensor) -> None:
        if number == op:
            assert not isinstance(tensor, tuple)
            row = rng.randrange(len(tensor))
            tensor[(row, *[0] * (tensor.ndim - 1))] += 77

    keep = range(TINY.ops)
    claim, run = told.claim, told.trace.run
    lie = trace.build(tiny(), run, told.tokens, claim.beta, claim.id, SECRET, keep, meddle)
    claim = replace(claim, trace_root=lie.root)
    refuted(court, claim, first_fault(told.trace, lie, told.conversation, claim, tiny().weights))


def test_another_conversation_is_refuted(court: Court) -> None:
    """An honest trace of an answer that the model does not give: its first token is not what its logits say."""
    told = said()
    other = claimed(told.conversation.prompt, [5, 6, 7, 8, 9], 5, 0, 7, 31337)
    fault = prove(other.claim, other.trace, tiny().weights, other.conversation, Kind.TOKEN, COMPLETION, 0, 0, 0)
    refuted(court, other.claim, fault)


def test_a_refuted_claim_is_not_refuted_again(court: Court) -> None:
    told = said()
    with tampers.element(Random(1), told, told.trace.run.op(0)) as (claim, fault):
        court.open(claim)
        court.submit(proof(claim, fault))
        with reverts("AlreadyRefuted", 7, court.carl.address):
            court.submit(proof(claim, fault), court.cora)

"""Nothing that anybody can submit refutes an honest claim: forged, moved, swapped, foreign and malformed proofs."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from cluster.testing import Reverted, reverts
from offchain.compute import faults, forest, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import BadProof, Checker, Fault, NoFault, Opening
from offchain.compute.program import COMPLETION, PROMPT, Kind
from offchain.compute.prover import Prover
from tests.compute.tiny import tiny
from tests.contracts.trace import tampers
from tests.contracts.trace.court import JOB, SECRET, Court, Said, changed, proof, said
from tests.contracts.trace.liar import leaf_instead

BASES, FORGERIES = 260, 40
"""Honest leaves, and forged proofs about each of them."""
TOLD = {
    "NoFault",
    "MissingOpening",
    "WrongKind",
    "NoSuchOp",
    "WrongPlace",
    "NoSuchElement",
    "WrongLength",
    "WrongPathLength",
    "WrongRoot",
    "WrongSecret",
}


class Opener(Prover):
    """Openings for what a fault would read, whether there is one or not."""

    def collect(self) -> Fault:
        try:
            self.check()
        except NoFault:
            return self.fault
        raise AssertionError("an honest trace has a fault")


def opened(rng: Random, told: Said) -> Fault:
    """All that a proof about a leaf needs; only that the value is right."""
    which = rng.random()
    if which < 0.1:
        element = rng.randrange(len(told.conversation.completion))
        fault = Fault(rng.choice((Kind.TOKEN, Kind.STOP)), COMPLETION, 0, 0, element, [])
    else:
        op = tampers.any_op(rng, told)
        row, chunk = tampers.place(rng, told, op)
        whole = op.kind in tampers.WHOLE
        element = 0 if whole else rng.randrange(told.trace.run.count(op, row, chunk) + (op.kind is Kind.QUANT))
        fault = Fault(op.kind, op.number, row, chunk, element, [])
    return Opener(told.claim, fault, told.trace, tiny().weights, told.conversation).collect()


# One forgery each: from an honest proof, another one.


def moved(rng: Random, fault: Fault, _: Said) -> Fault:
    """The same openings for another place."""
    field = rng.choice(("op", "row", "chunk", "element"))
    value = int(getattr(fault, field))
    near = (min(2**32 - 1, value + 1), max(0, value - 1), rng.randrange(400), 2**32 - 1)
    changes: dict[str, Any] = {field: rng.choice(near)}
    return replace(fault, **changes)


def other_kind(rng: Random, fault: Fault, _: Said) -> Fault:
    return replace(fault, kind=Kind(rng.randrange(len(Kind))))


def swapped(rng: Random, fault: Fault, _: Said) -> Fault:
    openings = list(fault.openings)
    rng.shuffle(openings)
    return replace(fault, openings=openings)


def fewer(rng: Random, fault: Fault, _: Said) -> Fault:
    openings = list(fault.openings)
    openings.pop(rng.randrange(len(openings)))
    return replace(fault, openings=openings)


def other_data(rng: Random, fault: Fault, _: Said) -> Fault:
    index = rng.randrange(len(fault.openings))
    data = bytearray(fault.openings[index].data)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return changed(fault, index, data=bytes(data))


def other_length(rng: Random, fault: Fault, _: Said) -> Fault:
    index = rng.randrange(len(fault.openings))
    data = fault.openings[index].data
    return changed(fault, index, data=rng.choice((data[:-1], data + b"\0", b"", data[4:], data + data)))


def other_path(rng: Random, fault: Fault, _: Said) -> Fault:
    index = rng.randrange(len(fault.openings))
    path = list(fault.openings[index].path)
    if not path:
        return changed(fault, index, path=[rng.randbytes(32)])
    at = rng.randrange(len(path))
    forged = rng.choice(([*path[:at], rng.randbytes(32), *path[at + 1 :]], path[:-1], path[1:], [*path, bytes(32)]))
    return changed(fault, index, path=forged)


def other_salt(rng: Random, fault: Fault, _: Said) -> Fault:
    return changed(fault, 0, salt=rng.randbytes(16))


def node_for_leaf(rng: Random, fault: Fault, told: Said) -> Fault:
    """What stands above a leaf, given as a leaf: its two children are the data, and the path is a level shorter."""
    opening = fault.openings[0]
    if not opening.path:
        return fewer(rng, fault, told)
    children = opening.path[0] + rng.choice((bytes(32), opening.path[0]))
    return changed(fault, 0, data=children, path=opening.path[1:])


def padded(rng: Random, fault: Fault, told: Said) -> Fault:
    """A leaf, or a node, is said to be where nothing may be; or nothing is."""
    if fault.op == COMPLETION:
        return replace(fault, kind=Kind.PAD)
    part = told.trace.parts[fault.op]
    level = rng.randrange(len(part.tree))
    at = rng.randrange(len(part.tree[level]))
    path = forest.path(part.tree, at << level)[level:] + trees.path(told.trace.top, fault.op)
    node = Opening(bytes(16), bytes(part.tree[level][at]), path)
    return replace(fault, kind=Kind.PAD, row=rng.randrange(512), chunk=rng.randrange(16), openings=[node])


def salted(rng: Random, fault: Fault, _: Said) -> Fault:
    """The honest salt is said to be wrong, by the secret or by another one."""
    secret = Opening(bytes(16), rng.choice((SECRET, rng.randbytes(32), SECRET + b"\0")))
    return replace(fault, kind=Kind.SALT, openings=[fault.openings[0], secret])


def foreign(rng: Random, fault: Fault, told: Said) -> Fault:
    """The first opening is that of another job, or of the same job on another chain, with another value."""
    if fault.op == COMPLETION:
        return other_data(rng, fault, told)
    other = said(0, job=JOB + 1) if rng.random() < 0.5 else said(0, chain=1)
    if told.trace.run.count(other.trace.run.op(fault.op), fault.row, fault.chunk) == 0 or told.claim.beta:
        return other_path(rng, fault, told)
    return replace(fault, openings=[other.trace.opening(fault.op, fault.row, fault.chunk), *fault.openings[1:]])


FORGERS: list[Callable[[Random, Fault, Said], Fault]] = [
    moved,
    other_kind,
    swapped,
    fewer,
    other_data,
    other_length,
    other_path,
    other_salt,
    node_for_leaf,
    padded,
    salted,
    foreign,
]


def verdict(court: Court, claim: Claim, fault: Fault) -> str:
    """What the chain says: the error's name, or nothing if the claim is refuted."""
    with court.chain.isolated():
        try:
            court.submit(proof(claim, fault))
        except Reverted as reverted:
            return reverted.name
        return ""


def in_python(claim: Claim, fault: Fault) -> bool:
    try:
        faults.check(claim, fault)
    except (NoFault, BadProof, IndexError, ValueError):
        return False
    return True


@pytest.mark.parametrize("beta", [0, 65_536])
def test_no_honest_leaf_can_be_challenged(court: Court, beta: int) -> None:
    """At least 10,000 tries, half of them in each of two conversations."""
    told, rng, seen, tries = said(beta), Random(f"honest {beta}"), Counter[str](), 0
    court.open(told.claim)
    for _ in range(BASES // 2):
        fault = opened(rng, told)
        assert verdict(court, told.claim, fault) == "NoFault"
        for _ in range(FORGERIES):
            forged = rng.choice(FORGERS)(rng, fault, told)
            if rng.random() < 0.2:
                forged = rng.choice((moved, other_kind, swapped))(rng, forged, told)
            found = verdict(court, told.claim, forged)
            assert found in TOLD, (found, forged)
            seen[found] += 1
            tries += 1
            if tries % 20 == 0:
                assert not in_python(told.claim, forged)
    assert tries >= 5_000
    assert seen.keys() == TOLD


def test_a_proof_against_another_claim_is_not_heard(court: Court) -> None:
    """Whoever makes up a claim can refute it; the one that was made is another."""
    told, rng = said(), Random("other claim")
    court.open(told.claim)
    with tampers.element(rng, told, told.trace.run.op(4)) as (claim, fault):
        content = proof(claim, fault)
    with reverts("ClaimMismatch", JOB, told.claim.hash(), claim.hash()):
        court.submit(content)
    forged = replace(told.claim, salt_hash=b"\x01" * 32)
    with reverts("ClaimMismatch", JOB, told.claim.hash(), forged.hash()):
        court.submit(proof(forged, opened(rng, told)))


def test_a_leaf_of_the_prompt_is_none_of_the_answer(court: Court) -> None:
    """Both trees have leaves of the same form: the claim says which root is which."""
    told = said()
    court.open(told.claim)
    prompt = told.conversation.prompt
    leaves = trees.token_leaves(prompt, SECRET, PROMPT)
    opening = Opening(trees.salt(SECRET, PROMPT, 0), trees.u32(*prompt[:64]), trees.path(trees.layers(leaves), 0))
    fault = Fault(Kind.TOKEN, COMPLETION, 0, 0, 0, [opening])
    assert verdict(court, told.claim, fault) == "WrongLength"
    assert verdict(court, told.claim, changed(fault, 0, data=opening.data[:20])) == "WrongPathLength"
    assert verdict(court, told.claim, changed(fault, 0, data=opening.data[:20], path=[])) == "WrongRoot"


def test_chain_and_python_agree_on_what_is_a_fault(court: Court) -> None:
    """Forged proofs against a claim that does have a fault: refuted if the reference refutes it, and only then."""
    told, rng, refuted = said(), Random("agree"), 0
    for _ in range(40):
        op = tampers.any_op(rng, told)
        row, chunk = tampers.place(rng, told, op)
        data = bytearray(told.trace.parts[op.number].leaf(row, chunk))
        data[rng.randrange(len(data))] ^= 0x80
        with court.chain.isolated(), leaf_instead(told, op, row, chunk, bytes(data)) as claim:
            court.open(claim)
            for element in range(rng.randrange(3), 12, 3):
                fault = Fault(op.kind, op.number, row, chunk, element, [])
                prover = Prover(claim, fault, told.trace, tiny().weights, told.conversation)
                with suppress(NoFault, BadProof):
                    prover.check()
                forged = rng.choice(FORGERS)(rng, fault, told) if fault.openings and rng.random() < 0.3 else fault
                expected = in_python(claim, forged)
                assert (verdict(court, claim, forged) == "") == expected
                refuted += expected
    assert refuted > 10


def test_the_reference_has_no_fault_either() -> None:
    """The reference's own checker, on openings of an honest trace."""
    rng = Random("reference")
    for _ in range(100):
        told = said()
        fault = opened(rng, told)
        with pytest.raises(NoFault):
            Checker(told.claim, fault).check()

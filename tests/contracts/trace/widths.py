"""One fault of every kind at SmolLM2-135M's widths and longest context. Its data have no zero byte: what costs most."""

from dataclasses import replace
from random import Random
from typing import Any

from eth_utils import keccak

from offchain.compute.claim import Claim
from offchain.compute.faults import Fault, Opening
from offchain.compute.program import COMPLETION, Kind
from offchain.compute.trees import salt
from offchain.compute.weights import SMOLLM2
from tests.contracts.trace.court import JOB, MARKET, OPERATOR, SECRET, SEED, claim_id
from tests.contracts.trace.sparse import Forger, Sparse

PROMPT_TOKENS, COMPLETION_TOKENS, BETA = 1500, 548, 65_536
LAST = PROMPT_TOKENS + COMPLETION_TOKENS - 2
BASE = 1 + 19 * 17
"""First op of a layer in the middle."""
TAIL = SMOLLM2.tail

FAULTS = {
    "embed": Fault(Kind.EMBED, 0, 1999, 1, 7, []),
    "normq": Fault(Kind.NORMQ, BASE, LAST, 0, 0, []),
    "linear_576": Fault(Kind.LINEAR, BASE + 1, LAST, 3, 100, []),
    "linear_1536": Fault(Kind.LINEAR, BASE + 17, LAST, 2, 100, []),
    "rope": Fault(Kind.ROPE, BASE + 3, LAST, 3, 101, []),
    "score": Fault(Kind.SCORE, BASE + 4, LAST, 7 * 9 + 8, 200, []),
    "max": Fault(Kind.MAX, BASE + 5, LAST, 6, 8, []),
    "attend": Fault(Kind.ATTEND, BASE + 6, LAST, 6 * 9 + 8, 63, []),
    "divide": Fault(Kind.DIVIDE, BASE + 7, LAST, 2, 100, []),
    "peak": Fault(Kind.PEAK, BASE + 15, LAST, 0, 7, []),
    "quant": Fault(Kind.QUANT, BASE + 16, LAST, 0, 1535, []),
    "add": Fault(Kind.ADD, BASE + 18, LAST, 2, 100, []),
    "swiglu": Fault(Kind.SWIGLU, BASE + 14, LAST, 7, 100, []),
    "chunkmax": Fault(Kind.CHUNKMAX, TAIL + 2, 547, 1, 63, []),
    "top": Fault(Kind.TOP, TAIL + 3, 547, 0, 0, []),
    "sum": Fault(Kind.SUM, TAIL + 4, 547, 1, 63, []),
    "token": Fault(Kind.TOKEN, COMPLETION, 8, 0, 30, []),
    "stop": Fault(Kind.STOP, COMPLETION, 8, 0, 35, []),
}

NAMES = (*FAULTS, "pad", "salt")


def claim(job: int = JOB, operator: Any = OPERATOR, market: Any = MARKET, chain: int = 31337) -> Claim:
    """A claim whose roots are still to be found."""
    return Claim(
        claim_id(market, operator, job, chain),
        bytes(32),
        SMOLLM2.word,
        bytes(32),
        bytes(32),
        bytes(32),
        SEED,
        keccak(SECRET),
        PROMPT_TOKENS,
        COMPLETION_TOKENS,
        COMPLETION_TOKENS + 1,
        BETA,
    )


def forged(name: str, about: Claim | None = None) -> tuple[Claim, Fault]:
    """A claim with that fault, and the proof."""
    about = about or claim()
    if name == "pad":
        return padded(about)
    if name == "salt":
        return salted(about)
    return Forger(Random(name), about, FAULTS[name]).forged()


def padded(about: Claim) -> tuple[Claim, Fault]:
    """A word at a place of the op tree that is deepest."""
    rng, op = Random("pad"), about.run().op(TAIL + 1)
    tree, top, at = Sparse(rng, op.depth), Sparse(rng, 10), op.place(600, 3)
    word = tree.node(0, at)
    tree.given[0, at] = word
    top.given[0, op.number] = tree.root
    opening = Opening(bytes(16), word, tree.path(0, at) + top.path(0, op.number))
    return replace(about, trace_root=top.root), Fault(Kind.PAD, op.number, 600, 3, 0, [opening])


def salted(about: Claim) -> tuple[Claim, Fault]:
    """A row of the feed-forward network, which is the largest leaf, with another salt."""
    nothing = Opening(bytes(16), b"")
    fault = Fault(Kind.SALT, BASE + 16, LAST, 0, 0, [nothing, replace(nothing, data=SECRET)])
    found, fault = Forger(Random("salt"), about, fault).forged()
    assert fault.openings[0].salt != salt(SECRET, fault.op, fault.row)
    return found, replace(fault, openings=[fault.openings[0], Opening(bytes(16), SECRET)])

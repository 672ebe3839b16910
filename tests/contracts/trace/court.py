"""The module and its verifier on a chain, with an account for the market, and claims about a small model."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache
from random import Random
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from cluster.testing import Account, Chain, Contract, Receipt
from offchain.compute import session, trace, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Fault, Opening
from offchain.compute.program import COMPLETION, PROMPT
from offchain.compute.prover import Conversation
from tests.compute.tiny import TINY, tiny

JOB = 7
WINDOW, CLOCK, PROVE_TIME = 3_600, 7_200, 600
PENDING, VALID, INVALID, INCONCLUSIVE = range(4)
SECRET, SEED = keccak(text="secret"), keccak(text="seed")
CLAIM_TYPE = "(bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,uint32,uint32,uint32,uint32)"
FAULT_TYPE = "(uint8,uint32,uint32,uint32,uint32,(bytes16,bytes,bytes32[])[])"
REQUIRE_FAULT = keccak(text=f"requireFault({CLAIM_TYPE},{FAULT_TYPE})")[:4]


def proof(claim: Claim, fault: Fault) -> bytes:
    """The calldata of `requireFault`."""
    return REQUIRE_FAULT + encode([CLAIM_TYPE, FAULT_TYPE], [astuple(claim), fault_tuple(fault)])


def fault_tuple(fault: Fault) -> tuple[Any, ...]:
    openings = [(each.salt, each.data, each.path) for each in fault.openings]
    return (int(fault.kind), fault.op, fault.row, fault.chunk, fault.element, openings)


def game(claim: Claim, output: bool = False) -> bytes:
    """A proof that opens a game."""
    return encode([CLAIM_TYPE, "bool"], [astuple(claim), output])


def claim_id(market: Any, operator: Any, job: int = JOB, chain: int = 31337) -> bytes:
    """As docs/proof-of-compute.md has it."""
    kinds = ["bytes32", "uint256", "address", "uint256", "address"]
    return keccak(encode(kinds, [keccak(text="ClusterJob"), chain, market.address, job, operator.address]))


@dataclass(frozen=True)
class Said:
    """A conversation, its honest claim, and the trace with all its leaves."""

    conversation: Conversation
    claim: Claim
    trace: trace.Trace

    @property
    def tokens(self) -> list[int]:
        return [*self.conversation.prompt, *self.conversation.completion]


MARKET, OPERATOR = Account("market"), Account("operator")


@cache
def said(beta: int = 0, prompt: int = 300, most: int = 5, job: int = JOB, chain: int = 31337) -> Said:
    """What the tiny model answers; greedily if `beta` is 0. Positions span two attention chunks."""
    model = tiny()
    question = [Random("prompt").randrange(3, TINY.vocab) for _ in range(prompt)]
    answer = list(session.generate(model, question, most, beta, SEED))
    return claimed(question, answer, most, beta, job, chain)


def claimed(question: Sequence[int], answer: Sequence[int], most: int, beta: int, job: int, chain: int) -> Said:
    """Whatever the answer is, the claim that it is right, with the trace of this very conversation."""
    model = tiny()
    claim = Claim(
        claim_id(MARKET, OPERATOR, job, chain),
        model.weights.root,
        TINY.word,
        trees.token_root(question, SECRET, PROMPT),
        trees.token_root(answer, SECRET, COMPLETION),
        bytes(32),
        SEED,
        keccak(SECRET),
        len(question),
        len(answer),
        most,
        beta,
    )
    run = claim.run()
    made = trace.build(model, run, [*question, *answer], beta, claim.id, SECRET, range(TINY.ops))
    return Said(Conversation(question, answer, SECRET), replace(claim, trace_root=made.root), made)


def market_claim(claim: Claim, operator: Account, /, **changes: Any) -> dict[str, Any]:
    """The claim as the market knows it."""
    request = ["bytes32"] * 3 + ["uint32"] * 3
    given = [claim.input_root, claim.seed, claim.salt_hash, claim.prompt_tokens, claim.max_tokens, claim.beta]
    return {
        "operator": operator.address,
        "programRoot": claim.program,
        "modelRoot": claim.model_root,
        "lutRoot": keccak(text="luts"),
        "inputRoot": keccak(encode(request, given)),
        "outputRoot": keccak(encode(["bytes32", "uint32"], [claim.output_root, claim.completion_tokens])),
        "traceRoot": claim.trace_root,
        "opRootsHash": bytes(32),
        "committedAt": 0,
        "openUntil": 0,
    } | changes


class Court:
    """Deployed contracts. `market` may hand over claims and proofs."""

    def __init__(self, chain: Any = None) -> None:
        self.chain = chain or Chain()
        self.market, self.operator = MARKET, OPERATOR
        self.carl, self.cora, self.anyone = map(Account, ("carl", "cora", "anyone"))
        self.admin = Account("admin")
        self.manager = self.chain.deploy("ClusterAccessManager", self.admin, sender=self.admin)
        self.verifier = self.chain.deploy("FaultVerifier", sender=self.admin)
        self.module: Contract = self.chain.deploy_proxy(
            "TraceModule",
            (self.market, self.verifier),
            (self.manager, (WINDOW, CLOCK, PROVE_TIME)),
            self.admin,
        )

    def market_claim(self, claim: Claim, **changes: Any) -> dict[str, Any]:
        return market_claim(claim, self.operator, **changes)

    def open(self, claim: Claim, job: int = JOB, **changes: Any) -> Receipt:
        aux = encode([CLAIM_TYPE], [astuple(claim)])
        receipt: Receipt = self.module.onClaim(job, self.market_claim(claim, **changes), aux, sender=self.market)
        return receipt

    def submit(self, content: bytes, challenger: Account | None = None, job: int = JOB) -> Receipt:
        receipt: Receipt = self.module.submit(job, challenger or self.carl, content, sender=self.market)
        return receipt

    def status(self, job: int = JOB) -> tuple[int, str]:
        verdict, challenger = self.module.status(job)
        return int(verdict), str(challenger)


def changed(fault: Fault, index: int, **fields: Any) -> Fault:
    """The same proof with something else in one of its openings."""
    openings: list[Opening] = list(fault.openings)
    openings[index] = replace(openings[index], **fields)
    return replace(fault, openings=openings)

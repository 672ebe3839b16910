"""What an operator says it computed: docs/proof-of-compute.md, section 3."""

from dataclasses import astuple, dataclass

from eth_abi import encode
from eth_utils import keccak

from offchain.compute.program import Program, Run

GREEDY = 0
BETA_MOST = 1 << 24
_TYPES = ["bytes32"] * 8 + ["uint32"] * 4


@dataclass(frozen=True)
class Claim:
    """An answer and the trace behind it. Fields in the order of the ABI."""

    id: bytes
    model_root: bytes
    program: bytes
    input_root: bytes
    output_root: bytes
    trace_root: bytes
    seed: bytes
    salt_hash: bytes
    prompt_tokens: int
    completion_tokens: int
    max_tokens: int
    beta: int
    """Inverse temperature, Q16; 0 is greedy."""

    def hash(self) -> bytes:
        return keccak(encode(_TYPES, astuple(self)))

    def run(self) -> Run:
        """Raises `ValueError` if no such claim can be made."""
        if not (self.completion_tokens <= self.max_tokens and 0 <= self.beta <= BETA_MOST):
            raise ValueError("the claim breaks its request's bounds")
        return Run(Program.read(self.program), self.prompt_tokens, self.completion_tokens, self.beta != GREEDY)

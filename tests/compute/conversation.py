"""Claims about conversations with the small model, and traces of them, honest or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from eth_utils import keccak

from offchain.compute import trace, trees
from offchain.compute.claim import Claim
from offchain.compute.model import Model, Sink
from offchain.compute.program import COMPLETION, PROMPT, Run
from offchain.compute.prover import Conversation
from offchain.compute.session import generate
from offchain.compute.trace import Trace
from tests.compute.tiny import tiny

CLAIM, SEED, SECRET = b"c" * 32, b"s" * 32, b"x" * 32


@dataclass(frozen=True)
class Scene:
    """One conversation: 270 tokens of prompt, so that attention spans two leaves, and some of answer."""

    model: Model
    said: Conversation
    beta: int
    honest: Trace

    @property
    def run(self) -> Run:
        return self.honest.run

    def claim(self, of: Trace) -> Claim:
        said = self.said
        return Claim(
            CLAIM,
            self.model.weights.root,
            self.model.program.word,
            trees.token_root(said.prompt, SECRET, PROMPT),
            trees.token_root(said.completion, SECRET, COMPLETION),
            of.root,
            SEED,
            keccak(SECRET),
            len(said.prompt),
            len(said.completion),
            len(said.completion),
            self.beta,
        )

    def build(self, keep: Iterable[int] = (), meddle: Sink | None = None) -> Trace:
        tokens = [*self.said.prompt, *self.said.completion]
        return trace.build(self.model, self.run, tokens, self.beta, CLAIM, SECRET, set(keep), meddle)


@cache
def scene(beta: int = 0, prompt: int = 270, most: int = 7) -> Scene:
    model = tiny()
    asked = [(7 * i * i + 11 * i + 3) % model.program.vocab for i in range(prompt)]
    answer = list(generate(model, asked, most, beta, SEED))
    run = Run(model.program, len(asked), len(answer), beta != 0)
    everything = range(model.program.ops)
    honest = trace.build(model, run, [*asked, *answer], beta, CLAIM, SECRET, everything)
    return Scene(model, Conversation(asked, answer, SECRET), beta, honest)

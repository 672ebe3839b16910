"""Generation with a key/value cache: the same bits as the run over the whole conversation."""

from collections.abc import Iterator, Sequence

import numpy as np

from offchain.compute import kernels, steps
from offchain.compute.engines import I32, Compiled
from offchain.compute.model import Model
from offchain.compute.program import WIDTH
from offchain.compute.trees import draw

AT_ONCE = 32
"""Positions of a prompt computed together."""


class Session:
    """The keys and values of one conversation so far."""

    def __init__(self, model: Model) -> None:
        p = model.program
        self.model = model
        self.length = 0
        self.keys = [np.empty((p.context, p.kv_dim), np.int32) for _ in range(p.layers)]
        self.values = [np.empty((p.context, p.kv_dim), np.int32) for _ in range(p.layers)]

    def feed(self, tokens: Sequence[int]) -> I32:
        """Takes the next tokens; returns the logits behind the last of them, Q16."""
        for first in range(0, len(tokens), AT_ONCE):
            x = self.advance(tokens[first : first + AT_ONCE])
        engine, model = Compiled(), self.model
        logits = engine.linear(engine.normq(x[-1:], model.norm, model.program.eps), model.table, 16)
        return np.asarray(logits[0])

    def advance(self, tokens: Sequence[int]) -> I32:
        """The residual stream behind the layers."""
        model, p = self.model, self.model.program
        x = Compiled().embed(np.array(tokens, np.int64), model.table)
        for n, each in enumerate(model.layers):
            kernels.layer(
                x,
                self.length,
                p.heads,
                p.eps,
                each.norm,
                each.qk,
                each.v,
                each.o,
                each.ffn_norm,
                each.gate_up,
                each.down,
                *model.turns,
                self.keys[n],
                self.values[n],
            )
        self.length += len(tokens)
        return x


def choose(logits: I32, beta: int, seed: bytes, step: int) -> int:
    """The token that logits lead to: the first highest, or the one that the seed draws."""
    rows = logits[None]
    engine = Compiled()
    tops = engine.chunk_max(rows).max(1, keepdims=True)
    top = int(tops[0, 0])
    if not beta:
        return steps.greedy(top)
    sums = engine.chunk_sum(rows, tops, beta)[0].tolist()
    group, threshold = steps.drawn_chunk(sums, draw(seed, step))
    chunk = logits[WIDTH * group : WIDTH * (group + 1)].tolist()
    return WIDTH * group + steps.drawn_index(steps.weights_of(chunk, top, beta), threshold)


def generate(model: Model, prompt: Sequence[int], most: int, beta: int = 0, seed: bytes = bytes(32)) -> Iterator[int]:
    """The tokens of an answer, as they are made; the last is the program's `eos` unless `most` ends it.

    `prompt` must leave room for `most` tokens in the context.
    """
    session = Session(model)
    logits = session.feed(prompt)
    for step in range(most):
        token = choose(logits, beta, seed, step)
        yield token
        if token == model.program.eos:
            return
        if step < most - 1:
            logits = session.feed([token])

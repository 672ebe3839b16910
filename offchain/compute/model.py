"""One model: its weights as the engines want them, and its run over a whole conversation, op by op."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from offchain.compute.engines import I32, I64, Compiled, Engine, Rows, Turns
from offchain.compute.program import Program, Run
from offchain.compute.weights import Matrix, Weights

X = TypeVar("X", I32, I64, Rows)
Tensor = I32 | I64 | Rows
Sink = Callable[[int, Tensor], None]
"""Takes each op's number and result, in order, as soon as it is there and before anything reads it."""


@dataclass(frozen=True)
class Layer:
    norm: I64
    qk: Matrix
    v: Matrix
    o: Matrix
    ffn_norm: I64
    gate_up: Matrix
    down: Matrix


class Model:
    """Holds the weights twice: as rows of bytes for proofs (they may be a mapped file), and apart for computing."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        p: Program = weights.program
        self.program = p
        self.layers = [
            Layer(
                weights.norm(7 * n),
                weights.matrix(7 * n + 1),
                weights.matrix(7 * n + 2),
                weights.matrix(7 * n + 3),
                weights.norm(7 * n + 4),
                weights.matrix(7 * n + 5),
                weights.matrix(7 * n + 6),
            )
            for n in range(p.layers)
        ]
        self.table = weights.matrix(7 * p.layers)
        self.norm = weights.norm(7 * p.layers + 1)
        self.turns: Turns = weights.rotary

    def run(self, run: Run, tokens: Sequence[int], beta: int, sink: Sink, engine: Engine | None = None) -> None:
        """Computes every op of a run on `tokens`, prompt and completion, in one pass.

        What is in memory is one layer's tensors; attention's take 9 · T² · 4 bytes.
        """
        engine = engine or Compiled()
        p = self.program

        def done(op: int, tensor: X) -> X:
            sink(op, tensor)
            return tensor

        x = done(0, engine.embed(np.array(tokens[: run.positions], np.int64), self.table))
        for n, layer in enumerate(self.layers):
            b = 1 + 19 * n
            rows = done(b, engine.normq(x, layer.norm, p.eps))
            qk = done(b + 1, engine.linear(rows, layer.qk, 16))
            v = done(b + 2, engine.linear(rows, layer.v, 16))
            roped = done(b + 3, engine.rope(qk, self.turns))
            scores = done(b + 4, engine.score(roped, p.heads))
            tops = done(b + 5, engine.max(scores))
            totals = done(b + 6, engine.attend(scores, tops, v))
            mixed = done(b + 7, engine.divide(totals))
            rows = done(b + 9, engine.quant(mixed, done(b + 8, engine.peak(mixed))))
            x = done(b + 11, engine.add(x, done(b + 10, engine.linear(rows, layer.o, 14))))
            rows = done(b + 12, engine.normq(x, layer.ffn_norm, p.eps))
            gated = done(b + 14, engine.swiglu(done(b + 13, engine.linear(rows, layer.gate_up, 16))))
            rows = done(b + 16, engine.quant(gated, done(b + 15, engine.peak(gated))))
            x = done(b + 18, engine.add(x, done(b + 17, engine.linear(rows, layer.down, 14))))
        self.finish(run, x, beta, sink, engine)

    def finish(self, run: Run, x: I32, beta: int, sink: Sink, engine: Engine) -> None:
        """The ops after the layers, on the rows that a token comes from."""
        e = self.program.tail
        rows = engine.normq(x[run.prompt - 1 :], self.norm, self.program.eps)
        sink(e, rows)
        logits = engine.linear(rows, self.table, 16)
        sink(e + 1, logits)
        groups = engine.chunk_max(logits)
        sink(e + 2, groups)
        tops = groups.max(1, keepdims=True)
        sink(e + 3, tops)
        if run.sampled:
            sink(e + 4, engine.chunk_sum(logits, tops, beta))

"""What the integers lose against float32, on the texts that are shipped beside this file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offchain.compute.engines import Engine
from offchain.compute.floats import FloatModel
from offchain.compute.model import Model, Tensor
from offchain.compute.program import Run

TEXTS = sorted(Path(__file__).with_name("texts").glob("*.txt"))
START = 1
"""The token before a text."""
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    tokens: int
    top1: float
    """Part of the positions where both models think the same token likeliest."""
    perplexity: float
    float_perplexity: float
    divergence: float
    """Mean Kullback-Leibler divergence from the float model, in nats."""

    @property
    def perplexity_ratio(self) -> float:
        return self.perplexity / self.float_perplexity


def logits(model: Model, tokens: Sequence[int], engine: Engine | None = None) -> F64:
    """Of all positions, [t, vocab]."""
    found: list[F64] = []

    def take(op: int, tensor: Tensor) -> None:
        if op == model.program.tail + 1 and not isinstance(tensor, tuple):
            found.append(tensor / 65536)

    # The last token only ends the run: it is not computed.
    model.run(Run(model.program, 1, len(tokens)), [*tokens, 0], 0, take, engine)
    return found[0]


def compare(model: Model, floats: FloatModel, tokens: Sequence[int]) -> Quality:
    ours, theirs = log_softmax(logits(model, tokens)), log_softmax(floats.logits(tokens).astype(np.float64))
    return Quality(
        len(tokens),
        float((ours.argmax(1) == theirs.argmax(1)).mean()),
        perplexity(ours, tokens),
        perplexity(theirs, tokens),
        float((np.exp(theirs) * (theirs - ours)).sum(1).mean()),
    )


def log_softmax(values: F64) -> F64:
    shifted = values - values.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)), np.float64)


def perplexity(logs: F64, tokens: Sequence[int]) -> float:
    return float(np.exp(-logs[np.arange(len(tokens) - 1), tokens[1:]].mean()))

"""A small model with random weights: all kinds of ops, two layers, in milliseconds."""

from functools import cache

import numpy as np

from offchain.compute import quantise
from offchain.compute.model import Model
from offchain.compute.program import Program
from offchain.compute.weights import MAGIC, Weights

TINY = Program(layers=2, heads=6, kv_heads=3, context=600, ffn=384, vocab=384, eos=2, eps=2684)


@cache
def tiny(seed: int = 1) -> Model:
    rng = np.random.default_rng(seed)
    parts = [np.frombuffer(MAGIC + TINY.word, np.uint8)]
    for number in range(TINY.matrices - 1):
        rows, k, length = TINY.matrix(number)
        if length == 2 * k:
            parts.append(quantise.norm_row(rng.normal(1, 0.3, k).astype(np.float32)).reshape(-1))
        else:
            size = 2**24 if number == 7 * TINY.layers else 2**24 // 8
            parts.append(quantise.weight_rows(rng.normal(0, size, (rows, k)).astype(np.int64)).reshape(-1))
    parts.append(quantise.rotary_rows(TINY.context, 100_000).reshape(-1))
    return Model(Weights(np.concatenate(parts)))

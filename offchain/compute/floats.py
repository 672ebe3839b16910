"""The same model in float32, to measure what integers lose. Its bits differ from machine to machine."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from numpy.typing import NDArray

from offchain.compute.program import HEAD, Program

F32 = NDArray[np.float32]


class FloatModel:
    """NumPy, from the GGUF."""

    def __init__(self, gguf: Path, program: Program) -> None:
        reader = GGUFReader(gguf)
        self.program = program
        self.base = float(reader.fields["llama.rope.freq_base"].contents())
        self.eps = np.float32(reader.fields["llama.attention.layer_norm_rms_epsilon"].contents())
        self.w = {each.name: dequantize(each.data, each.tensor_type).astype(np.float32) for each in reader.tensors}

    def logits(self, tokens: Sequence[int]) -> F32:
        """[t, vocab], in one pass."""
        p, w, t = self.program, self.w, len(tokens)
        x = w["token_embd.weight"][np.asarray(tokens)]
        for n in range(p.layers):
            b = f"blk.{n}."
            h = self.norm(x, w[b + "attn_norm.weight"])
            q, k, v = (
                (h @ w[f"{b}attn_{each}.weight"].T).reshape(t, -1, HEAD).transpose(1, 0, 2) for each in ("q", "k", "v")
            )
            k, v = (np.repeat(each, p.group, axis=0) for each in (self.rope(k), v))
            scores = self.rope(q) @ k.transpose(0, 2, 1) / np.float32(HEAD**0.5)
            scores = np.where(np.tri(t, dtype=np.bool_), scores, np.float32(-1e30))
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(t, -1)
            x = x + mixed @ w[b + "attn_output.weight"].T
            h = self.norm(x, w[b + "ffn_norm.weight"])
            gate = h @ w[b + "ffn_gate.weight"].T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w[b + "ffn_up.weight"].T)) @ w[b + "ffn_down.weight"].T
        return np.asarray(self.norm(x, w["output_norm.weight"]) @ w["token_embd.weight"].T, np.float32)

    def norm(self, x: F32, w: F32) -> F32:
        return np.asarray(x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * w, np.float32)

    def rope(self, x: F32) -> F32:
        """[h, t, 64]"""
        angle = np.arange(x.shape[1])[:, None] * self.base ** (-np.arange(0, HEAD, 2) / HEAD)
        cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        a, b = x[..., 0::2], x[..., 1::2]
        return np.asarray(np.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape), np.float32)

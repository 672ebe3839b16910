"""The integer weights: one file, named by its SHA-256, whose rows are the leaves of the model's tree."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offchain.compute.forest import Tree, merkle
from offchain.compute.keccak import Bytes, keccak_many
from offchain.compute.program import HEAD, Program

MAGIC = b"CLUSTER1"
MODEL = "cluster/smollm2-135m-instruct-int8"
SMOLLM2 = Program(layers=30, heads=9, kv_heads=3, context=2048, ffn=1536, vocab=49152, eos=2, eps=2684)
SHA256 = "de97f6a86ec681c940fff3e0178757f1d745d8519283e660d4e070f29a347ea3"
"""Of SmolLM2-135M-Instruct's file, as `cluster compute build` makes it from the pinned GGUF."""
ROOT = bytes.fromhex("5e9fac7da2ea826891312dc6edabcb916ce5fa46eadaca745f0ce392ccadad08")
"""Its `modelRoot`; takes 0.2 s to compute."""


class WeightsUnusable(RuntimeError):
    """There are no integer weights, or not those that are expected; the message says what to do."""


class Matrix(NamedTuple):
    """Rows of int8 weights, each with its multiplier m · 2^-s."""

    w: NDArray[np.int8]
    m: NDArray[np.int64]
    s: NDArray[np.int64]


class Weights:
    """All matrices of a model, out of the bytes of its file."""

    def __init__(self, content: Bytes) -> None:
        """Raises `WeightsUnusable`."""
        head = content[:40].tobytes()
        if head[:8] != MAGIC:
            raise WeightsUnusable("not a file of integer weights")
        try:
            self.program = Program.read(head[8:])
        except ValueError as error:
            raise WeightsUnusable(str(error)) from error
        self._trees: dict[int, Tree] = {}
        self.raw: list[Bytes] = []
        """Matrix by matrix: rows of bytes as the leaves have them."""
        at = 40
        for number in range(self.program.matrices):
            rows, _, length = self.program.matrix(number)
            self.raw.append(content[at : at + rows * length].reshape(rows, length))
            at += rows * length
        if at != len(content):
            raise WeightsUnusable(f"a file of {len(content)} bytes, not {at}")

    @classmethod
    def load(cls, path: Path, expected: str = SHA256) -> "Weights":
        """Checks the file's SHA-256 first. Raises `WeightsUnusable`."""
        if not path.exists():
            raise WeightsUnusable(f"{path} is missing; make it: cluster compute build")
        content = np.fromfile(path, np.uint8)
        found = hashlib.sha256(content.data).hexdigest()
        if found != expected:
            raise WeightsUnusable(f"{path} has SHA-256 {found}, expected {expected}; not loading unknown weights")
        return cls(content)

    def matrix(self, number: int) -> Matrix:
        raw = self.raw[number]
        m = raw[:, :4].copy().view(">u4")[:, 0].astype(np.int64)
        return Matrix(np.ascontiguousarray(raw[:, 5:]).view(np.int8), m, raw[:, 4].astype(np.int64))

    def norm(self, number: int) -> NDArray[np.int64]:
        return self.raw[number].reshape(-1).view(">i2").astype(np.int64)

    @cached_property
    def rotary(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cosines and sines, [context, 32], Q14."""
        turns = self.raw[self.program.matrices - 1].reshape(-1).view(">i2").astype(np.int64).reshape(-1, HEAD)
        return np.ascontiguousarray(turns[:, : HEAD // 2]), np.ascontiguousarray(turns[:, HEAD // 2 :])

    def leaves(self, number: int) -> Bytes:
        """The hashes of a matrix's rows."""
        raw = self.raw[number]
        rows, length = raw.shape
        headers = np.empty((rows, 9), np.uint8)
        headers[:, 0] = 2
        headers[:, 1:5] = np.frombuffer(number.to_bytes(4, "big"), np.uint8)
        headers[:, 5:] = np.arange(rows, dtype=">u4")[:, None].view(np.uint8)
        starts = np.arange(rows, dtype=np.int64) * length
        return keccak_many(headers, raw.reshape(-1), starts, np.full(rows, length, np.int64))

    def matrix_tree(self, number: int) -> Tree:
        """The tree over a matrix's rows; kept."""
        if number not in self._trees:
            self._trees[number] = merkle(self.leaves(number))
        return self._trees[number]

    @cached_property
    def tree(self) -> Tree:
        """The tree over the matrices' roots."""
        return merkle(np.stack([self.matrix_tree(number)[-1][0] for number in range(self.program.matrices)]))

    @property
    def root(self) -> bytes:
        """`modelRoot`."""
        return bytes(self.tree[-1][0])

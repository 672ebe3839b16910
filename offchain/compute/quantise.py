"""From the float weights of the GGUF to the integer ones, in integer arithmetic: the same bytes on every machine.

A block-quantised weight is a float16 times a small integer plus a float16, so it is a whole number of 2^-24; and the
rotary table is made with decimals of 60 digits.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, ReaderTensor
from numpy.typing import NDArray

from offchain.compute.keccak import Bytes
from offchain.compute.program import HEAD, Program
from offchain.compute.weights import MAGIC

Ints = NDArray[np.int64]

BLOCK = 32
MULTIPLIER = 1 << 23
"""Multipliers lie in [MULTIPLIER, 2 · MULTIPLIER)."""
FRACTION = 100
"""Bits that the rotary table is computed with."""


def build(gguf: Path, program: Program) -> Bytes:
    """The file's bytes. Raises `ValueError`, `KeyError` if the GGUF holds another kind of model."""
    reader = GGUFReader(gguf)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    base = int(reader.fields["llama.rope.freq_base"].contents())
    parts = [np.frombuffer(MAGIC + program.word, np.uint8)]
    parts += [part.reshape(-1) for part in matrices(tensors, program, base)]
    return np.concatenate(parts)


def matrices(tensors: dict[str, ReaderTensor], program: Program, base: int) -> Iterator[Bytes]:
    def rows(*names: str) -> Bytes:
        return weight_rows(np.concatenate([exact(tensors[f"{name}.weight"]) for name in names]))

    def norm(name: str) -> Bytes:
        return norm_row(np.array(tensors[f"{name}.weight"].data))

    for layer in range(program.layers):
        b = f"blk.{layer}."
        yield norm(b + "attn_norm")
        yield rows(b + "attn_q", b + "attn_k")
        yield rows(b + "attn_v")
        yield rows(b + "attn_output")
        yield norm(b + "ffn_norm")
        yield rows(b + "ffn_gate", b + "ffn_up")
        yield rows(b + "ffn_down")
    yield rows("token_embd")
    yield norm("output_norm")
    yield rotary_rows(program.context, base)


def exact(tensor: ReaderTensor) -> Ints:
    """A tensor [rows, K] in units of 2^-24, exactly. Raises `ValueError` for types other than Q4_1 and Q8_0."""
    k, n = (int(size) for size in tensor.shape)
    raw = np.ascontiguousarray(tensor.data).reshape(-1)
    if tensor.tensor_type == GGMLQuantizationType.Q8_0:
        blocks = raw.reshape(-1, 2 + BLOCK)
        values = halves(blocks[:, :2]) * blocks[:, 2:].view(np.int8).astype(np.int64)
    elif tensor.tensor_type == GGMLQuantizationType.Q4_1:
        blocks = raw.reshape(-1, 4 + BLOCK // 2)
        packed = blocks[:, 4:].astype(np.int64)
        codes = np.concatenate([packed & 15, packed >> 4], axis=1)
        values = halves(blocks[:, :2]) * codes + halves(blocks[:, 2:4])
    else:
        raise ValueError(f"{tensor.name} is {tensor.tensor_type.name}; expected Q4_1 or Q8_0")
    return values.reshape(n, k)


def halves(raw: Bytes) -> Ints:
    """Little-endian float16, [n, 2] bytes, in units of 2^-24: [n, 1]."""
    bits = raw.astype(np.int64)
    bits = bits[:, :1] | bits[:, 1:] << 8
    exponent, fraction = bits >> 10 & 31, bits & 1023
    value = np.where(exponent > 0, (fraction | 1024) << np.maximum(exponent - 1, 0), fraction)
    return np.where(bits >> 15 > 0, -value, value)


def weight_rows(values: Ints) -> Bytes:
    """Rows of `u32 m ‖ u8 S ‖ int8 w`: the largest weight of a row becomes ±127."""
    n, k = values.shape
    largest = np.abs(values).max(1)
    w = (2 * 127 * values + largest[:, None]) // np.maximum(2 * largest[:, None], 1)
    out = np.zeros((n, 5 + k), np.uint8)
    for i, most in enumerate(largest.tolist()):
        # The scale is most / (127 · 2^24) = m / 2^S.
        shift = 0
        while most and divided(most << shift, 127) < MULTIPLIER:
            shift += 1
        out[i, :4] = np.frombuffer(divided(most << shift, 127).to_bytes(4, "big"), np.uint8)
        out[i, 4] = shift + 24
    out[:, 5:] = w.astype(np.int8).view(np.uint8)
    return out


def divided(a: int, b: int) -> int:
    """Rounded to the nearest."""
    return (2 * a + b) // (2 * b)


def norm_row(values: NDArray[np.float32]) -> Bytes:
    """Q12. A float32 times 2^12 is exact, and `rint` is: IEEE 754 rounds to even."""
    scaled = np.rint(values.astype(np.float64) * 4096)
    if np.abs(scaled).max() > 32_767:
        raise ValueError("a norm's weight is out of range")
    return np.asarray(scaled.astype(">i2")[None].view(np.uint8))


def rotary_rows(context: int, base: int) -> Bytes:
    """Cosines and sines of position · base^(-i/32), Q14, by turning one step at a time."""
    rows = np.empty((context, HEAD), ">i2")
    unit, half = 1 << FRACTION, 1 << (FRACTION - 15)
    for i in range(HEAD // 2):
        cos, sin = turn(base, i, unit)
        a, b = unit, 0
        for position in range(context):
            rows[position, i] = (a + half) >> (FRACTION - 14)
            rows[position, HEAD // 2 + i] = (b + half) >> (FRACTION - 14)
            a, b = (a * cos - b * sin) >> FRACTION, (a * sin + b * cos) >> FRACTION
    return rows.view(np.uint8)


def turn(base: int, i: int, unit: int) -> tuple[int, int]:
    """Cosine and sine of base^(-i/32), times `unit`, by their series."""
    with localcontext() as context:
        context.prec = 60
        angle = (Decimal(base).ln() * -i / (HEAD // 2)).exp()
        term, sums, n = Decimal(1), [Decimal(0), Decimal(0)], 0
        while abs(term) > Decimal(10) ** -50:
            sums[n % 2] += term if n % 4 < 2 else -term
            n += 1
            term = term * angle / n
        return int(sums[0] * unit), int(sums[1] * unit)

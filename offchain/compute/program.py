"""What a model computes, op by op: docs/proof-of-compute.md, sections 1 and 4. Shapes, numbers and places only."""

from dataclasses import dataclass
from enum import IntEnum

WIDTH = 192
"""Values of an ordinary leaf."""
SPAN = 256
"""Positions of an attention leaf, and of a leaf of the values' columns."""
HEAD = 64
"""Channels of a head."""
TOKENS = 64
"""Tokens of a leaf."""
PROMPT, COMPLETION = 0xFFFFFFFE, 0xFFFFFFFF
"""Op numbers that stand for the token trees in salts."""

_FIELDS = {"layers": 8, "heads": 8, "kv_heads": 8, "context": 16, "ffn": 16, "vocab": 32, "eos": 32, "eps": 32}


class Kind(IntEnum):
    """What a fault is called; all but PAD and those from TOKEN on are kinds of ops."""

    PAD = 0
    EMBED = 1
    NORMQ = 2
    LINEAR = 3
    ROPE = 4
    SCORE = 5
    MAX = 6
    ATTEND = 7
    DIVIDE = 8
    PEAK = 9
    QUANT = 10
    ADD = 11
    SWIGLU = 12
    CHUNKMAX = 13
    TOP = 14
    SUM = 15
    TOKEN = 16
    STOP = 17
    SALT = 18


def depth(count: int) -> int:
    """Levels of a tree over `count` things."""
    return (count - 1).bit_length() if count > 1 else 0


@dataclass(frozen=True)
class Program:
    """The shape of a llama model with heads of 64 channels."""

    layers: int
    heads: int
    kv_heads: int
    context: int
    ffn: int
    vocab: int
    eos: int
    eps: int
    """RMSNorm's epsilon, Q28."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for shapes that the formulas' bounds do not cover."""
        right = (
            1 <= self.layers <= 100
            and self.kv_heads > 0
            and self.heads % self.kv_heads == 0
            and HEAD * self.kv_heads % WIDTH == 0
            and self.dim % WIDTH == 0
            and 0 < self.dim <= 1536
            and self.ffn % WIDTH == 0
            and 0 < self.ffn <= 1536
            and self.vocab % WIDTH == 0
            and 0 < self.vocab <= 65_536
            and 0 < self.context <= 2048
            and 0 <= self.eos < self.vocab
            and 0 < self.eps < 2**32
        )
        if not right:
            raise ValueError(f"no such program: {self}")

    @property
    def dim(self) -> int:
        return HEAD * self.heads

    @property
    def kv_dim(self) -> int:
        return HEAD * self.kv_heads

    @property
    def group(self) -> int:
        """Heads that share a key head."""
        return self.heads // self.kv_heads

    @property
    def ops(self) -> int:
        return 6 + 19 * self.layers

    @property
    def matrices(self) -> int:
        return 7 * self.layers + 3

    @property
    def tail(self) -> int:
        """The first op after the layers."""
        return 1 + 19 * self.layers

    @property
    def word(self) -> bytes:
        value, at = 0, 0
        for field, bits in _FIELDS.items():
            value |= getattr(self, field) << at
            at += bits
        return value.to_bytes(32, "big")

    @classmethod
    def read(cls, word: bytes) -> "Program":
        """Raises `ValueError`."""
        value, fields = int.from_bytes(word, "big"), {}
        for field, bits in _FIELDS.items():
            fields[field] = value & ((1 << bits) - 1)
            value >>= bits
        if value:
            raise ValueError("bits above the fields of a program")
        return cls(**fields)

    def matrix(self, number: int) -> tuple[int, int, int]:
        """Rows, values a row and bytes a row of a matrix."""
        layer, part = divmod(number, 7)
        d, f = self.dim, self.ffn
        if layer < self.layers:
            norm = (1, d, 2 * d)
            shapes = [norm, (d + self.kv_dim, d), (self.kv_dim, d), (d, d), norm, (2 * f, d), (d, f)]
            shape = shapes[part]
        else:
            shape = [(self.vocab, d), (1, d, 2 * d), (self.context, HEAD, 2 * HEAD)][part]
        rows, k = shape[:2]
        return rows, k, shape[2] if len(shape) == 3 else 5 + k


@dataclass(frozen=True)
class Op:
    """One op of a run: where its values stand."""

    number: int
    kind: Kind
    rows: int
    chunks: int
    size: int
    """Bytes a value; rows of quantised values have 2 and a byte in front."""
    width: int = 0
    """Values a row, where that is the same for all rows and chunks of `WIDTH`."""
    matrix: int = -1
    out: int = 16
    """Fraction bits of a LINEAR's result."""
    columns: bool = False
    """A LINEAR whose rows are channels and whose chunks are positions."""

    @property
    def chunk_depth(self) -> int:
        """Levels that tell chunks apart; an op without rows has none."""
        return depth(self.chunks) if self.rows else 0

    @property
    def depth(self) -> int:
        return depth(self.rows) + self.chunk_depth

    def place(self, row: int, chunk: int) -> int:
        return (row << self.chunk_depth) + chunk


@dataclass(frozen=True)
class Run:
    """A program on so many tokens."""

    program: Program
    prompt: int
    completion: int
    sampled: bool = False

    def __post_init__(self) -> None:
        """Raises `ValueError`."""
        if self.prompt < 1 or self.completion < 1 or self.prompt + self.completion > self.program.context:
            raise ValueError(f"{self.prompt} + {self.completion} tokens for a context of {self.program.context}")

    @property
    def positions(self) -> int:
        return self.prompt + self.completion - 1

    @property
    def spans(self) -> int:
        return -(-self.positions // SPAN)

    def op(self, number: int) -> Op:
        """Raises `IndexError` if the program has no such op."""
        p, t, a, g = self.program, self.positions, self.program.heads, self.completion
        if not 0 <= number < p.ops:
            raise IndexError(f"no op {number}")

        def wide(kind: Kind, rows: int, width: int, size: int, matrix: int = -1, out: int = 16) -> Op:
            return Op(number, kind, rows, -(-width // WIDTH), size, width, matrix, out)

        def whole(kind: Kind, rows: int, width: int, size: int, matrix: int = -1) -> Op:
            return Op(number, kind, rows, 1, size, width, matrix)

        if number == 0:
            return wide(Kind.EMBED, t, p.dim, 4, 7 * p.layers)
        if number >= p.tail:
            groups = p.vocab // WIDTH
            tail = number - p.tail
            if tail == 0:
                return whole(Kind.NORMQ, g, p.dim, 2, 7 * p.layers + 1)
            if tail == 1:
                return wide(Kind.LINEAR, g, p.vocab, 4, 7 * p.layers)
            if tail == 2:
                return wide(Kind.CHUNKMAX, g, groups, 8)
            if tail == 3:
                return whole(Kind.TOP, g, 1, 8)
            return wide(Kind.SUM, g if self.sampled else 0, groups, 8)
        layer, slot = divmod(number - 1, 19)
        m = 7 * layer
        attention = self.spans * a
        match slot:
            case 0:
                return whole(Kind.NORMQ, t, p.dim, 2, m)
            case 1:
                return wide(Kind.LINEAR, t, p.dim + p.kv_dim, 4, m + 1)
            case 2:
                return Op(number, Kind.LINEAR, p.kv_dim, self.spans, 4, matrix=m + 2, columns=True)
            case 3:
                return wide(Kind.ROPE, t, p.dim + p.kv_dim, 4, 7 * p.layers + 2)
            case 4:
                return Op(number, Kind.SCORE, t, attention, 4)
            case 5:
                return Op(number, Kind.MAX, t, self.spans, 4)
            case 6:
                return Op(number, Kind.ATTEND, t, attention, 8)
            case 7:
                return wide(Kind.DIVIDE, t, p.dim, 4)
            case 8:
                return whole(Kind.PEAK, t, p.dim // WIDTH, 4)
            case 9:
                return whole(Kind.QUANT, t, p.dim, 2)
            case 10:
                return wide(Kind.LINEAR, t, p.dim, 4, m + 3, 14)
            case 11 | 18:
                return wide(Kind.ADD, t, p.dim, 4)
            case 12:
                return whole(Kind.NORMQ, t, p.dim, 2, m + 4)
            case 13:
                return wide(Kind.LINEAR, t, 2 * p.ffn, 4, m + 5)
            case 14:
                return wide(Kind.SWIGLU, t, p.ffn, 4)
            case 15:
                return whole(Kind.PEAK, t, p.ffn // WIDTH, 4)
            case 16:
                return whole(Kind.QUANT, t, p.ffn, 2)
            case _:
                return wide(Kind.LINEAR, t, p.dim, 4, m + 6, 14)

    def count(self, op: Op, row: int, chunk: int) -> int:
        """Values of a leaf; 0 where there is none."""
        if not (0 <= row < op.rows and 0 <= chunk < op.chunks):
            return 0
        if op.columns:
            return min(SPAN, self.positions - SPAN * chunk)
        match op.kind:
            case Kind.SCORE:
                return max(0, min(SPAN, row + 1 - SPAN * (chunk // self.program.heads)))
            case Kind.MAX:
                return self.program.heads if SPAN * chunk <= row else 0
            case Kind.ATTEND:
                return HEAD + 1 if SPAN * (chunk // self.program.heads) <= row else 0
            case _:
                return op.width if op.chunks == 1 else min(WIDTH, op.width - WIDTH * chunk)

    def length(self, op: Op, row: int, chunk: int) -> int:
        """Bytes of a leaf's data; 0 where there is none."""
        count = self.count(op, row, chunk)
        front = 1 if count and op.kind in (Kind.NORMQ, Kind.QUANT) else 0
        return front + count * op.size

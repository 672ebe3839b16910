"""The proof of a fault, checked as the chain checks it: docs/proof-of-compute.md, section 6. Plain integers only."""

from collections.abc import Callable
from dataclasses import dataclass, field

from eth_utils import keccak

from offchain.compute import steps, trees
from offchain.compute.claim import Claim
from offchain.compute.program import COMPLETION, HEAD, PROMPT, SPAN, TOKENS, WIDTH, Kind, Op, Run, depth


class NoFault(Exception):
    """The proof shows nothing wrong: the accused value follows from what it reads."""


class BadProof(Exception):
    """Something opened does not stand under the claim's roots, or is not what this kind needs."""


@dataclass(frozen=True)
class Opening:
    """A leaf, or a whole row of them, and its siblings from the bottom up."""

    salt: bytes
    data: bytes
    path: trees.Path = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """`openings[0]` is the accused leaf; the places of the others follow from it."""

    kind: Kind
    op: int
    row: int
    chunk: int
    element: int
    openings: list[Opening]


def integers(data: bytes, size: int) -> list[int]:
    """Big-endian, signed."""
    return [int.from_bytes(data[i : i + size], "big", signed=True) for i in range(0, len(data), size)]


def words(data: bytes) -> list[int]:
    """Big-endian, 32 bits, unsigned."""
    return [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]


def activations(data: bytes) -> steps.Row:
    return data[0], integers(data[1:], 2)


def weight_row(data: bytes) -> tuple[int, int, list[int]]:
    """Multiplier, its exponent, weights."""
    return int.from_bytes(data[:4], "big"), data[4], integers(data[5:], 1)


class Checker:
    """One fault proof against one claim."""

    def __init__(self, claim: Claim, fault: Fault) -> None:
        self.claim, self.fault = claim, fault
        self.run: Run = claim.run()
        self.program = self.run.program

    def check(self) -> None:
        """Returns if the fault is proved. Raises `NoFault`, `BadProof`."""
        kind = self.fault.kind
        if kind is Kind.PAD:
            return self.pad()
        if kind in (Kind.TOKEN, Kind.STOP):
            return self.token() if kind is Kind.TOKEN else self.stop()
        if kind is Kind.SALT:
            return self.salt()
        op = self.accused_op()
        if op.kind is not kind:
            raise BadProof(f"op {op.number} is {op.kind.name}")
        steps_of: dict[Kind, Callable[[Op], tuple[object, object]]] = {
            Kind.EMBED: self.embed,
            Kind.NORMQ: self.normq,
            Kind.LINEAR: self.linear,
            Kind.ROPE: self.rope,
            Kind.SCORE: self.score,
            Kind.MAX: self.max,
            Kind.ATTEND: self.attend,
            Kind.DIVIDE: self.divide,
            Kind.PEAK: self.peak,
            Kind.QUANT: self.quant,
            Kind.ADD: self.add,
            Kind.SWIGLU: self.swiglu,
            Kind.CHUNKMAX: self.chunk_max,
            Kind.TOP: self.top,
            Kind.SUM: self.sum,
        }
        claimed, right = steps_of[kind](op)
        return differ(claimed, right)

    # What is opened

    def opening(self, index: int) -> Opening:
        if not 0 <= index < len(self.fault.openings):
            raise BadProof(f"opening {index} is missing")
        return self.fault.openings[index]

    def accused_op(self) -> Op:
        try:
            return self.run.op(self.fault.op)
        except IndexError as error:
            raise BadProof(str(error)) from error

    def leaf(self, index: int, op: Op, row: int, chunk: int) -> bytes:
        """The data of a leaf of the trace."""
        opening = self.opening(index)
        length = self.run.length(op, row, chunk)
        if not length or len(opening.data) != length:
            raise BadProof(f"leaf {op.number}/{row}/{chunk} has {length} bytes, not {len(opening.data)}")
        start = trees.trace_leaf(self.claim.id, op.number, row, chunk, opening.salt, opening.data)
        self.climb(start, op.place(row, chunk), op, opening.path, op.depth)
        return opening.data

    def row(self, index: int, op: Op, row: int) -> bytes:
        """The data of all chunks of a row of ordinary leaves."""
        opening = self.opening(index)
        lengths = [self.run.length(op, row, chunk) for chunk in range(op.chunks)]
        if not all(lengths) or len(opening.data) != sum(lengths):
            raise BadProof(f"row {op.number}/{row} has {sum(lengths)} bytes, not {len(opening.data)}")
        leaves, at = [], 0
        for chunk, length in enumerate(lengths):
            data = opening.data[at : at + length]
            leaves.append(trees.trace_leaf(self.claim.id, op.number, row, chunk, opening.salt, data))
            at += length
        self.climb(trees.root(leaves), row, op, opening.path, depth(op.rows))
        return opening.data

    def climb(self, start: bytes, place: int, op: Op, path: trees.Path, levels: int) -> None:
        tops = depth(self.program.ops)
        if len(path) != levels + tops:
            raise BadProof(f"a path of {len(path)} for {levels + tops} levels")
        op_root = trees.climb(start, place, path[:levels])
        if trees.climb(op_root, op.number, path[levels:]) != self.claim.trace_root:
            raise BadProof("the path leads to another trace root")

    def weights(self, index: int, matrix: int, row: int) -> bytes:
        opening = self.opening(index)
        rows, _, length = self.program.matrix(matrix)
        levels = depth(rows)
        if len(opening.data) != length or len(opening.path) != levels + depth(self.program.matrices):
            raise BadProof("no row of that matrix")
        start = trees.climb(trees.weight_leaf(matrix, row, opening.data), row, opening.path[:levels])
        if trees.climb(start, matrix, opening.path[levels:]) != self.claim.model_root:
            raise BadProof("the path leads to another model root")
        return opening.data

    def tokens(self, index: int, tree: int, leaf: int) -> list[int]:
        """The tokens of a leaf of the prompt or the completion."""
        opening = self.opening(index)
        count = self.claim.prompt_tokens if tree == PROMPT else self.claim.completion_tokens
        leaves = -(-count // TOKENS)
        if not 0 <= leaf < leaves or len(opening.data) != 4 * min(TOKENS, count - TOKENS * leaf):
            raise BadProof("no such leaf of tokens")
        if len(opening.path) != depth(leaves):
            raise BadProof("a path of another length")
        start = trees.token_leaf(leaf, opening.salt, opening.data)
        wanted = self.claim.input_root if tree == PROMPT else self.claim.output_root
        if trees.climb(start, leaf, opening.path) != wanted:
            raise BadProof("the path leads to another root of tokens")
        return words(opening.data)

    def accused(self, op: Op) -> bytes:
        return self.leaf(0, op, self.fault.row, self.fault.chunk)

    def value(self, values: list[int]) -> int:
        """The accused one of them."""
        if not 0 <= self.fault.element < len(values):
            raise BadProof(f"no element {self.fault.element}")
        return values[self.fault.element]

    def before(self, op: Op) -> Op:
        """The residual stream that a layer's first op, or the tail, reads; or what else stands before an op."""
        return self.run.op(op.number - 1)

    def slot(self, op: Op) -> int:
        return (op.number - 1) % 19

    # The kinds

    def embed(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        t, prompt = self.fault.row, self.claim.prompt_tokens
        tree, at = (PROMPT, t) if t < prompt else (COMPLETION, t - prompt)
        token = self.tokens(1, tree, at // TOKENS)[at % TOKENS]
        m, s, w = weight_row(self.weights(2, op.matrix, min(token, self.program.vocab - 1)))
        return claimed, steps.embed(m, s, w[WIDTH * self.fault.chunk + self.fault.element])

    def normq(self, op: Op) -> tuple[object, object]:
        claimed = activations(self.accused(op))
        row = self.fault.row + (self.claim.prompt_tokens - 1 if op.number == self.program.tail else 0)
        x = integers(self.row(1, self.before(op), row), 4)
        w = integers(self.weights(2, op.matrix, 0), 2)
        return claimed, steps.normq(x, w, self.program.eps)

    def linear(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        if op.columns:
            source, row, n = self.run.op(op.number - 2), SPAN * self.fault.chunk + self.fault.element, self.fault.row
        else:
            source, row, n = self.before(op), self.fault.row, WIDTH * self.fault.chunk + self.fault.element
        q = activations(self.leaf(1, source, row, 0))
        m, s, w = weight_row(self.weights(2, op.matrix, n))
        return claimed, steps.linear(q, m, s, w, op.out)

    def rope(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        row, chunk, i = self.fault.row, self.fault.chunk, self.fault.element
        x = integers(self.leaf(1, self.run.op(op.number - 2), row, chunk), 4)
        turn = integers(self.weights(2, op.matrix, row), 2)
        even, pair = i - i % 2, i % HEAD // 2
        return claimed, steps.rope(x[even], x[even + 1], turn[pair], turn[HEAD // 2 + pair])[i % 2]

    def head_values(self, index: int, op: Op, row: int, head: int) -> list[int]:
        """One head of a row of ROPE."""
        at = head * HEAD
        values = integers(self.leaf(index, op, row, at // WIDTH), 4)
        return values[at % WIDTH : at % WIDTH + HEAD]

    def score(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        span, head = divmod(self.fault.chunk, self.program.heads)
        roped = self.before(op)
        q = self.head_values(1, roped, self.fault.row, head)
        position = SPAN * span + self.fault.element
        k = self.head_values(2, roped, position, self.program.heads + head // self.program.group)
        return claimed, steps.score(q, k)

    def max(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        row, chunk, head = self.fault.row, self.fault.chunk, self.fault.element
        values = integers(self.leaf(1, self.before(op), row, chunk * self.program.heads + head), 4)
        if chunk:
            values.append(integers(self.leaf(2, op, row, chunk - 1), 4)[head])
        return claimed, max(values)

    def attend(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 8))
        row, i, heads = self.fault.row, self.fault.element, self.program.heads
        span, head = divmod(self.fault.chunk, heads)
        scores = integers(self.leaf(1, self.run.op(op.number - 2), row, self.fault.chunk), 4)
        top = integers(self.leaf(2, self.run.op(op.number - 1), row, row // SPAN), 4)[head]
        values, at = [1] * len(scores), 3
        if i < HEAD:
            channel = HEAD * (head // self.program.group) + i
            values = integers(self.leaf(at, self.run.op(op.number - 4), channel, span), 4)[: len(scores)]
            at += 1
        before = integers(self.leaf(at, op, row, self.fault.chunk - heads), 8)[i] if span else 0
        return claimed, steps.attend(scores, top, values, before)

    def divide(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        row, column = self.fault.row, WIDTH * self.fault.chunk + self.fault.element
        chunk = row // SPAN * self.program.heads + column // HEAD
        totals = integers(self.leaf(1, self.before(op), row, chunk), 8)
        return claimed, steps.divide(totals[column % HEAD], totals[HEAD])

    def peak(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        values = integers(self.leaf(1, self.before(op), self.fault.row, self.fault.element), 4)
        return claimed, steps.peak(values)

    def quant(self, op: Op) -> tuple[object, object]:
        shift, q = activations(self.accused(op))
        i = self.fault.element
        peaks = integers(self.leaf(1, self.before(op), self.fault.row, 0), 4)
        right = steps.shift_of(max(0, *peaks))
        if i == op.width:
            return shift, right
        claimed = self.value(q)
        values = integers(self.leaf(2, self.run.op(op.number - 2), self.fault.row, i // WIDTH), 4)
        return claimed, steps.code(values[i % WIDTH], right)

    def add(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        row, chunk, i = self.fault.row, self.fault.chunk, self.fault.element
        base = op.number - self.slot(op)
        kept = self.run.op(base - 1 if self.slot(op) == 11 else base + 11)
        a = integers(self.leaf(1, kept, row, chunk), 4)[i]
        b = integers(self.leaf(2, self.before(op), row, chunk), 4)[i]
        return claimed, steps.sat32(a + b)

    def swiglu(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 4))
        row, chunk, i = self.fault.row, self.fault.chunk, self.fault.element
        g = integers(self.leaf(1, self.before(op), row, chunk), 4)[i]
        u = integers(self.leaf(2, self.before(op), row, chunk + self.program.ffn // WIDTH), 4)[i]
        return claimed, steps.swiglu(g, u)

    def chunk_max(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 8))
        group = WIDTH * self.fault.chunk + self.fault.element
        logits = integers(self.leaf(1, self.before(op), self.fault.row, group), 4)
        return claimed, steps.chunk_max(logits, WIDTH * group)

    def top(self, op: Op) -> tuple[object, object]:
        claimed = integers(self.accused(op), 8)[0]
        return claimed, max(integers(self.row(1, self.before(op), self.fault.row), 8))

    def sum(self, op: Op) -> tuple[object, object]:
        claimed = self.value(integers(self.accused(op), 8))
        group = WIDTH * self.fault.chunk + self.fault.element
        logits = integers(self.leaf(1, self.run.op(op.number - 3), self.fault.row, group), 4)
        top = integers(self.leaf(2, self.before(op), self.fault.row, 0), 8)[0]
        return claimed, steps.chunk_sum(logits, top, self.claim.beta)

    def token(self) -> None:
        claimed = self.value(self.tokens(0, COMPLETION, self.fault.row))
        step = TOKENS * self.fault.row + self.fault.element
        tail = self.program.tail
        top = integers(self.leaf(1, self.run.op(tail + 3), step, 0), 8)[0]
        if not self.claim.beta:
            return differ(claimed, steps.greedy(top))
        sums = integers(self.row(2, self.run.op(tail + 4), step), 8)
        group, threshold = steps.drawn_chunk(sums, trees.draw(self.claim.seed, step))
        logits = integers(self.leaf(3, self.run.op(tail + 1), step, group), 4)
        within = steps.drawn_index(steps.weights_of(logits, top, self.claim.beta), threshold)
        return differ(claimed, WIDTH * group + within)

    def stop(self) -> None:
        ends = self.value(self.tokens(0, COMPLETION, self.fault.row)) == self.program.eos
        last = TOKENS * self.fault.row + self.fault.element == self.claim.completion_tokens - 1
        early = last and not ends and self.claim.completion_tokens < self.claim.max_tokens
        if not (early or (ends and not last)):
            raise NoFault("the answer ends where it must")

    def salt(self) -> None:
        secret = self.opening(1).data
        if keccak(secret) != self.claim.salt_hash:
            raise BadProof("not the secret")
        if self.fault.op == COMPLETION:
            self.tokens(0, COMPLETION, self.fault.row)
        else:
            self.accused(self.accused_op())
        differ(self.opening(0).salt, trees.salt(secret, self.fault.op, self.fault.row))

    def pad(self) -> None:
        opening = self.opening(0)
        if len(opening.data) != 32:
            raise BadProof("a node has 32 bytes")
        tops = depth(self.program.ops)
        if self.fault.op >= self.program.ops:
            if self.fault.op >= 1 << tops or len(opening.path) != tops:
                raise BadProof("no such place")
            if trees.climb(opening.data, self.fault.op, opening.path) != self.claim.trace_root:
                raise BadProof("the path leads to another trace root")
        else:
            op = self.run.op(self.fault.op)
            inside = 0 <= self.fault.row < 1 << depth(op.rows) and 0 <= self.fault.chunk < 1 << op.chunk_depth
            if not inside or self.run.count(op, self.fault.row, self.fault.chunk):
                raise BadProof("there is a leaf at that place")
            self.climb(opening.data, op.place(self.fault.row, self.fault.chunk), op, opening.path, op.depth)
        differ(opening.data, trees.ZERO)


def differ(claimed: object, right: object) -> None:
    """Raises `NoFault` if they do not."""
    if claimed == right:
        raise NoFault(f"the value is right: {claimed!r:.80}")


def check(claim: Claim, fault: Fault) -> None:
    """Returns if the fault is proved, as `proveFault` succeeds. Raises `NoFault`, `BadProof`."""
    Checker(claim, fault).check()

"""Reads ranges of the chain so that what comes out is of one chain, or nothing comes out."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec

from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError
from indexer.chain import Block, Position, Range, RawLog

# Blocks this near to the head are asked for by their hashes: a node that lags behind another one can't answer
# short.
NEAR_BLOCKS = 32
BATCH = 100
FIRST_RANGE_BLOCKS = 64
# What a database keeps as an integer.
MAX_NUMBER = (1 << 63) - 1
# After a refusal this many ranges are read before a longer one is tried.
PATIENCE = 20


class ChainMoved(Exception):
    """The chain was reorganized while it was read, or nodes answered from different views: read again."""

    def __init__(self) -> None:
        super().__init__("what the node answers does not fit together: it changes its chain, or several answer as one")


class RangeTooLong(Exception):
    """The node did not answer for a range of this length: the next one will be shorter."""


class _Block(msgspec.Struct, rename="camel", gc=False):
    number: str
    hash: str
    parent_hash: str
    timestamp: str


class _Log(msgspec.Struct, rename="camel", gc=False):
    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str
    removed: bool = False


class Reader:
    """Reads blocks and logs, with a range that grows and shrinks with what the node accepts.

    `window` is how far below the head every block is remembered, whether it has logs or not.
    """

    def __init__(self, rpc: Rpc, addresses: Sequence[str], window: int, max_range: int) -> None:
        self._rpc = rpc
        self._addresses = list(addresses)
        self._ours = {bytes.fromhex(address[2:]) for address in addresses}
        self._window = window
        self._max_range = max_range
        self.range = min(max_range, FIRST_RANGE_BLOCKS)
        self._patience = 0

    async def head_and(self, number: int) -> tuple[int, Block | None]:
        """Number of the newest block, and the block at a height if the node has it."""
        return await self.head(), (await self.headers([number]))[0]

    async def chain_id(self) -> int:
        """The node's chain."""
        return _number(await self._rpc.call("eth_chainId", kind=str))

    async def head(self) -> int:
        """Number of the newest block."""
        return _number(await self._rpc.call("eth_blockNumber", kind=str))

    async def headers(self, numbers: Sequence[int]) -> list[Block | None]:
        """Blocks by number, None for those that the node does not have."""
        found: list[Block | None] = []
        for start in range(0, len(numbers), BATCH):
            part = numbers[start : start + BATCH]
            answers = await self._rpc.batch(
                [("eth_getBlockByNumber", (hex(number), False)) for number in part], kind=_Block
            )
            found += [_block(answer) if answer is not None else None for answer in answers]
        for number, block in zip(numbers, found, strict=True):
            if block is not None and block.number != number:
                raise NodeUnreachable(f"asked for block {number}, the node answered with {block.number}")
        return found

    async def read(self, after: Position, head: int) -> Range:
        """Reads on from a block. Raises `ChainMoved`, `RangeTooLong`, `RpcError`, `NodeUnreachable`."""
        if head - after.block <= NEAR_BLOCKS:
            return await self._read_near(after, head)
        return await self._read_far(after, min(after.block + self.range, head - NEAR_BLOCKS), head)

    async def _read_near(self, after: Position, head: int) -> Range:
        """By block hash: the logs are of exactly the blocks that lead on from ours."""
        blocks = await self._existing(range(after.block + 1, head + 1))
        _check_links(blocks, after)
        try:
            answers = await self._rpc.batch(
                [
                    ("eth_getLogs", ({"blockHash": "0x" + block.hash.hex(), "address": self._addresses},))
                    for block in blocks
                ],
                kind=list[_Log],
            )
        except RpcError as error:
            # This is what a node says that does not have one of the blocks, or no longer.
            if await self._existing([block.number for block in blocks]) != blocks:
                raise ChainMoved from error
            raise
        by_number = {block.number: block for block in blocks}
        logs = self._in_order(_log(log, by_number) for answer in answers for log in answer or ())
        return Range(after, Position(blocks[-1].number, blocks[-1].hash), logs, blocks)

    async def _read_far(self, after: Position, last: int, head: int) -> Range:
        """By range: the last block is looked at before and after the logs, so they are of the chain that ends
        there.
        """
        (end,) = await self._existing([last])
        try:
            found = await self._rpc.call(
                "eth_getLogs",
                {"fromBlock": hex(after.block + 1), "toBlock": hex(last), "address": self._addresses},
                kind=list[_Log],
            )
        except (RpcError, NodeUnreachable) as error:
            if last == after.block + 1:
                raise
            # Too many results, or too slow: nodes say so in many ways, and a smaller range helps in all of
            # them.
            self.range = max((last - after.block) // 2, 1)
            self._patience = PATIENCE
            raise RangeTooLong from error
        near = range(max(after.block + 1, head - self._window + 1), last + 1)
        numbers = sorted({last, *near, *(_number(log.block_number) for log in found or ())})
        if numbers[0] <= after.block or numbers[-1] > last:
            raise NodeUnreachable(f"logs of block {numbers[0]} to {numbers[-1]} are not of the range asked for")
        blocks = await self._existing(numbers)
        _check_links(blocks, after)
        by_number = {block.number: block for block in blocks}
        logs = self._in_order(_log(log, by_number) for log in found or ())
        if by_number[last] != end:
            raise ChainMoved
        # Blocks without logs are not linked to ours one by one, so both ends are looked at once more.
        await self._still(after, Position(last, end.hash))
        if last - after.block == self.range:
            self._grow()
        kept = {log.block for log in logs}.union(near)
        return Range(after, Position(last, end.hash), logs, [block for block in blocks if block.number in kept])

    def _grow(self) -> None:
        """At once until something was refused, and then only now and then: blocks differ in how much they hold."""
        self._patience -= 1
        if self._patience <= 0:
            self.range = min(self.range * 2, self._max_range)

    def _in_order(self, logs: Iterable[RawLog]) -> list[RawLog]:
        ordered = sorted(logs)
        for log in ordered:
            if log.address not in self._ours:
                raise NodeUnreachable("the node answered with logs of addresses that were not asked for")
        if any(a[:2] == b[:2] for a, b in pairwise(ordered)):
            raise NodeUnreachable("the node answered with a log twice")
        return ordered

    async def _existing(self, numbers: Sequence[int]) -> list[Block]:
        """Blocks by number. Raises `ChainMoved` if the node lacks one."""
        blocks = [block for block in await self.headers(numbers) if block is not None]
        if len(blocks) != len(numbers):
            raise ChainMoved
        return blocks

    async def _still(self, *positions: Position) -> None:
        """Raises `ChainMoved` if one of them is no longer on the chain."""
        found = await self._existing([position.block for position in positions])
        if any(block.hash != position.hash for block, position in zip(found, positions, strict=True)):
            raise ChainMoved


def _check_links(blocks: Sequence[Block], after: Position) -> None:
    hashes = {after.block: after.hash} | {block.number: block.hash for block in blocks}
    for block in blocks:
        if hashes.get(block.number - 1, block.parent) != block.parent:
            raise ChainMoved


def _number(value: str | None) -> int:
    try:
        number = int(value or "", 16)
    except ValueError:
        number = -1
    if not 0 <= number <= MAX_NUMBER:
        raise NodeUnreachable(f"expected a hexadecimal number, the node answered {value!r:.80}")
    return number


def _bytes(value: str, length: int | None = None) -> bytes:
    try:
        raw = bytes.fromhex(value[2:])
    except ValueError:
        raise NodeUnreachable(f"expected hexadecimal data, the node answered {value!r:.80}") from None
    if length is not None and len(raw) != length:
        raise NodeUnreachable(f"expected {length} bytes, the node answered {len(raw)}")
    return raw


# Of what comes again and again: hashes of blocks and transactions, addresses.
_same_bytes = lru_cache(maxsize=1 << 10)(_bytes)


def _block(block: _Block) -> Block:
    return Block(_number(block.number), _bytes(block.hash, 32), _bytes(block.parent_hash, 32), _number(block.timestamp))


def _log(log: _Log, blocks: dict[int, Block]) -> RawLog:
    block = blocks.get(_number(log.block_number))
    if log.removed or block is None or block.hash != _same_bytes(log.block_hash, 32):
        raise ChainMoved
    return RawLog(
        block.number,
        _number(log.log_index),
        _same_bytes(log.address, 20),
        _same_bytes(log.transaction_hash, 32),
        b"".join([_bytes(topic, 32) for topic in log.topics]),
        _bytes(log.data),
    )

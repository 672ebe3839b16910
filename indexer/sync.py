"""Follows the chain: forward while it grows, back where it was reorganized, never past what was seen."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import ParamSpec, TypeVar

from cluster.chain.manifest import Manifest
from cluster.chain.rpc import NodeUnreachable, Rpc, RpcFailure
from indexer.chain import Position, Range
from indexer.decoder import Decoder
from indexer.reader import NEAR_BLOCKS, ChainMoved, RangeTooLong, Reader
from indexer.store import Store, WrongDatabase
from indexer.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")

WINDOW_BLOCKS = 128
MAX_RANGE_BLOCKS = 2_000
POLL_S = 0.5
RETRY_S = 0.1
MAX_RETRY_S = 15.0
# A reorganization is over after this; what lasts longer is told.
PATIENCE_S = 1.0
COMPARED_AT_ONCE = 50


class ChainReplaced(RuntimeError):
    """The node is of another chain than the manifest or the database."""


@dataclass
class Status:
    """What the indexer knows about itself since it was started. `head` is the node's newest block, None until it has
    answered; `error` is what is waited out, if anything.
    """

    head: int | None = None
    indexed: int = 0
    reorgs: int = 0
    deep_reorgs: int = 0
    last_reorg: dict[str, int] | None = None
    logs: int = 0
    error: str | None = "starting"

    @property
    def lag(self) -> int | None:
        """Blocks between the node's head and what was indexed."""
        return None if self.head is None else max(self.head - self.indexed, 0)


class Indexer:
    """One database following one chain. `progress` is called after each range with the status.

    `window` is how many blocks below the head a reorganization is undone by the journal; deeper ones replay
    the logs.
    """

    def __init__(
        self,
        store: Store,
        manifest: Manifest,
        rpc: Rpc,
        *,
        window: int = WINDOW_BLOCKS,
        max_range: int = MAX_RANGE_BLOCKS,
        poll_s: float = POLL_S,
        progress: Callable[[Status], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._poll_s = poll_s
        self._progress = progress
        self._decoder = Decoder(manifest)
        self._reader = Reader(rpc, list(self._decoder.contracts.values()), window, max_range)
        self._writer = Writer(store, self._decoder, window)
        self._ahead: Range | None = None
        self.status = Status()

    async def start(self) -> None:
        """Checks that node, manifest and database are of one deployment, and brings the database's form up to
        date.

        Raises `WrongDatabase`, `ChainReplaced`, `RpcFailure`.
        """
        chain_id = await self._reader.chain_id()
        if chain_id != self._manifest.chain_id:
            raise ChainReplaced(f"the node is of chain {chain_id}, the manifest of {self._manifest.chain_id}")
        start = None
        if self._store.position() is None:
            number = max(self._decoder.first_block - 1, 0)
            (start,) = await self._reader.headers([number])
            if start is None:
                raise ChainReplaced(f"the node has no block {number}, where the deployment begins")
        self._store.begin(chain_id, self._decoder.contracts, start)
        if self._store.stale():
            await _whole(self._writer.rebuild)
        self.status.indexed = self._position().block

    async def check(self) -> None:
        """Checks that the database is of this manifest, and that the node has the block that it ends with.

        Changes nothing. Raises `WrongDatabase`, `ChainReplaced`, `RpcFailure`.
        """
        position = self._store.position()
        if position is None:
            raise WrongDatabase(f"{self._store.path} is empty; `cluster index run` fills it")
        self._store.check(self._manifest.chain_id, self._decoder.contracts)
        (found,) = await self._reader.headers([position.block])
        if found is None or found.hash != position.hash:
            raise ChainReplaced(
                f"block {position.block}, where the database ends, is not on the node's chain: the indexer "
                "has to take a reorganization back first"
            )

    async def catch_up(self, to: int | None = None) -> None:
        """Reads until the head, or until a block. Raises `RpcFailure`, `ChainReplaced`, and `ChainMoved` if the node's
        answers go on not fitting together.
        """
        wait = RETRY_S
        while True:
            try:
                if not await self._step(to):
                    return
                wait = RETRY_S
            except RangeTooLong:
                continue
            except ChainMoved:
                if wait > MAX_RETRY_S:
                    raise
                await asyncio.sleep(wait)
                wait *= 2

    async def run(self, stop: asyncio.Event) -> None:
        """Starts, then follows the chain until `stop` is set. What a node fails at is waited out; a chain or
        database that is another one is not (`ChainReplaced`, `WrongDatabase`).
        """
        wait, started = RETRY_S, False
        while not stop.is_set():
            try:
                if not started:
                    await self.start()
                    started = True
                more = await self._step(None)
            except RangeTooLong:
                continue
            except (RpcFailure, ChainMoved) as error:
                if isinstance(error, RpcFailure) or wait > PATIENCE_S:
                    self.status.error = str(error)
                    self._progress(self.status)
                pause = wait
                wait = min(wait * 2, MAX_RETRY_S)
            else:
                self.status.error = None
                pause = 0 if more else self._poll_s
                wait = RETRY_S
            if pause:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    def _position(self) -> Position:
        position = self._store.position()
        if position is None:
            raise RuntimeError("start() comes first")
        return position

    async def _step(self, to: int | None) -> bool:
        """One range forward or one rollback. Returns whether there is more to do."""
        position = self._position()
        self.status.indexed = position.block
        head, mine = await self._reader.head_and(position.block)
        self.status.head = head
        if mine is None or mine.hash != position.hash or head < position.block:
            return await self._settle(position, head)
        target = head if to is None else min(to, head)
        if position.block >= target:
            return False
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.after == position and ahead.last.block <= target:
            read = ahead
        else:
            read = await self._reader.read(position, target)
        await self._apply(read, target)
        self.status.indexed = read.last.block
        self.status.logs += len(read.logs)
        self.status.error = None
        self._progress(self.status)
        return read.last.block < target

    async def _apply(self, read: Range, target: int) -> None:
        """Writes a range while the next one is read, if there is one that is not near to the head."""
        if target - read.last.block <= NEAR_BLOCKS:
            await _whole(self._writer.apply, read, target)
            return
        reading = asyncio.create_task(self._read_ahead(read.last, target))
        try:
            await _whole(self._writer.apply, read, target)
        except BaseException:
            reading.cancel()
            await asyncio.wait([reading])
            raise
        self._ahead = await reading

    async def _read_ahead(self, after: Position, target: int) -> Range | None:
        """The next range; None if it can't be had, which the next step will find and tell."""
        try:
            return await self._reader.read(after, target)
        except (RpcFailure, ChainMoved, RangeTooLong):
            return None

    async def _settle(self, position: Position, head: int) -> bool:
        """The node does not have our last block: it lags behind, or the chain was reorganized."""
        known = self._store.positions(head)
        newest: Position | None = None
        while part := list(islice(known, COMPARED_AT_ONCE)):
            newest = newest or part[0]
            for ours, theirs in zip(part, await self._reader.headers([p.block for p in part]), strict=True):
                if theirs is None:
                    # It lost a block below its own head: nodes of different views. Ask again.
                    raise ChainMoved
                if theirs.hash != ours.hash:
                    continue
                if ours == newest and head < position.block:
                    # It has all of ours that it could have: nothing says that it will not have the rest.
                    return False
                await self._roll_back(position, ours)
                return True
        if newest is None:
            raise NodeUnreachable(
                f"the node's newest block is {head}, before the deployment: is it still being set up?"
            )
        raise ChainReplaced(
            f"none of the blocks read up to {position.block} is on the node's chain. If it is the right one, "
            "start again with an empty database"
        )

    async def _roll_back(self, position: Position, to: Position) -> None:
        journal = await _whole(self._writer.roll_back, to)
        self.status.indexed = to.block
        self.status.reorgs += 1
        self.status.deep_reorgs += not journal
        self.status.last_reorg = {"from": position.block, "to": to.block}
        self._progress(self.status)


async def _whole(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs in a thread, to its end even if the task is cancelled: nobody may close the database under a
    writer.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise

"""Follows the chain: forward while it grows, back where it was reorganized, never past what was seen."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cluster.chain.manifest import Manifest
from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError
from indexer.decoder import Decoder
from indexer.reader import ChainMoved, MalformedAnswer, Reader
from indexer.store import Store
from indexer.writer import Writer

WINDOW_BLOCKS = 128
MAX_RANGE_BLOCKS = 2_000
POLL_S = 0.25
RETRY_S = 1.0
MAX_RETRY_S = 30.0


class ChainReplaced(RuntimeError):
    """No block that was read is on the node's chain any more: this is another chain, and needs another database."""


@dataclass
class Status:
    """What the indexer knows about itself."""

    head: int = 0
    indexed: int = 0
    reorgs: int = 0
    deep_reorgs: int = 0
    last_reorg_to: int | None = None
    error: str | None = None

    @property
    def lag(self) -> int:
        """Blocks between the node's head and what was indexed."""
        return max(self.head - self.indexed, 0)


class Indexer:
    """One database following one chain. `progress(indexed, head)` is called after each range."""

    def __init__(
        self,
        store: Store,
        manifest: Manifest,
        rpc: Rpc,
        *,
        window: int = WINDOW_BLOCKS,
        max_range: int = MAX_RANGE_BLOCKS,
        progress: Callable[[int, int], None] = lambda indexed, head: None,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._rpc = rpc
        self._window = window
        self._progress = progress
        decoder = Decoder(manifest)
        self._start_block = max(decoder.first_block - 1, 0)
        self._reader = Reader(rpc, decoder, max_range)
        self._writer = Writer(store, decoder, window)
        self.status = Status()

    async def start(self) -> None:
        """Checks that node, manifest and database are of one chain. Raises `WrongDatabase`, `ChainReplaced`."""
        chain_id = int(await self._rpc.call("eth_chainId"), 16)
        if chain_id != self._manifest.chain_id:
            raise ChainReplaced(f"the node is of chain {chain_id}, the manifest of {self._manifest.chain_id}")
        if self._store.checkpoint() is None:
            first = await self._reader.header(self._start_block)
            if first is None:
                raise ChainReplaced(f"the node has no block {self._start_block}, where the deployment begins")
            self._store.begin(chain_id, first.number, first.hash)
        else:
            self._store.begin(chain_id, 0, b"")

    async def catch_up(self) -> None:
        """Reads until the head. Returns at once if there is nothing new."""
        while await self._step():
            pass

    async def run(self) -> None:
        """Follows the chain until cancelled. Node failures are waited out; a chain that was replaced is not."""
        wait = RETRY_S
        while True:
            try:
                await self.catch_up()
            except (NodeUnreachable, RpcError, MalformedAnswer) as error:
                self.status.error = str(error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, MAX_RETRY_S)
                continue
            self.status.error = None
            wait = RETRY_S
            await asyncio.sleep(POLL_S)

    async def _step(self) -> bool:
        """One range forward or one rollback. Returns whether there is more to do."""
        checkpoint = self._store.checkpoint()
        if checkpoint is None:
            raise RuntimeError("start() comes first")
        number, block_hash = checkpoint
        head = await self._reader.head()
        self.status.head, self.status.indexed = head, number
        mine = await self._reader.header(number)
        if mine is None or mine.hash != block_hash:
            return await self._settle_difference(head, number)
        if number >= head:
            return False
        try:
            read = await self._reader.read(number, block_hash, head, self._window)
        except ChainMoved:
            await asyncio.sleep(0)
            return True
        await asyncio.to_thread(self._writer.apply, read, head)
        self.status.indexed = read.last.number
        self._progress(read.last.number, head)
        return read.last.number < head

    async def _settle_difference(self, head: int, number: int) -> bool:
        """The node does not have our last block: it lags behind, or the chain was reorganized."""
        for known, known_hash in self._store.known_blocks():
            if known > head:
                continue
            theirs = await self._reader.header(known)
            if theirs is None:
                return False
            if theirs.hash != known_hash:
                continue
            if head < number and known == max(k for k, _ in self._store.known_blocks() if k <= head):
                # It has all of ours that it could have: nothing says that it will not have the rest.
                return False
            journal = await asyncio.to_thread(self._writer.roll_back, known, known_hash)
            self.status.reorgs += 1
            self.status.deep_reorgs += not journal
            self.status.last_reorg_to = known
            return True
        raise ChainReplaced(
            f"none of the blocks read up to {number} is on the node's chain; if it is the right one, start again "
            "with an empty database"
        )

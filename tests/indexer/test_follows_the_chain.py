"""After any sequence of transactions, reorganizations, crashes and node failures, the tables say what the contracts'
views say at the same block, and are what an indexer makes that saw nothing of it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cluster.chain import anvil
from cluster.chain.rpc import Rpc, RpcFailure
from cluster.testing.anvil import OPTIONS
from indexer.audit import Audit
from indexer.chain import Position
from indexer.decoder import Decoder
from indexer.handlers import HANDLERS
from indexer.rows import Key, Row
from indexer.store import Store
from indexer.sync import Indexer
from indexer.writer import Writer
from tests.indexer.compare import earnings_by_purchases, earnings_in_tables, function_of_chain
from tests.indexer.conftest import World, make_world
from tests.indexer.faulty_node import FaultyNode

# Small, so that reorganizations deeper than the journal come often.
WINDOW = 8
FAULTS = ("drop", "busy", "garbage", "error", "no batches", "foreign log", *(None,) * 18)

OPERATIONS = (
    *("blocks",) * 6,
    *("reorg",) * 4,
    *("deep reorg", "snapshot", "revert", "rewind"),
    *("sync",) * 3,
    *("faults", "crash", "lag", "change while read", "check") * 2,
)

seen: Counter[str] = Counter()


class Killed(BaseException):
    """The process ends here."""


class FragileStore(Store):
    """Dies at the n-th step of a write."""

    fuse = 10**9

    def _burn(self) -> None:
        self.fuse -= 1
        if self.fuse == 0:
            raise Killed

    def append(self, blocks: Any, logs: Any) -> None:
        super().append(blocks, logs)
        self._burn()

    def save(self, table: str, rows: list[Row], removed: list[Key]) -> None:  # type: ignore[override]
        super().save(table, rows, removed)
        self._burn()

    def advance(self, to: Position, floor: int) -> None:
        super().advance(to, floor)
        self._burn()

    def truncate(self, to: Position) -> None:
        super().truncate(to)
        self._burn()


class Machine:
    """The operations, over one chain and one database."""

    def __init__(self, world: World, node: FaultyNode, rpc: Rpc, clean: Rpc, random: Random, path: Path) -> None:
        self.world = world
        self.node = node
        self.rpc = rpc
        self.clean = clean
        self.random = random
        self.path = path
        self.snapshots: list[str] = []
        self.store = FragileStore(path)
        self.indexer = self._indexer(rpc)

    def _indexer(self, rpc: Rpc) -> Indexer:
        return Indexer(self.store, self.world.manifest, rpc, window=WINDOW, max_range=self.random.choice([1, 3, 40]))

    def _tally(self) -> None:
        status = self.indexer.status
        seen["reorganizations"] += status.reorgs
        seen["replays"] += status.deep_reorgs
        status.reorgs = status.deep_reorgs = 0

    def _reopen(self) -> None:
        self._tally()
        self.store.close()
        self.store = FragileStore(self.path)
        self.indexer = self._indexer(self.rpc)

    async def do(self, name: str) -> None:
        seen[name] += 1
        await getattr(self, name.replace(" ", "_"))()

    async def blocks(self) -> None:
        self.world.blocks(self.random.randint(1, 6), self.random.randint(0, 4))

    async def reorg(self, low: int = 1, high: int = WINDOW) -> None:
        # Never below the deployment, nor to a snapshot that is gone.
        depth = min(self.random.randint(low, high), self.world.head() - self.world.first - 1)
        if depth > 0:
            self.snapshots.clear()
            self.world.reorg(depth)

    async def deep_reorg(self) -> None:
        await self.reorg(WINDOW + 1, 60)

    async def snapshot(self) -> None:
        self.snapshots.append(self.world.chain.rpc("evm_snapshot"))

    async def revert(self) -> None:
        if self.snapshots:
            self.world.chain.rpc("evm_revert", self.snapshots.pop())
            self.world.blocks(self.random.randint(1, 3))

    async def rewind(self) -> None:
        await self.indexer.start()
        position = self.store.position()
        assert position is not None
        to = next(self.store.positions(position.block - self.random.randint(0, 20)), None)
        if to is not None:
            Writer(self.store, Decoder(self.world.manifest), WINDOW).roll_back(to)
            self._reopen()

    async def sync(self) -> None:
        await self.indexer.start()
        await self.indexer.catch_up()

    async def faults(self) -> None:
        """Syncs in spite of a node that fails at random, and takes short ranges only."""
        await self.blocks()
        self.node.fault = lambda: self.random.choice(FAULTS)
        self.node.max_range = self.random.choice([1, 2, 7])
        try:
            for _ in range(12):
                try:
                    await self.sync()
                except RpcFailure:
                    seen["failure waited out"] += 1
        finally:
            self.node.fault = lambda: None
            self.node.max_range = 10**9

    async def crash(self) -> None:
        await self.random.choice([self.blocks, self.reorg, self.deep_reorg])()
        self.store.fuse = self.random.randint(1, 12)
        try:
            await self.sync()
        except Killed:
            seen["killed while writing"] += 1
        self._reopen()

    async def lag(self) -> None:
        """The node falls behind what was indexed: nothing is taken back."""
        await self.sync()
        before = self.store.position()
        self.node.lag = self.random.randint(1, 12)
        try:
            await self.indexer.catch_up()
        finally:
            self.node.lag = 0
        assert self.store.position() == before

    async def change_while_read(self) -> None:
        """The chain is reorganized between two requests of one read."""
        if self.world.head() < self.world.first + 20:
            return
        fuse = self.random.randint(1, 12)

        def burn(method: str) -> None:
            nonlocal fuse
            fuse -= 1
            if fuse == 0:
                seen[f"changed before {method}"] += 1
                self.snapshots.clear()
                self.world.reorg(self.random.randint(1, 12))

        self.node.before = burn
        try:
            self.world.blocks(2)
            await self.sync()
        finally:
            self.node.before = lambda _: None

    async def check(self) -> None:
        position = self.store.position()
        # A shorter chain can't be told from a node that lags; it is once it has grown.
        while position is not None and self.world.head() <= position.block:
            self.world.blocks(1)
        await self.sync()
        assert self.store.position() == await self._head()
        assert await Audit(self.store, self.world.manifest, self.clean).differences() == []
        assert earnings_in_tables(self.store) == earnings_by_purchases(self.store)
        fresh = Store(":memory:")
        other = Indexer(fresh, self.world.manifest, self.clean)
        await other.start()
        await other.catch_up()
        assert function_of_chain(self.store) == function_of_chain(fresh)
        fresh.close()
        self._tally()

    async def _head(self) -> Position:
        block = await self.clean.call("eth_getBlockByNumber", "latest", False)
        return Position(int(block["number"], 16), bytes.fromhex(block["hash"][2:]))


@asynccontextmanager
async def machine(seed: int, path: Path) -> AsyncIterator[Machine]:
    with anvil.running(options=OPTIONS) as url:
        world = make_world(url, seed)
        node = FaultyNode(url)
        async with node.serving() as faulty, Rpc(faulty) as rpc, Rpc(url) as clean:
            made = Machine(world, node, rpc, clean, Random(seed), path)
            try:
                yield made
            finally:
                made.store.close()
                world.chain.close()


# Every example has a chain of its own, so a failure is told as it was found instead of being made smaller.
@settings(
    max_examples=10,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32), operations=st.lists(st.sampled_from(OPERATIONS), min_size=20, max_size=60))
def test_tables_equal_the_views_after_anything(tmp_path_factory: Any, seed: int, operations: list[str]) -> None:
    async def play() -> None:
        path = tmp_path_factory.mktemp("machine") / "index.db"
        async with machine(seed, path) as made:
            for operation in operations:
                await made.do(operation)
            await made.check()

    asyncio.run(play())


def told(store: Store, decoder: Decoder) -> set[tuple[str, str]]:
    """Which events the logs have, by contract and name."""
    events = (decoder.decode(log, time) for log, time in store.logs())
    return {(event.contract, event.name) for event in events if event is not None}


def test_the_machine_meets_what_it_is_for(tmp_path: Path) -> None:
    """Every operation many times, on a chain where every event happened and every table has rows: the property above is
    not an empty one.
    """

    async def play() -> None:
        async with machine(7, tmp_path / "index.db") as made:
            made.world.blocks(200)
            for _ in range(8):
                for operation in dict.fromkeys(OPERATIONS):
                    await made.do(operation)
            await made.check()
            decoder = Decoder(made.world.manifest)
            wanted = {(contract, name) for contract in decoder.contracts for name in HANDLERS[contract]}
            while not all(made.store.counts().values()) or wanted - told(made.store, decoder):
                assert made.world.head() < 3_000, made.store.counts()
                made.world.blocks(20)
                await made.sync()
            await made.check()

    seen.clear()
    asyncio.run(play())
    for event in (
        "reorganizations",
        "replays",
        "failure waited out",
        "killed while writing",
        "changed before eth_getLogs",
    ):
        assert seen[event], event

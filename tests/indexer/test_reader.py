"""What nodes do wrong never gets past the reader; what they can't do at once is asked for in parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from cluster.chain.rpc import NodeUnreachable, Rpc
from indexer import sync
from indexer.store import Store, WrongDatabase
from indexer.sync import ChainReplaced, Indexer
from tests.indexer.compare import function_of_chain
from tests.indexer.conftest import World
from tests.indexer.faulty_node import FaultyNode


@asynccontextmanager
async def indexing(
    world: World, window: int = 128, max_range: int = 2_000
) -> AsyncIterator[tuple[FaultyNode, Indexer, Store]]:
    """An indexer that reads through a node with faults."""
    node, store = FaultyNode(world.url), Store(":memory:")
    async with node.serving() as url, Rpc(url) as rpc:
        indexer = Indexer(store, world.manifest, rpc, window=window, max_range=max_range)
        await indexer.start()
        yield node, indexer, store
    store.close()


async def clean_copy(world: World) -> Store:
    """What an indexer without any trouble makes of the chain."""
    store = Store(":memory:")
    async with Rpc(world.url) as rpc:
        indexer = Indexer(store, world.manifest, rpc)
        await indexer.start()
        await indexer.catch_up()
    return store


def test_the_range_shrinks_to_what_the_node_takes_and_nothing_is_missed(world: World) -> None:
    world.blocks(150)

    async def play() -> None:
        async with indexing(world, window=4) as (node, indexer, store):
            node.max_range = 5
            await indexer.catch_up()
            assert indexer.status.indexed == world.head()
            assert indexer._reader.range <= 8
            assert node.refused < 8
            assert function_of_chain(store) == function_of_chain(await clean_copy(world))

    asyncio.run(play())


def test_a_node_without_batches_is_said_to_be_one(world: World) -> None:
    async def play() -> None:
        async with indexing(world) as (node, indexer, _):
            node.fault = lambda: "no batches"
            with pytest.raises(Exception, match="no batches"):
                await indexer.catch_up()

    asyncio.run(play())


@pytest.mark.parametrize("behind", [1, 5, 40])
def test_a_node_that_falls_behind_is_waited_for(world: World, behind: int) -> None:
    world.blocks(60)

    async def play() -> None:
        async with indexing(world) as (node, indexer, store):
            await indexer.catch_up()
            before = store.position()
            node.lag = behind
            await indexer.catch_up()
            assert store.position() == before
            assert indexer.status.reorgs == 0
            world.blocks(50)
            await indexer.catch_up()
            assert indexer.status.indexed == world.head() - behind
            node.lag = 0
            await indexer.catch_up()
            assert function_of_chain(store) == function_of_chain(await clean_copy(world))

    asyncio.run(play())


def test_a_replica_behind_the_one_that_told_the_head_can_not_make_the_checkpoint_pass_a_block(
    world: World,
) -> None:
    """The head comes from a node that is ahead, everything else from one that has not got the newest blocks."""
    world.blocks(20)

    async def play() -> None:
        async with indexing(world) as (node, indexer, store):
            await indexer.catch_up()
            reached = store.position()
            world.blocks(6)

            def lag_after_head(method: str) -> None:
                node.lag = 0 if method == "eth_blockNumber" else 6

            node.before = lag_after_head
            # `before` runs ahead of the view being taken, so the head is the newest one and the blocks are not there.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await indexer.catch_up()
            assert store.position() == reached
            node.before = lambda _: None
            node.lag = 0
            await indexer.catch_up()
            assert function_of_chain(store) == function_of_chain(await clean_copy(world))

    asyncio.run(play())


def test_a_node_that_was_set_back_before_the_deployment_is_waited_for_and_it_shows(world: World) -> None:
    world.blocks(20)

    async def play() -> None:
        async with indexing(world) as (node, indexer, store):
            await indexer.catch_up()
            reached = store.position()
            # As if the deployment were younger.
            store.db.execute("DELETE FROM block WHERE number < 20")
            node.lag = world.head() - 10
            with pytest.raises(NodeUnreachable, match="block is 10, before the deployment"):
                await indexer.catch_up()
            assert store.position() == reached

    asyncio.run(play())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("drop", "no node answered"), ("empty block", "does not fit together")],
    ids=["unreachable", "contradicting"],
)
def test_what_is_waited_out_shows_and_is_over_when_it_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: str, said: str
) -> None:
    monkeypatch.setattr(sync, "PATIENCE_S", 0.1)
    monkeypatch.setattr(sync, "MAX_RETRY_S", 0.2)
    world.blocks(5)

    async def play() -> None:
        async with indexing(world) as (node, indexer, _):
            if trouble == "drop":
                node.fault = lambda: "drop"
            else:
                # The head is told by a node that is ahead of the one that has the blocks.
                def lag_after_head(method: str) -> None:
                    node.lag = 0 if method == "eth_blockNumber" else 3

                node.before = lag_after_head
            stop = asyncio.Event()
            running = asyncio.create_task(indexer.run(stop))
            status = indexer.status
            async with asyncio.timeout(30):
                while said not in (status.error or ""):
                    await asyncio.sleep(0.02)
                node.fault, node.before, node.lag = (lambda: None), (lambda _: None), 0
                while (status.error, status.indexed) != (None, world.head()):
                    await asyncio.sleep(0.02)
            stop.set()
            await running

    asyncio.run(play())


HEAD, BLOCK, LOGS = "eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs"


@pytest.mark.parametrize(
    ("backlog", "transactions", "method", "turn"),
    [
        *((10, 3, *when) for when in ((HEAD, 1), (BLOCK, 1), (BLOCK, 2), (BLOCK, 5), (LOGS, 1), (LOGS, 4))),
        *((60, 3, *when) for when in ((HEAD, 2), (HEAD, 3), (BLOCK, 2), (BLOCK, 3), (BLOCK, 16), (LOGS, 1), (LOGS, 2))),
        # Blocks without logs, which leave nothing to compare but the ends of a range.
        *((60, 0, *when) for when in ((HEAD, 2), (BLOCK, 2), (BLOCK, 3), (LOGS, 1))),
    ],
)
def test_a_reorganization_between_any_two_requests_of_a_read_is_noticed(
    world: World, backlog: int, transactions: int, method: str, turn: int
) -> None:
    """Read near to the head, and far from it in several ranges, the next one read while one is written. The
    reorganization goes below what was indexed before.
    """
    world.blocks(30)

    async def play() -> None:
        async with indexing(world, window=2, max_range=12) as (node, indexer, store):
            await indexer.catch_up()
            world.blocks(backlog, transactions)
            left = turn

            def burn(asked: str) -> None:
                nonlocal left
                left -= asked == method
                if left == 0:
                    left = -1
                    world.reorg(backlog + 5, transactions=2)

            node.before = burn
            await indexer.catch_up()
            assert left < 0
            node.before = lambda _: None
            await indexer.catch_up()
            assert function_of_chain(store) == function_of_chain(await clean_copy(world))

    asyncio.run(play())


def foreign(answer: dict[str, object], world: World) -> dict[str, object]:
    return {**answer, "address": world.suite.usdc.address}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda logs: [*logs, logs[0]], "twice"),
        (lambda logs: [{**logs[0], "address": "0x" + "11" * 20}], "not asked for"),
        (lambda logs: [{**logs[0], "topics": ["0x1234"]}], "expected 32 bytes"),
        (lambda logs: [{**logs[0], "blockNumber": None}], "another form"),
        (lambda logs: [{**logs[0], "data": "0xzz"}], "hexadecimal"),
        (lambda logs: [{**logs[0], "logIndex": hex(2**63)}], "hexadecimal number"),
        (lambda logs: [{**logs[0], "logIndex": "-0x1"}], "hexadecimal number"),
        (lambda logs: {"logs": logs}, "another form"),
    ],
)
def test_logs_that_can_not_be_are_refused(world: World, change: Callable[..., object], said: str) -> None:
    async def play() -> None:
        async with indexing(world) as (node, indexer, store):
            honest = node._logs
            reached = store.position()

            async def lie(*args: object) -> dict[str, object]:
                answer = await honest(*args)  # type: ignore[arg-type]
                return {"result": change(answer["result"])} if answer.get("result") else answer

            node._logs = lie  # type: ignore[assignment, method-assign]
            with pytest.raises(NodeUnreachable, match=said):
                await indexer.catch_up()
            assert store.position() == reached

    asyncio.run(play())


def test_another_chain_stops_the_indexer_with_a_sentence(world: World) -> None:
    world.blocks(20)

    async def play() -> None:
        async with indexing(world) as (_, indexer, store):
            await indexer.catch_up()
            store.db.execute("UPDATE block SET hash = randomblob(32)")
            store.db.execute("UPDATE checkpoint SET hash = randomblob(32)")
            with pytest.raises(ChainReplaced, match="empty database"):
                await indexer.catch_up()

    asyncio.run(play())


def test_a_database_of_another_deployment_is_refused(world: World) -> None:
    async def play() -> None:
        async with indexing(world) as (_, indexer, store):
            store.db.execute("UPDATE contract SET address = '0x' WHERE name = 'PaymentRouter'")
            with pytest.raises(WrongDatabase, match="another deployment"):
                await indexer.start()
            store.db.execute("DELETE FROM contract WHERE name = 'PaymentRouter'")
            with pytest.raises(WrongDatabase, match="begun without PaymentRouter"):
                await indexer.start()
            store.db.execute("UPDATE checkpoint SET chain_id = 1")
            with pytest.raises(WrongDatabase, match="of chain 1, not 31337"):
                await indexer.start()

    asyncio.run(play())

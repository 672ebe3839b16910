"""The JSON-RPC client: failover, bounds, and errors that say what happened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web

from cluster.chain import rpc as client
from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError

Answer = Callable[[Any], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(answer: Answer) -> AsyncIterator[str]:
    """A node that answers requests (decoded) as told."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(await request.json())

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/?key=secret"
    finally:
        await runner.cleanup()


async def good(body: Any) -> web.StreamResponse:
    if isinstance(body, list):
        return web.json_response([{"id": one["id"], "result": one["method"]} for one in reversed(body)])
    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": body["method"]})


async def busy(_: Any) -> web.StreamResponse:
    return web.Response(status=429, text="slow down")


async def overloaded(body: Any) -> web.StreamResponse:
    error = {"code": -32005, "message": "limit exceeded"}
    if isinstance(body, list):
        return web.json_response([{"id": one["id"], "error": error} for one in body])
    return web.json_response({"id": body["id"], "error": error})


async def page(_: Any) -> web.StreamResponse:
    return web.Response(text="<html>")


async def refusal(body: Any) -> web.StreamResponse:
    error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
    return web.json_response({"id": body["id"] if isinstance(body, dict) else None, "error": error})


async def hanging(_: Any) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


def test_a_node_that_fails_is_passed_over_and_the_one_that_answers_is_kept() -> None:
    asked = 0

    async def counted(body: Any) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return await page(body)

    async def play() -> None:
        async with (
            node(counted) as bad,
            node(busy) as limited,
            node(good) as well,
            Rpc([bad, "http://127.0.0.1:9/", limited, well]) as rpc,
        ):
            for _ in range(3):
                assert await rpc.call("eth_chainId") == "eth_chainId"
            assert await rpc.batch([("a", []), ("b", []), ("c", [])]) == ["a", "b", "c"]

    asyncio.run(play())
    assert asked == 1


def test_an_overloaded_node_is_passed_over_but_its_error_told_if_there_is_no_other() -> None:
    async def play() -> None:
        async with node(overloaded) as first, node(good) as second:
            async with Rpc([first, second]) as rpc:
                assert await rpc.call("eth_chainId") == "eth_chainId"
            async with Rpc([first, second]) as rpc:
                assert await rpc.batch([("a", []), ("b", [])]) == ["a", "b"]
            async with Rpc(first) as rpc:
                with pytest.raises(RpcError, match="limit exceeded"):
                    await rpc.call("eth_chainId")

    asyncio.run(play())


def test_errors_within_a_batch_can_be_had_in_their_places() -> None:
    async def mixed(body: Any) -> web.StreamResponse:
        error = {"code": 3, "message": "execution reverted"}
        return web.json_response([{"id": body[0]["id"], "error": error}, {"id": body[1]["id"], "result": "0x"}])

    async def play() -> None:
        async with node(mixed) as url, Rpc(url) as rpc:
            failed, answered = await rpc.batch_with_errors([("first", []), ("second", [])])
            assert (failed.method, failed.code, answered) == ("first", 3, "0x")
            with pytest.raises(RpcError, match="first: execution reverted"):
                await rpc.batch([("first", []), ("second", [])])

    asyncio.run(play())


@pytest.mark.parametrize(
    "body",
    [b'{"id": 1, "result": "\xff"}', b'{"id": 1, "result": ' + b"[" * 100_000, b""],
    ids=["latin", "deep", "empty"],
)
def test_bytes_that_are_no_json_are_no_answer(body: bytes) -> None:
    async def noise(_: Any) -> web.StreamResponse:
        return web.Response(body=body)

    async def play() -> None:
        async with node(noise) as url, Rpc(url) as rpc:
            with pytest.raises(NodeUnreachable, match="its answer is not JSON"):
                await rpc.call("eth_chainId")

    asyncio.run(play())


def test_the_last_nodes_status_is_told_when_it_sends_no_json() -> None:
    async def play() -> None:
        async with node(busy) as url, Rpc(url) as rpc:
            with pytest.raises(NodeUnreachable, match="node 1: HTTP 429"):
                await rpc.call("eth_chainId")

    asyncio.run(play())


def test_an_error_of_a_node_is_told_and_not_asked_for_again_elsewhere() -> None:
    async def never(_: Any) -> web.StreamResponse:
        raise AssertionError("asked twice")

    async def play() -> None:
        async with node(refusal) as first, node(never) as second, Rpc([first, second]) as rpc:
            with pytest.raises(RpcError, match="execution reverted") as single:
                await rpc.call("eth_call")
            assert (single.value.method, single.value.code, single.value.data) == ("eth_call", 3, "0x1234")
            with pytest.raises(RpcError, match="execution reverted"):
                await rpc.batch([("eth_call", [])])

    asyncio.run(play())


def test_without_any_node_the_error_says_what_each_did_but_not_its_url() -> None:
    async def play() -> None:
        async with node(page) as bad, node(hanging) as slow, Rpc([bad, slow], timeout_s=0.2) as rpc:
            with pytest.raises(NodeUnreachable) as failure:
                await rpc.call("eth_chainId")
            assert "node 1: its answer is not JSON" in str(failure.value)
            assert "node 2: TimeoutError" in str(failure.value)
            assert "secret" not in str(failure.value)

    asyncio.run(play())


def test_an_answer_of_another_form_is_no_answer() -> None:
    class Wanted(msgspec.Struct):
        number: str

    async def play() -> None:
        async with node(good) as url, Rpc(url) as rpc:
            with pytest.raises(NodeUnreachable, match="another form"):
                await rpc.call("eth_getBlockByNumber", kind=Wanted)
            with pytest.raises(NodeUnreachable, match="another form"):
                await rpc.batch([("eth_getBlockByNumber", [])], kind=Wanted)

    asyncio.run(play())


def test_a_batch_with_a_gap_is_no_answer() -> None:
    async def gap(body: Any) -> web.StreamResponse:
        return web.json_response([{"id": body[0]["id"], "result": 1}])

    async def play() -> None:
        async with node(gap) as url, Rpc(url) as rpc:
            with pytest.raises(NodeUnreachable, match="left second out"):
                await rpc.batch([("first", []), ("second", [])])

    asyncio.run(play())


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 1000)

    async def long(body: Any) -> web.StreamResponse:
        return web.json_response({"id": body["id"], "result": "x" * 5000})

    async def play() -> None:
        async with node(long) as url, Rpc(url) as rpc:
            with pytest.raises(NodeUnreachable, match="ClientPayloadError"):
                await rpc.call("eth_chainId")

    asyncio.run(play())

"""A real HTTP node in front of anvil that fails the ways nodes fail."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

TOO_MANY = {"code": -32005, "message": "query returned more than 10000 results"}


class FaultyNode:
    """Passes requests on to `upstream`, except for what it is told to do wrong.

    `fault` is asked before each request and names what goes wrong with it: "drop", "busy" (HTTP 429), "garbage",
    "error", "no batches", "empty logs", "foreign log" or nothing. `lag` hides that many of the newest blocks.
    `max_range` is the longest `eth_getLogs` range it takes. `before` runs before each request is passed on: the chain
    can change between any two of them.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self.fault: Callable[[], str | None] = lambda: None
        self.before: Callable[[str], None] = lambda _: None
        self.lag = 0
        self.max_range = 10**9
        self.refused = 0
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its URL."""
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with aiohttp.ClientSession() as self._session:
                yield self.url
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        calls = msgspec.json.decode(await request.read())
        fault = self.fault()
        if fault == "drop":
            if request.transport is not None:
                request.transport.abort()  # type: ignore[attr-defined]
            return web.Response()
        if fault == "busy":
            return web.Response(status=429, text="slow down")
        if fault == "garbage":
            return web.Response(text="<html>Bad gateway</html>")
        if fault == "error":
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": {"code": -32603, "message": "oops"}})
        if not isinstance(calls, list):
            return web.json_response(await self._one(calls, fault))
        if fault == "no batches":
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}})
        return web.json_response([await self._one(call, fault) for call in calls])

    async def _one(self, call: Any, fault: str | None) -> Any:
        method, params = call["method"], call["params"]
        self.before(method)
        head = int((await self._ask("eth_blockNumber", []))["result"], 16) - self.lag
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        if method == "eth_blockNumber":
            return answer | {"result": hex(head)}
        if method == "eth_getBlockByNumber" and int(params[0], 16) > head:
            return answer | {"result": None}
        if method == "eth_getLogs":
            return answer | await self._logs(params[0], head, fault)
        return answer | await self._ask(method, params)

    async def _logs(self, wanted: Any, head: int, fault: str | None) -> dict[str, Any]:
        if fault == "empty logs":
            return {"result": []}
        if "blockHash" in wanted:
            block = (await self._ask("eth_getBlockByHash", [wanted["blockHash"], False])).get("result")
            if block is None or int(block["number"], 16) > head:
                return {"error": {"code": -32000, "message": "unknown block"}}
        else:
            first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
            if last - first + 1 > self.max_range:
                self.refused += 1
                return {"error": TOO_MANY}
            # A node that lags answers for what it has, and says nothing of the rest.
            wanted = {**wanted, "toBlock": hex(min(last, head))}
        answer = await self._ask("eth_getLogs", [wanted])
        if fault == "foreign log" and answer.get("result"):
            answer["result"][0]["blockHash"] = "0x" + "ab" * 32
        return answer

    async def _ask(self, method: str, params: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self._session.post(self._upstream, json=body) as response:
            answer = await response.json()
        return {name: answer[name] for name in ("result", "error") if name in answer}

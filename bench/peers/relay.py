"""What the relay is measured with: a trivial upstream, and two gateways that pass requests through and take no money.

python -m bench.peers.relay upstream|starlette-httpx|starlette-aiohttp PORT [UPSTREAM]
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import aiohttp
import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from offchain.service.serving import serve

USAGE = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
COMMON = {"id": "chatcmpl-1", "created": 1, "model": "upstream-name"}
CHUNK = msgspec.json.encode(
    {
        **COMMON,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}],
    }
)
LAST = msgspec.json.encode({**COMMON, "object": "chat.completion.chunk", "choices": [], "usage": USAGE})
WHOLE = msgspec.json.encode(
    {
        **COMMON,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "A word."}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
SSE = "text/event-stream"


async def _upstream(request: Request) -> Response:
    """One event a token that is asked for, so far apart that each arrives by itself."""
    body = await request.json()
    if not body.get("stream"):
        return Response(WHOLE, media_type="application/json")

    async def events() -> AsyncIterator[bytes]:
        for _ in range(body["max_tokens"]):
            yield b"data: " + CHUNK + b"\n\n"
            await asyncio.sleep(0.001)
        yield b"data: " + LAST + b"\n\ndata: [DONE]\n\n"

    return StreamingResponse(events(), media_type=SSE)


def upstream(_: str) -> ASGIApp:
    return Starlette(routes=[Route("/v1/chat/completions", _upstream, methods=["POST"])])


def starlette_httpx(url: str) -> ASGIApp:
    """The proxy that everybody writes first."""
    client = httpx.AsyncClient(timeout=60)

    async def chat(request: Request) -> Response:
        body = await request.json()
        if not body.get("stream"):
            found = await client.post(url, json=body)
            return Response(found.content, found.status_code, media_type="application/json")

        async def events() -> AsyncIterator[bytes]:
            async with client.stream("POST", url, json=body) as found:
                async for part in found.aiter_raw():
                    yield part

        return StreamingResponse(events(), media_type=SSE)

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def starlette_aiohttp(url: str) -> ASGIApp:
    """The same with the faster client, and bytes instead of JSON: about as little as a gateway can do in Python."""
    session: aiohttp.ClientSession | None = None

    async def chat(request: Request) -> Response:
        nonlocal session
        session = session or aiohttp.ClientSession()
        found = await session.post(url, data=await request.body(), headers={"content-type": "application/json"})
        if found.content_type != SSE:
            return Response(await found.read(), found.status, media_type="application/json")
        return StreamingResponse(found.content.iter_any(), media_type=SSE)

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


PEERS = {"upstream": upstream, "starlette-httpx": starlette_httpx, "starlette-aiohttp": starlette_aiohttp}


def main() -> None:
    name, port, *more = sys.argv[1:]
    serve(PEERS[name](more[0] if more else ""), "127.0.0.1", int(port), name)


if __name__ == "__main__":
    main()

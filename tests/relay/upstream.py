"""An OpenAI-compatible upstream whose behaviour a test decides."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

WORDS = ("The", " answer", " is", " forty", "-two", ".")


class Upstream:
    """Answers `WORDS`. `mode` is one of ok, fail, refuse, reset, truncate, error, gate, comment, flood."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.gate = threading.Event()
        self.delay_s = 0.0
        self.served = 0
        self.cancelled = threading.Event()
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.mode == "fail":
            return web.json_response({"error": {"message": "out of memory"}}, status=500)
        if self.mode == "refuse":
            return web.json_response({"error": {"message": "bad grammar"}}, status=400)
        self.served += 1
        return await self._stream(request, body) if body.get("stream") else web.json_response(self._whole(body))

    def _whole(self, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(WORDS)}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": len(WORDS), "total_tokens": 9 + len(WORDS)},
        }

    async def _stream(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

        async def say(**fields: Any) -> None:
            await response.write(b"data: " + json.dumps({**common, **fields}).encode() + b"\n\n")

        try:
            if self.mode == "comment":
                await response.write(b": thinking\n\n")
                await asyncio.sleep(0.05)
                if request.transport is not None:
                    request.transport.abort()
                return response
            while self.mode == "flood":
                await say(choices=[{"index": 0, "delta": {"content": "x" * 60_000}, "finish_reason": None}])
            for number, word in enumerate(WORDS):
                if number == 1 and self.mode == "gate":
                    while not self.gate.is_set():
                        await asyncio.sleep(0.01)
                        await response.write(b": waiting\n\n")
                if number == 2 and self.mode == "truncate":
                    return response
                if number == 2 and self.mode == "reset" and request.transport is not None:
                    request.transport.abort()
                    return response
                if number == 2 and self.mode == "error":
                    await response.write(b'data: {"error": {"message": "boom"}}\n\n')
                    return response
                await say(choices=[{"index": 0, "delta": {"content": word}, "finish_reason": None}])
            await say(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            if body.get("stream_options", {}).get("include_usage"):
                await say(
                    choices=[],
                    usage={"prompt_tokens": 9, "completion_tokens": len(WORDS), "total_tokens": 15},
                )
            await response.write(b"data: [DONE]\n\n")
        except (ConnectionError, asyncio.CancelledError):
            self.cancelled.set()
            raise
        return response


@contextmanager
def upstream() -> Iterator[Upstream]:
    """One on a thread of its own."""
    found = Upstream()
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", found.chat)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the upstream did not start")
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()

"""One HTTP request of a client, as bare ASGI: bounded reading, answering, noticing that it went away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.types import Message, Receive, Scope, Send

from offchain.relay.config import LimitsConfig
from offchain.relay.errors import ApiError

JSON = b"application/json"
LAST_WORDS_S = 1


class ClientGone(Exception):
    """The client closed the connection before its answer was complete."""


class Client:
    """A request and the way back."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.path: str = scope["path"]
        self.scheme: str = scope.get("scheme", "http")
        self.answering: dict[str, str] = {}
        """Headers that the answer will carry, whatever it is."""
        self.started = False
        self.gone = False
        """Whether it left while it was `watched`."""
        self._streams = False

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, limits: LimitsConfig) -> bytes:
        """The whole body. Raises `ApiError`, `ClientGone`."""
        declared = self.headers.get(b"content-length", b"0")
        if len(declared) > 15 or (declared.isdigit() and int(declared) > limits.max_body_bytes):
            raise _too_large(limits)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                while True:
                    message: Message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    part: bytes = message.get("body", b"")
                    size += len(part)
                    if size > limits.max_body_bytes:
                        raise _too_large(limits)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return parts[0] if len(parts) == 1 else b"".join(parts)
        except TimeoutError:
            raise ApiError("request_timeout", f"the body took more than {limits.body_timeout_s} s") from None

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Cancels what runs inside when the client goes away, and raises `ClientGone` for it."""
        task = asyncio.current_task()

        async def watch() -> None:
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self.gone = True
            if task is not None:
                task.cancel()

        watcher = asyncio.create_task(watch())
        try:
            yield
        except asyncio.CancelledError:
            if self.gone and task is not None and task.uncancel() == 0:
                raise ClientGone from None
            raise
        finally:
            watcher.cancel()

    async def start(self, status: int, content_type: bytes, extra: dict[str, str] | None = None) -> None:
        headers = [(b"content-type", content_type)]
        for name, value in (self.answering | (extra or {})).items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        self.started = True
        self._streams = content_type != JSON

    async def write(self, data: bytes, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def break_off(self, error: ApiError) -> None:
        """Tells an error inside a stream that has begun, and ends it. One that does not read is not waited for; an
        answer in one piece is cut.
        """
        if self._streams:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await self.write(b"data: " + error.body() + b"\n\n", more=False)

    async def answer(self, status: int, data: bytes, extra: dict[str, str] | None = None) -> None:
        """A whole JSON answer."""
        await self.start(status, JSON, {"content-length": str(len(data)), **(extra or {})})
        await self.write(data, more=False)

    async def error(self, error: ApiError) -> None:
        await self.answer(error.status, error.body(), error.headers)


def _too_large(limits: LimitsConfig) -> ApiError:
    return ApiError(
        "body_too_large",
        f"the body is above {limits.max_body_bytes} bytes",
        headers={"connection": "close"},
    )

"""JSON-RPC over HTTP with several nodes: time-outs, bounds, failover."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

T = TypeVar("T")

TIMEOUT_S = 20
MAX_ANSWER_BYTES = 256 * 1024 * 1024


class RpcError(Exception):
    """A node answered with an error. `code` is JSON-RPC's."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message


class NodeUnreachable(Exception):
    """No node answered in time, or none answered with JSON-RPC."""


class _Error(msgspec.Struct):
    code: int
    message: str


class _Answer(msgspec.Struct):
    id: int
    result: Any = None
    error: _Error | None = None


_one = msgspec.json.Decoder(_Answer)
_many = msgspec.json.Decoder(list[_Answer])


class Rpc:
    """A client of one chain. Use as an async context manager.

    Nodes are tried in the order given, starting with the one that answered last. An error that a node answers with is
    raised, not retried elsewhere.
    """

    def __init__(self, urls: Sequence[str] | str, timeout_s: float = TIMEOUT_S) -> None:
        self._urls = [urls] if isinstance(urls, str) else list(urls)
        if not self._urls:
            raise ValueError("at least one RPC URL is needed")
        self._first = 0
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._id = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, *params: Any) -> Any:
        """One call. Raises `RpcError` or `NodeUnreachable`."""
        self._id += 1
        body = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        answer = await self._post(msgspec.json.encode(body), method, _one)
        if answer.error is not None:
            raise RpcError(method, answer.error.code, answer.error.message)
        return answer.result

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Several calls in one request, results in the same order."""
        if not calls:
            return []
        first = self._id + 1
        self._id += len(calls)
        body = [
            {"jsonrpc": "2.0", "id": first + i, "method": method, "params": params}
            for i, (method, params) in enumerate(calls)
        ]
        answers = await self._post(msgspec.json.encode(body), "batch", _many)
        by_id = {answer.id: answer for answer in answers}
        results = []
        for i, (method, _) in enumerate(calls):
            answer = by_id.get(first + i)
            if answer is None:
                raise NodeUnreachable(f"the node left {method} out of a batch")
            if answer.error is not None:
                raise RpcError(method, answer.error.code, answer.error.message)
            results.append(answer.result)
        return results

    async def _post(self, body: bytes, what: str, decoder: "msgspec.json.Decoder[T]") -> T:
        if self._session is None:
            raise RuntimeError("use `async with Rpc(...)`")
        failures = []
        for turn in range(len(self._urls)):
            index = (self._first + turn) % len(self._urls)
            try:
                async with self._session.post(
                    self._urls[index], data=body, headers={"content-type": "application/json"}
                ) as response:
                    answer = decoder.decode(await _bounded(response))
            except (aiohttp.ClientError, asyncio.TimeoutError, msgspec.MsgspecError) as error:
                # URLs may carry keys, so only the place in the list is told.
                failures.append(f"node {index + 1}: {type(error).__name__}")
                continue
            self._first = index
            return answer
        raise NodeUnreachable(f"{what}: no node answered ({'; '.join(failures)})")


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts = []
    size = 0
    async for part in response.content.iter_chunked(1 << 20):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError(f"answer above {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)

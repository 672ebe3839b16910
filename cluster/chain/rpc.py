"""JSON-RPC over HTTP with several nodes: time-outs, bounds, failover, typed answers.

RpcFailure
├── RpcError           a node answered with an error
└── NodeUnreachable    no node answered, or none with what JSON-RPC asks for
"""

from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import aiohttp
import msgspec

T = TypeVar("T")

TIMEOUT_S = 20
MAX_ANSWER_BYTES = 256 * 1024 * 1024

# HTTP's ways to say that this node can't answer now; another one may.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class RpcFailure(Exception):
    """A call was not answered with a result."""


class RpcError(RpcFailure):
    """A node answered with an error. `code` is JSON-RPC's; `data` is what the node added, such as a
    revert's.
    """

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data


class NodeUnreachable(RpcFailure):
    """No node answered in time, or none answered with JSON-RPC of the form that was asked for."""


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct, Generic[T]):
    id: int | str | None = None
    result: T | None = None
    error: _Error | None = None


@cache
def _one(kind: Any) -> "msgspec.json.Decoder[_Answer[Any]]":
    return msgspec.json.Decoder(_Answer[kind])


@cache
def _many(kind: Any) -> "msgspec.json.Decoder[list[_Answer[Any]] | _Answer[Any]]":
    # A node that takes no batches, or not this one, answers with a single error.
    return msgspec.json.Decoder(list[_Answer[kind]] | _Answer[kind])


class Rpc:
    """A client of one chain. Use as an async context manager.

    Nodes are tried in the order given, starting with the one that answered last; `timeout_s` holds for each.
    An error that a node answers with is raised, not retried elsewhere: another node would say the same.
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

    async def call(self, method: str, *params: Any, kind: Any = Any) -> Any:
        """One call. `kind` is the type that the result must have, as msgspec takes it; null is always
        allowed.

        Raises `RpcError` or `NodeUnreachable`.
        """
        self._id += 1
        body = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        answer = await self._post(msgspec.json.encode(body), method, _one(kind))
        return _result(answer, method)

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]], kind: Any = Any) -> list[Any]:
        """Several calls in one request, results in the same order, all of one `kind`.

        Raises `RpcError` (the first one) or `NodeUnreachable`.
        """
        if not calls:
            return []
        first = self._id + 1
        self._id += len(calls)
        body = [
            {"jsonrpc": "2.0", "id": first + i, "method": method, "params": params}
            for i, (method, params) in enumerate(calls)
        ]
        answers = await self._post(msgspec.json.encode(body), "batch", _many(kind))
        if not isinstance(answers, list):
            _result(answers, "batch")
            raise NodeUnreachable("the node answered a batch with a single result")
        by_id = {answer.id: answer for answer in answers}
        results = []
        for i, (method, _) in enumerate(calls):
            answer = by_id.get(first + i)
            if answer is None:
                raise NodeUnreachable(f"the node left {method} out of a batch")
            results.append(_result(answer, method))
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
                    content = await _bounded(response)
                    last = turn == len(self._urls) - 1
                    if response.status in _BUSY and not last:
                        failures.append(f"node {index + 1}: HTTP {response.status}")
                        continue
                    # The last node's body is read whatever the status: some send JSON-RPC errors with a 429
                    # or 500.
                    answer = decoder.decode(content)
            except (TimeoutError, aiohttp.ClientError, msgspec.MsgspecError) as error:
                # URLs may carry keys, so only the place in the list is told.
                failures.append(f"node {index + 1}: {_reason(error)}")
                continue
            self._first = index
            return answer
        raise NodeUnreachable(f"{what}: no node answered ({'; '.join(failures)})")


def _result(answer: _Answer[Any], method: str) -> Any:
    error = answer.error
    if error is not None:
        raise RpcError(method, error.code, error.message, error.data)
    return answer.result


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"its answer has another form: {error}"
    if isinstance(error, msgspec.DecodeError):
        return "its answer is not JSON"
    return type(error).__name__


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts = []
    size = 0
    async for part in response.content.iter_chunked(1 << 20):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError(f"answer above {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)

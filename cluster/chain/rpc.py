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

# Ways to say that this node can't answer now, of HTTP and of JSON-RPC (internal error, limit exceeded);
# another one may.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUSY_CODES = frozenset({-32603, -32005})
# What msgspec raises for bytes that are not the JSON that was asked for, text that is not UTF-8 and too deep nesting
# included.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


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
    An error that a node answers with is raised, not retried elsewhere, for another node would say the same;
    unless it says that this node can't answer now.
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
        if answer.error is not None:
            raise _error(answer.error, method)
        return answer.result

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]], kind: Any = Any) -> list[Any]:
        """Several calls in one request, results in the same order, all of one `kind`.

        Raises `RpcError` (the first one) or `NodeUnreachable`.
        """
        answers = await self.batch_with_errors(calls, kind)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers

    async def batch_with_errors(self, calls: Sequence[tuple[str, Sequence[Any]]], kind: Any = Any) -> list[Any]:
        """As `batch`, but a call that was answered with an error has the `RpcError` in its result's place."""
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
            if answers.error is not None:
                raise _error(answers.error, "batch")
            raise NodeUnreachable("the node answered a batch with a single result")
        by_id = {answer.id: answer for answer in answers}
        results = []
        for i, (method, _) in enumerate(calls):
            answer = by_id.get(first + i)
            if answer is None:
                raise NodeUnreachable(f"the node left {method} out of a batch")
            results.append(answer.result if answer.error is None else _error(answer.error, method))
        return results

    async def _post(self, body: bytes, what: str, decoder: "msgspec.json.Decoder[T]") -> T:
        if self._session is None:
            raise RuntimeError("use `async with Rpc(...)`")
        failures = []
        for turn in range(len(self._urls)):
            index = (self._first + turn) % len(self._urls)
            last = turn == len(self._urls) - 1
            status = 200
            try:
                async with self._session.post(
                    self._urls[index], data=body, headers={"content-type": "application/json"}
                ) as response:
                    status = response.status
                    content = await _bounded(response)
                # The last node's body is read whatever the status: some send JSON-RPC errors with a 429 or 500.
                if status in _BUSY and not last:
                    failures.append(f"node {index + 1}: HTTP {status}")
                    continue
                answer = decoder.decode(content)
            except (TimeoutError, aiohttp.ClientError, *_UNREADABLE) as error:
                # URLs may carry keys, so only the place in the list is told.
                failures.append(f"node {index + 1}: {f'HTTP {status}' if status >= 400 else _reason(error)}")
                continue
            if not last and (code := _busy(answer)) is not None:
                failures.append(f"node {index + 1}: error {code}")
                continue
            self._first = index
            return answer
        raise NodeUnreachable(f"{what}: no node answered ({'; '.join(failures)})")


def _busy(answer: Any) -> int | None:
    """The code by which a node says in an answer, or in one of a batch, that it can't answer now."""
    answers: list[_Answer[Any]] = answer if isinstance(answer, list) else [answer]
    return next((a.error.code for a in answers if a.error is not None and a.error.code in _BUSY_CODES), None)


def _error(error: _Error, method: str) -> RpcError:
    return RpcError(method, error.code, error.message, error.data)


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"its answer has another form: {error}"
    if isinstance(error, _UNREADABLE):
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

"""The integer model behind OpenAI's API: each answer comes with its operator's receipt."""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from offchain.compute.model import Model
from offchain.compute.receipts import Issuer, beta_of
from offchain.compute.session import generate
from offchain.compute.text import Text
from offchain.compute.weights import MODEL
from offchain.service.serving import Service

JSON = "application/json"
MOST_TOKENS = 512
"""Of an answer, unless the request says otherwise."""


class Refused(Exception):
    """A request that cannot be answered as it asks; the message says why."""


class Part(msgspec.Struct):
    type: Literal["text"]
    text: str


class Message(msgspec.Struct):
    role: Literal["system", "user", "assistant"]
    content: str | list[Part]

    def plain(self) -> dict[str, str]:
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": self.role, "content": text}


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class Body(msgspec.Struct):
    """What is understood of a request. Sampling is greedy unless it gives a temperature."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    stop: str | list[str] | None = None
    tools: list[msgspec.Raw] | None = None
    response_format: dict[str, Any] | None = None

    def check(self) -> None:
        """Raises `Refused` for what would change the answer and is not built."""
        other = {
            "n": self.n not in (None, 1),
            "top_p": self.top_p not in (None, 1),
            "frequency_penalty": bool(self.frequency_penalty),
            "presence_penalty": bool(self.presence_penalty),
            "logit_bias": bool(self.logit_bias),
            "logprobs": bool(self.logprobs),
            "stop": bool(self.stop),
            "tools": bool(self.tools),
            "response_format": self.response_format not in (None, {"type": "text"}),
        }
        asked = [name for name, set_ in other.items() if set_]
        if asked:
            raise Refused(f"not supported by this model: {', '.join(asked)}")
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise Refused("temperature must be from 0 to 2")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise Refused("seed must be from 0 to 2^63 - 1")
        if not self.messages:
            raise Refused("messages must not be empty")


_body = msgspec.json.Decoder(Body)


@dataclass(frozen=True)
class Work:
    """A request as the model takes it."""

    prompt: list[int]
    most: int
    beta: int
    seed: bytes
    secret: bytes


class Chat:
    """Answers; as many at once as it is allowed to, one thread each."""

    def __init__(self, model: Model, text: Text, issuer: Issuer | None, parallel: int) -> None:
        self.model, self.text, self.issuer = model, text, issuer
        self._free = asyncio.Semaphore(parallel)

    def work(self, body: Body) -> Work:
        """Raises `Refused`."""
        body.check()
        context = self.model.program.context
        prompt = self.text.encode_chat([message.plain() for message in body.messages])
        asked = body.max_completion_tokens or body.max_tokens
        if asked is not None and asked < 1:
            raise Refused("max_tokens must be positive")
        room = context - len(prompt)
        if room < 1 or (asked is not None and asked > room):
            raise Refused(f"{len(prompt)} tokens of prompt and {asked or 1} of answer exceed {context}")
        seed = secrets.token_bytes(32) if body.seed is None else body.seed.to_bytes(32, "big")
        most = min(asked or MOST_TOKENS, room)
        return Work(prompt, most, beta_of(body.temperature or 0), seed, secrets.token_bytes(32))

    async def tokens(self, work: Work) -> AsyncGenerator[int, None]:
        """As they come. Whoever stops reading stops the work."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[int | BaseException | None]()
        stopped = threading.Event()

        def produce() -> None:
            try:
                for token in generate(self.model, work.prompt, work.most, work.beta, work.seed):
                    if stopped.is_set():
                        return
                    loop.call_soon_threadsafe(queue.put_nowait, token)
                loop.call_soon_threadsafe(queue.put_nowait, None)
            except Exception as error:
                loop.call_soon_threadsafe(queue.put_nowait, error)

        async with self._free:
            done = loop.run_in_executor(None, produce)
            try:
                while (item := await queue.get()) is not None:
                    if isinstance(item, BaseException):
                        raise item
                    yield item
            finally:
                stopped.set()
                await asyncio.shield(done)

    def ending(self, work: Work, completion: Sequence[int]) -> dict[str, Any]:
        """Usage, and the receipt if this server signs any."""
        count, more = len(work.prompt), len(completion)
        usage = {"prompt_tokens": count, "completion_tokens": more, "total_tokens": count + more}
        if self.issuer is None:
            return {"usage": usage}
        answer = self.issuer.issue(
            work.prompt, completion, work.most, work.beta, work.seed, work.secret, int(time.time())
        )
        return {"usage": usage, "receipt": answer.to_json()}

    def finish(self, completion: Sequence[int]) -> str:
        return "stop" if completion[-1] == self.model.program.eos else "length"

    async def complete(self, request: Request) -> Response:
        try:
            body = _body.decode(await request.body())
            if body.model != MODEL:
                return problem(404, f"this server has the model {MODEL}")
            work = self.work(body)
        except (Refused, msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem(400, str(error))
        head = {"id": "chatcmpl-" + secrets.token_hex(12), "created": int(time.time()), "model": MODEL}
        if body.stream:
            with_usage = body.stream_options is not None and body.stream_options.include_usage
            return StreamingResponse(self.stream(head, work, with_usage), media_type="text/event-stream")
        completion = [token async for token in self.tokens(work)]
        message = {"role": "assistant", "content": self.text.decode(completion)}
        choice = {"index": 0, "message": message, "finish_reason": self.finish(completion)}
        return json({**head, "object": "chat.completion", "choices": [choice], **self.ending(work, completion)})

    async def stream(self, head: dict[str, Any], work: Work, with_usage: bool) -> AsyncIterator[bytes]:
        """The receipt is in the chunk with the finish reason, which every client passes on."""

        def chunk(delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return event({**head, "object": "chat.completion.chunk", "choices": [choice], **more})

        yield chunk({"role": "assistant", "content": ""})
        pieces, completion = self.text.pieces(), []
        async with contextlib.aclosing(self.tokens(work)) as tokens:
            async for token in tokens:
                completion.append(token)
                if piece := pieces.take(token):
                    yield chunk({"content": piece})
        ending = self.ending(work, completion)
        usage = ending.pop("usage")
        yield chunk({}, self.finish(completion), **ending)
        if with_usage:
            yield event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"


def event(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=JSON)


def problem(status: int, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return json({"error": error}, status)


def create_app(model: Model, text: Text, issuer: Issuer | None, parallel: int) -> Service:
    chat = Chat(model, text, issuer, parallel)

    async def health(_request: Request) -> Response:
        return json({"status": "ok"})

    async def models(_request: Request) -> Response:
        roots = {"model_root": "0x" + model.weights.root.hex(), "program": "0x" + model.program.word.hex()}
        return json({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "cluster", **roots}]})

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        # Compiled and the tree made before it says that it is ready.
        await asyncio.to_thread(lambda: (list(generate(model, [1, 2], 2, 65536)), model.weights.root))
        yield

    routes = [
        Route("/health", health),
        Route("/v1/models", models),
        Route("/v1/chat/completions", chat.complete, methods=["POST"]),
    ]
    return Service(Starlette(routes=routes), running)

"""A chat request: what the relay must understand of it; the rest is handed on as it came."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from offchain.relay.config import LimitsConfig, ModelConfig
from offchain.relay.errors import ApiError
from offchain.service.nesting import TooDeep, check_depth

Count = Annotated[int, Meta(ge=1, le=1 << 31)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Fraction = Annotated[float, Meta(ge=0, le=1)]


class _Message(msgspec.Struct):
    role: Annotated[str, Meta(min_length=1, max_length=64)]
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class _Body(msgspec.Struct):
    """What is checked before anybody pays. Providers check again; what they refuse has already been paid
    for.
    """

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[_Message], Meta(min_length=1, max_length=10_000)]
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    n: Count | None = None
    provider: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Fraction | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    logit_bias: dict[str, float] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None


_decoder = msgspec.json.Decoder(_Body)

_UNPRICED = frozenset(_Body.__struct_fields__) - {"messages", "tools", "response_format"}
"""Known not to reach the prompt. Whatever is not known might."""
_OTHER_BOUNDS = ("best_of", "max_length", "max_new_tokens", "max_output_tokens", "n_cmpl", "n_predict", "num_predict")
"""How some providers call `max_tokens` and `n`; handed on, they would get more than was paid for."""
_TEXT_PARTS = ("text", "refusal")


@dataclass(frozen=True)
class ChatRequest:
    """A checked request. `digest` is SHA-256 of the body as it came."""

    model: str
    stream: bool
    wants_usage: bool
    max_output: int | None
    choices: int
    provider: str | None
    prompt_bytes: int
    messages: int
    digest: bytes
    raw: dict[str, Any]

    def output_tokens(self, model: ModelConfig) -> int:
        """Most tokens that may be answered, all choices together."""
        return (self.max_output or model.default_output) * self.choices

    def upstream_body(self, model: ModelConfig, name: str) -> bytes:
        """The body for a provider that calls the model `name`: bounded as it was paid for, usage always
        reported.
        """
        body = dict(self.raw)
        body.pop("provider", None)
        body["model"] = name
        limit = self.max_output or model.default_output
        asked = [name for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
        # Providers differ in which of the two they obey.
        for name in asked or ["max_tokens"]:
            body[name] = limit
        if self.stream:
            body["stream_options"] = {**(self.raw.get("stream_options") or {}), "include_usage": True}
        return msgspec.json.encode(body)


def parse(body: bytes, limits: LimitsConfig) -> ChatRequest:
    """Reads a body. Raises `ApiError`."""
    try:
        check_depth(body)
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, TooDeep) as error:
        raise ApiError("invalid_json", f"the body is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ApiError("invalid_request", "the body must be a JSON object")
    try:
        found = _decoder.decode(body)
        # What the model will read, whatever white space and escapes it was sent with.
        prompt = {key: value for key, value in raw.items() if key not in _UNPRICED}
        prompt_bytes = len(msgspec.json.encode(prompt))
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        param = where.rstrip("`") or None
        raise ApiError("invalid_request", f"{param or 'body'}: {message}", param=param) from error
    except (UnicodeEncodeError, msgspec.DecodeError) as error:
        raise ApiError("invalid_request", f"the body cannot be handed on: {error}") from error
    if (found.n or 1) > limits.max_choices:
        raise ApiError("invalid_request", f"n is {found.n}, at most {limits.max_choices} are sold", param="n")
    for bound in _OTHER_BOUNDS:
        if bound in raw:
            raise ApiError("invalid_request", f"{bound} is not taken; say it by max_tokens and n", param=bound)
    for number, said in enumerate(found.messages):
        for part in said.content if isinstance(said.content, list) else []:
            if part.get("type") not in _TEXT_PARTS:
                where = f"messages[{number}].content"
                raise ApiError("invalid_request", f"{where}: only text is sold here", param=where)
    return ChatRequest(
        model=found.model,
        stream=bool(found.stream),
        wants_usage=bool((found.stream_options or {}).get("include_usage")),
        max_output=found.max_completion_tokens or found.max_tokens,
        choices=found.n or 1,
        provider=found.provider,
        prompt_bytes=prompt_bytes,
        messages=len(found.messages),
        digest=hashlib.sha256(body).digest(),
        raw=raw,
    )

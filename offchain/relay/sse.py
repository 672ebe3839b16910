"""Server-sent events, as bytes: cut apart, looked into only where it matters."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator

import msgspec

from offchain.relay.usage import Usage, usage_of
from offchain.service.nesting import TooDeep, check_depth

MAX_EVENT_BYTES = 1 << 20
_DONE = b"[DONE]"
DONE = b"data: [DONE]\n\n"


class StreamBroken(Exception):
    """The stream is not what OpenAI's API sends, or ended early; the message says how."""


class _Peek(msgspec.Struct):
    choices: list[msgspec.Raw] = []
    usage: Usage | None = None
    error: msgspec.Raw | None = None


_peek = msgspec.json.Decoder(_Peek)


async def events(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Whole events, each with its blank line, as soon as they are there; lines end in LF, whatever they came with.

    Raises `StreamBroken`.
    """
    rest = b""
    async for part in parts:
        rest += part
        # A CR at the very end may be half of a CR LF.
        held = rest.endswith(b"\r")
        if b"\r" in rest:
            rest = rest.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        start = 0
        while (end := rest.find(b"\n\n", start)) >= 0:
            yield rest[start : end + 2]
            start = end + 2
        rest = rest[start:] + (b"\r" if held else b"")
        if len(rest) > MAX_EVENT_BYTES:
            raise StreamBroken(f"an event above {MAX_EVENT_BYTES} bytes")
    if data_of(rest) == _DONE:
        yield DONE  # The one event that is understood without its blank line.


def data_of(event: bytes) -> bytes:
    """What an event says; nothing for a comment."""
    if event.startswith(b"data: ") and event.find(b"\n") >= len(event) - 2:
        return event[6:].rstrip(b"\r\n")  # the only form that is met in practice
    lines = [line[5:].removeprefix(b" ") for line in event.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines)


def is_done(event: bytes) -> bool:
    """Whether this is the end as OpenAI marks it."""
    return data_of(event).strip() == _DONE


class Meter:
    """Watches a stream on its way: usage, the hash of what is delivered, its end."""

    def __init__(self, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._hash = hashlib.sha256()
        self.usage: Usage | None = None
        self.pieces = 0

    def see(self, event: bytes) -> bytes | None:
        """What of an event goes to the client. Raises `StreamBroken` for one that reports an error."""
        if b'"usage"' in event or b'"error"' in event:
            try:
                check_depth(event)
                found = _peek.decode(data_of(event))
            except (msgspec.DecodeError, UnicodeDecodeError, TooDeep) as error:
                raise StreamBroken("an event that is not a chat completion chunk") from error
            if found.error is not None and found.error != b"null" and not found.choices:
                raise StreamBroken("the provider reported an error")
            if found.usage is not None:
                self.usage = found.usage
                if not found.choices and not self._wants_usage:
                    return None  # asked for by us, not by the client
        if not event.startswith(b":"):
            self.pieces += 1
        return event

    def delivered(self, data: bytes) -> None:
        """Counts bytes that were sent."""
        self._hash.update(data)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    def tokens(self, prompt_estimate: int) -> tuple[int, int, str]:
        """Tokens in and out, and who counted them."""
        return usage_of(self.usage, prompt_estimate, self.pieces)

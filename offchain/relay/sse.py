"""Server-sent events, as bytes: cut apart, looked into only where it matters."""

import hashlib
from collections.abc import AsyncIterator

import aiohttp
import msgspec

from offchain.relay.usage import Usage, usage_of
from offchain.service.nesting import TooDeep, check_depth

MAX_EVENT_BYTES = 1 << 20
DONE = b"data: [DONE]\n\n"


class StreamBroken(Exception):
    """The stream is not what OpenAI's API sends, or ended early; the message says how."""


class _Peek(msgspec.Struct):
    choices: list[msgspec.Raw] = []
    usage: Usage | None = None
    error: msgspec.Raw | None = None


_peek = msgspec.json.Decoder(_Peek)


async def events(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Whole events, each with its blank line, as soon as they are there. Raises `StreamBroken`."""
    rest = b""
    async for part in content.iter_any():
        if b"\r" in part:
            part = part.replace(b"\r\n", b"\n")
        rest += part
        while (end := rest.find(b"\n\n")) >= 0:
            yield rest[: end + 2]
            rest = rest[end + 2 :]
        if len(rest) > MAX_EVENT_BYTES:
            raise StreamBroken(f"an event above {MAX_EVENT_BYTES} bytes")


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
                found = _peek.decode(event.removeprefix(b"data:"))
            except (msgspec.DecodeError, UnicodeDecodeError, TooDeep) as error:
                raise StreamBroken("an event that is not a chat completion chunk") from error
            if found.error is not None and found.error != b"null" and not found.choices:
                raise StreamBroken("the provider reported an error")
            if found.usage is not None:
                self.usage = found.usage
                if not found.choices and not self._wants_usage:
                    return None  # asked for by us, not by the client
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

"""HTTP/1.1 whose heads are bounded, in size and in time: uvicorn bounds neither."""

import asyncio

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers; a payment header is at most 16 KiB."""
HEAD_TIMEOUT_S = 15.0
"""How long a client may take to send them, from when it connects or begins its next request."""

_REFUSAL = msgspec.json.encode(
    {
        "error": {
            "message": f"the headers are above {MAX_HEAD_BYTES} bytes",
            "type": "invalid_request_error",
            "param": None,
            "code": "headers_too_large",
        }
    }
)
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n" % len(_REFUSAL)
) + _REFUSAL


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's, with the two bounds."""

    _head: int | None = 0
    """Bytes of the head that is being read; None between a head and the next request."""
    _began = False
    """Whether that head began in the piece that is being read."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._began = False
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            # The head goes on in the next piece, so this one belongs to it; all of it, if it did not begin behind an
            # earlier request.
            if not self._began or self.cycle is None:
                self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head, self._began = 0, True
        self._wait()

    def on_headers_complete(self) -> None:
        self._head = None
        self._stop_waiting()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_TIMEOUT_S, self._late)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self.transport.abort()

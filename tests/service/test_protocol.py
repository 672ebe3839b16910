"""A head that is too large or never ends costs the server neither memory nor a connection."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.server import ServerState

from offchain.service import protocol
from offchain.service.protocol import MAX_HEAD_BYTES, BoundedProtocol
from offchain.service.serving import uvicorn_config
from tests.relay.world import served


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


APP = Starlette(routes=[Route("/", size, methods=["GET", "POST"])])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(APP) as found:
        yield found


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20)


def everything(connection: socket.socket) -> bytes:
    """Until the server closes."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            found += part
    return found


def test_an_endless_header_is_refused_after_its_bound(url: str) -> None:
    sent = 0
    with connect(url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
        with contextlib.suppress(ConnectionError):
            while sent < 1 << 26:
                sent += connection.send(b"a" * 16_384)
        assert sent < 1 << 26, "it was never cut off"


@pytest.mark.parametrize("head", [b"x-long: " + b"a" * (MAX_HEAD_BYTES + 1), b"a: b\r\n" * (MAX_HEAD_BYTES // 6 + 1)])
def test_who_sends_too_much_and_waits_is_told(url: str, head: bytes) -> None:
    with connect(url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n" + head)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in answer


def test_a_head_that_begins_behind_a_large_body_is_not_charged_for_it() -> None:
    body = b"b" * (2 * MAX_HEAD_BYTES)
    first = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body + b"GET / HT"

    async def play() -> bytes:
        config, made = uvicorn_config(APP, "127.0.0.1"), []
        config.load()

        def make() -> BoundedProtocol:
            made.append(BoundedProtocol(config=config, server_state=ServerState(), app_state={}))
            return made[0]

        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            while not made or made[0].transport is None:
                await asyncio.sleep(0)
            # Read by the server in these two pieces.
            made[0].data_received(first)
            made[0].data_received(b"TP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    answer = asyncio.run(play())
    assert b"431" not in answer
    assert answer.endswith(b"0")


def test_bodies_are_not_taken_for_heads_nor_one_request_for_the_next(url: str) -> None:
    body = b"b" * (4 * MAX_HEAD_BYTES)
    one = (
        b"POST / HTTP/1.1\r\nhost: x\r\nx-fill: " + b"a" * 40_000 + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )
    with connect(url) as connection:
        for _ in range(3):
            connection.sendall(one)
            answer = b""
            while not answer.endswith(str(len(body)).encode()):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_who_does_not_finish_its_head_is_disconnected_and_who_takes_time_for_its_body_is_not(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT_S", 0.5)
    with connect(url) as silent, connect(url) as half, connect(url) as slow, connect(url) as again:
        half.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-")
        slow.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n1")
        again.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        while not again.recv(65536).endswith(b"0"):
            pass
        again.sendall(b"GET / HTTP")
        for connection in (silent, half, again):
            assert everything(connection) == b""
        time.sleep(0.3)
        slow.sendall(b"2")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert httpx.get(url).text == "0"

"""Running an ASGI application under uvicorn, with a clear sentence when it does not start."""

import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import click
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from cluster.chain.eip3009 import NotAnAuthorizationToken
from cluster.chain.rpc import RpcFailure
from offchain.service.errors import CannotStart, SettingsError
from offchain.service.protocol import BoundedProtocol

SHUTDOWN_S = 10
BACKLOG = 2048

EXIT_SETTINGS = 2
EXIT_START = 3

START_FAILURES = (CannotStart, NotAnAuthorizationToken, OSError, RpcFailure)


class Service:
    """An ASGI application with what it holds open while it runs.

    A start that fails in a foreseen way is told in one sentence, where Starlette would print a traceback.
    """

    def __init__(self, app: ASGIApp, running: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self.app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        started = False
        try:
            async with self._running():
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except START_FAILURES as error:
            if started:
                raise
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.shutdown.complete"})


class _Server(uvicorn.Server):
    """Says where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, name: str, port: int) -> None:
        super().__init__(config)
        self._name = name
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            click.echo(f"{self._name} listening on http://{self.config.host}:{self._port}", err=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes a free one. Raises `OSError` with a readable message."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return found


def uvicorn_config(app: ASGIApp, host: str) -> uvicorn.Config:
    """How every server here runs: fast loop and parser, no access log, no waiting for ever at the end."""
    return uvicorn.Config(
        app,
        host=host,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


def serve(app: ASGIApp, host: str, port: int, name: str) -> None:
    """Serves until SIGINT or SIGTERM. Exits 3 if the application does not start."""
    found = listen(host, port)
    server = _Server(uvicorn_config(app, host), name, found.getsockname()[1])
    server.run(sockets=[found])
    if not server.started:
        sys.exit(EXIT_START)


def reporting(start: Callable[[], None]) -> None:
    """Runs `start`; what is foreseen to go wrong ends as one sentence and an exit code."""
    try:
        start()
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        sys.exit(EXIT_SETTINGS)
    except START_FAILURES as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_START)
    except KeyboardInterrupt:
        sys.exit(130)

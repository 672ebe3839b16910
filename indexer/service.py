"""Indexer and API in one process."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from cluster.chain.manifest import Manifest
from cluster.chain.rpc import Rpc
from indexer.api.app import Api
from indexer.store import Store
from indexer.sync import POLL_S, WINDOW_BLOCKS, Indexer, Status

SHUTDOWN_S = 5
MAX_CONNECTIONS = 256


class AddressInUse(RuntimeError):
    """The API can't listen where it was told to."""


class _Server(uvicorn.Server):
    """Uvicorn would take the signals for itself; here they end indexer and API together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `AddressInUse`."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise AddressInUse(f"can't listen on {host}:{port}: {error.strerror}; give another --listen") from error


async def serve(
    manifest: Manifest,
    rpc_urls: list[str],
    database: Path,
    listener: socket.socket,
    *,
    window: int = WINDOW_BLOCKS,
    poll_s: float = POLL_S,
    progress: Callable[[Status], None] = lambda _: None,
) -> None:
    """Runs until SIGINT or SIGTERM, or until the chain turns out to be another one (`ChainReplaced`)."""
    store = Store(database)
    try:
        async with Rpc(rpc_urls) as rpc:
            indexer = Indexer(store, manifest, rpc, window=window, poll_s=poll_s, progress=progress)
            server = _Server(
                uvicorn.Config(
                    Api(store.path, manifest.chain_id, indexer.status).app(),
                    log_level="warning",
                    access_log=False,
                    timeout_keep_alive=30,
                    timeout_graceful_shutdown=SHUTDOWN_S,
                    limit_concurrency=MAX_CONNECTIONS,
                    server_header=False,
                )
            )
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
            following = asyncio.create_task(indexer.run(stop))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await asyncio.wait({following, serving}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            server.should_exit = True
            try:
                await following
            finally:
                await serving
    finally:
        store.close()

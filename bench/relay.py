"""CPU time a request in the relay's process, beside FastAPI + httpx passing through, in the same run.

    python -m bench.relay

Settlement is real: every paid request is a transaction on a local anvil. CPU time, not wall time: the machine
is shared, and a payment's latency is the chain's. Writes build/bench/relay.json.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import msgspec

from cluster.chain.anvil import free_port
from cluster.chain.paths import root
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, pay, terms_of
from tests.relay.upstream import WORDS, upstream
from tests.relay.world import RelayProcess, World, chat, relay_settings, world

REQUESTS = 400
CONCURRENCY = 16
OUT = root() / "build" / "bench"
PROXY = """
import httpx, uvicorn, sys
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
app, client = FastAPI(), httpx.AsyncClient()
@app.post("/v1/chat/completions")
async def chat(request: Request):
    response = await client.post(sys.argv[1] + "/chat/completions", json=await request.json())
    return JSONResponse(response.json(), response.status_code)
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(url: str, requests: list[tuple[bytes, dict[str, str]]], expected: int) -> None:
    """Sends them all, so many at a time."""
    waiting = iter(requests)

    async def one(session: aiohttp.ClientSession) -> None:
        for body, headers in waiting:
            async with session.post(url + PATH, data=body, headers=headers) as response:
                await response.read()
                assert response.status == expected, await response.text()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(CONCURRENCY)))


def measured(pid: int, work: Callable[[], Awaitable[None]], count: int) -> int:
    """CPU microseconds a request."""

    async def run() -> None:
        await work()

    before = cpu_s(pid)
    asyncio.run(run())
    return round((cpu_s(pid) - before) / count * 1e6)


@contextmanager
def pass_through(upstream_url: str) -> Iterator[tuple[str, int]]:
    """FastAPI and httpx, installed for this benchmark only."""
    site = OUT / "fastapi"
    if not (site / "fastapi").exists():
        print("installing fastapi for the comparison")
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site)]
        subprocess.run([*uv, "fastapi", "httpx", "uvicorn", "uvloop", "httptools"], check=True)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROXY, upstream_url, str(port)],
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(15)


def _wait(port: int) -> None:
    import socket

    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the pass-through did not start")


def relay_figures(found: World, upstream_url: str, folder: Path) -> dict[str, int]:
    settings = relay_settings(found, folder, {"local": upstream_url})
    process = RelayProcess(settings, folder, free_port())
    relay = Relay(process.url, settings, found, None, folder)  # type: ignore[arg-type]
    process.start()
    try:
        pid = process.pid
        account = found.payer(10**15)

        def paid(stream: bool) -> list[tuple[bytes, dict[str, str]]]:
            body = chat(stream=stream)
            terms = terms_of(relay, body)
            raw = msgspec.json.encode(body)
            return [(raw, pay(account, terms, found.domain)) for _ in range(REQUESTS)]

        quotes = [(msgspec.json.encode(chat()), {})] * REQUESTS * 5
        figures = {"relay_quote_cpu_us": measured(pid, lambda: load(process.url, quotes, 402), len(quotes))}
        for name, stream in (("relay_paid_cpu_us", False), ("relay_paid_stream_cpu_us", True)):
            work = paid(stream)
            figures[name] = measured(pid, lambda work=work: load(process.url, work, 200), REQUESTS)  # type: ignore[misc]
        return figures
    finally:
        process.stop()


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, world() as found, upstream() as model:
        print(f"{REQUESTS} paid requests, {CONCURRENCY} at a time, {len(WORDS)} events a stream")
        figures = relay_figures(found, model.url, Path(folder))
        with pass_through(model.url) as (url, pid):
            plain = [(msgspec.json.encode(chat()), {"content-type": "application/json"})] * REQUESTS
            asyncio.run(load(url, plain[:50], 200))
            figures["fastapi_httpx_unpaid_cpu_us"] = measured(pid, lambda: load(url, plain, 200), REQUESTS)
    for name, value in figures.items():
        print(f"  {name:32} {value:>8,}")
    (OUT / "relay.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


if __name__ == "__main__":
    main()

"""What the relay costs beside gateways that take no money, in the same run, with the same upstream.

    python -m bench.relay

Settlement is real: every paid request is a transfer on a local anvil, verified, signed, sent and seen mined by the
measured process. CPU time is the fair column: the machine is shared, and how long a payment takes is the chain's
affair. Writes build/bench/relay.json.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from bench.report import report
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, pay, terms_of
from tests.relay.upstream import Upstream
from tests.relay.world import Process, RelayProcess, chat, relay_settings, world

ROUNDS = 3
AT_ONCE = 16
PAID, UNPAID, ALONE = 150, 600, 60
"""Requests a round: paid, passed through, and one after the other for latency."""
STREAMS, EVENTS = 30, 400
PEERS = ("starlette-httpx", "starlette-aiohttp")

Sent = tuple[bytes, dict[str, str]]


@dataclass
class Gateway:
    """One that is measured. `orders` makes so many requests, paid for where that is asked."""

    name: str
    url: str
    pid: int
    orders: Callable[[int, bool, int], list[Sent]]
    requests: int
    cpu_us: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)
    alone_ms: list[float] = field(default_factory=list)
    event_us: list[float] = field(default_factory=list)


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> int:
    """Memory of a process now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


async def _load(url: str, orders: Iterable[Sent], expected: int, at_once: int) -> list[float]:
    waiting, took = iter(orders), []

    async def one(session: aiohttp.ClientSession) -> None:
        for body, headers in waiting:
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()
                if response.status != expected:
                    raise RuntimeError(f"{url}: {response.status} {await response.text()}")
            took.append(time.perf_counter() - begun)

    async with aiohttp.ClientSession(headers={"content-type": "application/json"}) as session:
        await asyncio.gather(*(one(session) for _ in range(at_once)))
    return took


def load(url: str, orders: list[Sent], expected: int = 200, at_once: int = AT_ONCE) -> list[float]:
    """Sends them all, so many at a time; seconds that each took."""
    return asyncio.run(_load(url, orders, expected, at_once))


def measure(gateway: Gateway) -> None:
    """One round."""
    orders = gateway.orders(gateway.requests, False, 16)
    cpu, begun = cpu_s(gateway.pid), time.perf_counter()
    load(gateway.url, orders)
    gateway.per_s.append(len(orders) / (time.perf_counter() - begun))
    gateway.cpu_us.append((cpu_s(gateway.pid) - cpu) / len(orders) * 1e6)
    gateway.alone_ms += [1e3 * took for took in load(gateway.url, gateway.orders(ALONE, False, 16), at_once=1)]
    # The cost of an event is what streams of many cost more than as many streams of one.
    costs = []
    for events in (1, EVENTS):
        orders = gateway.orders(STREAMS, True, events)
        cpu = cpu_s(gateway.pid)
        load(gateway.url, orders)
        costs.append(cpu_s(gateway.pid) - cpu)
    gateway.event_us.append((costs[1] - costs[0]) / (STREAMS * (EVENTS - 1)) * 1e6)


def unpaid(count: int, stream: bool, tokens: int) -> list[Sent]:
    return [(msgspec.json.encode(chat(stream=stream, max_tokens=tokens)), {})] * count


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = stack.enter_context(world())

        def started(process: Process) -> Process:
            process.start()
            stack.callback(process.stop)
            return process

        def peer(name: str, *more: str) -> Process:
            return started(Process(["bench.peers.relay", name, "0", *more], folder / f"{name}.log"))

        upstream = peer("upstream")
        settings = relay_settings(
            found,
            folder,
            {"local": upstream.url + "/v1"},
            models=[
                {
                    "id": chat()["model"],
                    "input_price": 1_000_000,
                    "output_price": 4_000_000,
                    "context": 8192,
                    "max_output": 1024,
                    "default_output": 64,
                }
            ],
        )
        process = started(RelayProcess(settings, folder))
        relay = Relay(process.url, settings, found, Upstream(), folder)
        account = found.payer(10**15)

        def paid(count: int, stream: bool, tokens: int) -> list[Sent]:
            body = chat(stream=stream, max_tokens=tokens)
            terms = terms_of(relay, body)
            raw = msgspec.json.encode(body)
            return [(raw, pay(account, terms, found.domain)) for _ in range(count)]

        gateways = [Gateway("relay, paid", process.url + PATH, process.pid, paid, PAID)]
        for name in PEERS:
            other = peer(name, upstream.url + PATH)
            gateways.append(Gateway(name, other.url + PATH, other.pid, unpaid, UNPAID))
        print(f"{ROUNDS} rounds, {AT_ONCE} requests at once, streams of {EVENTS} events; medians")
        quotes, direct = [], []
        for gateway in gateways:
            load(gateway.url, gateway.orders(32, False, 16))  # warm
        for _ in range(ROUNDS):
            direct += [1e3 * took for took in load(upstream.url + PATH, unpaid(ALONE, False, 16), at_once=1)]
            cpu = cpu_s(process.pid)
            load(process.url + PATH, unpaid(UNPAID, False, 16), expected=402)
            quotes.append((cpu_s(process.pid) - cpu) / UNPAID * 1e6)
            for gateway in gateways:
                measure(gateway)
        say(gateways, statistics.median(quotes), statistics.median(direct))


def say(gateways: list[Gateway], quote_us: float, direct_ms: float) -> None:
    rows = [("gateway", "CPU µs", "requests/s", "p50 added ms", "µs an event", "MB")]
    figures: dict[str, int | float] = {"relay_quote_cpu_us": round(quote_us)}
    for gateway in gateways:
        cpu, event = statistics.median(gateway.cpu_us), statistics.median(gateway.event_us)
        added = statistics.median(gateway.alone_ms) - direct_ms
        per_s, memory = statistics.median(gateway.per_s), resident_mb(gateway.pid)
        name = gateway.name.replace(", ", "_").replace("-", "_")
        figures |= {
            f"{name}_cpu_us": round(cpu),
            f"{name}_requests_per_s": round(per_s),
            f"{name}_added_p50_ms": round(added, 2),
            f"{name}_event_cpu_us": round(event, 1),
            f"{name}_resident_mb": memory,
        }
        rows.append((gateway.name, f"{cpu:,.0f}", f"{per_s:,.0f}", f"{added:.2f}", f"{event:.1f}", f"{memory}"))
    rows.append(("relay, quote (402)", f"{quote_us:,.0f}", "", "", "", ""))
    report("relay", "CPU time a request and an event, in microseconds; latency at one request at a time", figures, rows)


if __name__ == "__main__":
    main()

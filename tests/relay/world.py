"""What the relay's tests live in: a chain with test USDC, payers, upstreams, relays."""

import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from eth_utils import keccak
from x402 import x402Client, x402ClientSync
from x402.mechanisms.evm.exact.register import register_exact_evm_client

from cluster.chain import anvil
from cluster.chain.eip3009 import Domain
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.contract import Contract
from offchain.relay.config import RelayConfig
from offchain.service.serving import SHUTDOWN_S, listen, uvicorn_config
from offchain.service.settings import to_settings

MODEL = "cluster/smollm2-135m-instruct"
TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
RICH = 1_000_000_000
ETHER = 10**18


@dataclass
class World:
    """A chain, its USDC, and an address for each test to be paid at."""

    url: str
    chain: AnvilChain
    usdc: Contract
    chain_id: int = 31337
    counter: int = 0

    @property
    def domain(self) -> Domain:
        return Domain("USD Coin", "2", self.chain_id, self.usdc.address)

    def payer(self, amount: int = RICH) -> LocalAccount:
        """A fresh wallet with USDC and nothing else."""
        account = self._fresh("payer")
        if amount:
            self.usdc.mint(account.address, amount, sender=self.chain.account("circle"))
        return account

    def fresh_address(self) -> str:
        return self._fresh("payee").address

    def hot_key(self) -> LocalAccount:
        """A fresh wallet with coin for gas and nothing else."""
        account = self._fresh("hot key")
        self.chain.fund(account.address, 10 * ETHER)
        return account

    def _fresh(self, what: str) -> LocalAccount:
        self.counter += 1
        account: LocalAccount = Keys.from_key(keccak(text=f"{what} {self.counter} {os.getpid()}"))
        return account

    def balance(self, address: str) -> int:
        return int(self.usdc.balanceOf(address))

    def transfers_to(self, address: str) -> list[int]:
        """Every USDC transfer that an address ever received."""
        logs = self.chain.rpc(
            "eth_getLogs",
            {
                "address": self.usdc.address,
                "fromBlock": "0x0",
                "topics": [TRANSFER, None, "0x" + address[2:].lower().rjust(64, "0")],
            },
        )
        return [int(log["data"], 16) for log in logs]


@contextmanager
def world(*options: str) -> Iterator[World]:
    with anvil.running(options=[*OPTIONS, *options]) as url:
        chain = AnvilChain(url)
        circle = chain.account("circle")
        chain.fund(circle, 100 * ETHER)
        yield World(url, chain, chain.deploy("TestUSDC", "USD Coin", sender=circle))


def relay_settings(world: World, folder: Path, upstreams: dict[str, str], **more: Any) -> dict[str, Any]:
    """Settings of a relay with one model, as they would stand in TOML. `upstreams` are URLs by provider
    name.
    """
    key_file = folder / "hot.key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(world.hot_key().key.hex())
    settings: dict[str, Any] = {
        "port": 0,
        "journal": str(folder / "relay.sqlite"),
        "chain": {"rpc": [world.url]},
        "payment": {"asset": world.usdc.address, "pay_to": world.fresh_address()},
        "settlement": {"key_file": str(key_file), "journal": str(folder / "facilitator.sqlite")},
        "providers": [
            {"name": name, "url": url, "models": {MODEL: "upstream-name"}} for name, url in upstreams.items()
        ],
        "models": [
            {
                "id": MODEL,
                "aliases": ["smollm2"],
                "input_price": 10_000_000,
                "output_price": 40_000_000,
                "context": 8192,
                "max_output": 512,
                "default_output": 64,
            }
        ],
    }
    for section, values in more.items():
        settings[section] = {**settings.get(section, {}), **values} if isinstance(values, dict) else values
    return settings


def to_config(settings: dict[str, Any]) -> RelayConfig:
    return to_settings(RelayConfig, settings)


class Served:
    """An ASGI application on a thread of its own."""

    def __init__(self, app: Any, patience_s: int = SHUTDOWN_S) -> None:
        """`patience_s` is how long what is under way may take when it is stopped."""
        listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn_config(app, "127.0.0.1")
        config.timeout_graceful_shutdown = patience_s
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the application did not start")
            time.sleep(0.005)

    def _run(self, listener: Any) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._server.serve(sockets=[listener]))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@contextmanager
def served(app: Any) -> Iterator[str]:
    running = Served(app)
    try:
        yield running.url
    finally:
        running.stop()


def steady_port() -> int:
    """A free port for a server that is started again on it.

    Below those that the kernel gives to clients: a client that knocks where nobody listens can be given the very port
    that it knocks at, and then talks to itself and keeps the server out.
    """
    for port in random.Random(os.getpid() + time.monotonic_ns()).sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port")


class Process:
    """A service as its user runs it, to be stopped and killed."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        """What it printed, over all its starts."""
        self.url = ""
        self._command = [sys.executable, "-m", *command]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it says where it listens."""
        with self.log.open("ab") as log:
            before = log.tell()
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, preexec_fn=anvil.dying_with_this())
        until = time.monotonic() + 60
        while time.monotonic() < until:
            told = self.log.read_bytes()[before:].decode()
            found = re.search(r"listening on (http://\S+)\n", told)
            if found:
                self.url = found[1]
                return
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._command[2]} ended with {self._process.returncode}: {told[-500:]}")
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"{self._command[2]} did not start")

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> None:
        """SIGTERM, not waited for."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> int:
        """The exit code."""
        return self._process.wait(15) if self._process is not None else 0

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


class RelayProcess(Process):
    """A relay that keeps its port over its starts."""

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        path = folder / "relay.toml"
        port = steady_port()
        path.write_text(to_toml({**settings, "port": port}))
        super().__init__(["offchain.relay", "--config", str(path)], folder / "relay.log")
        self.url = f"http://127.0.0.1:{port}"


def to_toml(settings: dict[str, Any]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in settings.items() if not isinstance(value, dict)]
    for key, value in settings.items():
        if isinstance(value, dict):
            lines += [f"[{key}]", *(f"{k} = {_value(v)}" for k, v in value.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return json.dumps(value)


def wallet(account: LocalAccount) -> x402Client:
    """The published asynchronous client, allowed to pay in test USDC."""
    client = x402Client()
    client.set_spend_controls({"allowed_assets": True})
    register_exact_evm_client(client, account)
    return client


def wallet_sync(account: LocalAccount) -> x402ClientSync:
    """The published synchronous client, allowed to pay in test USDC."""
    client = x402ClientSync()
    client.set_spend_controls({"allowed_assets": True})
    register_exact_evm_client(client, account)
    return client


def chat(content: str = "Hello", **more: Any) -> dict[str, Any]:
    """A chat request."""
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], "max_tokens": 16, **more}

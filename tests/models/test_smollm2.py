"""The real model, behind the real relay, paid for on a real chain: every process as its user starts it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from x402.http.clients import x402HttpxClient

from offchain.models import weights
from offchain.models.server import ServerOptions
from tests.relay.world import Process, RelayProcess, World, chat, relay_settings, to_toml, wallet, world

QUESTION = chat("Explain in one sentence why the sky is blue.", max_tokens=24, temperature=0)
CONTEXT = 1024


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    log = tmp_path_factory.mktemp("models") / "models.log"
    process = Process(["offchain.models", "--port", "0", "--context", str(CONTEXT)], log)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait() == 0


@pytest.fixture
def the_world() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture
def facilitator(the_world: World, tmp_path: Path) -> Iterator[Process]:
    key_file = tmp_path / "facilitator.key"
    key_file.touch(mode=0o600)
    key_file.write_text(the_world.hot_key().key.hex())
    settings = tmp_path / "facilitator.toml"
    settlement = {"key_file": str(key_file), "journal": str(tmp_path / "facilitator.sqlite")}
    settings.write_text(
        to_toml({"rpc": [the_world.url], "asset": the_world.usdc.address, "port": 0, "settlement": settlement})
    )
    process = Process(["offchain.facilitator", "--config", str(settings)], tmp_path / "facilitator.log")
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
def relay(the_world: World, facilitator: Process, model: Process, tmp_path: Path) -> Iterator[RelayProcess]:
    settings = relay_settings(
        the_world,
        tmp_path,
        {"local": model.url + "/v1"},
        facilitator={"url": facilitator.url},
        payment={"pay_to": the_world.fresh_address()},
    )
    settings["providers"][0]["models"] = {weights.MODEL: weights.MODEL}
    del settings["settlement"]
    process = RelayProcess(settings, tmp_path)
    process.start()
    try:
        yield process
    finally:
        process.stop()


def test_an_agent_with_nothing_but_a_wallet_gets_a_real_streamed_answer(
    the_world: World, facilitator: Process, relay: RelayProcess
) -> None:
    assert httpx.get(facilitator.url + "/readyz").status_code == 200
    assert httpx.get(relay.url + "/readyz").status_code == 200

    async def ask() -> tuple[list[str], str, str]:
        http = x402HttpxClient(wallet(the_world.payer()))
        async with openai.AsyncOpenAI(base_url=relay.url + "/v1", api_key="none", http_client=http) as client:
            stream = await client.chat.completions.create(**QUESTION, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            whole = await client.chat.completions.create(**QUESTION)
            return pieces, whole.choices[0].message.content or "", whole.model

    pieces, whole, name = asyncio.run(ask())
    assert len([piece for piece in pieces if piece]) > 5, "word by word"
    assert whole == "".join(pieces), "greedy answers of one build are the same"
    assert name == weights.MODEL
    terms = httpx.post(relay.url + "/v1/chat/completions", json=QUESTION).json()["accepts"][0]
    price = int(terms["maxAmountRequired"])
    assert price > 0
    assert the_world.balance(terms["payTo"]) == 2 * price
    assert len(the_world.transfers_to(terms["payTo"])) == 2


def test_once_it_says_where_it_listens_it_is_ready_and_offers_one_model(model: Process) -> None:
    assert httpx.get(model.url + "/health").json() == {"status": "ok"}
    assert [found["id"] for found in httpx.get(model.url + "/v1/models").json()["data"]] == [weights.MODEL]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_the_loopback_interface_alone_and_with_one_thread_unless_told_otherwise(model: Process) -> None:
    assert (ServerOptions().host, ServerOptions().threads) == ("127.0.0.1", 1)
    assert model.url.startswith("http://127.0.0.1:")
    port = int(model.url.rsplit(":", 1)[1])
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"]
    assert [address for address in listening if int(address.rsplit(":", 1)[1], 16) == port] == [f"0100007F:{port:04X}"]
    everywhere = Path("/proc/net/tcp6").read_text().splitlines()[1:]
    assert all(int(line.split()[1].rsplit(":", 1)[1], 16) != port for line in everywhere if line.split()[3] == "0A")


def test_greedy_answers_stay_the_same_while_others_are_generated_beside_them(model: Process) -> None:
    def ask(content: str) -> str:
        body = chat(content, max_tokens=12, temperature=0)
        answer = httpx.post(model.url + "/v1/chat/completions", json=body, timeout=60).json()
        return str(answer["choices"][0]["message"]["content"])

    async def both() -> list[str]:
        return await asyncio.gather(
            *(asyncio.to_thread(ask, content) for content in ("Name a colour.", "Name a fish."))
        )

    assert asyncio.run(both()) == [ask("Name a colour."), ask("Name a fish.")]


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "offchain.models", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_port_in_use_is_one_clear_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, told = run("--port", str(port))
    assert (code, told.splitlines()[-1]) == (3, f"error: cannot listen on 127.0.0.1:{port}: Address already in use")


def test_whoever_opens_it_to_others_is_told_that_they_need_no_key() -> None:
    code, told = run("--host", "192.0.2.1", "--port", "0")
    assert code == 3
    assert "anybody who can reach 192.0.2.1 can use it" in told
    assert "cannot listen on 192.0.2.1:0" in told


def test_weights_other_than_the_known_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / weights.PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, weights.PACKAGE, raising=False)
    with pytest.raises(weights.WeightsUnusable, match="is missing"):
        weights.find()
    (package / weights.FILE).write_bytes(b"something else")
    with pytest.raises(weights.WeightsUnusable, match="expected b179c952"):
        weights.find()
    code, told = run(PYTHONPATH=f"{tmp_path}:{os.getcwd()}")
    assert (code, "not loading unknown weights" in told) == (3, True)


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    # Python without the site packages that hold the extra, but with the few that the command itself needs.
    import click

    (tmp_path / "click").symlink_to(Path(click.__file__).parent)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "offchain.models"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}:{tmp_path}"},
        timeout=30,
    )
    assert done.returncode == 3
    assert "not installed; install the extra" in done.stderr

"""The real model, behind the real relay, paid for on a real chain."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from x402.http.clients import x402HttpxClient

from offchain.models import weights
from offchain.relay.app import create_app
from tests.relay.world import chat, relay_settings, served, to_config, wallet, world


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "offchain.models", "--port", "0", "--context", "1024"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        if "listening on " in line:
            address = line.rsplit("listening on ", 1)[1].strip()
            break
    yield address + "/v1"
    process.terminate()
    assert process.wait(10) == 0


def test_an_agent_with_nothing_but_a_wallet_gets_a_real_streamed_answer(model_url: str, tmp_path: Path) -> None:
    with world() as found:
        settings = relay_settings(found, tmp_path, {"local": model_url})
        settings["providers"][0]["models"] = {weights.MODEL: weights.MODEL}

        async def ask(url: str) -> tuple[str, str]:
            http = x402HttpxClient(wallet(found.payer()))
            async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="none", http_client=http) as client:
                body = chat("Explain in one sentence why the sky is blue.", max_tokens=24, temperature=0)
                stream = await client.chat.completions.create(**body, stream=True)
                pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
                whole = await client.chat.completions.create(**body)
                return "".join(pieces), whole.choices[0].message.content or ""

        with served(create_app(to_config(settings))) as url:
            streamed, whole = asyncio.run(ask(url))
        assert len(streamed.split()) > 5
        assert whole == streamed, "greedy answers of one build are the same"
        assert len(found.transfers_to(settings["payment"]["pay_to"])) == 2


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

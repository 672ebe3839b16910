"""Nothing that is secret gets into a log line, an answer or a journal, whatever goes wrong."""

import base64
import json
from pathlib import Path

import httpx
import pytest

from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request, terms_of
from tests.relay.upstream import Upstream
from tests.relay.world import RelayProcess, World, chat, relay_settings

PROMPT = "my-secret-diary"
PROVIDER_KEY = "sk-provider-secret"
RPC_KEY = "rpc-secret"


def test_no_key_prompt_or_signature_is_told_or_kept_through_success_failures_and_a_kill(
    the_world: World, the_upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_upstream.mode, the_upstream.delay_s = "ok", 0.0
    monkeypatch.setenv("TEST_PROVIDER_KEY", PROVIDER_KEY)
    settings = relay_settings(
        the_world,
        tmp_path,
        {"local": the_upstream.url},
        # The first node does not answer; its URL carries a key, as those of hosted nodes do.
        chain={"rpc": [f"http://127.0.0.1:9/{RPC_KEY}", the_world.url]},
        limits={"whole_timeout_s": 1, "first_byte_timeout_s": 1},
    )
    settings["providers"][0]["api_key_env"] = "TEST_PROVIDER_KEY"
    hot_key = Path(settings["settlement"]["key_file"]).read_text()
    process = RelayProcess(settings, tmp_path)
    relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
    told, signatures = [], []
    process.start()
    try:
        for mode in ("ok", "fail", "refuse", "reset", "truncate", "error"):
            for stream in (False, True):
                the_upstream.mode = mode
                body, header = paid_request(relay, content=PROMPT, stream=stream)
                signed = json.loads(base64.b64decode(header["PAYMENT-SIGNATURE"]))
                signatures.append(signed["payload"]["signature"][2:])
                response = httpx.post(process.url + PATH, json=body, headers=header, timeout=30)
                told.append(f"{response.headers}{response.text}")
        # A settlement that is under way when the relay is killed, and taken up again.
        the_upstream.mode = "ok"
        body, header = paid_request(relay, content=PROMPT)
        the_world.chain.rpc("evm_setAutomine", False)
        with pytest.raises(httpx.TimeoutException):
            httpx.post(process.url + PATH, json=body, headers=header, timeout=1)
        process.kill()
        process.start()
        the_world.chain.rpc("evm_setAutomine", True)
        the_world.chain.rpc("evm_mine")
        assert httpx.post(process.url + PATH, json=body, headers=header, timeout=30).status_code == 200
        told.append(httpx.get(process.url + "/metrics").text)
        told.append(httpx.post(process.url + PATH, content=b'{"model": "' + PROMPT.encode()).text)
        assert terms_of(relay, chat())
    finally:
        the_world.chain.rpc("evm_setAutomine", True)
        process.stop()
    log = process.log.read_text()
    assert "taken up again" in log, "the log is read, and says something"
    for secret in (PROMPT, PROVIDER_KEY, RPC_KEY, hot_key.removeprefix("0x"), *signatures):
        assert secret not in log
        assert all(secret not in text for text in told)
    for file in tmp_path.glob("*.sqlite*"):
        kept = file.read_bytes()
        for secret in (PROMPT, PROVIDER_KEY, RPC_KEY, hot_key.removeprefix("0x")):
            assert secret.encode() not in kept

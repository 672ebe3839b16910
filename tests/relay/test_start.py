"""A relay that cannot start says why, in a sentence."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from offchain.relay.app import create_app
from offchain.relay.config import load_config
from offchain.service.errors import SettingsError
from offchain.service.serving import listen
from tests.relay.world import World, relay_settings, to_config, to_toml

EXAMPLE = Path(__file__).parents[2] / "offchain" / "relay" / "example.toml"
URL = "http://127.0.0.1:9/v1"


def run(settings: dict[str, Any], folder: Path) -> tuple[int, str]:
    path = folder / "relay.toml"
    path.write_text(to_toml(settings))
    done = subprocess.run(
        [sys.executable, "-m", "offchain.relay", "--config", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_the_example_is_right_but_for_its_address_placeholders(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(EXAMPLE)
    assert config.models
    monkeypatch.setenv("CLUSTER_RELAY_PORT", "9999")
    monkeypatch.setenv("CLUSTER_RELAY_LIMITS__MAX_CONCURRENT", "3")
    config = load_config(EXAMPLE)
    assert (config.port, config.limits.max_concurrent) == (9999, 3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"payment": {"pay_to": "0x12"}}, "payment.pay_to must be an address"),
        ({"payment": {"timeout_s": 1}}, "payment.timeout_s must be between 10 and 86400"),
        ({"chain": {"rpc": []}}, "chain.rpc must name at least one node"),
        ({"chain": {"rpc": ["localhost"]}}, "chain.rpc: must be an http"),
        ({"facilitator": {"url": "ftp://x"}}, "facilitator.url: must be an http"),
        ({"facilitator": {"url": "http://[::1"}}, "facilitator.url: must be an http"),
        ({"public_url": "relay.example.org"}, "public_url: must be an http"),
        ({"limits": {"max_concurrent": 0}}, "limits.max_concurrent must be at least 1"),
        ({"settlement": {"max_open": 0}}, "settlement.max_open must be at least 1"),
        ({"models": []}, "models: at least one is needed"),
        ({"providers": []}, "no provider offers it"),
        ({"surprise": 1}, "unknown field `surprise`"),
        ({"port": "x"}, "Expected `int`, got `str` - at `$.port`"),
    ],
)
def test_wrong_settings_are_named(the_world: World, tmp_path: Path, change: dict[str, Any], told: str) -> None:
    settings = relay_settings(the_world, tmp_path, {"local": URL}, **change)
    with pytest.raises(SettingsError) as error:
        create_app(to_config(settings))
    assert told in str(error.value)


def test_no_node_no_token_no_key_and_no_port_are_clear_sentences(the_world: World, tmp_path: Path) -> None:
    good = relay_settings(the_world, tmp_path, {"local": URL})
    key = Path(good["settlement"]["key_file"])
    secret = key.read_text()
    code, told = run({**good, "chain": {"rpc": ["http://127.0.0.1:9"]}}, tmp_path)
    assert code == 3
    assert "no node answered" in told
    code, told = run({**good, "payment": {**good["payment"], "asset": "0x" + "33" * 20}}, tmp_path)
    assert code == 3
    assert "no contract at" in told
    key.write_text(secret[:-1])
    code, told = run(good, tmp_path)
    assert code == 3
    assert "does not hold a private key" in told
    assert secret[:-1] not in told
    key.write_text(secret)
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        code, told = run({**good, "port": taken.getsockname()[1]}, tmp_path)
    assert code == 3
    assert "cannot listen on 127.0.0.1" in told
    assert "Traceback" not in told

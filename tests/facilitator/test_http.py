"""The facilitator as x402 describes it over HTTP, alone and behind a relay."""

import hmac
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from x402.http.facilitator_client import HTTPFacilitatorClientSync
from x402.http.facilitator_client_base import FacilitatorConfig as ClientConfig
from x402.schemas import PaymentPayload, PaymentRequirements

from offchain.facilitator.app import FacilitatorConfig, create_app, load_config
from offchain.facilitator.config import SettlementConfig
from offchain.relay.app import create_app as create_relay
from offchain.service.errors import SettingsError
from tests.facilitator.test_settling import AMOUNT, payment
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import upstream
from tests.relay.world import World, relay_settings, served, to_config


@pytest.fixture(scope="module")
def url(the_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("facilitator")
    os.environ["TEST_HOT_KEY"] = the_world.hot_key().key.hex()
    settlement = SettlementConfig(key_env="TEST_HOT_KEY", journal=folder / "facilitator.sqlite")
    with served(create_app(FacilitatorConfig([the_world.url], the_world.usdc.address, settlement=settlement))) as found:
        yield found


def test_x402s_own_client_verifies_and_settles_and_settling_again_changes_nothing(the_world: World, url: str) -> None:
    pay_to = the_world.fresh_address()
    paid, terms = payment(the_world, pay_to)
    payload, requirements = PaymentPayload.model_validate(paid.payload), terms.v2()
    with HTTPFacilitatorClientSync(ClientConfig(url=url)) as client:
        kinds = client.get_supported().kinds
        assert {(kind.x402_version, kind.network) for kind in kinds} == {
            (2, "eip155:31337"),
            (1, "eip155:31337"),
        }
        verified = client.verify(payload, requirements)
        assert verified.is_valid
        assert verified.payer == paid.payer
        first, again = client.settle(payload, requirements), client.settle(payload, requirements)
    assert first.success
    assert (again.success, again.transaction) == (True, first.transaction)
    assert the_world.transfers_to(pay_to) == [AMOUNT]


def test_what_is_not_the_one_token_on_the_one_chain_is_refused(the_world: World, url: str) -> None:
    paid, terms = payment(the_world, the_world.fresh_address())
    good = terms.v2()
    for change, reason in (
        ({"asset": "0x" + "55" * 20}, "invalid_exact_evm_failed_to_get_asset_info"),
        ({"network": "eip155:1"}, "network_mismatch"),
        ({"scheme": "upto"}, "unsupported_scheme"),
        ({"amount": "1"}, "invalid_exact_evm_payload_authorization_value_mismatch"),
    ):
        requirements = PaymentRequirements.model_validate({**good.model_dump(by_alias=True), **change})
        body = {
            "x402Version": 2,
            "paymentPayload": paid.payload,
            "paymentRequirements": requirements.model_dump(by_alias=True),
        }
        assert httpx.post(url + "/verify", json=body).json()["invalidReason"] == reason
        assert httpx.post(url + "/settle", json=body).json()["success"] is False
    assert httpx.post(url + "/settle", content=b"[").status_code == 400
    assert httpx.get(url + "/settle").status_code == 405


def test_without_the_token_nobody_can_spend_the_hot_keys_gas(
    the_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HOT_KEY", the_world.hot_key().key.hex())
    monkeypatch.setenv("TEST_TOKEN", "a-secret-token")
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return hmac.compare_digest(a, b)

    monkeypatch.setattr("offchain.facilitator.app.compare_digest", compare)
    settlement = SettlementConfig(key_env="TEST_HOT_KEY", journal=tmp_path / "facilitator.sqlite")
    config = FacilitatorConfig(
        [the_world.url], the_world.usdc.address, auth_token_env="TEST_TOKEN", settlement=settlement
    )
    with served(create_app(config)) as url:
        for shown in (None, "", "a-secret-token", "Bearer x", "Bearer a-secret-toke", "Bearer a-secret-token2"):
            headers = {} if shown is None else {"authorization": shown}
            for method, path in (("POST", "/verify"), ("POST", "/settle"), ("GET", "/supported")):
                refused = httpx.request(method, url + path, headers=headers)
                assert refused.status_code == 401
                assert "a-secret" not in refused.text
        assert len(compared) == 18, "every comparison takes the same time, whatever was shown"
        good = httpx.get(url + "/supported", headers={"authorization": "Bearer a-secret-token"})
        assert good.status_code == 200
        assert httpx.get(url + "/healthz").status_code == 200


def test_without_a_token_only_the_loopback_interface_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facilitator.toml"
    path.write_text('rpc = ["http://127.0.0.1:8545"]\nasset = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"\n')
    assert load_config(path).host == "127.0.0.1"
    monkeypatch.setenv("CLUSTER_FACILITATOR_HOST", "192.0.2.1")
    with pytest.raises(SettingsError, match=r"auth_token_env must be set to serve 192\.0\.2\.1"):
        load_config(path)
    monkeypatch.setenv("CLUSTER_FACILITATOR_AUTH_TOKEN_ENV", "A_TOKEN")
    assert load_config(path).auth_token_env == "A_TOKEN"


def test_bodies_are_bounded_in_size_and_depth(url: str) -> None:
    assert httpx.post(url + "/settle", content=b"x" * (64 * 1024 + 1)).status_code == 413
    for body in (b"[" * 60_000, b'{"paymentPayload":' + b'{"a":' * 10_000, b"\xff", b"[1]", b"{}"):
        response = httpx.post(url + "/settle", content=body)
        assert response.status_code == 400 or response.json()["success"] is False


def test_a_relay_can_settle_through_it(the_world: World, url: str, tmp_path: Path) -> None:
    with upstream() as model:
        settings = relay_settings(the_world, tmp_path, {"local": model.url}, facilitator={"url": url})
        del settings["settlement"]
        with served(create_relay(to_config(settings))) as relay_url:
            relay = Relay(relay_url, settings, the_world, model, tmp_path)
            body, header = paid_request(relay)
            assert httpx.post(relay_url + PATH, json=body, headers=header, timeout=30).status_code == 200
            again = httpx.post(relay_url + PATH, json=body, headers=header, timeout=30)
            assert again.json()["error"]["code"] == "payment_already_used"
            assert len(the_world.transfers_to(relay.pay_to)) == 1
            poor, header = paid_request(relay, the_world.payer(0))
            refused = httpx.post(relay_url + PATH, json=poor, headers=header, timeout=30)
            assert (refused.status_code, refused.json()["error"]["code"]) == (
                402,
                "payment_refused_by_facilitator",
            )

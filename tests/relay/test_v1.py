"""x402 v1, on a chain that v1 clients know by name."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from eth_account.signers.local import LocalAccount
from x402.http.clients import x402_requests, x402HttpxClient
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.exact.v1.client import ExactEvmSchemeV1
from x402.schemas import PaymentPayloadV1
from x402.schemas.v1 import PaymentRequirementsV1

from offchain.relay.app import create_app
from tests.relay.conftest import Relay
from tests.relay.payments import PATH
from tests.relay.upstream import Upstream
from tests.relay.world import chat, relay_settings, served, to_config, wallet, wallet_sync, world

BASE_SEPOLIA = 84532
ONLY_V1 = {"X402-Version": "1"}


@pytest.fixture(scope="module")
def base_sepolia(the_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A chain that calls itself Base Sepolia. The test token is made before it does: it refuses real
    chains.
    """
    with world() as found:
        found.chain.rpc("anvil_setChainId", BASE_SEPOLIA)
        found.chain_id = BASE_SEPOLIA
        folder = tmp_path_factory.mktemp("v1")
        settings = relay_settings(found, folder, {"local": the_upstream.url})
        with served(create_app(to_config(settings))) as url:
            yield Relay(url, settings, found, the_upstream, folder)


def paid(relay: Relay, before: int, response: httpx.Response) -> bool:
    settled = decode_payment_response_header(response.headers["X-PAYMENT-RESPONSE"])
    return settled.success and settled.network == "base-sepolia" and relay.revenue() > before


@pytest.mark.parametrize("stream", [False, True])
def test_x402_httpx_pays_by_v1(base_sepolia: Relay, stream: bool) -> None:
    before = base_sepolia.revenue()

    async def ask() -> httpx.Response:
        account = base_sepolia.world.payer()
        async with x402HttpxClient(wallet(account), base_url=base_sepolia.url, headers=ONLY_V1) as client:
            return await client.post(PATH, json=chat(stream=stream))

    response = asyncio.run(ask())
    assert response.status_code == 200, response.text
    assert paid(base_sepolia, before, response)


def test_x402_requests_pays_by_v1(base_sepolia: Relay) -> None:
    before = base_sepolia.revenue()
    with x402_requests(wallet_sync(base_sepolia.world.payer())) as session:
        response = session.post(base_sepolia.url + PATH, json=chat(), headers=ONLY_V1, timeout=30)
    assert response.status_code == 200, response.text
    assert "X-PAYMENT-RESPONSE" in response.headers
    assert base_sepolia.revenue() > before


def test_the_terms_in_the_body_can_be_paid_by_v1_without_asking_for_it(base_sepolia: Relay) -> None:
    """As v1 clients do that read `accepts` and leave `error` alone (x402-fetch, x402-axios)."""
    before = base_sepolia.revenue()
    account: LocalAccount = base_sepolia.world.payer()
    (accepts,) = httpx.post(base_sepolia.url + PATH, json=chat()).json()["accepts"]
    inner = ExactEvmSchemeV1(account).create_payment_payload(PaymentRequirementsV1.model_validate(accepts))
    payment = PaymentPayloadV1(scheme="exact", network=accepts["network"], payload=inner)
    header = {"X-PAYMENT": base64.b64encode(payment.model_dump_json(by_alias=True).encode()).decode()}
    response = httpx.post(base_sepolia.url + PATH, json=chat(), headers=header, timeout=30)
    assert response.status_code == 200, response.text
    assert paid(base_sepolia, before, response)


def test_x402_httpx_pays_by_v2_on_the_same_relay(base_sepolia: Relay, tmp_path: Path) -> None:
    async def ask() -> httpx.Response:
        async with x402HttpxClient(wallet(base_sepolia.world.payer()), base_url=base_sepolia.url) as client:
            return await client.post(PATH, json=chat())

    response = asyncio.run(ask())
    assert "PAYMENT-RESPONSE" in response.headers
    assert "X-PAYMENT-RESPONSE" not in response.headers

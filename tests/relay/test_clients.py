"""The published clients, unmodified, against a relay that is paid on a real chain."""

import asyncio
import base64
import json
from typing import Any

import httpx
import openai
import pytest
import requests
from x402.http.clients import x402_requests, x402HttpxClient
from x402.http.utils import decode_payment_response_header

from tests.relay.conftest import Relay
from tests.relay.upstream import WORDS
from tests.relay.world import MODEL, chat, wallet, wallet_sync

ANSWER = "".join(WORDS)


def text_of(stream: str) -> str:
    """What a stream of events says."""
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])


def settled_once(relay: Relay, before: int, headers: Any, version: int = 2) -> None:
    """The money of one answer moved, and the answer names the transaction."""
    name = "PAYMENT-RESPONSE" if version == 2 else "X-PAYMENT-RESPONSE"
    settled = decode_payment_response_header(headers[name])
    assert settled.success
    receipt = relay.world.chain.rpc("eth_getTransactionReceipt", settled.transaction)
    assert receipt["status"] == "0x1"
    assert relay.revenue() - before == int(settled.amount or 0) > 0


def test_x402_httpx_pays_for_an_answer(relay: Relay) -> None:
    before = relay.revenue()

    async def ask() -> httpx.Response:
        async with x402HttpxClient(wallet(relay.world.payer()), base_url=relay.url) as client:
            return await client.post("/v1/chat/completions", json=chat())

    response = asyncio.run(ask())
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["choices"][0]["message"]["content"] == ANSWER
    assert body["model"] == MODEL
    settled_once(relay, before, response.headers)


def test_x402_httpx_pays_for_a_stream(relay: Relay) -> None:
    before = relay.revenue()

    async def ask() -> tuple[httpx.Headers, str]:
        async with (
            x402HttpxClient(wallet(relay.world.payer()), base_url=relay.url) as client,
            client.stream("POST", "/v1/chat/completions", json=chat(stream=True)) as response,
        ):
            return response.headers, (await response.aread()).decode()

    headers, stream = asyncio.run(ask())
    assert text_of(stream) == ANSWER
    assert stream.endswith("data: [DONE]\n\n")
    settled_once(relay, before, headers)


@pytest.mark.parametrize("stream", [False, True])
def test_x402_requests_pays(relay: Relay, stream: bool) -> None:
    before = relay.revenue()
    with x402_requests(wallet_sync(relay.world.payer())) as session:
        response = session.post(relay.url + "/v1/chat/completions", json=chat(stream=stream), timeout=30)
        assert response.status_code == 200, response.text
        said = text_of(response.text) if stream else response.json()["choices"][0]["message"]["content"]
    assert said == ANSWER
    settled_once(relay, before, response.headers)


def test_openai_with_x402s_client_pays_for_an_answer_and_a_stream(relay: Relay) -> None:
    before = relay.revenue()

    async def ask() -> tuple[str | None, str]:
        http = x402HttpxClient(wallet(relay.world.payer()))
        async with openai.AsyncOpenAI(base_url=relay.url + "/v1", api_key="none", http_client=http) as client:
            whole = await client.chat.completions.create(**chat())
            stream = await client.chat.completions.create(**chat("Hello again"), stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            return whole.choices[0].message.content, "".join(pieces)

    whole, streamed = asyncio.run(ask())
    assert whole == streamed == ANSWER
    assert relay.revenue() > before


def test_openai_without_a_wallet_gets_a_readable_402(relay: Relay) -> None:
    before = relay.revenue()
    with (
        openai.OpenAI(base_url=relay.url + "/v1", api_key="none") as client,
        pytest.raises(openai.APIStatusError, match=r"this request costs \$0\.\d{6} in USDC; pay by x402") as error,
    ):
        client.chat.completions.create(**chat())
    assert error.value.status_code == 402
    assert error.value.code == "payment_required"
    assert relay.revenue() == before


def test_the_402_of_a_stream_is_plain_json_with_the_same_terms_twice(relay: Relay) -> None:
    response = httpx.post(relay.url + "/v1/chat/completions", json=chat(stream=True))
    assert response.status_code == 402
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body["x402Version"] == 1
    assert body["error"]["code"] == "payment_required"
    required = json.loads(base64.b64decode(response.headers["PAYMENT-REQUIRED"]))
    (v1,), (v2,) = body["accepts"], required["accepts"]
    assert required["x402Version"] == 2
    assert v2["network"] == "eip155:31337"
    assert (v1["maxAmountRequired"], v1["payTo"], v1["asset"], v1["extra"]) == (
        v2["amount"],
        v2["payTo"],
        v2["asset"],
        v2["extra"],
    )
    assert v2["extra"] == {"name": "USD Coin", "version": "2"}
    assert v2["payTo"] == relay.pay_to


def test_models_are_listed_and_found_by_id_and_alias(relay: Relay) -> None:
    with openai.OpenAI(base_url=relay.url + "/v1", api_key="none") as client:
        assert [model.id for model in client.models.list()] == [MODEL]
        assert client.models.retrieve(MODEL).id == MODEL
    assert requests.get(relay.url + "/v1/models/smollm2", timeout=5).json()["pricing"]["input"] == 10_000_000

"""A relay behind a facilitator that is slow, broken or lying: only the chain is believed."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from offchain.facilitator.payment import parse_payload
from offchain.relay.app import create_app
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import Upstream, upstream
from tests.relay.world import World, relay_settings, served, to_config

VERIFIED = {"isValid": True}


class Stranger:
    """An x402 facilitator whose answers a test decides; `submits` says whether it moves the money."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.submits = True
        self.verify: Any = VERIFIED
        self.settle: Any = {"success": True, "transaction": "", "network": "eip155:31337"}
        self.status = 200
        self.pieces = 1

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        said = self.verify
        if request.path == "/settle":
            said = self.settle
            if self.submits:
                self.submits = False
                await asyncio.to_thread(self._submit, body["paymentPayload"])
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        response = web.StreamResponse(status=self.status, headers={"content-type": "application/json"})
        response.content_length = len(text)
        await response.prepare(request)
        size = -(-len(text) // self.pieces)
        for start in range(0, len(text), size):
            await response.write(text[start : start + size])
            await asyncio.sleep(0.05)
        return response

    def _submit(self, payload: dict[str, Any]) -> None:
        payment = parse_payload(payload)
        found = payment.authorization
        self.world.usdc.transferWithAuthorization(
            found.payer, found.to, found.value, found.valid_after, found.valid_before, found.nonce, payment.signature,
            sender=self.world.chain.account("circle"),
        )  # fmt: skip


@contextmanager
def running(found: Stranger) -> Iterator[Stranger]:
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/{what}", found.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def model() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


@pytest.fixture
def stranger(the_world: World) -> Iterator[Stranger]:
    with running(Stranger(the_world)) as found:
        yield found


@pytest.fixture
def relay(the_world: World, model: Upstream, stranger: Stranger, tmp_path: Path) -> Iterator[Relay]:
    settings = relay_settings(
        the_world,
        tmp_path,
        {"local": model.url},
        facilitator={"url": stranger.url},
        settlement={"confirm_timeout_s": 1},
    )
    with served(create_app(to_config(settings))) as url:
        yield Relay(url, settings, the_world, model, tmp_path)


def ask(relay: Relay, body: Any, header: dict[str, str]) -> tuple[int, str]:
    response = httpx.post(relay.url + PATH, json=body, headers=header, timeout=30)
    return response.status_code, "" if response.status_code == 200 else response.json()["error"]["code"]


def test_an_answer_that_arrives_in_pieces_is_read_whole(relay: Relay, stranger: Stranger) -> None:
    stranger.pieces = 5
    assert ask(relay, *paid_request(relay)) == (200, "")


def test_a_success_that_the_chain_does_not_show_is_not_served(relay: Relay, stranger: Stranger) -> None:
    stranger.submits = False
    stranger.settle = {"success": True, "transaction": "0x" + "12" * 32, "network": "eip155:31337"}
    served_before = relay.upstream.served
    body, header = paid_request(relay)
    assert ask(relay, body, header) == (503, "payment_pending")
    assert relay.upstream.served == served_before
    # Once it moves the money after all, the same payment is good.
    stranger.submits = True
    code = 503
    for _ in range(20):
        code, _ = ask(relay, body, header)
        if code == 200:
            break
    assert code == 200
    assert len(relay.world.transfers_to(relay.pay_to)) == 1


def test_a_failure_that_the_chain_belies_is_served(relay: Relay, stranger: Stranger) -> None:
    stranger.settle = {"success": False, "errorReason": "transaction_failed", "transaction": ""}
    assert ask(relay, *paid_request(relay)) == (200, "")
    assert len(relay.world.transfers_to(relay.pay_to)) == 1


def test_a_failure_is_told_and_the_same_payment_may_be_tried_again(relay: Relay, stranger: Stranger) -> None:
    stranger.submits = False
    stranger.settle = {"success": False, "errorReason": "out_of_gas", "errorMessage": "no gas left"}
    body, header = paid_request(relay)
    assert ask(relay, body, header) == (402, "payment_refused_by_facilitator")
    assert relay.world.transfers_to(relay.pay_to) == []
    stranger.submits = True
    assert ask(relay, body, header) == (200, "")
    assert len(relay.world.transfers_to(relay.pay_to)) == 1


@pytest.mark.parametrize(
    "said", [b"<html>", b"", b"[" * 100_000, b'{"isValid": "yes"}', b"{}", b'{"error": "busy"}', b" " * 300_000 + b"{}"]
)
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_no_verdict_is_no_refusal(relay: Relay, stranger: Stranger, said: bytes, status: int) -> None:
    stranger.verify, stranger.status = said, status
    assert ask(relay, *paid_request(relay)) == (503, "facilitator_unavailable")


def test_a_refusal_is_told_in_its_words(relay: Relay, stranger: Stranger) -> None:
    stranger.verify = {"isValid": False, "invalidReason": "sanctioned", "invalidMessage": "not from there"}
    body, header = paid_request(relay)
    response = httpx.post(relay.url + PATH, json=body, headers=header, timeout=30)
    assert response.status_code == 402
    assert response.json()["error"]["message"] == "not from there"

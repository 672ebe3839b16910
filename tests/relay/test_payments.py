"""One payment, one answer: whatever arrives together, again, forged, or while things break."""

import base64
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cluster.chain.eip3009 import Domain, sign
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, authorization, cancel, encode, paid_request, pay, payload, terms_of
from tests.relay.upstream import WORDS
from tests.relay.world import chat


def post(relay: Relay, body: Any, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(relay.url + PATH, json=body, headers=headers, timeout=30)


def code(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"])


@pytest.mark.parametrize("stream", [False, True])
def test_four_concurrent_requests_with_one_payment_are_one_answer_and_one_transfer(relay: Relay, stream: bool) -> None:
    before, served = relay.revenue(), relay.upstream.served
    relay.upstream.delay_s = 0.2
    body, header = paid_request(relay, stream=stream)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(relay, body, header), range(4)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 3
    assert {code(answer) for answer in refused} == {"payment_in_flight"}
    assert relay.upstream.served - served == 1
    assert relay.revenue() - before == int(terms_of(relay, body)["amount"])
    again = post(relay, body, header)
    assert (again.status_code, code(again)) == (402, "payment_already_used")


def test_the_first_byte_arrives_before_the_upstream_has_finished(relay: Relay) -> None:
    relay.upstream.mode = "gate"
    body, header = paid_request(relay, stream=True)
    with httpx.stream("POST", relay.url + PATH, json=body, headers=header, timeout=30) as response:
        lines = (line for line in response.iter_lines() if line.startswith("data: "))
        # The upstream goes on only once this has arrived.
        assert json.loads(next(lines)[6:])["choices"][0]["delta"]["content"] == WORDS[0]
        relay.upstream.gate.set()
        rest = list(lines)
    assert rest[-1] == "data: [DONE]"


def test_a_client_that_leaves_stops_the_upstream_and_pays_for_what_it_got(relay: Relay) -> None:
    relay.upstream.mode = "gate"
    before = relay.revenue()
    body, header = paid_request(relay, stream=True)
    with httpx.stream("POST", relay.url + PATH, json=body, headers=header, timeout=30) as response:
        next(response.iter_lines())
    assert relay.upstream.cancelled.wait(10)
    assert relay.revenue() - before == int(terms_of(relay, body)["amount"])
    until = time.monotonic() + 10
    while code(again := post(relay, body, header)) == "payment_in_flight" and time.monotonic() < until:
        time.sleep(0.02)
    assert code(again) == "payment_already_used"


Forge = Callable[[Relay, dict[str, Any]], dict[str, str]]


def _wrong(**changed: Any) -> Forge:
    return lambda relay, terms: pay(relay.world.payer(), terms, relay.world.domain, **changed)


def _wrong_amount(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(), terms, relay.world.domain, value=int(terms["amount"]) - 1)


def _too_much(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(), terms, relay.world.domain, value=int(terms["amount"]) + 1)


def _wrong_network(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(), {**terms, "network": "eip155:8453"}, relay.world.domain)


def _other_chains_domain(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    domain = relay.world.domain
    return pay(relay.world.payer(), terms, Domain(domain.name, domain.version, 8453, domain.verifying_contract))


def _wrong_asset(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(), {**terms, "asset": "0x" + "11" * 20}, relay.world.domain)


def _somebody_elses(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    found = authorization(relay.world.payer(), terms)
    thief = relay.world.payer()
    return encode(payload(found, sign(found.digest(relay.world.domain), bytes(thief.key)), terms))


def _malleated(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    account = relay.world.payer()
    found = authorization(account, terms)
    signature = sign(found.digest(relay.world.domain), bytes(account.key))
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    return encode(payload(found, signature[:32] + high + bytes([55 - signature[64]]), terms))


def _poor(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(int(terms["amount"]) - 1), terms, relay.world.domain)


def _blacklisted(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    account = relay.world.payer()
    relay.world.usdc.blacklist(account.address, sender=relay.world.chain.account("circle"))
    return pay(account, terms, relay.world.domain)


def _cancelled(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    account, nonce = relay.world.payer(), os.urandom(32)
    cancel(relay.world, account, nonce)
    return pay(account, terms, relay.world.domain, nonce=nonce)


def _scheme(relay: Relay, terms: dict[str, Any]) -> dict[str, str]:
    return pay(relay.world.payer(), {**terms, "scheme": "upto"}, relay.world.domain)


REFUSED: list[tuple[str, Forge]] = [
    ("payment_wrong_amount", _wrong_amount),
    ("payment_wrong_amount", _too_much),
    ("payment_wrong_recipient", _wrong(to="0x" + "22" * 20)),
    ("payment_wrong_network", _wrong_network),
    ("payment_bad_signature", _other_chains_domain),
    ("payment_wrong_asset", _wrong_asset),
    ("payment_expired", _wrong(valid_before=1)),
    ("payment_expired", lambda relay, terms: _wrong(valid_before=int(time.time()) + 2)(relay, terms)),
    ("payment_not_yet_valid", _wrong(valid_after=1 << 40, valid_before=1 << 41)),
    ("payment_bad_signature", _somebody_elses),
    ("payment_bad_signature", _malleated),
    ("payment_insufficient_balance", _poor),
    ("payment_rejected_by_token", _blacklisted),
    ("payment_already_used", _cancelled),
    ("payment_unsupported", _scheme),
    ("payment_unsupported", lambda _, terms: encode({"x402Version": 3, "accepted": terms, "payload": {}})),
    ("payment_malformed", lambda _, terms: encode({"x402Version": 2, "accepted": terms, "payload": {}})),
    ("payment_malformed", lambda *_: encode([1])),
    ("payment_malformed", lambda *_: {"PAYMENT-SIGNATURE": "!"}),
    ("payment_malformed", lambda *_: {"X-PAYMENT": "A" * 20_000}),
]


@pytest.mark.parametrize(("expected", "forge"), REFUSED, ids=[f"{n}-{c[0]}" for n, c in enumerate(REFUSED)])
def test_a_bad_payment_is_refused_by_name_and_moves_nothing(relay: Relay, expected: str, forge: Forge) -> None:
    before, served = relay.revenue(), relay.upstream.served
    body = chat()
    header = forge(relay, terms_of(relay, body))
    response = post(relay, body, header)
    assert (response.status_code, code(response)) == (402, expected)
    assert response.json()["accepts"], "the refusal names the terms again"
    required = json.loads(base64.b64decode(response.headers["PAYMENT-REQUIRED"]))
    assert required["error"] == expected
    assert (relay.revenue(), relay.upstream.served) == (before, served)


def test_a_payment_used_past_the_relay_is_refused(relay: Relay) -> None:
    account, body = relay.world.payer(), chat("straight to the token")
    terms = terms_of(relay, body)
    found = authorization(account, terms)
    signature = sign(found.digest(relay.world.domain), bytes(account.key))
    relay.world.usdc.transferWithAuthorization(
        found.payer, found.to, found.value, found.valid_after, found.valid_before, found.nonce, signature,
        sender=relay.world.chain.account("circle"),
    )  # fmt: skip
    before = relay.revenue()
    assert code(post(relay, body, encode(payload(found, signature, terms)))) == "payment_already_used"
    assert relay.revenue() == before


def test_a_payer_who_was_too_poor_may_repeat_the_same_payment_once_rich(relay: Relay) -> None:
    account = relay.world.payer(0)
    body, header = paid_request(relay, account)
    assert code(post(relay, body, header)) == "payment_insufficient_balance"
    relay.world.usdc.mint(account.address, 1_000_000, sender=relay.world.chain.account("circle"))
    assert post(relay, body, header).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_payment_that_was_not_served_is_good_for_the_same_request_and_only_that(relay: Relay, stream: bool) -> None:
    before = relay.revenue()
    body, header = paid_request(relay, stream=stream)
    price = int(terms_of(relay, body)["amount"])
    relay.upstream.mode = "fail"
    failed = post(relay, body, header)
    assert (failed.status_code, code(failed)) == (502, "upstream_failed")
    assert "stays good" in failed.json()["error"]["message"]
    assert failed.headers["x-should-retry"] == "false", "openai's own retry would pay again"
    assert relay.revenue() - before == price, "settled first"
    relay.upstream.mode = "ok"
    other = post(relay, chat("something else", stream=stream), header)
    assert (other.status_code, code(other)) == (409, "payment_for_another_request")
    again = post(relay, body, header)
    assert again.status_code == 200
    assert "PAYMENT-RESPONSE" in again.headers
    assert relay.revenue() - before == price, "and paid once"
    assert code(post(relay, body, header)) == "payment_already_used"


@pytest.mark.parametrize(
    ("mode", "told"), [("reset", "broke off"), ("truncate", "without saying so"), ("error", "broke off")]
)
def test_a_stream_that_breaks_says_so_inside_and_is_billed(relay: Relay, mode: str, told: str) -> None:
    relay.upstream.mode = mode
    body, header = paid_request(relay, stream=True)
    response = post(relay, body, header)
    assert response.status_code == 200
    events = [line for line in response.text.splitlines() if line.startswith("data: ")]
    error = json.loads(events[-1][6:])["error"]
    assert error["code"] == "upstream_failed"
    assert told in error["message"]
    assert len(events) == 3, "two words, then the error"
    assert code(post(relay, body, header)) == "payment_already_used"


def test_a_request_that_a_provider_refuses_is_told_in_its_words(relay: Relay) -> None:
    relay.upstream.mode = "refuse"
    response = post(relay, *paid_request(relay))
    assert (response.status_code, code(response)) == (400, "request_rejected_by_provider")
    assert "bad grammar" in response.json()["error"]["message"]


def test_the_same_request_always_costs_the_same_and_more_output_costs_more(relay: Relay) -> None:
    prices = [int(terms_of(relay, chat(max_tokens=tokens))["amount"]) for tokens in (1, 1, 100, 512)]
    assert prices[0] == prices[1] < prices[2] < prices[3]
    assert prices[3] - prices[0] == 511 * 40, "40 micro-dollars a token of output"
    assert int(terms_of(relay, chat(max_tokens=100, n=2))["amount"]) - prices[2] == 100 * 40


def test_upstream_gets_the_bounds_that_were_paid_for_and_unknown_fields(relay: Relay) -> None:
    post(relay, *paid_request(relay, stream=True, max_tokens=7, provider="local", mirostat=2))
    (sent,) = relay.upstream.bodies
    assert sent["max_tokens"] == 7
    assert sent["mirostat"] == 2
    assert sent["model"] == "upstream-name"
    assert sent["stream_options"] == {"include_usage": True}
    assert "provider" not in sent


def test_every_served_request_has_one_receipt_without_its_content(relay: Relay) -> None:
    secret = "a secret that must not be kept"
    body, header = paid_request(relay, content=secret)
    response = post(relay, body, header)
    deadline = time.monotonic() + 5
    row = None
    while row is None and time.monotonic() < deadline:
        with sqlite3.connect(relay.folder / "relay.sqlite") as db:
            db.row_factory = sqlite3.Row
            row = db.execute(
                "SELECT * FROM receipts WHERE request_id = ?", (response.headers["x-request-id"],)
            ).fetchone()
        db.close()
    assert row is not None
    assert (row["tokens_in"], row["tokens_out"], row["tokens_counted_by"]) == (9, len(WORDS), "provider")
    assert row["price"] == int(terms_of(relay, body)["amount"])
    assert row["complete"] == 1
    for file in relay.folder.glob("*.sqlite*"):
        assert secret.encode() not in file.read_bytes()


def test_many_payers_at_once_are_each_served_once(relay: Relay) -> None:
    before = relay.revenue()
    work = [paid_request(relay, content=f"number {number}") for number in range(24)]
    due = sum(int(terms_of(relay, body)["amount"]) for body, _ in work)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda pair: post(relay, *pair), work))
    assert {answer.status_code for answer in answers} == {200}
    assert relay.revenue() - before == due
    assert threading.active_count() < 100

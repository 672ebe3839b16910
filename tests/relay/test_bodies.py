"""Whatever is sent, the answer is OpenAI's error shape with a code, and never a 500."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offchain.relay.config import LimitsConfig, ModelConfig
from offchain.relay.errors import CODES, ApiError
from offchain.relay.request import _Body, parse
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.world import MODEL, chat

LIMITS = LimitsConfig()


@pytest.fixture(scope="module")
def http(relay_of_module: Relay) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=relay_of_module.url, timeout=30) as found:
        yield found


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


WRONG: list[tuple[Any, int, str, str | None]] = [
    (b"", 400, "invalid_json", None),
    (b"{", 400, "invalid_json", None),
    (b"\xff\xfe", 400, "invalid_json", None),
    (b"[" * 100_000, 400, "invalid_json", None),
    (b'{"model": "\\ud800", "messages": [{"role": "user"}]}', 400, "invalid_json", None),
    ([], 400, "invalid_request", None),
    ({}, 400, "invalid_request", None),
    (chat(model=7), 400, "invalid_request", "model"),
    (chat(model="nobody/nothing"), 404, "model_not_found", "model"),
    (chat(messages=[]), 400, "invalid_request", "messages"),
    (chat(messages="hello"), 400, "invalid_request", "messages"),
    (chat(messages=[{"content": "no role"}]), 400, "invalid_request", "messages[0]"),
    (chat(messages=[{"role": "user", "content": 7}]), 400, "invalid_request", "messages[0].content"),
    (chat(max_tokens=0), 400, "invalid_request", "max_tokens"),
    (chat(max_tokens="many"), 400, "invalid_request", "max_tokens"),
    (chat(max_tokens=1e300), 400, "invalid_request", "max_tokens"),
    (chat(max_tokens=513), 400, "max_tokens_too_large", "max_tokens"),
    (chat("x" * 20_000), 400, "context_length_exceeded", "messages"),
    (chat(n=5), 400, "invalid_request", "n"),
    (chat(stream="yes"), 400, "invalid_request", "stream"),
    (chat(temperature=9), 400, "invalid_request", "temperature"),
    # Other providers' words for what is sold: handed on, they would get more than was paid for.
    (chat(n_predict=1000), 400, "invalid_request", "n_predict"),
    (chat(n_cmpl=4), 400, "invalid_request", "n_cmpl"),
    (chat(best_of=4), 400, "invalid_request", "best_of"),
    (chat(max_tokens=1, max_completion_tokens=513), 400, "max_tokens_too_large", "max_tokens"),
    (
        chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a/b.png"}}]}]),
        400,
        "invalid_request",
        "messages[0].content",
    ),
    (chat(messages=[{"role": "user", "content": [{"text": "hi"}]}]), 400, "invalid_request", "messages[0].content"),
    (chat(guided_json={"x": "y" * 20_000}), 400, "context_length_exceeded", "messages"),
    (chat(provider="nobody"), 404, "provider_not_found", "provider"),
    (chat("x" * (1 << 20)), 413, "body_too_large", None),
]


@pytest.mark.parametrize(("body", "status", "code", "param"), WRONG, ids=[f"{n}-{w[2]}" for n, w in enumerate(WRONG)])
def test_a_wrong_body_is_told_what_is_wrong_with_it(
    relay: Relay, body: Any, status: int, code: str, param: str | None
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx.post(relay.url + PATH, content=data)
    error = error_of(response)
    assert (response.status_code, error["code"]) == (status, code)
    if param is not None:
        assert error["param"] == param


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", PATH, 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/v1/models/x", 405, "method_not_allowed"),
        ("GET", "/", 404, "not_found"),
        ("GET", PATH + "/", 404, "not_found"),
        ("GET", "/v1/models/a/b/c", 404, "model_not_found"),
    ],
)
def test_a_wrong_path_or_method_has_the_same_shape(
    relay: Relay, method: str, path: str, status: int, code: str
) -> None:
    response = httpx.request(method, relay.url + path)
    assert (response.status_code, error_of(response)["code"]) == (status, code)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from([*_Body.__struct_fields__, "functions", "surprise"])
almost_chats = st.dictionaries(fields, json_values, max_size=6).map(
    lambda changed: {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], **changed}
)
bodies = (
    st.binary(max_size=200)
    | json_values.map(lambda value: json.dumps(value).encode())
    | almost_chats.map(lambda value: json.dumps(value).encode())
    | almost_chats.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    | almost_chats.map(lambda value: json.dumps(value).encode()[:-3])
)


@settings(max_examples=600, deadline=None)
@given(body=bodies)
def test_any_body_parses_or_is_refused_with_a_known_code(body: bytes) -> None:
    refused = None
    try:
        request = parse(body, LIMITS)
    except ApiError as error:
        refused = error
    if refused is not None:
        assert CODES[refused.code] == refused.status < 500
        json.loads(refused.body())
    else:
        model = ModelConfig(MODEL, 1, 1, context=8192, max_output=512, default_output=64)
        sent = json.loads(request.upstream_body(model, "there"))
        assert sent["model"] == "there"
        assert "provider" not in sent


@settings(max_examples=80, deadline=None)
@given(body=bodies, header=st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_any_request_over_http_gets_a_shaped_error_below_500(
    http: httpx.Client, body: bytes, header: str | None
) -> None:
    headers = {} if header is None else {"PAYMENT-SIGNATURE": header}
    response = http.post(PATH, content=body, headers=headers)
    assert 400 <= response.status_code < 500
    assert error_of(response)["code"]


payments = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(changed=st.lists(st.tuples(st.integers(0, 10), payments), min_size=1, max_size=3))
def test_any_payment_gets_a_shaped_refusal(
    relay_of_module: Relay, http: httpx.Client, changed: list[tuple[int, Any]]
) -> None:
    header = {
        "x402Version": 2,
        "accepted": {
            "scheme": "exact",
            "network": "eip155:31337",
            "asset": relay_of_module.world.usdc.address,
            "amount": "1",
            "payTo": relay_of_module.pay_to,
            "maxTimeoutSeconds": 60,
            "extra": {},
        },
        "payload": {
            "signature": "0x" + "11" * 65,
            "authorization": {
                "from": "0x" + "11" * 20,
                "to": relay_of_module.pay_to,
                "value": "1",
                "validAfter": "0",
                "validBefore": "9999999999",
                "nonce": "0x" + "11" * 32,
            },
        },
    }
    authorization = header["payload"]["authorization"]  # type: ignore[index]
    places = [
        (header, "x402Version"),
        (header, "accepted"),
        (header, "payload"),
        (header["accepted"], "scheme"),
    ]
    places += [
        (header["accepted"], "amount"),
        (header["payload"], "signature"),
        (header["payload"], "authorization"),
    ]
    places += [(authorization, name) for name in ("from", "value", "validBefore", "nonce")]
    for where, value in changed:
        holder, name = places[where]
        holder[name] = value  # type: ignore[index]
    encoded = base64.b64encode(json.dumps(header).encode()).decode()
    response = http.post(PATH, json=chat(), headers={"PAYMENT-SIGNATURE": encoded})
    assert response.status_code == 402
    assert error_of(response)["code"].startswith("payment_")


def sent_for(**body: Any) -> dict[str, Any]:
    """What a provider gets for a body."""
    model = ModelConfig(MODEL, 1, 1, context=8192, max_output=512, default_output=64)
    sent: dict[str, Any] = json.loads(parse(json.dumps(chat(**body)).encode(), LIMITS).upstream_body(model, "there"))
    return sent


def test_a_provider_gets_the_bound_that_was_priced_by_whichever_name_it_obeys() -> None:
    both = sent_for(max_tokens=500, max_completion_tokens=3)
    assert (both["max_tokens"], both["max_completion_tokens"]) == (3, 3)
    assert sent_for(max_tokens=None)["max_tokens"] == 64, "the default that was priced"
    alone = sent_for(max_tokens=None, max_completion_tokens=5)
    assert (alone["max_completion_tokens"], alone["max_tokens"]) == (5, None)


def test_what_may_reach_the_prompt_is_priced_and_what_cannot_is_not() -> None:
    def size(**more: Any) -> int:
        return parse(json.dumps(chat(**more)).encode(), LIMITS).prompt_bytes

    assert size(temperature=0.5, seed=1, stop=["a" * 100], user="b" * 100) == size()
    for name in ("functions", "tools", "response_format", "documents", "chat_template_kwargs"):
        assert size(**{name: [{"a": "b" * 100}] if name == "tools" else {"a": "b" * 100}}) > size() + 100


def test_text_in_parts_is_taken() -> None:
    parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "again"}]
    assert sent_for(messages=[{"role": "user", "content": parts}])["messages"][0]["content"] == parts


def test_a_body_that_says_nothing_new_after_a_paid_error_is_still_served(relay: Relay) -> None:
    body, header = paid_request(relay)
    assert httpx.post(relay.url + PATH, content=b"{", headers=header).status_code == 400
    assert httpx.post(relay.url + PATH, json=body, headers=header, timeout=30).status_code == 200

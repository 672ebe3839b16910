"""Several providers, bounded work, and what is asked before money is taken."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from offchain.relay.app import create_app
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import Upstream, upstream
from tests.relay.world import World, relay_settings, served, to_config

UNREACHABLE = "http://127.0.0.1:9/v1"


@pytest.fixture
def second() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


@pytest.fixture
def pair(the_world: World, the_upstream: Upstream, second: Upstream, tmp_path: Path) -> Iterator[Relay]:
    the_upstream.mode, the_upstream.delay_s = "ok", 0.0
    providers = {"dead": UNREACHABLE, "first": the_upstream.url, "second": second.url}
    limits = {"max_concurrent": 1, "first_byte_timeout_s": 1, "whole_timeout_s": 1, "deadline_s": 20}
    settings = relay_settings(the_world, tmp_path, providers, limits=limits)
    with served(create_app(to_config(settings))) as url:
        yield Relay(url, settings, the_world, the_upstream, tmp_path)


@pytest.mark.parametrize(
    ("trouble", "stream"), [("fail", False), ("fail", True), ("late", False), ("late", True), ("comment", True)]
)
def test_the_next_provider_answers_when_one_fails_before_its_first_byte(
    pair: Relay, second: Upstream, trouble: str, stream: bool
) -> None:
    if trouble == "late":
        pair.upstream.delay_s = 3
    else:
        pair.upstream.mode = trouble
    body, header = paid_request(pair, stream=stream)
    response = httpx.post(pair.url + PATH, json=body, headers=header, timeout=30)
    assert response.status_code == 200
    assert second.served == 1
    metrics = httpx.get(pair.url + "/metrics").text
    assert 'upstream_failures_total{provider="dead"} 1.0' in metrics
    assert 'upstream_failures_total{provider="first"} 1.0' in metrics
    pair.upstream.delay_s, pair.upstream.mode = 0.0, "ok"
    # Those that failed rest: the next request does not wait for them.
    body, header = paid_request(pair)
    assert httpx.post(pair.url + PATH, json=body, headers=header, timeout=30).status_code == 200
    assert second.served == 2


def test_a_pinned_provider_is_the_only_one_asked(pair: Relay, second: Upstream) -> None:
    body, header = paid_request(pair, provider="dead")
    before = pair.upstream.served
    response = httpx.post(pair.url + PATH, json=body, headers=header, timeout=30)
    assert (response.status_code, response.json()["error"]["code"]) == (502, "upstream_failed")
    assert (pair.upstream.served, second.served) == (before, 0)


def test_above_its_bound_a_relay_refuses_before_it_takes_money(pair: Relay, second: Upstream) -> None:
    second.mode = "gate"
    pair.upstream.mode = "fail"
    (long_body, long_header), (body, header) = paid_request(pair, stream=True), paid_request(pair)
    begun = threading.Event()

    def hold() -> None:
        with httpx.stream("POST", pair.url + PATH, json=long_body, headers=long_header, timeout=30) as response:
            for _ in response.iter_lines():
                begun.set()

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(20)
    before = pair.revenue()
    refused = httpx.post(pair.url + PATH, json=body, headers=header, timeout=30)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
    assert refused.headers["retry-after"]
    assert pair.revenue() == before
    second.gate.set()
    holder.join(20)
    second.mode = "ok"
    until = time.monotonic() + 10
    while (again := httpx.post(pair.url + PATH, json=body, headers=header, timeout=30)).status_code == 503:
        assert time.monotonic() < until
    assert again.status_code == 200


def test_a_client_that_does_not_read_holds_its_place_until_the_deadline_and_no_longer(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    limits = {"max_concurrent": 1, "deadline_s": 2}
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url}, limits=limits)
    the_upstream.mode, the_upstream.delay_s = "flood", 0.0
    with served(create_app(to_config(settings))) as url, socket.socket() as stalled:
        relay = Relay(url, settings, the_world, the_upstream, tmp_path)
        (long_body, long_header), (body, header) = paid_request(relay, stream=True), paid_request(relay)
        raw = json.dumps(long_body).encode()
        head = [f"POST {PATH} HTTP/1.1", "host: relay", f"content-length: {len(raw)}"]
        head += [f"{name}: {value}" for name, value in long_header.items()]
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
        stalled.sendall("\r\n".join([*head, "", ""]).encode() + raw)
        assert stalled.recv(15) == b"HTTP/1.1 200 OK"
        refused = httpx.post(url + PATH, json=body, headers=header, timeout=30)
        assert refused.json()["error"]["code"] == "overloaded"
        the_upstream.mode = "ok"
        until = time.monotonic() + 15
        while (again := httpx.post(url + PATH, json=body, headers=header, timeout=30)).status_code == 503:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert again.status_code == 200


def test_a_request_that_misses_its_deadline_keeps_its_payment(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url}, limits={"deadline_s": 1})
    the_upstream.mode, the_upstream.delay_s = "ok", 30.0
    with served(create_app(to_config(settings))) as url:
        relay = Relay(url, settings, the_world, the_upstream, tmp_path)
        body, header = paid_request(relay)
        late = httpx.post(url + PATH, json=body, headers=header, timeout=30)
        assert (late.status_code, late.json()["error"]["code"]) == (504, "upstream_timeout")
        assert "stays good" in late.json()["error"]["message"]
        the_upstream.delay_s = 0.0
        assert httpx.post(url + PATH, json=body, headers=header, timeout=30).status_code == 200
    assert len(the_world.transfers_to(relay.pay_to)) == 1


def test_ready_only_while_the_hot_key_can_pay_gas(the_world: World, the_upstream: Upstream, tmp_path: Path) -> None:
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    key = the_world.payer(0)
    Path(settings["settlement"]["key_file"]).write_text(key.key.hex())
    with served(create_app(to_config(settings))) as url:
        assert httpx.get(url + "/healthz").status_code == 200
        unready = httpx.get(url + "/readyz")
        assert unready.status_code == 503
        assert "nothing to pay gas with" in unready.json()["problem"]

"""SIGTERM: what was begun is finished; what cannot be stays paid for."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import httpx

from offchain.relay.app import create_app
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import WORDS, Upstream
from tests.relay.world import RelayProcess, Served, World, relay_settings, to_config


def words(lines: list[str]) -> str:
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])


def listens(url: str) -> bool:
    try:
        httpx.get(url + "/healthz", timeout=5)
    except httpx.TransportError:
        return False
    return True


class Reader:
    """A client that reads a stream on a thread of its own."""

    def __init__(self, url: str, body: dict[str, Any], header: dict[str, str]) -> None:
        self.begun = threading.Event()
        self.lines: list[str] = []
        self.broken: httpx.TransportError | None = None
        self._thread = threading.Thread(target=self._read, args=(url, body, header), daemon=True)
        self._thread.start()

    def _read(self, url: str, body: dict[str, Any], header: dict[str, str]) -> None:
        try:
            with httpx.stream("POST", url + PATH, json=body, headers=header, timeout=30) as response:
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        self.lines.append(line)
                        self.begun.set()
        except httpx.TransportError as error:
            self.broken = error

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_sigterm_takes_nothing_new_finishes_what_was_begun_and_ends(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    the_upstream.mode, the_upstream.delay_s = "gate", 0.0
    the_upstream.gate.clear()
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    process = RelayProcess(settings, tmp_path)
    process.start()
    try:
        relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
        reader = Reader(process.url, *paid_request(relay, stream=True))
        assert reader.begun.wait(20)
        process.terminate()
        while listens(process.url):
            pass
        the_upstream.gate.set()
        reader.join()
        assert process.wait() == -signal.SIGTERM
    finally:
        process.stop()
    assert words(reader.lines) == "".join(WORDS)
    assert reader.lines[-1] == "data: [DONE]"
    assert "Traceback" not in process.log.read_text()


def test_a_stream_that_the_end_of_the_relay_cuts_off_is_served_again_without_paying(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    the_upstream.mode, the_upstream.delay_s = "gate", 0.0
    the_upstream.gate.clear()
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    first = Served(create_app(to_config(settings)), patience_s=1)
    relay = Relay(first.url, settings, the_world, the_upstream, tmp_path)
    try:
        body, header = paid_request(relay, stream=True)
        reader = Reader(first.url, body, header)
        assert reader.begun.wait(20)
    finally:
        first.stop()
    reader.join()
    assert reader.lines[-1] != "data: [DONE]"
    the_upstream.mode = "ok"
    second = Served(create_app(to_config(settings)))
    try:
        again = httpx.post(second.url + PATH, json=body, headers=header, timeout=30)
    finally:
        second.stop()
    assert again.status_code == 200
    assert words(again.text.splitlines()) == "".join(WORDS)
    assert len(the_world.transfers_to(relay.pay_to)) == 1

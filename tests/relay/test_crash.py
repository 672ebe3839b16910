"""`kill -9` at random moments: no payment is lost, none is taken twice."""

import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from cluster.chain.anvil import free_port
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import Upstream
from tests.relay.world import RelayProcess, World, relay_settings

PAYERS = 18
KILLS = 3
PATIENCE_S = 60


def until_served(url: str, body: object, header: dict[str, str]) -> None:
    """What a client does whose connection broke: the same request with the same header, until it has its
    answer.
    """
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            response = httpx.post(url + PATH, json=body, headers=header, timeout=10)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if response.status_code == 200 and (not response.headers["content-type"].startswith("text/") or
                                            response.text.endswith("data: [DONE]\n\n")):  # fmt: skip
            return
        code = response.json()["error"]["code"] if response.status_code != 200 else "cut off"
        assert code in ("payment_in_flight", "payment_pending", "overloaded", "cut off"), response.text
        time.sleep(0.05)
    raise AssertionError("not served in time")


def unfinished(journal: Path) -> int:
    """Payments that a killed relay left between two states."""
    with sqlite3.connect(journal) as db:
        found = db.execute("SELECT count(*) FROM payments WHERE state != 'served'").fetchone()[0]
    db.close()
    return int(found)


@pytest.mark.parametrize("block_time_s", [0, 1])
def test_killed_at_random_moments_no_payment_is_lost_or_doubled(
    the_world: World, the_upstream: Upstream, tmp_path: Path, block_time_s: int
) -> None:
    chance = random.Random(block_time_s)
    the_upstream.mode, the_upstream.delay_s = "ok", 0.05
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    process = RelayProcess(settings, tmp_path, free_port())
    relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
    process.start()
    left = 0
    try:
        work = [paid_request(relay, content=f"number {n}", stream=n % 2 == 0) for n in range(PAYERS)]
        if block_time_s:
            the_world.chain.rpc("evm_setIntervalMining", block_time_s)
        with ThreadPoolExecutor(6) as pool:
            waits = [pool.submit(until_served, process.url, *pair) for pair in work]
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.05, 0.3 + block_time_s))
                process.kill()
                left += unfinished(tmp_path / "relay.sqlite")
                process.start()
            for wait in waits:
                wait.result()
    finally:
        process.stop()
        the_world.chain.rpc("evm_setIntervalMining", 0)
        the_world.chain.rpc("evm_setAutomine", True)
    assert left > 0, "no kill hit a payment on its way"
    with sqlite3.connect(tmp_path / "relay.sqlite") as db:
        receipts = [price for (price,) in db.execute("SELECT price FROM receipts")]
        states = dict(db.execute("SELECT state, count(*) FROM payments GROUP BY state"))
    db.close()
    transfers = the_world.transfers_to(relay.pay_to)
    assert len(transfers) == len(receipts) == PAYERS
    assert sorted(transfers) == sorted(receipts)
    assert states == {"served": PAYERS}


def test_a_payment_taken_before_a_crash_is_served_after_it_without_paying_again(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    the_upstream.mode, the_upstream.delay_s = "fail", 0.0
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    process = RelayProcess(settings, tmp_path, free_port())
    relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
    process.start()
    try:
        body, header = paid_request(relay)
        assert httpx.post(process.url + PATH, json=body, headers=header, timeout=30).status_code == 502
        process.kill()
        the_upstream.mode = "ok"
        process.start()
        assert httpx.post(process.url + PATH, json=body, headers=header, timeout=30).status_code == 200
    finally:
        process.stop()
    assert len(the_world.transfers_to(relay.pay_to)) == 1


def test_a_second_relay_on_the_same_journal_does_not_start(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    first = RelayProcess(settings, tmp_path, free_port())
    first.start()
    try:
        with pytest.raises(RuntimeError, match="ended with 3"):
            RelayProcess(settings, tmp_path, free_port()).start()
    finally:
        first.stop()

"""`kill -9` at random moments: no payment is lost, none is taken twice."""

import contextlib
import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.relay.conftest import Relay
from tests.relay.payments import PATH, paid_request
from tests.relay.upstream import Upstream
from tests.relay.world import RelayProcess, World, relay_settings

PAYERS = 18
KILLS = 3
PATIENCE_S = 40


class GivenUp(Exception):
    """The test has failed elsewhere."""


def until_served(http: httpx.Client, body: dict[str, Any], header: dict[str, str], give_up: threading.Event) -> None:
    """What a client does whose connection broke: the same request with the same header, until it has its
    answer.
    """
    while not give_up.wait(0.05):
        try:
            response = http.post(PATH, json=body, headers=header)
        except httpx.TransportError:
            continue
        if response.status_code != 200:
            code = response.json()["error"]["code"]
            assert code in ("payment_in_flight", "payment_pending", "overloaded"), response.text
        elif not body["stream"] or response.text.endswith("data: [DONE]\n\n"):
            return
    raise GivenUp


def unfinished(journal: Path) -> int:
    """Payments that a killed relay left between two states."""
    return sum(count for state, count in states_of(journal).items() if state != "served")


def states_of(journal: Path) -> dict[str, int]:
    with sqlite3.connect(journal) as db:
        found = dict(db.execute("SELECT state, count(*) FROM payments GROUP BY state"))
    db.close()
    return found


@pytest.mark.parametrize("block_time_s", [0, 1])
def test_killed_at_random_moments_no_payment_is_lost_or_doubled(
    the_world: World, the_upstream: Upstream, tmp_path: Path, block_time_s: int
) -> None:
    chance = random.Random(block_time_s)
    the_upstream.mode, the_upstream.delay_s = "ok", 0.05
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url}, settlement={"bump_after_s": 3})
    process = RelayProcess(settings, tmp_path)
    relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
    journal = tmp_path / "relay.sqlite"
    give_up = threading.Event()
    process.start()
    left = 0
    try:
        work = [paid_request(relay, content=f"number {n}", stream=n % 2 == 0) for n in range(PAYERS)]
        if block_time_s:
            the_world.chain.rpc("evm_setIntervalMining", block_time_s)
        with httpx.Client(base_url=process.url, timeout=10) as http, ThreadPoolExecutor(6) as pool:
            try:
                waits = [pool.submit(until_served, http, *pair, give_up) for pair in work]
                for _ in range(KILLS):
                    time.sleep(chance.uniform(0.05, 0.3 + block_time_s))
                    process.kill()
                    left += unfinished(journal)
                    process.start()
                until = time.monotonic() + PATIENCE_S
                for wait in waits:
                    wait.result(until - time.monotonic())
            finally:
                give_up.set()
    finally:
        process.stop()
        the_world.chain.rpc("evm_setIntervalMining", 0)
        the_world.chain.rpc("evm_setAutomine", True)
    assert left > 0, "no kill hit a payment on its way"
    with sqlite3.connect(journal) as db:
        receipts = dict(db.execute("SELECT payer, price FROM receipts"))
        paid = dict(db.execute("SELECT payer, amount FROM payments WHERE state IN ('settled', 'serving', 'served')"))
        settled = db.execute("SELECT count(*), count(DISTINCT transaction_hash) FROM payments").fetchone()
    db.close()
    # Every payer had one request: one transfer, one receipt, the same amount on chain as in the books.
    transfers = the_world.transfers_to(relay.pay_to)
    assert len(transfers) == len(receipts) == PAYERS
    assert receipts == paid
    assert sorted(transfers) == sorted(paid.values())
    assert relay.revenue() == sum(paid.values())
    assert settled == (PAYERS, PAYERS)
    # One that was killed right after the last byte left may not know that it was served.
    assert set(states_of(journal)) <= {"served", "serving"}


def test_killed_at_each_stage_a_payment_is_good_until_its_answer_is_whole(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    the_upstream.mode, the_upstream.delay_s = "ok", 0.0
    the_upstream.gate.clear()
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    process = RelayProcess(settings, tmp_path)
    relay = Relay(process.url, settings, the_world, the_upstream, tmp_path)
    process.start()
    begun = threading.Event()

    def send(body: dict[str, Any], header: dict[str, str]) -> None:
        """Until the relay dies."""
        with (
            contextlib.suppress(httpx.TransportError),
            httpx.stream("POST", process.url + PATH, json=body, headers=header, timeout=60) as response,
        ):
            for line in response.iter_lines():
                if line.startswith("data: "):
                    begun.set()

    try:
        whole, in_stream, unanswered, unmined = (
            paid_request(relay, content=f"stage {n}", stream=n == 1) for n in range(4)
        )
        assert httpx.post(process.url + PATH, json=whole[0], headers=whole[1], timeout=30).status_code == 200
        while unfinished(tmp_path / "relay.sqlite"):
            time.sleep(0.01)
        with ThreadPoolExecutor(3) as pool:
            the_upstream.mode = "gate"
            pool.submit(send, *in_stream)
            assert begun.wait(20)
            the_upstream.delay_s = 60
            count = len(the_upstream.bodies)
            pool.submit(send, *unanswered)
            while len(the_upstream.bodies) == count:
                time.sleep(0.01)
            the_world.chain.rpc("evm_setAutomine", False)
            pool.submit(send, *unmined)
            while int(the_world.chain.rpc("txpool_status")["pending"], 16) == 0:
                time.sleep(0.01)
            process.kill()
        assert states_of(tmp_path / "relay.sqlite") == {"served": 1, "settled": 2, "settling": 1}
        the_upstream.mode, the_upstream.delay_s = "ok", 0.0
        # The node forgets what it had not mined: only the journal knows of it.
        the_world.chain.rpc("anvil_dropAllTransactions")
        the_world.chain.rpc("evm_setAutomine", True)
        process.start()
        # Whether its payer comes back or not, the books are put right.
        while "settling" in states_of(tmp_path / "relay.sqlite"):
            time.sleep(0.02)
        assert states_of(tmp_path / "relay.sqlite") == {"served": 1, "settled": 3}
        for body, header in (in_stream, unanswered, unmined):
            assert httpx.post(process.url + PATH, json=body, headers=header, timeout=30).status_code == 200
        for body, header in (whole, in_stream, unanswered, unmined):
            again = httpx.post(process.url + PATH, json=body, headers=header, timeout=30)
            assert again.json()["error"]["code"] == "payment_already_used"
    finally:
        the_world.chain.rpc("evm_setAutomine", True)
        process.stop()
    assert len(the_world.transfers_to(relay.pay_to)) == 4


def test_a_second_relay_on_the_same_journal_does_not_start(
    the_world: World, the_upstream: Upstream, tmp_path: Path
) -> None:
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    first = RelayProcess(settings, tmp_path)
    first.start()
    try:
        with pytest.raises(RuntimeError, match="ended with 3"):
            RelayProcess(settings, tmp_path).start()
    finally:
        first.stop()

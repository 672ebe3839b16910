"""A payment that was reserved is looked for on the chain, as it was reserved, before it is refused."""

import asyncio
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from eth_account.signers.local import LocalAccount

from cluster.chain.eip3009 import Authorization, sign
from offchain.facilitator.verify import SETTLE_MARGIN_S
from offchain.relay.app import create_app
from offchain.relay.journal import Journal, PaymentRow
from tests.relay.conftest import Relay
from tests.relay.payments import PATH, authorization, cancel, encode, payload, terms_of
from tests.relay.upstream import Upstream
from tests.relay.world import World, chat, relay_settings, served, to_config

BODY = json.dumps(chat()).encode()


@contextmanager
def running(relay: Relay) -> Iterator[Relay]:
    with served(create_app(to_config(relay.settings))) as url:
        yield Relay(url, relay.settings, relay.world, relay.upstream, relay.folder)


@pytest.fixture
def stopped(the_world: World, the_upstream: Upstream, tmp_path: Path) -> Relay:
    """A relay that does not run yet."""
    the_upstream.mode, the_upstream.delay_s = "ok", 0.0
    settings = relay_settings(the_world, tmp_path, {"local": the_upstream.url})
    return Relay("", settings, the_world, the_upstream, tmp_path)


def terms(relay: Relay) -> dict[str, Any]:
    with running(relay) as found:
        return terms_of(found, json.loads(BODY))


def signed(relay: Relay, account: LocalAccount, found: Authorization, asked: dict[str, Any]) -> dict[str, Any]:
    return payload(found, sign(found.digest(relay.world.domain), bytes(account.key)), asked)


def reserve(relay: Relay, found: Authorization, written: dict[str, Any], state: str) -> None:
    """What a relay that died left in its journal."""

    async def write() -> None:
        journal = Journal(Path(relay.settings["journal"]))
        key = (relay.world.usdc.address, found.payer, found.nonce)
        row = PaymentRow(
            key=key,
            state="settling",
            amount=found.value,
            pay_to=found.to,
            payload=msgspec.json.encode(written),
            from_block=0,
            input_hash=hashlib.sha256(BODY).digest(),
            request_id="req_earlier",
            transaction_hash=None,
            code=None,
            message=None,
        )
        await journal.reserve(row)
        if state == "failed":
            journal.failed(key, "payment_not_sent", "it was not settled before a restart")
        journal.close()

    asyncio.run(write())


def submit(world: World, found: Authorization, account: LocalAccount) -> None:
    world.usdc.transferWithAuthorization(
        found.payer, found.to, found.value, found.valid_after, found.valid_before, found.nonce,
        sign(found.digest(world.domain), bytes(account.key)), sender=world.chain.account("circle"),
    )  # fmt: skip


def ask(relay: Relay, written: dict[str, Any]) -> httpx.Response:
    return httpx.post(relay.url + PATH, content=BODY, headers=encode(written), timeout=30)


@pytest.mark.parametrize("state", ["failed", "settling"])
def test_one_that_expired_since_is_served_if_it_was_mined_in_time(stopped: Relay, state: str) -> None:
    world, account = stopped.world, stopped.world.payer()
    asked = terms(stopped)
    # Too late to be settled anew, and just in time for who submitted it.
    found = authorization(account, asked, valid_before=int(time.time()) + SETTLE_MARGIN_S - 2)
    written = signed(stopped, account, found, asked)
    reserve(stopped, found, written, state)
    submit(world, found, account)
    with running(stopped) as relay:
        assert ask(relay, written).status_code == 200
        assert ask(relay, written).json()["error"]["code"] == "payment_already_used"
    assert world.transfers_to(stopped.pay_to) == [found.value]


def test_one_that_expired_unused_is_refused_as_expired(stopped: Relay) -> None:
    account = stopped.world.payer()
    asked = terms(stopped)
    found = authorization(account, asked, valid_before=int(time.time()) - 1)
    written = signed(stopped, account, found, asked)
    reserve(stopped, found, written, "failed")
    with running(stopped) as relay:
        response = ask(relay, written)
    assert (response.status_code, response.json()["error"]["code"]) == (402, "payment_expired")


def test_one_that_was_cancelled_meanwhile_is_refused_as_cancelled(stopped: Relay) -> None:
    account = stopped.world.payer()
    asked = terms(stopped)
    found = authorization(account, asked)
    written = signed(stopped, account, found, asked)
    reserve(stopped, found, written, "failed")
    cancel(stopped.world, account, found.nonce)
    with running(stopped) as relay:
        response = ask(relay, written)
    assert (response.status_code, response.json()["error"]["code"]) == (402, "payment_cancelled")


def test_the_same_nonce_spent_on_something_else_buys_nothing(stopped: Relay) -> None:
    """The payer spends a reserved nonce on himself, and shows that transfer as the payment."""
    world, account = stopped.world, stopped.world.payer()
    asked = terms(stopped)
    found = authorization(account, asked)
    reserve(stopped, found, signed(stopped, account, found, asked), "failed")
    to_himself = authorization(account, asked, to=account.address, value=1, nonce=found.nonce)
    submit(world, to_himself, account)
    served_before = stopped.upstream.served
    with running(stopped) as relay:
        response = ask(relay, signed(stopped, account, to_himself, asked))
    assert response.status_code == 402
    assert stopped.upstream.served == served_before
    assert world.transfers_to(stopped.pay_to) == []


def test_the_receipt_of_a_redeemed_payment_tells_what_was_paid_and_not_what_the_header_says_now(
    stopped: Relay,
) -> None:
    account = stopped.world.payer()
    asked = terms(stopped)
    found = authorization(account, asked)
    stopped.upstream.mode = "fail"
    with running(stopped) as relay:
        assert ask(relay, signed(relay, account, found, asked)).status_code == 502
        stopped.upstream.mode = "ok"
        boast = authorization(account, asked, nonce=found.nonce, value=found.value * 1000)
        assert ask(relay, signed(relay, account, boast, asked)).status_code == 200
    with sqlite3.connect(stopped.settings["journal"]) as db:
        assert db.execute("SELECT price FROM receipts").fetchall() == [(found.value,)]
    db.close()

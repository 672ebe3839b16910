"""kill -9 of indexer and relay at random moments of the demo's traffic: the database ends as without, and no payment
is lost or doubled. Real chain, real model.
"""

import json
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event

import httpx
from eth_account import Account
from eth_account.signers.local import LocalAccount
from msgspec.structs import replace

from cluster.chain.eip3009 import Domain
from cluster.content.dataset import load
from cluster.demo import market
from cluster.demo.chain import Chain
from cluster.demo.index import Index
from cluster.demo.story import DATASET, PRICE
from cluster.stack.accounts import account
from cluster.stack.ports import Ports
from cluster.stack.relay_settings import MODEL
from cluster.stack.stack import Stack
from indexer.store import Store
from tests.indexer.compare import function_of_chain
from tests.relay.payments import PATH, pay

SALES, MOST_SALES = 12, 200
KILLS = 4
QUESTIONS = 8
PATIENCE_S = 90


def sell(chain: Chain, enough: Event) -> int:
    """Datasets published and bought, one after the other, until it is enough; how many."""
    described = load(DATASET)
    buyer, creator, usdc = account("buyer"), account("creator"), chain.contract("USDC")
    chain.send(account("deployer"), usdc.functions.mint(buyer.address, 2 * MOST_SALES * PRICE))
    number = 0
    while number < SALES or not (enough.is_set() or number == MOST_SALES):
        id_, _ = market.publish(chain, creator, replace(described, slug=f"penguins-{number}"), PRICE + number)
        found = {
            "id": id_,
            "slug": f"penguins-{number}",
            "holder": creator.address,
            "prices": [{"currency": usdc.address, "amount": str(PRICE + number)}],
        }
        market.buy(chain, buyer, found, account("referrer").address)
        number += 1
        time.sleep(0.2)
    return number


def ask_until_answered(url: str, payer: LocalAccount, domain: Domain, number: int) -> int:
    """The same request with the same payment until its whole answer came; gives what was paid."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": f"Count from {number}."}], "max_tokens": 12}
    body["stream"] = number % 2 == 0
    until = time.monotonic() + PATIENCE_S
    header: dict[str, str] = {}
    price = 0
    while time.monotonic() < until:
        try:
            response = httpx.post(url + PATH, json=body, headers=header, timeout=30)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if response.status_code == 402 and not header:
            terms = json.loads(b64decode(response.headers["PAYMENT-REQUIRED"]))["accepts"][0]
            header, price = pay(payer, terms, domain), int(terms["amount"])
        elif response.status_code == 200 and (not body["stream"] or response.text.endswith("data: [DONE]\n\n")):
            return price
        elif response.status_code not in (200, 503):
            code = response.json()["error"]["code"]
            assert code in ("payment_in_flight", "payment_pending"), response.text
        time.sleep(0.05)
    raise AssertionError(f"question {number} was not answered within {PATIENCE_S} s")


def test_killed_at_random_moments_of_the_demos_traffic(tmp_path: Path) -> None:
    random = Random(2)
    fresh = tmp_path / "fresh.db"
    with Stack(tmp_path, Ports.free(), tmp_path / "deployments") as stack:
        chain = Chain(stack.urls["anvil"], stack.manifest)
        domain = chain.usdc_domain()
        payers = [Account.from_key(bytes([9] * 31 + [n + 1])) for n in range(QUESTIONS)]
        for payer in payers:
            chain.send(account("deployer"), chain.contract("USDC").functions.mint(payer.address, PRICE))
        with ThreadPoolExecutor(3) as pool:
            enough = Event()
            selling = pool.submit(sell, Chain(stack.urls["anvil"], stack.manifest), enough)
            url = stack.urls["relay"]
            asking = [pool.submit(ask_until_answered, url, payer, domain, n) for n, payer in enumerate(payers)]
            kills = 0
            while not all(work.done() for work in (selling, *asking)):
                time.sleep(random.uniform(0.05, 0.6))
                victim = random.choice([stack.indexer, stack.relay])
                victim.kill()
                kills += 1
                time.sleep(random.uniform(0, 0.2))
                victim.start()
                if kills >= KILLS:
                    enough.set()
            sold = selling.result()
            prices = [work.result() for work in asking]
        assert kills >= KILLS
        index = Index(stack.urls["indexer"])
        index.wait_for(chain.web3.eth.block_number)
        index.close()
        stack.indexer.stop()
        stack.relay.stop()
        backfill = ["backfill", "--manifest", str(tmp_path / "deployments" / "31337.json")]
        command = [sys.executable, "-m", "indexer", *backfill, "--rpc", stack.urls["anvil"], "--db", str(fresh)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        got = chain.usdc(account("operator").address)
        spent = [PRICE - chain.usdc(payer.address) for payer in payers]
        killed = Store(stack.index_database)
        with sqlite3.connect(stack.home / "relay.sqlite") as journal:
            receipts = [price for (price,) in journal.execute("SELECT price FROM receipts ORDER BY price")]
        journal.close()
    steady = Store(fresh)
    one, other = function_of_chain(killed), function_of_chain(steady)
    killed.close()
    steady.close()
    assert len(one["purchase"]) == sold >= SALES
    assert one == other
    assert spent == prices, "every payer paid for one answer, once"
    assert got == sum(prices)
    assert receipts == sorted(prices)

"""Scenes on the dataset market: publish, find, buy, buy without coin for gas."""

import os
import time
from collections.abc import Mapping
from typing import Any

from eth_account.signers.local import LocalAccount
from web3.logs import DISCARD
from web3.types import TxReceipt

from cluster.chain.eip3009 import Authorization, sign
from cluster.content.cid import Cid
from cluster.content.dataset import Manifest as Dataset
from cluster.demo.chain import Chain
from cluster.demo.errors import NotAsTold
from cluster.demo.record import Amount, Entry

NOBODY = "0x0000000000000000000000000000000000000000"
ROYALTY_BPS = 250
VALID_S = 600


def publish(chain: Chain, creator: LocalAccount, dataset: Dataset, price: int) -> tuple[int, Entry]:
    """A creator publishes a dataset for `price` micro-dollars; gives its id."""
    began = time.monotonic()
    registry = chain.contract("DatasetRegistry")
    publication = (
        dataset.slug,
        (Cid.parse(dataset.root_cid).binary, dataset.sha256),
        dataset.uri,
        dataset.license_word,
        ROYALTY_BPS,
        False,
        [(chain.contract("USDC").address, price)],
    )
    receipt = chain.send(creator, registry.functions.publish(publication))
    (published,) = registry.events.DatasetPublished().process_receipt(receipt, errors=DISCARD)
    what = f"creator publishes {dataset.slug} ({dataset.num_rows} rows, {dataset.license})"
    return int(published["args"]["id"]), _entry(what, began, receipt)


def buy(chain: Chain, buyer: LocalAccount, found: Mapping[str, Any], referrer: str) -> list[Entry]:
    """A buyer approves and purchases what the indexer found, for USDC."""
    began = time.monotonic()
    usdc, router = chain.contract("USDC"), chain.contract("PaymentRouter")
    price = _price(found, usdc.address)
    approval = chain.send(buyer, usdc.functions.approve(router.address, price))
    entries = [_entry("buyer approves the price", began, approval)]
    before = _balances(chain, found["holder"], referrer)
    began = time.monotonic()
    call = router.functions.purchase(int(found["id"]), usdc.address, price, buyer.address, referrer)
    receipt = chain.send(buyer, call)
    amounts = _received(before, _balances(chain, found["holder"], referrer), price)
    return [*entries, _entry(f"buyer buys {found['slug']}, referred", began, receipt, amounts)]


def buy_by_signature(
    chain: Chain, agent: LocalAccount, submitter: LocalAccount, found: Mapping[str, Any]
) -> list[Entry]:
    """An agent that holds USDC and no coin for gas signs a payment; somebody else submits it."""
    began = time.monotonic()
    usdc, router = chain.contract("USDC"), chain.contract("PaymentRouter")
    id_, price = int(found["id"]), _price(found, usdc.address)
    pay_to = router.functions.paymentAddress(id_, agent.address, NOBODY).call()
    authorization = Authorization(agent.address, pay_to, price, 0, int(time.time()) + VALID_S, os.urandom(32))
    signature = sign(authorization.digest(chain.usdc_domain()), bytes(agent.key))
    fields = (
        authorization.payer,
        authorization.value,
        authorization.valid_after,
        authorization.valid_before,
        authorization.nonce,
        signature,
    )
    before = _balances(chain, found["holder"], NOBODY)
    call = router.functions.purchaseWithAuthorization(id_, usdc.address, agent.address, NOBODY, fields)
    receipt = chain.send(submitter, call)
    amounts = _received(before, _balances(chain, found["holder"], NOBODY), price)
    return [_entry(f"agent buys {found['slug']} by signature", began, receipt, amounts)]


def can_download(chain: Chain, id_: int, account: str) -> bool:
    """Whether the registry lets an account have the files."""
    return bool(chain.contract("DatasetRegistry").functions.canDownload(id_, account).call())


def _price(found: Mapping[str, Any], currency: str) -> int:
    """What the indexer says that a dataset costs in a currency."""
    return next(int(price["amount"]) for price in found["prices"] if price["currency"] == currency)


def _balances(chain: Chain, holder: str, referrer: str) -> dict[str, int]:
    treasury = chain.contract("PaymentRouter").functions.treasury().call()
    parties = {"holder": holder, "treasury": treasury, "referrer": referrer}
    return {party: chain.usdc(address) for party, address in parties.items() if address != NOBODY}


def _received(before: dict[str, int], after: dict[str, int], price: int) -> list[Amount]:
    """What each party's balance grew by. Raises `NotAsTold` if that is not the price."""
    amounts = [Amount(party, after[party] - before[party]) for party in before]
    if sum(amount.units for amount in amounts) != price:
        raise NotAsTold(f"the shares {', '.join(map(str, amounts))} do not sum to the price, {price} micro-dollars")
    return amounts


def _entry(what: str, began: float, receipt: TxReceipt, amounts: list[Amount] | None = None) -> Entry:
    transaction = receipt["transactionHash"].to_0x_hex()
    return Entry(what, time.monotonic() - began, transaction, receipt["gasUsed"], amounts or [])

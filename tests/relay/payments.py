"""Payments made by hand, right or wrong in one place."""

import base64
import json
import os
import time
from typing import Any

import httpx
from eth_account.signers.local import LocalAccount

from cluster.chain.eip3009 import Authorization, Domain, cancel_digest, sign
from tests.relay.conftest import Relay
from tests.relay.world import World, chat

PATH = "/v1/chat/completions"


def terms_of(relay: Relay, body: dict[str, Any]) -> dict[str, Any]:
    """What the relay asks for a request, as x402 v2 has it."""
    response = httpx.post(relay.url + PATH, json=body)
    assert response.status_code == 402, response.text
    accepts: list[dict[str, Any]] = json.loads(base64.b64decode(response.headers["PAYMENT-REQUIRED"]))["accepts"]
    return accepts[0]


def authorization(account: LocalAccount, terms: dict[str, Any], **changed: Any) -> Authorization:
    values: dict[str, Any] = {
        "payer": account.address,
        "to": terms["payTo"],
        "value": int(terms["amount"]),
        "valid_after": 0,
        "valid_before": int(time.time()) + 120,
        "nonce": os.urandom(32),
    }
    return Authorization(**{**values, **changed})


def payload(found: Authorization, signature: bytes, terms: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "x402Version": 2,
        "accepted": terms,
        "payload": {
            "signature": "0x" + signature.hex(),
            "authorization": {
                "from": found.payer,
                "to": found.to,
                "value": str(found.value),
                "validAfter": str(found.valid_after),
                "validBefore": str(found.valid_before),
                "nonce": "0x" + found.nonce.hex(),
            },
        },
        **changed,
    }


def encode(found: Any) -> dict[str, str]:
    return {"PAYMENT-SIGNATURE": base64.b64encode(json.dumps(found).encode()).decode()}


def pay(account: LocalAccount, terms: dict[str, Any], domain: Domain, **changed: Any) -> dict[str, str]:
    """The header of a payment."""
    found = authorization(account, terms, **changed)
    return encode(payload(found, sign(found.digest(domain), bytes(account.key)), terms))


def paid_request(
    relay: Relay, account: LocalAccount | None = None, **body: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """A request and a good payment for it."""
    request = chat(**body)
    return request, pay(account or relay.world.payer(), terms_of(relay, request), relay.world.domain)


def cancel(world: World, account: LocalAccount, nonce: bytes) -> None:
    """The payer cancels an authorization on chain."""
    signature = sign(cancel_digest(world.domain, account.address, nonce), bytes(account.key))
    world.usdc.cancelAuthorization(account.address, nonce, signature, sender=world.chain.account("circle"))

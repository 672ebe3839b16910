"""The 402 answer: terms for x402 v2 (in a header) and v1 (in the body), from the same numbers.

Published clients disagree about `error` in the body: OpenAI's and ours want an object, Python's x402 v1
models a string. The object is the default; a client that sends `X402-Version: 1` gets pure v1: a string, and
no v2 header.
"""

import base64
from typing import Any

import msgspec
from x402.schemas import PaymentRequired, ResourceInfo, SettleResponse

from offchain.facilitator.payment import Payment, Terms
from offchain.relay.errors import ApiError

REQUIRED = "PAYMENT-REQUIRED"
RESPONSES = {2: "PAYMENT-RESPONSE", 1: "X-PAYMENT-RESPONSE"}


def dollars(amount: int) -> str:
    """Micro-dollars as dollars."""
    return f"${amount // 1_000_000}.{amount % 1_000_000:06d}"


def offer(terms: Terms, resource: ResourceInfo, error: ApiError, *, only_v1: bool) -> tuple[dict[str, str], bytes]:
    """Headers and body of a 402 that says what would be taken."""
    body: dict[str, Any] = {
        "error": error.message if only_v1 else error.error(),
        "x402Version": 1,
        "accepts": [terms.v1(resource).model_dump(by_alias=True, exclude_none=True)],
    }
    if only_v1:
        return {}, msgspec.json.encode(body)
    required = PaymentRequired(error=error.code, resource=resource, accepts=[terms.v2()])
    header = base64.b64encode(required.model_dump_json(by_alias=True, exclude_none=True).encode()).decode()
    return {REQUIRED: header}, msgspec.json.encode(body)


def settled(payment: Payment, amount: int, transaction: str) -> tuple[str, str]:
    """The header that tells a payer by which transaction it paid."""
    response = SettleResponse(
        success=True,
        payer=payment.payer,
        transaction=transaction,
        network=payment.network,
        amount=str(amount),
    )
    header = base64.b64encode(response.model_dump_json(by_alias=True, exclude_none=True).encode()).decode()
    return RESPONSES[payment.version], header

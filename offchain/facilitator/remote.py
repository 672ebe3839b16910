"""A facilitator behind a URL, spoken to as x402 describes.

Its answers are not taken for money: a settlement counts once the chain itself shows the transfer.
"""

import asyncio
import contextlib
import time
from typing import Any

import aiohttp
import msgspec
from x402.schemas import ResourceInfo

from cluster.chain.eip3009 import Domain
from cluster.chain.rpc import Rpc, RpcFailure
from offchain.facilitator.errors import Refused, Unavailable
from offchain.facilitator.evidence import paid_in, settled_on_chain
from offchain.facilitator.payment import Payment, Terms
from offchain.facilitator.verify import (
    Checked,
    authorization_used,
    check_contract_signature,
    check_terms,
    transfer_calldata,
)
from offchain.service.nesting import TooDeep, check_depth

TIMEOUT_S = 60
MAX_ANSWER_BYTES = 256 * 1024
POLL_S = 1.0
PENDING = "settlement_pending"
AFTER_EXPIRY_S = 60
"""How long after `validBefore` a transfer mined in time may still be looked for."""


class RemoteFacilitator:
    """Uses `/verify` and `/settle` of an x402 facilitator."""

    def __init__(self, rpc: Rpc, domain: Domain, url: str, token: str | None = None) -> None:
        self._rpc = rpc
        self._domain = domain
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=5), headers=self._headers
        )

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def verify(self, payment: Payment, terms: Terms) -> Checked:
        by_key = check_terms(payment, terms)
        try:
            if not by_key:
                await check_contract_signature(self._rpc, payment, terms)
            if await authorization_used(self._rpc, terms.asset, payment.payer, payment.nonce):
                raise Refused("payment_already_used", "this authorization was used or cancelled", payment.payer)
            head = int(await self._rpc.call("eth_blockNumber"), 16)
        except RpcFailure as error:
            raise Unavailable("chain_unavailable", f"the payment cannot be checked now: {error}") from error
        answer = await self._post("verify", "isValid", payment, terms)
        if answer["isValid"] is False:
            raise _refused(answer.get("invalidReason"), answer.get("invalidMessage"), payment)
        return Checked(payment, terms, transfer_calldata(payment, by_key=by_key), 0, head)

    async def settle(self, checked: Checked) -> str:
        payment, terms = checked.payment, checked.terms
        while True:
            # Asked again until the outcome is known: EIP-3009 lets it move the money only once.
            answer = await self._ask(payment, terms)
            transaction = answer.get("transaction")
            paid = isinstance(transaction, str) and await self._paid(checked, transaction)
            if paid and isinstance(transaction, str):
                return transaction
            with contextlib.suppress(RpcFailure):
                # Nothing is given up before the chain itself has said that it is unused.
                found = await settled_on_chain(self._rpc, terms.asset, payment.authorization, checked.block)
                if found is not None:
                    return found
                if answer.get("success") is False and answer.get("errorReason") != PENDING:
                    raise _refused(answer.get("errorReason"), answer.get("errorMessage"), payment)
                if time.time() > payment.authorization.valid_before + AFTER_EXPIRY_S:
                    raise Refused("payment_expired", "it expired before it was mined", payment.payer)
            await asyncio.sleep(POLL_S)

    async def outcome(self, payment: Payment, terms: Terms, from_block: int) -> str | None:
        return await settled_on_chain(self._rpc, terms.asset, payment.authorization, from_block)

    async def _ask(self, payment: Payment, terms: Terms) -> dict[str, Any]:
        try:
            return await self._post("settle", "success", payment, terms)
        except Unavailable:
            return {"success": False, "errorReason": PENDING}  # it may or may not have arrived

    async def _paid(self, checked: Checked, transaction: str) -> bool:
        try:
            receipt = await self._rpc.call("eth_getTransactionReceipt", transaction)
        except RpcFailure:
            return False
        return receipt is not None and paid_in(receipt["logs"], checked.terms.asset, checked.payment.authorization)

    async def problem(self) -> str | None:
        try:
            async with self._open().get(f"{self._url}/supported", allow_redirects=False) as response:
                return None if response.status == 200 else f"the facilitator answers {response.status}"
        except (TimeoutError, aiohttp.ClientError) as error:
            return f"the facilitator does not answer: {type(error).__name__}"

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("start() was not awaited")
        return self._session

    async def _post(self, what: str, verdict: str, payment: Payment, terms: Terms) -> dict[str, Any]:
        """Its answer, which has the boolean `verdict`. Raises `Unavailable`: whatever else it says is no refusal."""
        requirements = terms.v2() if payment.version == 2 else None
        body = {
            "x402Version": payment.version,
            "paymentPayload": payment.payload,
            "paymentRequirements": (
                requirements.model_dump(by_alias=True, exclude_none=True) if requirements else _v1_requirements(terms)
            ),
        }
        try:
            async with self._open().post(f"{self._url}/{what}", json=body, allow_redirects=False) as response:
                status, raw = response.status, await _bounded(response)
            check_depth(raw)
            answer = msgspec.json.decode(raw, type=dict[str, Any])
        except (TimeoutError, aiohttp.ClientError, msgspec.DecodeError, UnicodeDecodeError, TooDeep) as error:
            raise Unavailable(
                "facilitator_unavailable",
                f"the facilitator did not answer: {type(error).__name__}",
                payment.payer,
            ) from error
        if not isinstance(answer.get(verdict), bool):
            raise Unavailable("facilitator_unavailable", f"the facilitator answers {status}", payment.payer)
        return answer


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise aiohttp.ClientPayloadError(f"an answer above {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _v1_requirements(terms: Terms) -> dict[str, Any]:
    return terms.v1(ResourceInfo(url="")).model_dump(by_alias=True, exclude_none=True)


def _refused(reason: object, message: object, payment: Payment) -> Refused:
    text = message if isinstance(message, str) and message else str(reason)
    return Refused("payment_refused_by_facilitator", text[:500], payment.payer)

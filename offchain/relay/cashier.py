"""Takes a payment for a request, once: reserve, settle, and hand out a ticket to be served."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import msgspec

from cluster.chain.rpc import RpcFailure
from offchain.facilitator.errors import PaymentError, Refused
from offchain.facilitator.facilitator import Settles
from offchain.facilitator.payment import Payment, Terms, parse_payload
from offchain.facilitator.verify import Checked
from offchain.relay.errors import ApiError
from offchain.relay.journal import Journal, Key, PaymentRow

NOT_SENT = "payment_not_sent"
"""What recovery calls a payment that was reserved and never settled. Nobody is refused for it."""

log = logging.getLogger(__name__)


class Ticket:
    """A paid right to one answer, held by one request at a time."""

    def __init__(self, key: Key, payment: Payment, release: Callable[[], None]) -> None:
        self.key = key
        self.payment = payment
        self.transaction = ""
        self.price = 0
        self.release = release


class Cashier:
    """Payments of one relay. All of a payment's steps go through here."""

    def __init__(self, journal: Journal, facilitator: Settles, confirm_timeout_s: int) -> None:
        self._journal = journal
        self._facilitator = facilitator
        self._confirm_timeout_s = confirm_timeout_s
        self._held: set[Key] = set()
        self._settling: dict[Key, asyncio.Task[str]] = {}

    async def recover(self, terms: Terms) -> None:
        """Takes up what an earlier process left unsettled, in the background. `terms` name the token."""
        for row in await self._journal.settling():
            if row.key[0] != terms.asset:
                log.warning("a payment in %s is left alone: this relay takes %s", row.key[0], terms.asset)
                continue
            self._start(row.key, self._recover(row, terms))

    async def stop(self) -> None:
        """Stops waiting; the journals keep what is open."""
        tasks = list(self._settling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, payment: Payment, terms: Terms, digest: bytes, request_id: str) -> Ticket:
        """Makes sure that this payment pays for the request with this digest, and for none beside it.

        Release the ticket when the request ends. Raises `PaymentError`, `ApiError`.
        """
        key = (terms.asset, payment.payer, payment.nonce)
        if key in self._held:
            raise ApiError("payment_in_flight", "another request with this payment is being served")
        self._held.add(key)
        ticket = Ticket(key, payment, lambda: self._held.discard(key))
        try:
            ticket.price, ticket.transaction = await self._paid(ticket, terms, digest, request_id)
        except BaseException:
            ticket.release()
            raise
        return ticket

    async def _paid(self, ticket: Ticket, terms: Terms, digest: bytes, request_id: str) -> tuple[int, str]:
        """What was paid, and the transaction that paid it."""
        key, payment = ticket.key, ticket.payment
        row = await self._journal.find(key)
        if row is not None and row.state == "served":
            raise Refused("payment_already_used", "this payment was served already; pay anew", payment.payer)
        if row is not None and row.input_hash != digest:
            # What was sent to the chain can be read there, signature and all: only who knows the request may
            # use it.
            raise ApiError(
                "payment_for_another_request",
                "this payment was made for another request; repeat that one, byte for byte, or pay anew",
            )
        if row is not None and row.state in ("settled", "serving"):
            # As it was paid then: the header is not looked at again, nor the price of today.
            return row.amount, row.transaction_hash or ""
        under_way = self._settling.get(key)
        if row is not None and under_way is not None:
            try:
                return row.amount, await self._confirmed(under_way)
            except Refused as refused:
                if refused.code != NOT_SENT:
                    raise
        return await self._begin(row, payment, terms, digest, request_id)

    async def _begin(
        self, row: PaymentRow | None, payment: Payment, terms: Terms, digest: bytes, request_id: str
    ) -> tuple[int, str]:
        key = (terms.asset, payment.payer, payment.nonce)
        try:
            checked = await self._facilitator.verify(payment, terms)
        except Refused as refused:
            if row is None:
                raise
            # It was reserved here before, so it may have been settled since, by a transaction of ours or by somebody
            # else: whatever is wrong with it today.
            return row.amount, await self._confirmed(self._start(key, self._recover(row, terms, refused)))
        fresh = PaymentRow(
            key=key,
            state="settling",
            amount=terms.amount,
            pay_to=terms.pay_to,
            payload=msgspec.json.encode(payment.payload),
            from_block=row.from_block if row else checked.block,
            input_hash=digest,
            request_id=request_id,
            transaction_hash=None,
            code=None,
            message=None,
        )
        await self._journal.reserve(fresh)
        return fresh.amount, await self._confirmed(self._start(key, self._settle(key, checked)))

    async def _settle(self, key: Key, checked: Checked) -> str:
        try:
            transaction = await self._facilitator.settle(checked)
        except PaymentError as error:
            self._journal.failed(key, error.code, error.message)
            raise
        self._journal.settled(key, transaction)
        return transaction

    async def _recover(self, row: PaymentRow, terms: Terms, refused: Refused | None = None) -> str:
        """The transaction that paid a payment which was reserved before. If none did, raises `refused`, or lets the
        same payment be tried anew; nothing is sent here.

        What was reserved is looked for, not what a header says now.
        """
        try:
            payment = parse_payload(msgspec.json.decode(row.payload))
            then = replace(terms, amount=row.amount, pay_to=row.pay_to)
            transaction = await self._facilitator.outcome(payment, then, row.from_block)
            if transaction is None:
                raise refused or Refused(NOT_SENT, "it was not settled before a restart; send it again", payment.payer)
        except PaymentError as error:
            self._journal.failed(row.key, error.code, error.message)
            raise
        self._journal.settled(row.key, transaction)
        return transaction

    def _start(self, key: Key, work: Coroutine[Any, Any, str]) -> "asyncio.Task[str]":
        task = asyncio.create_task(work, name="payment")
        self._settling[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: Key, task: "asyncio.Task[str]") -> None:
        self._settling.pop(key, None)
        if task.cancelled() or task.exception() is None or isinstance(task.exception(), PaymentError):
            return
        log.error("payment by %s: unknown whether it is settled; asked again when it is used", key[1])
        log.error("%s", type(task.exception()).__name__, exc_info=task.exception())

    async def _confirmed(self, task: "asyncio.Task[str]") -> str:
        try:
            return await asyncio.wait_for(asyncio.shield(task), self._confirm_timeout_s)
        except TimeoutError:
            raise ApiError(
                "payment_pending",
                "the payment is sent and not confirmed yet; repeat the request with the same payment header",
                headers={"retry-after": "2"},
            ) from None
        except RpcFailure as error:
            raise ApiError("chain_unavailable", f"the payment cannot be checked now: {error}") from error

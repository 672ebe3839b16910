"""Verify and settle: what the relay asks for, in its own process or behind a URL."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from x402.schemas import SupportedKind, SupportedResponse

from cluster.chain.eip3009 import Domain
from cluster.chain.rpc import Rpc, RpcFailure
from offchain.facilitator.config import SettlementConfig
from offchain.facilitator.errors import Pending, Refused
from offchain.facilitator.evidence import settled_on_chain
from offchain.facilitator.hotkey import HotKey
from offchain.facilitator.journal import Journal
from offchain.facilitator.networks import v1_name
from offchain.facilitator.payment import Payment, Terms
from offchain.facilitator.settler import Settler
from offchain.facilitator.verify import Checked, check_on_chain, check_terms
from offchain.service.errors import JournalUnusable

T = TypeVar("T")


class Settles(Protocol):
    """What can take a payment."""

    async def verify(self, payment: Payment, terms: Terms) -> Checked:
        """Raises `Refused` or `Unavailable` if it could not be settled now. Moves nothing."""

    async def settle(self, checked: Checked) -> str:
        """Moves the money, once however often it is called; returns the transaction's hash when it is final.

        Waits as long as the chain takes. Raises `Refused`, `Unavailable`.
        """

    async def outcome(self, payment: Payment, terms: Terms, from_block: int) -> str | None:
        """What became of a payment that this was asked to settle before: the transaction that paid it, or
        None if nothing did and nothing is on its way. `from_block` is where it was last seen unused.

        Raises `Refused` if it can not be settled any more, `RpcFailure`.
        """

    async def problem(self) -> str | None:
        """What keeps it from settling now, if anything."""

    async def start(self) -> None:
        """Opens what it needs and takes up what was left open. Raises what `offchain.service` can tell."""

    async def stop(self) -> None:
        """Closes it."""


class Facilitator:
    """Takes payments in one token on one chain, through one hot key."""

    def __init__(self, rpc: Rpc, domain: Domain, key: HotKey, config: SettlementConfig) -> None:
        self.domain = domain
        self.address = key.address
        self._rpc = rpc
        self._config = config
        self._journal = Journal(config.journal)
        self._settler = Settler(rpc, self._journal, key, domain.chain_id, config)

    async def start(self) -> None:
        """Takes up what an earlier process left open. Raises `JournalUnusable`, `RpcError`,
        `NodeUnreachable`.
        """
        other = await self._journal.bind(self.domain.chain_id, self.address)
        if other is not None:
            raise JournalUnusable(
                f"{self._config.journal} belongs to {other}; give {self.address} on chain "
                f"{self.domain.chain_id} a journal of its own"
            )
        await self._settler.start()

    async def stop(self) -> None:
        await self._settler.stop()
        self._journal.close()

    @property
    def open_count(self) -> int:
        """Settlements under way."""
        return self._settler.open_count

    async def verify(self, payment: Payment, terms: Terms) -> Checked:
        by_key = check_terms(payment, terms)
        return await check_on_chain(self._rpc, self.address, payment, terms, by_key=by_key)

    async def settle(self, checked: Checked) -> str:
        settlement = await self._settler.settle(checked)
        if settlement.code is not None:
            raise Refused(settlement.code, settlement.message or settlement.code, settlement.payer)
        return settlement.transaction_hash or ""

    async def settle_in_time(self, checked: Checked) -> str:
        """As `settle`, but raises `Pending` after the configured time-out. The settlement goes on."""
        return await self._in_time(self.settle(checked), checked.payment, checked.terms)

    async def earlier(self, payment: Payment, terms: Terms) -> str | None:
        """The transaction by which this very payment was settled here before. Raises `Pending`."""
        return await self._in_time(self.outcome(payment, terms, None), payment, terms)

    async def _in_time(self, work: Coroutine[Any, Any, T], payment: Payment, terms: Terms) -> T:
        try:
            return await asyncio.wait_for(work, self._config.confirm_timeout_s)
        except TimeoutError:
            sent = await self._settler.latest_transaction(terms.asset, payment.payer, payment.nonce)
            raise Pending(
                f"sent in {sent}, not confirmed yet; ask again with the same payment",
                sent or "",
                payment.payer,
            ) from None

    async def outcome(self, payment: Payment, terms: Terms, from_block: int | None) -> str | None:
        known = await self._settler.find(terms.asset, payment.payer, payment.nonce)
        if known is not None and known.state == "settled":
            same = known.pay_to == terms.pay_to and known.value == terms.amount
            return known.transaction_hash if same else None
        if from_block is None:
            return None
        return await settled_on_chain(self._rpc, terms.asset, payment.authorization, from_block)

    async def problem(self) -> str | None:
        try:
            balance = int(await self._rpc.call("eth_getBalance", self.address, "latest"), 16)
        except RpcFailure as error:
            return f"the chain does not answer: {error}"
        if balance == 0:
            return f"the hot key {self.address} has nothing to pay gas with"
        if self.open_count >= self._config.max_open:
            return f"{self.open_count} settlements are under way"
        return None

    def supported(self) -> SupportedResponse:
        """x402's `/supported`."""
        chain = self.domain.chain_id
        extra = {
            "name": self.domain.name,
            "version": self.domain.version,
            "asset": self.domain.verifying_contract,
        }
        return SupportedResponse(
            kinds=[
                SupportedKind(x402_version=2, scheme="exact", network=f"eip155:{chain}", extra=extra),
                SupportedKind(x402_version=1, scheme="exact", network=v1_name(chain), extra=extra),
            ],
            signers={"eip155:*": [self.address]},
        )

"""The queue of one hot key: each authorization becomes one transaction, and every transaction becomes final.

Signed transactions stand in the journal before any node sees them, so after a crash they are sent again as
they are: the account's nonce makes sure that only one transaction in each place is mined, and EIP-3009 that
no authorization moves money twice. An account nonce, once given to a settlement, is used up by it (at worst
by a transfer that reverts); nothing behind it in the queue can get stuck.
"""

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

from cluster.chain.eip3009 import Authorization
from cluster.chain.rpc import Rpc, RpcError, RpcFailure
from offchain.facilitator.config import SettlementConfig
from offchain.facilitator.errors import Refused, Unavailable
from offchain.facilitator.evidence import paid_in, settled_on_chain
from offchain.facilitator.hotkey import HotKey
from offchain.facilitator.journal import Journal, Settlement, Transaction
from offchain.facilitator.verify import Checked

log = logging.getLogger(__name__)

FIRST_POLL_S = 0.02
SLOWEST_POLL_S = 2.0
FEES_AGE_S = 2.0
DISPLACED_SEEN = 3
"""How often in a row a transaction must be found displaced: nodes count one before they show its receipt."""
WASTED_WINDOW_S = 3600
"""How far back a payer's transfers that reverted count against it."""
_KNOWN_ALREADY = ("already known", "already imported", "nonce too low", "transaction already", "replacement")


class Settler:
    """Sends and follows settlements. One instance a hot key and chain."""

    def __init__(self, rpc: Rpc, journal: Journal, key: HotKey, chain_id: int, config: SettlementConfig) -> None:
        self._rpc = rpc
        self._journal = journal
        self._key = key
        self._chain_id = chain_id
        self._config = config
        self._next_nonce = 0
        self._asked_fees = (-FEES_AGE_S, (0, 0))  # when they were asked for, and the answer
        self._signing = asyncio.Lock()
        self._entering: set[asyncio.Task[Any]] = set()
        self._following: dict[tuple[str, str, bytes], asyncio.Task[Settlement]] = {}

    @property
    def open_count(self) -> int:
        """Settlements under way."""
        return len(self._following)

    async def start(self) -> None:
        """Takes up every settlement that an earlier process left open. Raises `RpcError`,
        `NodeUnreachable`.
        """
        unfinished = await self._journal.open_settlements()
        pending = int(await self._rpc.call("eth_getTransactionCount", self._key.address, "pending"), 16)
        self._next_nonce = max([pending, *(settlement.account_nonce + 1 for settlement in unfinished)])
        for settlement in unfinished:
            log.warning("settlement of %s taken up again", settlement.payer)
            self._follow(settlement)

    async def stop(self) -> None:
        """Stops following; the journal keeps what is open."""
        await asyncio.gather(*self._entering, return_exceptions=True)
        tasks = list(self._following.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self, checked: Checked) -> Settlement:
        """Sends the transfer, or joins the one under way, and returns it when it is final: settled or failed.

        May take as long as the chain takes; cancelling the wait does not stop the settlement.
        Raises `Refused`, `Unavailable` while nothing was sent.
        """
        try:
            fees = await self._fees()
        except RpcFailure as error:
            payer = checked.payment.payer
            raise Unavailable("chain_unavailable", f"the payment cannot be sent now: {error}", payer) from error
        # Whoever asks may stop waiting at any point; a place in the queue that was written down must be followed.
        entering = asyncio.create_task(self._enter(checked, fees), name="settlement begins")
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)
        entered = await asyncio.shield(entering)
        return entered if isinstance(entered, Settlement) else await asyncio.shield(entered)

    async def _enter(self, checked: Checked, fees: tuple[int, int]) -> "Settlement | asyncio.Task[Settlement]":
        """The settlement if it is final, else what follows it: begun now, or found under way."""
        payment, asset = checked.payment, checked.terms.asset
        async with self._signing:
            found = self._following.get((asset, payment.payer, payment.nonce))
            if found is None:
                known = await self._journal.find(asset, payment.payer, payment.nonce)
                if known is not None and known.state == "settled":
                    return known
                unfinished = known is not None and known.state == "sent"
                found = self._follow(known if known and unfinished else await self._begin(checked, fees))
        return found

    async def find(self, asset: str, payer: str, nonce: bytes) -> Settlement | None:
        """A settlement that this facilitator knows: the one under way, awaited, or a final one."""
        found = self._following.get((asset, payer, nonce))
        return await asyncio.shield(found) if found else await self._journal.find(asset, payer, nonce)

    async def latest_transaction(self, asset: str, payer: str, nonce: bytes) -> str | None:
        """Hash of what was last signed for an authorization."""
        known = await self._journal.find(asset, payer, nonce)
        transactions = await self._journal.transactions(known.id) if known else []
        return transactions[-1].hash if transactions else None

    async def _begin(self, checked: Checked, fees: tuple[int, int]) -> Settlement:
        payer = checked.payment.payer
        if len(self._following) >= self._config.max_open:
            raise Unavailable("facilitator_busy", f"{self._config.max_open} settlements are under way", payer)
        if checked.gas > self._config.max_gas:
            raise Refused(
                "payment_rejected_by_token",
                f"the transfer takes {checked.gas} gas, at most {self._config.max_gas}",
                payer,
            )
        wasted = await self._journal.wasted(checked.terms.asset, payer, WASTED_WINDOW_S)
        if wasted >= self._config.max_wasted:
            raise Refused(
                "payment_payer_suspended",
                f"{wasted} transfers of {payer} took gas and moved nothing within {WASTED_WINDOW_S} s; pay later",
                payer,
            )
        found = checked.payment.authorization
        settlement = Settlement(
            id=0,
            asset=checked.terms.asset,
            payer=found.payer,
            nonce=found.nonce,
            pay_to=found.to,
            value=found.value,
            valid_after=found.valid_after,
            valid_before=found.valid_before,
            calldata=checked.calldata,
            gas=min(checked.gas + checked.gas // 4, self._config.max_gas),
            from_block=checked.block,
            state="sent",
            account_nonce=self._next_nonce,
            transaction_hash=None,
            code=None,
            message=None,
        )
        settlement = await self._journal.begin(settlement, self._sign(settlement, *fees))
        self._next_nonce += 1
        return settlement

    async def _fees(self) -> tuple[int, int]:
        """Most a unit of gas may cost, and the tip in it; in wei, at most `FEES_AGE_S` old."""
        asked, fees = self._asked_fees
        if time.monotonic() - asked < FEES_AGE_S:
            return fees
        block, tip = await self._rpc.batch(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
        )
        max_fee = min(2 * int(block["baseFeePerGas"], 16) + int(tip, 16), self._config.max_fee_wei)
        self._asked_fees = (time.monotonic(), (max_fee, min(int(tip, 16), max_fee)))
        return self._asked_fees[1]

    def _sign(self, settlement: Settlement, max_fee: int, max_tip: int) -> Transaction:
        return self._key.sign(
            chain_id=self._chain_id,
            nonce=settlement.account_nonce,
            to=settlement.asset,
            data=settlement.calldata,
            gas=settlement.gas,
            max_fee=max_fee,
            max_tip=max_tip,
        )

    def _follow(self, settlement: Settlement) -> "asyncio.Task[Settlement]":
        key = (settlement.asset, settlement.payer, settlement.nonce)
        task = asyncio.create_task(self._until_final(settlement), name="settlement")
        self._following[key] = task
        task.add_done_callback(lambda done: self._followed(key, done))
        return task

    def _followed(self, key: tuple[str, str, bytes], task: "asyncio.Task[Settlement]") -> None:
        self._following.pop(key, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("settlement of %s stopped; it goes on after a restart", key[1], exc_info=task.exception())

    async def _until_final(self, settlement: Settlement) -> Settlement:
        """Follows a settlement to its end, through unreachable nodes, lost transactions and too low fees."""
        transactions = await self._journal.transactions(settlement.id)
        wait = FIRST_POLL_S
        sent_at: float | None = None
        displaced = 0
        while True:
            try:
                if sent_at is not None and time.monotonic() - sent_at >= self._config.bump_after_s:
                    transactions += await self._bump(settlement, transactions[-1])
                    sent_at = None
                if sent_at is None:
                    await self._broadcast(transactions[-1])
                    sent_at = time.monotonic()
                final = await self._look(settlement, transactions)
                if final is not None:
                    return final
                displaced = displaced + 1 if await self._displaced(settlement, transactions) else 0
                if displaced >= DISPLACED_SEEN:
                    displaced = 0
                    settlement, again = await self._again(settlement)
                    if again is None:
                        return settlement
                    transactions.append(again)
                    sent_at = None
            except RpcFailure as error:
                log.warning("settlement of %s waits: %s", settlement.payer, error)
            except Exception:
                # A node that answers nonsense, a full disk: nothing here may end the following of money.
                log.exception("settlement of %s is tried again", settlement.payer)
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, SLOWEST_POLL_S)

    async def _broadcast(self, transaction: Transaction) -> None:
        try:
            await self._rpc.call("eth_sendRawTransaction", "0x" + transaction.raw.hex())
        except RpcError as error:
            if not any(known in error.message.lower() for known in _KNOWN_ALREADY):
                raise

    async def _bump(self, settlement: Settlement, last: Transaction) -> list[Transaction]:
        """The same transaction at a fee a quarter higher; none where the limit is reached."""
        max_fee, max_tip = await self._fees()
        limit = self._config.max_fee_wei
        max_fee = min(max(max_fee, last.max_fee + last.max_fee // 4 + 1), limit)
        max_tip = min(max(max_tip, last.max_tip + last.max_tip // 4 + 1), max_fee)
        if max_fee == last.max_fee:
            return []
        bumped = self._sign(settlement, max_fee, max_tip)
        await self._journal.replace(settlement, bumped)
        return [bumped]

    async def _look(self, settlement: Settlement, transactions: list[Transaction]) -> Settlement | None:
        """The final settlement, if one of its transactions is deep enough in the chain."""
        asked = [("eth_getTransactionReceipt", [transaction.hash]) for transaction in transactions]
        *receipts, head = await self._rpc.batch([*asked, ("eth_blockNumber", [])])
        for transaction, receipt in zip(transactions, receipts, strict=True):
            # A transaction that reverted at an earlier attempt says nothing about this one.
            if receipt is None or transaction.account_nonce != settlement.account_nonce:
                continue
            if int(head, 16) - int(receipt["blockNumber"], 16) + 1 < self._config.confirmations:
                return None
            if paid_in(receipt["logs"], settlement.asset, _authorization(settlement)):
                return await self._finish(settlement, transaction.hash)
            return await self._used_elsewhere(settlement) or await self._finish(
                settlement, transaction.hash, "payment_failed", f"the transfer reverted in {transaction.hash}"
            )
        return None

    async def _used_elsewhere(self, settlement: Settlement) -> Settlement | None:
        """The final settlement if the authorization is no longer unused, by whomever."""
        try:
            paid = await settled_on_chain(
                self._rpc, settlement.asset, _authorization(settlement), settlement.from_block
            )
        except Refused as refused:
            return await self._finish(settlement, None, refused.code, refused.message)
        return await self._finish(settlement, paid) if paid else None

    async def _displaced(self, settlement: Settlement, transactions: list[Transaction]) -> bool:
        """Whether another transaction of the hot key took the place in the queue (a key used elsewhere,
        too).
        """
        count = int(await self._rpc.call("eth_getTransactionCount", self._key.address, "latest"), 16)
        if count <= settlement.account_nonce:
            return False
        # Mined between the two questions, or by another node's account: look again before believing it.
        receipts = await self._rpc.batch(
            [("eth_getTransactionReceipt", [transaction.hash]) for transaction in transactions]
        )
        return all(
            receipt is None or transaction.account_nonce != settlement.account_nonce
            for transaction, receipt in zip(transactions, receipts, strict=True)
        )

    async def _again(self, settlement: Settlement) -> tuple[Settlement, Transaction | None]:
        """A new place in the queue for a settlement that lost its own."""
        final = await self._used_elsewhere(settlement)
        if final is None and settlement.valid_before <= time.time():
            final = await self._finish(settlement, None, "payment_expired", "it expired before it could be mined")
        if final is not None:
            return final, None
        log.warning(
            "the hot key %s is used by something else, too: nonce %d",
            self._key.address,
            settlement.account_nonce,
        )
        async with self._signing:
            count = int(await self._rpc.call("eth_getTransactionCount", self._key.address, "pending"), 16)
            self._next_nonce = max(self._next_nonce, count)
            max_fee, max_tip = await self._fees()
            settlement = replace(settlement, account_nonce=self._next_nonce)
            transaction = self._sign(settlement, max_fee, max_tip)
            await self._journal.replace(settlement, transaction)
            self._next_nonce += 1
        return settlement, transaction

    async def _finish(
        self,
        settlement: Settlement,
        transaction: str | None,
        code: str | None = None,
        message: str | None = None,
    ) -> Settlement:
        await self._journal.finish(settlement, transaction, code, message)
        return replace(
            settlement,
            state="failed" if code else "settled",
            transaction_hash=transaction,
            code=code,
            message=message,
        )


def _authorization(settlement: Settlement) -> Authorization:
    return Authorization(
        settlement.payer,
        settlement.pay_to,
        settlement.value,
        settlement.valid_after,
        settlement.valid_before,
        settlement.nonce,
    )

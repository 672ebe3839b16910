"""The hot key's queue: slow chains, lost transactions, other people's transactions, restarts."""

import asyncio
import itertools
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from cluster.chain.eip3009 import Authorization, read_domain, sign
from cluster.chain.rpc import Rpc
from offchain.facilitator.config import SettlementConfig
from offchain.facilitator.errors import Pending, Refused
from offchain.facilitator.facilitator import Facilitator
from offchain.facilitator.hotkey import HotKey
from offchain.facilitator.payment import Payment, Terms, parse_payload
from offchain.service.errors import JournalUnusable
from tests.relay.payments import cancel, payload
from tests.relay.world import World

AMOUNT = 1234


@asynccontextmanager
async def facilitator(world: World, folder: Path, key: LocalAccount, **settings: int) -> AsyncIterator[Facilitator]:
    config = SettlementConfig(journal=folder / "facilitator.sqlite", **{"confirm_timeout_s": 10, **settings})
    async with Rpc(world.url) as rpc:
        found = Facilitator(rpc, await read_domain(rpc, world.usdc.address), HotKey(key), config)
        await found.start()
        try:
            yield found
        finally:
            await found.stop()


def payment(world: World, pay_to: str, account: LocalAccount | None = None) -> tuple[Payment, Terms]:
    account = account or world.payer()
    terms = Terms(world.domain, "base", pay_to, AMOUNT, 120)
    found = Authorization(account.address, pay_to, AMOUNT, 0, int(time.time()) + 120, os.urandom(32))
    signature = sign(found.digest(world.domain), bytes(account.key))
    accepted = terms.v2().model_dump(by_alias=True)
    return parse_payload(payload(found, signature, accepted)), terms


def stop_mining(world: World) -> None:
    world.chain.rpc("evm_setAutomine", False)


async def mempool(world: World, url: str, count: int) -> None:
    """Waits until so many transactions wait to be mined."""
    async with Rpc(url) as rpc, asyncio.timeout(10):
        while int((await rpc.call("txpool_status"))["pending"], 16) < count:
            await asyncio.sleep(0.02)


def signed(folder: Path) -> list[tuple[int, int]]:
    """Account nonce and fee of every transaction in the journal."""
    with sqlite3.connect(folder / "facilitator.sqlite") as db:
        found = [(nonce, int(fee)) for nonce, fee in db.execute("SELECT account_nonce, max_fee FROM transactions")]
    db.close()
    return found


def test_a_slow_settlement_is_pending_goes_on_and_is_joined_when_asked_again(slow_world: World, tmp_path: Path) -> None:
    pay_to, key = slow_world.fresh_address(), slow_world.hot_key()
    paid, terms = payment(slow_world, pay_to)

    stop_mining(slow_world)

    async def play() -> None:
        async with facilitator(slow_world, tmp_path, key, confirm_timeout_s=1) as found:
            checked = await found.verify(paid, terms)
            with pytest.raises(Pending, match="not confirmed yet") as pending:
                await found.settle_in_time(checked)
            assert slow_world.balance(pay_to) == 0
            again = asyncio.create_task(found.settle_in_time(checked))
            await asyncio.sleep(0.1)
            slow_world.chain.rpc("evm_mine")
            assert await again == pending.value.transaction
            assert await found.settle(checked) == pending.value.transaction

    asyncio.run(play())
    assert slow_world.transfers_to(pay_to) == [AMOUNT]


def test_a_settlement_under_way_is_finished_by_the_next_process(slow_world: World, tmp_path: Path) -> None:
    pay_to, key = slow_world.fresh_address(), slow_world.hot_key()
    work = [payment(slow_world, pay_to) for _ in range(3)]

    stop_mining(slow_world)

    async def first() -> None:
        async with facilitator(slow_world, tmp_path, key) as found:
            tasks = [asyncio.create_task(found.settle(await found.verify(*pair))) for pair in work]
            await mempool(slow_world, slow_world.url, 3)
            for task in tasks:
                task.cancel()

    async def second() -> None:
        async with facilitator(slow_world, tmp_path, key) as found, asyncio.timeout(20):
            assert found.open_count == 3
            for pair in work:
                assert await found.outcome(*pair, 0) is not None

    asyncio.run(first())
    # The node forgets what it was told; only the journal knows.
    slow_world.chain.rpc("anvil_dropAllTransactions")
    slow_world.chain.rpc("evm_setAutomine", True)
    asyncio.run(second())
    assert slow_world.transfers_to(pay_to) == [AMOUNT] * 3


def test_the_fee_rises_until_the_transaction_is_mined_and_only_one_is(slow_world: World, tmp_path: Path) -> None:
    pay_to, key = slow_world.fresh_address(), slow_world.hot_key()
    paid, terms = payment(slow_world, pay_to)

    stop_mining(slow_world)

    async def play() -> list[tuple[int, int]]:
        async with facilitator(slow_world, tmp_path, key, bump_after_s=1) as found:
            task = asyncio.create_task(found.settle(await found.verify(paid, terms)))
            async with asyncio.timeout(20):
                while len(sent := signed(tmp_path)) < 3:
                    await asyncio.sleep(0.05)
            slow_world.chain.rpc("evm_mine")
            await task
            return sent

    sent = asyncio.run(play())
    assert len({nonce for nonce, _ in sent}) == 1
    assert all(later >= earlier * 5 // 4 for (_, earlier), (_, later) in itertools.pairwise(sent))
    assert slow_world.transfers_to(pay_to) == [AMOUNT]


def test_a_settlement_that_somebody_else_sends_first_counts(slow_world: World, tmp_path: Path) -> None:
    pay_to, key = slow_world.fresh_address(), slow_world.hot_key()
    paid, terms = payment(slow_world, pay_to)
    copied = paid.authorization

    slow_world.chain.fund("0x" + "44" * 20, 10**20)
    stop_mining(slow_world)

    async def play() -> str:
        async with facilitator(slow_world, tmp_path, key) as found:
            checked = await found.verify(paid, terms)
            # In the same block, before ours: it pays a higher tip.
            slow_world.chain.rpc(
                "eth_sendTransaction",
                {
                    "from": "0x" + "44" * 20,
                    "to": terms.asset,
                    "data": "0x" + checked.calldata.hex(),
                    "gas": hex(200_000),
                    "maxFeePerGas": hex(10**12),
                    "maxPriorityFeePerGas": hex(10**11),
                },
            )
            task = asyncio.create_task(found.settle(checked))
            await mempool(slow_world, slow_world.url, 2)
            slow_world.chain.rpc("evm_mine")
            return await asyncio.wait_for(task, 10)

    transaction = asyncio.run(play())
    receipt = slow_world.chain.rpc("eth_getTransactionReceipt", transaction)
    assert receipt["from"] == "0x" + "44" * 20
    assert slow_world.transfers_to(pay_to) == [AMOUNT] == [copied.value]


def test_a_settlement_that_the_payer_cancels_first_fails(slow_world: World, tmp_path: Path) -> None:
    pay_to, key, account = slow_world.fresh_address(), slow_world.hot_key(), slow_world.payer()
    paid, terms = payment(slow_world, pay_to, account)

    stop_mining(slow_world)

    async def play() -> None:
        async with facilitator(slow_world, tmp_path, key) as found:
            checked = await found.verify(paid, terms)
            slow_world.chain.rpc("evm_setAutomine", True)
            cancel(slow_world, account, paid.nonce)
            with pytest.raises(Refused) as refused:
                await found.settle(checked)
            assert refused.value.code == "payment_cancelled"
            assert await found.outcome(paid, terms, None) is None

    asyncio.run(play())
    assert slow_world.transfers_to(pay_to) == []


def test_one_nonce_signed_for_us_and_for_another_does_not_count_as_paid(the_world: World, tmp_path: Path) -> None:
    """The payer spends the nonce on itself after we have looked."""
    pay_to, key, account = the_world.fresh_address(), the_world.hot_key(), the_world.payer()
    paid, terms = payment(the_world, pay_to, account)
    own = Authorization(account.address, account.address, AMOUNT, 0, int(time.time()) + 120, paid.nonce)
    signature = sign(own.digest(the_world.domain), bytes(account.key))

    async def play() -> None:
        async with facilitator(the_world, tmp_path, key) as found:
            checked = await found.verify(paid, terms)
            the_world.usdc.transferWithAuthorization(
                own.payer, own.to, own.value, own.valid_after, own.valid_before, own.nonce, signature,
                sender=the_world.chain.account("circle"),
            )  # fmt: skip
            with pytest.raises(Refused, match="cancelled"):
                await found.settle(checked)

    asyncio.run(play())


def test_a_place_in_the_queue_taken_by_another_use_of_the_key_is_found_anew(slow_world: World, tmp_path: Path) -> None:
    pay_to, key = slow_world.fresh_address(), slow_world.hot_key()
    paid, terms = payment(slow_world, pay_to)

    stop_mining(slow_world)

    async def play() -> None:
        async with facilitator(slow_world, tmp_path, key) as found:
            task = asyncio.create_task(found.settle(await found.verify(paid, terms)))
            await mempool(slow_world, slow_world.url, 1)
            slow_world.chain.rpc("anvil_dropAllTransactions")
            slow_world.chain.rpc("evm_setAutomine", True)
            slow_world.chain.rpc("eth_sendTransaction", {"from": key.address, "to": key.address, "nonce": "0x0"})
            await asyncio.wait_for(task, 10)

    asyncio.run(play())
    assert slow_world.transfers_to(pay_to) == [AMOUNT]


def test_many_settlements_at_once_take_consecutive_places(the_world: World, tmp_path: Path) -> None:
    pay_to, key = the_world.fresh_address(), the_world.hot_key()
    work = [payment(the_world, pay_to) for _ in range(20)]

    async def play() -> None:
        async with facilitator(the_world, tmp_path, key) as found:
            checked = await asyncio.gather(*(found.verify(*pair) for pair in work))
            # Each twice at the same time: the second joins the first.
            assert len(set(await asyncio.gather(*(found.settle(one) for one in checked * 2)))) == 20

    asyncio.run(play())
    assert int(the_world.chain.rpc("eth_getTransactionCount", key.address, "latest"), 16) == 20
    assert the_world.transfers_to(pay_to) == [AMOUNT] * 20


class MinedMeanwhile(Rpc):
    """Somebody submits the payment after its state was read, and before its gas is estimated."""

    meanwhile: Callable[[], None]

    async def call(self, method: str, *params: Any, kind: Any = Any) -> Any:
        if method == "eth_estimateGas":
            self.meanwhile()
        return await super().call(method, *params, kind=kind)


def test_a_payment_mined_while_it_is_verified_is_called_used_and_not_rejected(the_world: World, tmp_path: Path) -> None:
    paid, terms = payment(the_world, the_world.fresh_address())
    found = paid.authorization

    def submit() -> None:
        the_world.usdc.transferWithAuthorization(
            found.payer, found.to, found.value, found.valid_after, found.valid_before, found.nonce, paid.signature,
            sender=the_world.chain.account("circle"),
        )  # fmt: skip

    async def play() -> None:
        config = SettlementConfig(journal=tmp_path / "facilitator.sqlite")
        async with MinedMeanwhile(the_world.url) as rpc:
            rpc.meanwhile = submit
            domain = await read_domain(rpc, the_world.usdc.address)
            facilitator = Facilitator(rpc, domain, HotKey(the_world.hot_key()), config)
            try:
                with pytest.raises(Refused) as refused:
                    await facilitator.verify(paid, terms)
            finally:
                await facilitator.stop()
            assert refused.value.code == "payment_already_used"

    asyncio.run(play())


def test_a_settlement_that_was_written_down_is_followed_though_nobody_waits(the_world: World, tmp_path: Path) -> None:
    """Who asks leaves at the worst moment: the place in the queue is taken, and nothing is broadcast yet."""
    pay_to, key = the_world.fresh_address(), the_world.hot_key()
    left, next_one = payment(the_world, pay_to), payment(the_world, pay_to)

    async def play() -> None:
        async with facilitator(the_world, tmp_path, key) as found, asyncio.timeout(10):
            checked = await found.verify(*left)
            task = asyncio.create_task(found.settle(checked))
            while all(other.get_name() != "settlement begins" for other in asyncio.all_tasks()):
                await asyncio.sleep(0)
            task.cancel()
            assert await found.settle(await found.verify(*next_one))
            while found.open_count:
                await asyncio.sleep(0.01)

    asyncio.run(play())
    assert the_world.transfers_to(pay_to) == [AMOUNT] * 2
    assert sorted(nonce for nonce, _ in signed(tmp_path)) == [0, 1]


def test_a_payer_whose_transfers_keep_reverting_is_refused_before_they_cost_more_gas(
    slow_world: World, tmp_path: Path
) -> None:
    pay_to, key, account = slow_world.fresh_address(), slow_world.hot_key(), slow_world.payer()
    stop_mining(slow_world)

    async def play() -> None:
        async with facilitator(slow_world, tmp_path, key, max_wasted=2) as found, asyncio.timeout(30):
            for _ in range(2):
                paid, terms = payment(slow_world, pay_to, account)
                checked = await found.verify(paid, terms)
                slow_world.chain.rpc("evm_setAutomine", True)
                cancel(slow_world, account, paid.nonce)
                with pytest.raises(Refused, match="cancelled"):
                    await found.settle(checked)
            count = slow_world.chain.rpc("eth_getTransactionCount", key.address, "pending")
            with pytest.raises(Refused) as refused:
                await found.settle(await found.verify(*payment(slow_world, pay_to, account)))
            assert refused.value.code == "payment_payer_suspended"
            assert slow_world.chain.rpc("eth_getTransactionCount", key.address, "pending") == count
            # Others are not held liable.
            assert await found.settle(await found.verify(*payment(slow_world, pay_to)))

    asyncio.run(play())
    assert slow_world.transfers_to(pay_to) == [AMOUNT]


def test_a_journal_belongs_to_one_key_and_one_process(the_world: World, tmp_path: Path) -> None:
    async def play() -> None:
        key = the_world.hot_key()
        async with facilitator(the_world, tmp_path, key):
            with pytest.raises(JournalUnusable, match="in use by another process"):
                async with facilitator(the_world, tmp_path, key):
                    pass
        with pytest.raises(JournalUnusable, match="belongs to"):
            async with facilitator(the_world, tmp_path, the_world.hot_key()):
                pass

    asyncio.run(play())

"""`verify` sees every log, row and value that is not the chain's, and tells what it can't compare from what differs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cluster.chain.rpc import Rpc
from indexer.audit import Audit
from indexer.decoder import Decoder
from indexer.store import Store
from indexer.sync import Indexer
from indexer.writer import Writer
from tests.indexer.conftest import World

# A value each that a contract tells, and the view that tells it.
VIEWS = {
    ("dataset", "holder"): "DatasetNFT.ownerOf",
    ("dataset", "slug"): "DatasetRegistry.slugOf",
    ("dataset", "royalty_bps"): "DatasetNFT.royaltyInfo",
    ("dataset", "rating_sum"): "DatasetRegistry.listingOf",
    ("version", "manifest_hash"): "DatasetNFT.contentOfVersion",
    ("price", "amount"): "DatasetRegistry.priceOf",
    ("review", "rating"): "DatasetRegistry.ratingOf",
    ("purchase", "recipient"): "PaymentRouter.hasPurchased",
    ("credit", "amount"): "PaymentRouter.claimable",
    ("currency", "accepted"): "PaymentRouter.isCurrencyAccepted",
    ("token_balance", "amount"): "ClusterToken.balanceOf",
    ("token_votes", "amount"): "ClusterToken.getVotes",
    ("token_delegate", "delegate"): "ClusterToken.delegates",
    ("token_authorization", "nonce"): "ClusterToken.authorizationState",
    ("role_member", "delay"): "AccessManager.getAccess",
    ("setting", "value"): "PaymentRouter.treasury",
    ("agent", "owner"): "IdentityRegistry.ownerOf",
    ("agent", "wallet"): "IdentityRegistry.getAgentWallet",
    ("agent", "uri"): "IdentityRegistry.tokenURI",
    ("agent", "answer_sum"): "ValidationRegistry.getSummary",
    ("agent_metadata", "value"): "IdentityRegistry.getMetadata",
    ("agent_client", "given"): "ReputationRegistry.getLastIndex",
    ("agent_client", "counted"): "ReputationRegistry.getSummary",
    ("feedback", "tag1"): "ReputationRegistry.readFeedback",
    ("feedback", "revoked"): "ReputationRegistry.readFeedback",
    ("feedback", "paid_micro_dollars"): "ReputationRegistry.getUsedPayment",
    ("agent", "proven_count"): "ReputationRegistry.getProvenTotal",
    ("receipt_batch", "payments"): "ReceiptRegistry.batchOf",
    ("feedback", "response_count"): "ReputationRegistry.getResponseCount",
    ("validation", "response"): "ValidationRegistry.getValidationStatus",
    ("task", "steps"): "AgentActivity.taskOf",
    ("task_batch", "merkle_root"): "AgentActivity.batchOf",
    ("model", "pending_owner"): "ModelRegistry.modelOf",
    ("model_namespace", "holder"): "ModelRegistry.holderOfNamespace",
    ("model_version", "input_price"): "ModelRegistry.versionOf",
    ("model_version", "uri"): "ModelRegistry.versionOf",
    ("model_dataset", "weight"): "ModelRegistry.datasetsOf",
    ("model_share", "ppm"): "ModelRegistry.payeesOf",
    ("operator", "max_commission_bps"): "OperatorStaking.commissionOf",
    ("operator", "locked"): "OperatorStaking.lockedStake",
    ("stake_pool", "tokens"): "OperatorStaking.poolOf",
    ("stake_pool", "thawing"): "OperatorStaking.activeStake",
    ("stake_position", "shares"): "OperatorStaking.positionOf",
    ("stake_tranche", "release_at"): "OperatorStaking.trancheOf",
    ("stake_lock", "amount"): "OperatorStaking.lockOf",
    ("reward_rate", "earned_x128"): "OperatorStaking.claimableX128",
    ("reward_settled", "earned_x128"): "OperatorStaking.claimableX128",
    ("reward_credit", "amount_x128"): "OperatorStaking.claimableX128",
    ("reward_owed", "amount"): "OperatorStaking.totalOwed",
    ("reward_total", "held"): "OperatorStaking.heldReward",
    ("member", "cooling"): "MemberStaking.membershipOf",
    ("member_tier", "discount_bps"): "MemberStaking.tiers",
    ("idle_operator", "capacity_class"): "IdleIncentives.capacityClassOf",
    ("idle_class", "weight"): "IdleIncentives.classWeight",
    ("idle_epoch", "pot"): "IdleIncentives.epochOf",
    ("till", "funded"): "InferenceSettlement.fundedFor",
    ("prepaid_balance", "amount"): "PrepaidBalances.balanceOf",
    ("prepaid_grant", "spending_limit"): "PrepaidBalances.grantOf",
    ("price_feed", "max_age"): "PriceFeeds.feedOf",
    ("receipt_batch", "root"): "ReceiptRegistry.batchOf",
    ("channel", "balance"): "BatchSettlement.channels",
    ("channel", "salt"): "BatchSettlement.getChannelId",
    ("channel_receiver", "settled"): "BatchSettlement.receivers",
}


# Rows whose value a view tells: of the contract that is named, of what is open, of shares that earn.
WHICH = {
    "setting": "contract = 'PaymentRouter' AND name = 'treasury'",
    "credit": "contract = 'PaymentRouter'",
    "agent": "proven_count > 0",
    "validation": "response IS NOT NULL",
    "stake_lock": "state = 'open'",
    "stake_position": "EXISTS (SELECT 1 FROM stake_pool p WHERE p.operator = stake_position.operator "
    "AND p.own = (stake_position.operator = account) AND p.generation = stake_position.generation)",
    "reward_rate": "EXISTS (SELECT 1 FROM stake_position p WHERE p.operator = reward_rate.operator "
    "AND p.generation = reward_rate.generation AND p.account != p.operator AND p.shares != '0')",
    "reward_settled": "EXISTS (SELECT 1 FROM stake_position p WHERE p.operator = reward_settled.operator "
    "AND p.account = reward_settled.account AND p.shares != '0')",
    "model_version": "task_category = 'text-generation'",
    "feedback": "receipt IS NOT NULL AND NOT revoked",
    "receipt_batch": "payments IS NOT NULL",
}


def filled(store: Store) -> bool:
    """Whether every table has a row to change."""
    return all(
        store.db.execute(f"SELECT 1 FROM {table} WHERE {WHICH.get(table, '1')}").fetchone() for table in store.keys
    )


@asynccontextmanager
async def indexed(world: World, blocks: int, everywhere: bool = False) -> AsyncIterator[tuple[Store, Audit]]:
    """A database of a chain with traffic, without triggers in the way of changing it, and its audit. With `everywhere`
    the traffic goes on until every table has rows.
    """
    world.blocks(blocks)
    store = Store(":memory:")
    async with Rpc(world.url) as rpc:
        indexer = Indexer(store, world.manifest, rpc)
        await indexer.start()
        await indexer.catch_up()
        while everywhere and not filled(store):
            assert world.head() < 2_000, store.counts()
            world.blocks(20)
            await indexer.catch_up()
        audit = Audit(store, world.manifest, rpc)
        assert await audit.differences() == []
        assert audit.compared > blocks
        yield store, audit
    store.close()


def other(value: Any) -> Any:
    """Another value of its kind: an address stays an address."""
    if value is None:
        return "0x" + "11" * 20
    if isinstance(value, int):
        return 1 - value if value in (0, 1) else value + 1000
    return value[:-1] + ("3" if value[-1:] != "3" else "2")


def another(value: Any) -> Any:
    """As `other`, but never what another row may have."""
    return value + 1000 if isinstance(value, int) else other(value)


def test_every_change_of_every_value_is_seen(world: World) -> None:
    """A row of each table at once: first each of its columns in turn, then the row itself."""

    async def play() -> None:
        async with indexed(world, 200, everywhere=True) as (store, audit):
            rows, places = {}, {}
            for table, key in store.keys.items():
                columns = store.columns(table)
                row = store.db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
                assert row, f"the traffic never filled {table}"
                rows[table] = dict(zip(columns, row, strict=True))
                places[table] = " AND ".join(f"{name} = ?" for name in key), [rows[table][name] for name in key]

            def change(column: int, to: Callable[[Any], Any]) -> list[str]:
                changed = []
                for table, row in rows.items():
                    names = [name for name in row if name not in store.keys[table]]
                    if column < len(names):
                        where, at = places[table]
                        update = f"UPDATE {table} SET {names[column]} = ? WHERE {where}"
                        store.db.execute(update, (to(row[names[column]]), *at))
                        changed.append(table)
                return changed

            for column in range(max(map(len, rows.values()))):
                changed = change(column, another)
                assert [said.split(":")[0] for said in audit.rows_unlike_the_logs()] == changed
                change(column, lambda value: value)
            for table, (where, at) in places.items():
                store.db.execute(f"DELETE FROM {table} WHERE {where}", at)
            said = list(audit.rows_unlike_the_logs())
            assert [sentence.split(" in the database")[0] for sentence in said] == [f"{name}: nothing" for name in rows]
            for table, row in rows.items():
                store.db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", [*row.values()])
            assert list(audit.rows_unlike_the_logs()) == []

    asyncio.run(play())


def test_a_wrong_value_is_seen_by_the_view_that_tells_it(world: World) -> None:
    async def play() -> None:
        async with indexed(world, 200, everywhere=True) as (store, audit):
            for (table, column), view in VIEWS.items():
                which = WHICH.get(table, "1")
                (value,) = store.db.execute(f"SELECT {column} FROM {table} WHERE {which} LIMIT 1").fetchone()
                store.db.execute("BEGIN")
                store.db.execute(
                    f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} IS ? AND {which}", (other(value), value)
                )
                said = await audit.rows_unlike_the_views()
                store.db.execute("ROLLBACK")
                assert any(sentence.startswith(view) for sentence in said), (table, column, said)

    asyncio.run(play())


def test_a_log_that_was_never_read_is_seen_though_rows_and_logs_agree(world: World) -> None:
    async def play() -> None:
        async with indexed(world, 60) as (store, audit):
            place = store.db.execute("SELECT block, log_index FROM log ORDER BY block DESC LIMIT 1").fetchone()
            store.db.execute("DELETE FROM log WHERE block = ? AND log_index = ?", place)
            Writer(store, Decoder(world.manifest), 0).rebuild()
            assert list(audit.rows_unlike_the_logs()) == []
            said = f"log {place[1]} of block {place[0]} is so in the chain only"
            assert said in await audit.differences()

    asyncio.run(play())


def test_logs_that_contradict_each_other_are_a_difference(world: World) -> None:
    async def play() -> None:
        async with indexed(world, 60) as (store, audit):
            store.db.execute("DELETE FROM log WHERE (block, log_index) < (SELECT block, 99 FROM dataset WHERE id = 1)")
            (said,) = audit.rows_unlike_the_logs()
            assert "can't follow the logs before it" in said

    asyncio.run(play())


def test_a_log_with_other_data_is_seen_on_both_sides(world: World) -> None:
    async def play() -> None:
        async with indexed(world, 60) as (store, audit):
            store.db.execute(
                "UPDATE log SET data = CAST(data || x'00' AS BLOB) WHERE block = (SELECT max(block) FROM log)"
            )
            said = await audit.logs_unlike_the_chain()
            assert {sentence.split(" is so in ")[1] for sentence in said} == {"the database only", "the chain only"}

    asyncio.run(play())


def test_a_dataset_that_the_chain_does_not_have_is_a_difference_and_not_a_failure(world: World) -> None:
    async def play() -> None:
        async with indexed(world, 60) as (store, audit):
            store.db.execute("UPDATE dataset SET id = 7777 WHERE id = 1")
            said = await audit.differences()
            assert any(sentence.startswith("DatasetNFT.ownerOf(7777,) is a revert on chain") for sentence in said)

    asyncio.run(play())

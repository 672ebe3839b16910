"""What the facilitator must not forget: every transaction, before it is broadcast."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from offchain.service.database import Database

VERSION = 1
SCHEMA = """
CREATE TABLE settlements (
    id INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    payer TEXT NOT NULL,
    nonce BLOB NOT NULL,
    pay_to TEXT NOT NULL,
    value TEXT NOT NULL,
    valid_after TEXT NOT NULL,
    valid_before TEXT NOT NULL,
    calldata BLOB NOT NULL,
    gas INTEGER NOT NULL,
    from_block INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'settled', 'failed')),
    account_nonce INTEGER NOT NULL,
    transaction_hash TEXT,
    code TEXT,
    message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (asset, payer, nonce)
) STRICT;
CREATE INDEX settlements_open ON settlements (account_nonce) WHERE state = 'sent';
CREATE TABLE transactions (
    hash TEXT PRIMARY KEY,
    settlement INTEGER NOT NULL REFERENCES settlements (id),
    account_nonce INTEGER NOT NULL,
    raw BLOB NOT NULL,
    max_fee TEXT NOT NULL,
    max_tip TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX transactions_of ON transactions (settlement);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True)
class Transaction:
    """A signed transaction. Fees are in wei a gas."""

    hash: str
    account_nonce: int
    raw: bytes
    max_fee: int
    max_tip: int


@dataclass(frozen=True)
class Settlement:
    """An authorization that was, or is being, turned into a transaction. `state` is sent, settled or
    failed.
    """

    id: int
    asset: str
    payer: str
    nonce: bytes
    pay_to: str
    value: int
    valid_after: int
    valid_before: int
    calldata: bytes
    gas: int
    from_block: int
    state: str
    account_nonce: int
    transaction_hash: str | None
    code: str | None
    message: str | None


def _settlement(row: sqlite3.Row) -> Settlement:
    return Settlement(
        id=row["id"],
        asset=row["asset"],
        payer=row["payer"],
        nonce=row["nonce"],
        pay_to=row["pay_to"],
        value=int(row["value"]),
        valid_after=int(row["valid_after"]),
        valid_before=int(row["valid_before"]),
        calldata=row["calldata"],
        gas=row["gas"],
        from_block=row["from_block"],
        state=row["state"],
        account_nonce=row["account_nonce"],
        transaction_hash=row["transaction_hash"],
        code=row["code"],
        message=row["message"],
    )


class Journal:
    """The file. Amounts that may exceed 64 bits are decimal strings in it, times are in milliseconds."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA, VERSION)

    def close(self) -> None:
        self._database.close()

    async def bind(self, chain_id: int, account: str) -> str | None:
        """Ties the file to a chain and a hot key; returns what it was tied to if that is something else."""
        mine = f"{account} on chain {chain_id}"

        def work(db: sqlite3.Connection) -> str | None:
            db.execute("INSERT OR IGNORE INTO facts VALUES ('bound to', ?)", (mine,))
            found = str(db.execute("SELECT value FROM facts WHERE name = 'bound to'").fetchone()[0])
            return None if found == mine else found

        return await self._database.run(work)

    async def find(self, asset: str, payer: str, nonce: bytes) -> Settlement | None:
        def work(db: sqlite3.Connection) -> Settlement | None:
            row = db.execute(
                "SELECT * FROM settlements WHERE asset = ? AND payer = ? AND nonce = ?", (asset, payer, nonce)
            ).fetchone()
            return _settlement(row) if row else None

        return await self._database.run(work)

    async def open_settlements(self) -> list[Settlement]:
        """All that are not final, in the order of the account's nonces."""

        def work(db: sqlite3.Connection) -> list[Settlement]:
            rows = db.execute("SELECT * FROM settlements WHERE state = 'sent' ORDER BY account_nonce")
            return [_settlement(row) for row in rows]

        return await self._database.run(work)

    async def transactions(self, settlement: int) -> list[Transaction]:
        """All that were signed for a settlement, oldest first."""

        def work(db: sqlite3.Connection) -> list[Transaction]:
            rows = db.execute("SELECT * FROM transactions WHERE settlement = ? ORDER BY rowid", (settlement,))
            return [
                Transaction(row["hash"], row["account_nonce"], row["raw"], int(row["max_fee"]), int(row["max_tip"]))
                for row in rows
            ]

        return await self._database.run(work)

    async def wasted(self, asset: str, payer: str, within_s: int) -> int:
        """How many places in the queue this payer's authorizations took lately without moving money."""
        since = time.time_ns() // 1_000_000 - within_s * 1000

        def work(db: sqlite3.Connection) -> int:
            # A settlement that is not failed has use for one of its places.
            row = db.execute(
                """SELECT count(DISTINCT t.account_nonce) - count(DISTINCT CASE WHEN s.state != 'failed' THEN s.id END)
                   FROM settlements s JOIN transactions t ON t.settlement = s.id
                   WHERE s.asset = ? AND s.payer = ? AND t.created_at >= ?""",
                (asset, payer, since),
            ).fetchone()
            return int(row[0])

        return await self._database.run(work)

    async def begin(self, settlement: Settlement, transaction: Transaction) -> Settlement:
        """Records a settlement and its first transaction. One that failed before may begin again."""
        now = time.time_ns() // 1_000_000

        def work(db: sqlite3.Connection) -> Settlement:
            cursor = db.execute(
                """INSERT INTO settlements (asset, payer, nonce, pay_to, value, valid_after, valid_before,
                       calldata, gas, from_block, state, account_nonce, created_at, updated_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sent', ?, ?, ?)
                   ON CONFLICT (asset, payer, nonce) DO UPDATE SET
                       pay_to = excluded.pay_to, value = excluded.value,
                       valid_after = excluded.valid_after, valid_before = excluded.valid_before,
                       calldata = excluded.calldata, gas = excluded.gas,
                       from_block = excluded.from_block, state = 'sent',
                       account_nonce = excluded.account_nonce, code = NULL, message = NULL,
                       transaction_hash = NULL, updated_at = excluded.updated_at
                   WHERE state = 'failed'
                   RETURNING *""",
                (
                    settlement.asset,
                    settlement.payer,
                    settlement.nonce,
                    settlement.pay_to,
                    str(settlement.value),
                    str(settlement.valid_after),
                    str(settlement.valid_before),
                    settlement.calldata,
                    settlement.gas,
                    settlement.from_block,
                    transaction.account_nonce,
                    now,
                    now,
                ),
            )
            row = cursor.fetchone()
            if row is None:
                raise sqlite3.IntegrityError("this authorization is already being settled")
            _add(db, row["id"], transaction, now)
            return _settlement(row)

        return await self._database.run(work)

    async def replace(self, settlement: Settlement, transaction: Transaction) -> None:
        """Records another transaction for the same settlement: a higher fee, or another account nonce."""
        now = time.time_ns() // 1_000_000

        def work(db: sqlite3.Connection) -> None:
            _add(db, settlement.id, transaction, now)
            db.execute(
                "UPDATE settlements SET account_nonce = ?, updated_at = ? WHERE id = ?",
                (transaction.account_nonce, now, settlement.id),
            )

        await self._database.run(work)

    async def finish(
        self, settlement: Settlement, transaction_hash: str | None, code: str | None, message: str | None
    ) -> None:
        """Final: settled if there is no `code`, failed otherwise."""
        now = time.time_ns() // 1_000_000
        state = "failed" if code else "settled"

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                """UPDATE settlements SET state = ?, transaction_hash = ?, code = ?, message = ?,
                   updated_at = ? WHERE id = ?""",
                (state, transaction_hash, code, message, now, settlement.id),
            )

        await self._database.run(work)


def _add(db: sqlite3.Connection, settlement: int, transaction: Transaction, now: int) -> None:
    db.execute(
        "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            transaction.hash,
            settlement,
            transaction.account_nonce,
            transaction.raw,
            str(transaction.max_fee),
            str(transaction.max_tip),
            now,
        ),
    )

"""What the relay must not forget: payments, before anybody settles them, and receipts, before answers end.

    (none) ── reserve ──▶ settling ──▶ settled ──▶ serving ──▶ served
                             │            ▲           │
                             ▼            └── crash ──┘   (redeemable again)
                           failed ── the same payment may be tried anew

`settled` and, after a restart, `serving` are redeemable: repeating the request with the same header is served
without paying again. The receipt is written with `serving`, once a payment.
"""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from offchain.service.database import Database

VERSION = 1
SCHEMA = """
CREATE TABLE payments (
    asset TEXT NOT NULL,
    payer TEXT NOT NULL,
    nonce BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('settling', 'settled', 'serving', 'served', 'failed')),
    amount INTEGER NOT NULL,
    pay_to TEXT NOT NULL,
    payload BLOB NOT NULL,
    from_block INTEGER NOT NULL,
    input_hash BLOB NOT NULL,
    request_id TEXT NOT NULL,
    transaction_hash TEXT,
    code TEXT,
    message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (asset, payer, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_open ON payments (state) WHERE state IN ('settling', 'settled', 'serving');
CREATE TABLE receipts (
    asset TEXT NOT NULL,
    payer TEXT NOT NULL,
    nonce BLOB NOT NULL,
    request_id TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    tokens_counted_by TEXT NOT NULL CHECK (tokens_counted_by IN ('provider', 'relay')),
    price INTEGER NOT NULL,
    transaction_hash TEXT NOT NULL,
    input_hash BLOB NOT NULL,
    output_hash BLOB NOT NULL,
    complete INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (asset, payer, nonce)
) STRICT, WITHOUT ROWID;
"""

Key = tuple[str, str, bytes]
"""Asset, payer, nonce: what an authorization is known by."""


@dataclass(frozen=True)
class PaymentRow:
    """A payment. `amount` is in micro-dollars."""

    key: Key
    state: str
    amount: int
    pay_to: str
    payload: bytes
    from_block: int
    input_hash: bytes
    request_id: str
    transaction_hash: str | None
    code: str | None
    message: str | None


@dataclass(frozen=True)
class Receipt:
    """What was delivered for a payment, without its content. Price in micro-dollars, times in milliseconds
    since 1970.

    Hashes are SHA-256 of the request's body and of the answer's body, as far as it was delivered.
    """

    request_id: str
    model: str
    provider: str
    tokens_in: int
    tokens_out: int
    tokens_counted_by: str
    price: int
    transaction_hash: str
    input_hash: bytes
    output_hash: bytes
    complete: bool
    started_at: int
    finished_at: int


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _payment(row: sqlite3.Row) -> PaymentRow:
    return PaymentRow(
        key=(row["asset"], row["payer"], row["nonce"]),
        state=row["state"],
        amount=row["amount"],
        pay_to=row["pay_to"],
        payload=row["payload"],
        from_block=row["from_block"],
        input_hash=row["input_hash"],
        request_id=row["request_id"],
        transaction_hash=row["transaction_hash"],
        code=row["code"],
        message=row["message"],
    )


_BY_KEY = "asset = ? AND payer = ? AND nonce = ?"


class Journal:
    """The file. Methods that are not `async` are done in order, without being waited for."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA, VERSION)

    def close(self) -> None:
        self._database.close()

    async def find(self, key: Key) -> PaymentRow | None:
        def work(db: sqlite3.Connection) -> PaymentRow | None:
            row = db.execute(f"SELECT * FROM payments WHERE {_BY_KEY}", key).fetchone()  # noqa: S608
            return _payment(row) if row else None

        return await self._database.run(work)

    async def settling(self) -> list[PaymentRow]:
        """Payments of which it is not known whether the money moved."""

        def work(db: sqlite3.Connection) -> list[PaymentRow]:
            return [_payment(row) for row in db.execute("SELECT * FROM payments WHERE state = 'settling'")]

        return await self._database.run(work)

    async def reserve(self, row: PaymentRow) -> None:
        """Takes an authorization for one request, durably. One that was not settled before may be taken
        again.

        Raises `ValueError` for one that was settled.
        """
        now = now_ms()

        def work(db: sqlite3.Connection) -> None:
            cursor = db.execute(
                """INSERT INTO payments VALUES (?, ?, ?, 'settling', ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?)
                   ON CONFLICT (asset, payer, nonce) DO UPDATE SET
                       state = 'settling', amount = excluded.amount, pay_to = excluded.pay_to,
                       payload = excluded.payload, from_block = excluded.from_block,
                       input_hash = excluded.input_hash, request_id = excluded.request_id, code = NULL,
                       message = NULL, updated_at = excluded.updated_at
                   WHERE state IN ('failed', 'settling')""",
                (
                    *row.key,
                    row.amount,
                    row.pay_to,
                    row.payload,
                    row.from_block,
                    row.input_hash,
                    row.request_id,
                    now,
                    now,
                ),
            )
            if cursor.rowcount != 1:
                raise ValueError("this authorization was settled already")

        await self._database.run(work)

    def settled(self, key: Key, transaction: str) -> None:
        """The money has moved."""
        self._update(key, "state = 'settled', transaction_hash = ?", transaction)

    def failed(self, key: Key, code: str, message: str) -> None:
        """The money has not moved, and nothing is under way that would move it."""
        self._update(key, "state = 'failed', code = ?, message = ?", code, message)

    async def serving(self, key: Key, receipt: Receipt) -> None:
        """The answer is complete but for its end: once this is durable, the end may be sent."""
        await self._database.run(lambda db: _deliver(db, key, receipt, "serving"))

    def served(self, key: Key) -> None:
        """The answer was sent whole."""
        self._update(key, "state = 'served'")

    def broken(self, key: Key, receipt: Receipt) -> None:
        """The answer ended early, after its first byte: paid for as it is."""
        self._database.submit(lambda db: _deliver(db, key, receipt, "served"))

    def _update(self, key: Key, what: str, *values: str) -> None:
        statement = f"UPDATE payments SET {what}, updated_at = ? WHERE {_BY_KEY}"  # noqa: S608
        self._database.submit(lambda db: db.execute(statement, (*values, now_ms(), *key)).rowcount)


def _deliver(db: sqlite3.Connection, key: Key, receipt: Receipt, state: str) -> None:
    db.execute(f"UPDATE payments SET state = ?, updated_at = ? WHERE {_BY_KEY}", (state, now_ms(), *key))  # noqa: S608
    db.execute(
        # A payment redeemed after a crash in the middle of its answer has one receipt, of the later answer.
        "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            receipt.request_id,
            receipt.model,
            receipt.provider,
            receipt.tokens_in,
            receipt.tokens_out,
            receipt.tokens_counted_by,
            receipt.price,
            receipt.transaction_hash,
            receipt.input_hash,
            receipt.output_hash,
            int(receipt.complete),
            receipt.started_at,
            receipt.finished_at,
        ),
    )

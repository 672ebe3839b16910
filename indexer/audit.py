"""Compares the database with the chain, three ways: the raw logs with the node's, every derived row with what the logs
say, and again with what the contracts' view functions answer at the indexed block.
"""

from base64 import b32decode
from collections.abc import Iterator
from functools import cache
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from cluster.chain.codec import Codec
from cluster.chain.events import EventDataError, text, values_of
from cluster.chain.manifest import Manifest
from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError
from indexer.api import queries
from indexer.chain import Position, RawLog
from indexer.decoder import Decoder, UnreadableLog
from indexer.handlers.cluster_token import ZERO
from indexer.reader import RangeTooLong, Reader
from indexer.store import Store
from indexer.sync import MAX_RANGE_BLOCKS
from indexer.writer import Writer

BATCH = 100
LEVELS = ("Public", "Member", "Buyer", "Creator")
SALE = 1_000_003
BPS = 10_000
# JSON-RPC's code for a call that reverted.
REVERTED = 3


class Audit:
    """Collects differences, each a sentence. `compared` says how many logs, rows and answers were looked at."""

    def __init__(self, store: Store, manifest: Manifest, rpc: Rpc) -> None:
        self._store = store
        self._db = store.db
        self._manifest = manifest
        self._rpc = rpc
        self._asked: list[tuple[str, str, tuple[Any, ...], Any]] = []
        self._codec = cache(lambda contract: Codec(manifest.contract(contract).abi))
        self._reader = cache(
            lambda contract, function, count: values_of(
                self._codec(contract).function(function, count).entry["outputs"]
            )
        )
        self.compared = 0

    def expect(self, contract: str, function: str, args: tuple[Any, ...], *expected: Any) -> None:
        """What a view must return (structs as tuples). The chain is asked later, with the others."""
        self._asked.append((contract, function, args, expected))

    async def differences(self) -> list[str]:
        """What differs between the database and the chain at the indexed block. The database may be written to
        meanwhile: one snapshot of it is looked at.
        """
        self._db.execute("BEGIN")
        try:
            return [
                *await self.logs_unlike_the_chain(),
                *self.rows_unlike_the_logs(),
                *await self.rows_unlike_the_views(),
            ]
        finally:
            self._db.execute("ROLLBACK")

    async def logs_unlike_the_chain(self) -> list[str]:
        """Reads all logs again."""
        end = self._store.position()
        at = self._start()
        reader = Reader(self._rpc, list(Decoder(self._manifest).contracts.values()), 0, MAX_RANGE_BLOCKS)
        wrong: list[str] = []
        while end is not None and at.block < end.block:
            try:
                read = await reader.read(at, end.block)
            except RangeTooLong:
                continue
            known = self._db.execute(
                "SELECT block, log_index, address, tx, topics, data FROM log WHERE block > ? AND block <= ?",
                (at.block, read.last.block),
            )
            ours, theirs = {RawLog(*row) for row in known}, set(read.logs)
            for only, where in ((ours - theirs, "the database"), (theirs - ours, "the chain")):
                wrong += [f"log {log.log_index} of block {log.block} is so in {where} only" for log in sorted(only)]
            self.compared += len(ours | theirs)
            at = read.last
        return wrong

    def _start(self) -> Position:
        number, block_hash = self._db.execute("SELECT number, hash FROM block ORDER BY number LIMIT 1").fetchone()
        return Position(number, block_hash)

    def rows_unlike_the_logs(self) -> Iterator[str]:
        """Derives all rows from the raw logs again, aside, and compares."""
        # An empty name is a temporary file, to SQLite.
        derived = Store("")
        try:
            decoder = Decoder(self._manifest)
            derived.begin(self._manifest.chain_id, decoder.contracts, self._store.block(self._start().block))
            Writer(derived, decoder, 0).rebuild(self._store.logs())
            for table, key in self._store.keys.items():
                yield from self._unlike_rows(derived, table, key)
        except UnreadableLog as error:
            yield f"no rows follow from the logs in the database: {error}"
        finally:
            derived.close()

    def _unlike_rows(self, derived: Store, table: str, key: tuple[str, ...]) -> Iterator[str]:
        columns = self._store.columns(table)
        key_of = itemgetter(*(columns.index(name) for name in key))
        query = f"SELECT * FROM {table} ORDER BY {', '.join(key)}"  # noqa: S608 - names are of our own schema
        ours = ((key_of(row), 0, row) for row in self._db.execute(query))
        theirs = ((key_of(row), 1, row) for row in derived.db.execute(query))
        for _, group in groupby(merge(ours, theirs, key=itemgetter(0)), key=itemgetter(0)):
            rows = {side: dict(zip(columns, row, strict=True)) for _, side, row in group}
            self.compared += 1
            if rows.get(0) != rows.get(1):
                yield f"{table}: {rows.get(0, 'nothing')} in the database, {rows.get(1, 'nothing')} by its logs"

    async def rows_unlike_the_views(self) -> list[str]:
        """Asks for every value that a view tells."""
        (block,) = self._db.execute("SELECT block FROM checkpoint").fetchone()
        self._asked.clear()
        self._datasets()
        self._versions()
        self._access()
        self._money()
        self._token()
        self._governance()
        wrong = []
        for start in range(0, len(self._asked), BATCH):
            part = self._asked[start : start + BATCH]
            answers = await self._rpc.batch_with_errors(
                [("eth_call", (self._call(*asked[:3]), hex(block))) for asked in part], kind=str
            )
            for (contract, function, args, expected), answer in zip(part, answers, strict=True):
                found = self._found(contract, function, len(args), answer)
                if found != expected:
                    wrong.append(f"{contract}.{function}{args} is {found} on chain, {expected} in the database")
        self.compared += len(self._asked)
        return wrong

    def _found(self, contract: str, function: str, count: int, answer: str | RpcError | None) -> Any:
        """What a view returned; that it reverted is an answer too."""
        if isinstance(answer, RpcError):
            if answer.code == REVERTED or "revert" in answer.message.lower():
                return "a revert"
            raise answer
        try:
            return self._reader(contract, function, count)(bytes.fromhex((answer or "")[2:]))
        except (EventDataError, ValueError) as error:
            raise NodeUnreachable(f"{contract}.{function}: the node's answer can't be read: {error}") from error

    def _call(self, contract: str, function: str, args: tuple[Any, ...]) -> dict[str, str]:
        data = self._codec(contract).function(function, len(args)).calldata(args)
        return {"to": self._manifest.contract(contract).address, "data": "0x" + data.hex()}

    def _datasets(self) -> None:
        rows = self._db.execute(
            "SELECT id, slug, creator, holder, approved, license, royalty_bps, version, uri, free, listed, "
            "delist_reason, rating_sum, rating_count, time FROM dataset"
        ).fetchall()
        currencies = [
            address for (address,) in self._db.execute("SELECT address FROM currency UNION SELECT currency FROM price")
        ]
        self.expect("DatasetNFT", "totalMinted", (), len(rows))
        holders: dict[str, int] = {}
        for row in rows:
            id_, slug, creator, holder, approved, license_id, royalty, version, uri = row[:9]
            free, listed, reason, rating_sum, rating_count, time = row[9:]
            holders[holder] = holders.get(holder, 0) + 1
            on_offer = bool(listed) and reason == 0
            self.expect("DatasetNFT", "ownerOf", (id_,), holder)
            self.expect("DatasetNFT", "getApproved", (id_,), approved or ZERO)
            self.expect("DatasetNFT", "tokenURI", (id_,), uri)
            self.expect("DatasetNFT", "royaltyInfo", (id_, SALE), creator, SALE * royalty // BPS)
            self._expect_provenance(id_, (creator, royalty, time, version), license_id)
            self.expect("DatasetRegistry", "tokenIdOf", (slug,), id_)
            self.expect("DatasetRegistry", "slugOf", (id_,), slug)
            self.expect("DatasetRegistry", "isOnOffer", (id_,), on_offer)
            listing = (bool(listed), bool(free), reason, rating_count, rating_sum)
            self.expect("DatasetRegistry", "listingOf", (id_,), listing)
            for currency in currencies:
                price = self._price(id_, currency)
                self.expect("DatasetRegistry", "priceOf", (id_, currency), price)
                self.expect("DatasetRegistry", "termsOf", (id_, currency), price, on_offer, bool(free), holder)
        for holder, count in holders.items():
            self.expect("DatasetNFT", "balanceOf", (holder,), count)
        for holder, operator in self._db.execute("SELECT holder, operator FROM dataset_operator"):
            self.expect("DatasetNFT", "isApprovedForAll", (holder, operator), True)
        for id_, reviewer, rating in self._db.execute("SELECT dataset_id, reviewer, rating FROM review"):
            self.expect("DatasetRegistry", "ratingOf", (id_, reviewer), rating)

    def _expect_provenance(self, id_: int, known: tuple[Any, ...], license_id: str) -> None:
        """The license is text in the database; what is not text is escaped there, and can't be turned
        back.
        """
        raw = license_id.encode()
        if len(raw) <= 32 and text(raw.ljust(32, b"\0").rstrip(b"\0")) == license_id and "\\" not in license_id:
            self.expect("DatasetNFT", "provenanceOf", (id_,), (*known, raw.ljust(32, b"\0")))

    def _price(self, id_: int, currency: str) -> int:
        found = self._db.execute(
            "SELECT amount FROM price WHERE dataset_id = ? AND currency = ?", (id_, currency)
        ).fetchone()
        return int(found[0]) if found else 0

    def _versions(self) -> None:
        rows = self._db.execute(
            "SELECT v.dataset_id, v.version, v.cid, v.manifest_hash, v.time, v.version = d.version "
            "FROM version v JOIN dataset d ON d.id = v.dataset_id"
        )
        for id_, version, cid, manifest_hash, time, latest in rows:
            code = cid[1:].upper()
            content = (b32decode(code + "=" * (-len(code) % 8)), bytes.fromhex(manifest_hash[2:]))
            self.expect("DatasetNFT", "contentOfVersion", (id_, version), content, time)
            if latest:
                self.expect("DatasetNFT", "contentOf", (id_,), content)

    def _access(self) -> None:
        """Of everybody who ever had to do with a dataset."""
        pairs = self._db.execute(
            "SELECT dataset_id, recipient FROM purchase UNION SELECT dataset_id, buyer FROM purchase "
            "UNION SELECT id, holder FROM dataset UNION SELECT id, creator FROM dataset"
        ).fetchall()
        for id_, account in pairs:
            found = queries.access(self._db, str(id_), account)
            if found is None:
                # A purchase of no dataset: the comparison with the logs tells it.
                continue
            self.expect("DatasetRegistry", "accessLevel", (id_, account), LEVELS.index(found["accessLevel"]))
            self.expect("DatasetRegistry", "canDownload", (id_, account), found["canDownload"])
            bought = self._db.execute(
                "SELECT count(*) FROM purchase WHERE dataset_id = ? AND recipient = ?", (id_, account)
            ).fetchone()[0]
            self.expect("PaymentRouter", "hasPurchased", (id_, account), bought == 1)

    def _money(self) -> None:
        owed: dict[str, int] = {}
        for account, currency, amount in self._db.execute("SELECT account, currency, amount FROM credit"):
            owed[currency] = owed.get(currency, 0) + int(amount)
            self.expect("PaymentRouter", "claimable", (currency, account), int(amount))
        for currency, accepted in self._db.execute("SELECT address, accepted FROM currency"):
            self.expect("PaymentRouter", "isCurrencyAccepted", (currency,), bool(accepted))
            self.expect("PaymentRouter", "totalClaimable", (currency,), owed.get(currency, 0))

    def _token(self) -> None:
        balances = self._db.execute("SELECT account, amount FROM token_balance").fetchall()
        for account, amount in balances:
            self.expect("ClusterToken", "balanceOf", (account,), int(amount))
        self.expect("ClusterToken", "totalSupply", (), sum(int(amount) for _, amount in balances))
        for account, delegate in self._db.execute("SELECT account, delegate FROM token_delegate"):
            self.expect("ClusterToken", "delegates", (account,), delegate)
        for account, amount in self._db.execute("SELECT account, amount FROM token_votes"):
            self.expect("ClusterToken", "getVotes", (account,), int(amount))
        for authorizer, nonce in self._db.execute("SELECT authorizer, nonce FROM token_authorization"):
            self.expect("ClusterToken", "authorizationState", (authorizer, bytes.fromhex(nonce[2:])), True)

    def _governance(self) -> None:
        settings = {(c, n): v for c, n, v in self._db.execute("SELECT contract, name, value FROM setting")}
        self.expect("PaymentRouter", "treasury", (), settings.get(("PaymentRouter", "treasury"), ZERO))
        self.expect("PaymentRouter", "paused", (), settings.get(("PaymentRouter", "paused")) == "1")
        router = settings.get(("DatasetRegistry", "payment_router"), ZERO)
        self.expect("DatasetRegistry", "paymentRouter", (), router)
        for contract, name in settings:
            if name == "authority":
                self.expect(contract, "authority", (), settings[contract, name])
        for role_id, account, since in self._db.execute("SELECT role_id, account, since FROM role_member").fetchall():
            self._expect_member(int(role_id), account, since)

    def _expect_member(self, role_id: int, account: str, since: int) -> None:
        delay, delay_since = self._db.execute(
            "SELECT delay, delay_since FROM role_member WHERE role_id = ? AND account = ?",
            (str(role_id), account),
        ).fetchone()
        (now,) = self._db.execute("SELECT max(time) FROM block").fetchone()
        if delay_since <= now:
            # (since, delay, pending delay, when that begins)
            self.expect("AccessManager", "getAccess", (role_id, account), since, delay, 0, 0)

"""Compares every derived row with what the contracts' view functions answer at the same block."""

from base64 import b32decode
from functools import cache
from typing import Any

from cluster.chain.codec import Codec
from cluster.chain.events import text, values_of
from cluster.chain.manifest import Manifest
from cluster.chain.rpc import Rpc
from indexer.api import queries
from indexer.handlers.cluster_token import ZERO
from indexer.store import Store

BATCH = 100
LEVELS = ("Public", "Member", "Buyer", "Creator")
SALE = 1_000_003
BPS = 10_000


class Audit:
    """Collects differences, each a sentence. `compared` says how many answers were looked at."""

    def __init__(self, store: Store, manifest: Manifest, rpc: Rpc) -> None:
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
        """What differs between the database and the chain at the indexed block."""
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
            answers = await self._rpc.batch(
                [("eth_call", (self._call(*asked[:3]), hex(block))) for asked in part], kind=str
            )
            for (contract, function, args, expected), answer in zip(part, answers, strict=True):
                found = self._reader(contract, function, len(args))(bytes.fromhex(answer[2:]))
                if found != expected:
                    wrong.append(f"{contract}.{function}{args} is {found} on chain, {expected} in the database")
        self.compared = len(self._asked)
        return wrong

    def _call(self, contract: str, function: str, args: tuple[Any, ...]) -> dict[str, str]:
        data = self._codec(contract).function(function, len(args)).calldata(args)
        return {"to": self._manifest.contract(contract).address, "data": "0x" + data.hex()}

    def _datasets(self) -> None:
        rows = self._db.execute(
            "SELECT id, slug, creator, holder, approved, license, royalty_bps, version, uri, free, listed, "
            "delist_reason, rating_sum, rating_count, time FROM dataset"
        ).fetchall()
        currencies = [address for (address,) in self._db.execute("SELECT address FROM currency")]
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
                self.expect("DatasetRegistry", "termsOf", (id_, currency), price, on_offer, bool(free))
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
                raise LookupError(f"dataset {id_} has purchases, but no row")
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

"""ClusterToken, DatasetNFT, DatasetRegistry, PaymentRouter, AccessManager."""

from indexer.api import queries
from indexer.handlers.values import ZERO
from indexer.views.question import Known, Questions, ask, content_of, padded

LEVELS = ("Public", "Member", "Buyer", "Creator")
SALE = 1_000_003
BPS = 10_000


def questions(known: Known) -> Questions:
    """All of them."""
    yield from _datasets(known)
    yield from _versions(known)
    yield from _access(known)
    yield from _money(known)
    yield from _token(known)
    yield from _governance(known)


def _datasets(known: Known) -> Questions:
    rows = known.db.execute(
        "SELECT id, slug, creator, holder, approved, license, royalty_bps, version, uri, free, listed, "
        "delist_reason, rating_sum, rating_count, time FROM dataset"
    ).fetchall()
    currencies = [
        address for (address,) in known.db.execute("SELECT address FROM currency UNION SELECT currency FROM price")
    ]
    yield ask("DatasetNFT", "totalMinted", (), len(rows))
    holders: dict[str, int] = {}
    for row in rows:
        id_, slug, creator, holder, approved, license_id, royalty, version, uri = row[:9]
        free, listed, reason, rating_sum, rating_count, time = row[9:]
        holders[holder] = holders.get(holder, 0) + 1
        on_offer = bool(listed) and reason == 0
        yield ask("DatasetNFT", "ownerOf", (id_,), holder)
        yield ask("DatasetNFT", "getApproved", (id_,), approved or ZERO)
        yield ask("DatasetNFT", "tokenURI", (id_,), uri)
        yield ask("DatasetNFT", "royaltyInfo", (id_, SALE), creator, SALE * royalty // BPS)
        word = padded(license_id)
        if word is not None:
            yield ask("DatasetNFT", "provenanceOf", (id_,), (creator, royalty, time, version, word))
        yield ask("DatasetRegistry", "tokenIdOf", (slug,), id_)
        yield ask("DatasetRegistry", "slugOf", (id_,), slug)
        yield ask("DatasetRegistry", "isOnOffer", (id_,), on_offer)
        listing = (bool(listed), bool(free), reason, rating_count, rating_sum)
        yield ask("DatasetRegistry", "listingOf", (id_,), listing)
        for currency in currencies:
            price = _price(known, id_, currency)
            yield ask("DatasetRegistry", "priceOf", (id_, currency), price)
            yield ask("DatasetRegistry", "termsOf", (id_, currency), price, on_offer, bool(free), holder)
    for holder, count in holders.items():
        yield ask("DatasetNFT", "balanceOf", (holder,), count)
    for holder, operator in known.db.execute("SELECT holder, operator FROM dataset_operator"):
        yield ask("DatasetNFT", "isApprovedForAll", (holder, operator), True)
    for id_, reviewer, rating in known.db.execute("SELECT dataset_id, reviewer, rating FROM review"):
        yield ask("DatasetRegistry", "ratingOf", (id_, reviewer), rating)


def _price(known: Known, id_: int, currency: str) -> int:
    found = known.db.execute(
        "SELECT amount FROM price WHERE dataset_id = ? AND currency = ?", (id_, currency)
    ).fetchone()
    return int(found[0]) if found else 0


def _versions(known: Known) -> Questions:
    rows = known.db.execute(
        "SELECT v.dataset_id, v.version, v.cid, v.manifest_hash, v.time, v.version = d.version "
        "FROM version v JOIN dataset d ON d.id = v.dataset_id"
    )
    for id_, version, cid, manifest_hash, time, latest in rows:
        content = content_of(cid, manifest_hash)
        yield ask("DatasetNFT", "contentOfVersion", (id_, version), content, time)
        if latest:
            yield ask("DatasetNFT", "contentOf", (id_,), content)


def _access(known: Known) -> Questions:
    """Of everybody who ever had to do with a dataset."""
    pairs = known.db.execute(
        "SELECT dataset_id, recipient FROM purchase UNION SELECT dataset_id, buyer FROM purchase "
        "UNION SELECT id, holder FROM dataset UNION SELECT id, creator FROM dataset"
    ).fetchall()
    for id_, account in pairs:
        found = queries.access(known.db, str(id_), account)
        if found is None:
            # A purchase of no dataset: the comparison with the logs tells it.
            continue
        yield ask("DatasetRegistry", "accessLevel", (id_, account), LEVELS.index(found["accessLevel"]))
        yield ask("DatasetRegistry", "canDownload", (id_, account), found["canDownload"])
        bought = known.db.execute(
            "SELECT count(*) FROM purchase WHERE dataset_id = ? AND recipient = ?", (id_, account)
        ).fetchone()[0]
        yield ask("PaymentRouter", "hasPurchased", (id_, account), bought == 1)


def _money(known: Known) -> Questions:
    owed: dict[str, int] = {}
    for account, currency, amount in known.db.execute(
        "SELECT account, currency, amount FROM credit WHERE contract = 'PaymentRouter'"
    ):
        owed[currency] = owed.get(currency, 0) + int(amount)
        yield ask("PaymentRouter", "claimable", (currency, account), int(amount))
    for currency, accepted in known.db.execute("SELECT address, accepted FROM currency"):
        yield ask("PaymentRouter", "isCurrencyAccepted", (currency,), bool(accepted))
        yield ask("PaymentRouter", "totalClaimable", (currency,), owed.get(currency, 0))


def _token(known: Known) -> Questions:
    balances = known.db.execute("SELECT account, amount FROM token_balance").fetchall()
    for account, amount in balances:
        yield ask("ClusterToken", "balanceOf", (account,), int(amount))
    yield ask("ClusterToken", "totalSupply", (), sum(int(amount) for _, amount in balances))
    for account, delegate in known.db.execute("SELECT account, delegate FROM token_delegate"):
        yield ask("ClusterToken", "delegates", (account,), delegate)
    for account, amount in known.db.execute("SELECT account, amount FROM token_votes"):
        yield ask("ClusterToken", "getVotes", (account,), int(amount))
    for authorizer, nonce in known.db.execute("SELECT authorizer, nonce FROM token_authorization"):
        yield ask("ClusterToken", "authorizationState", (authorizer, bytes.fromhex(nonce[2:])), True)


def _governance(known: Known) -> Questions:
    settings = {(c, n): v for c, n, v in known.db.execute("SELECT contract, name, value FROM setting")}
    yield ask("PaymentRouter", "treasury", (), settings.get(("PaymentRouter", "treasury"), ZERO))
    yield ask("PaymentRouter", "paused", (), settings.get(("PaymentRouter", "paused")) == "1")
    router = settings.get(("DatasetRegistry", "payment_router"), ZERO)
    yield ask("DatasetRegistry", "paymentRouter", (), router)
    for contract, name in settings:
        if name == "authority":
            yield ask(contract, "authority", (), settings[contract, name])
    for role_id, account, since in known.db.execute("SELECT role_id, account, since FROM role_member").fetchall():
        yield from _member(known, int(role_id), account, since)


def _member(known: Known, role_id: int, account: str, since: int) -> Questions:
    delay, delay_since = known.db.execute(
        "SELECT delay, delay_since FROM role_member WHERE role_id = ? AND account = ?",
        (str(role_id), account),
    ).fetchone()
    if delay_since <= known.time:
        # (since, delay, pending delay, when that begins)
        yield ask("AccessManager", "getAccess", (role_id, account), since, delay, 0, 0)

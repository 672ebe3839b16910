"""InferenceSettlement, PrepaidBalances, PriceFeeds, ReceiptRegistry, BatchSettlement."""

from collections import Counter

from indexer.handlers.prepaid_balances import renewed
from indexer.handlers.values import ZERO
from indexer.views.question import Known, Questions, ask, raw

SETTLEMENT, PREPAID, PRICES = "InferenceSettlement", "PrepaidBalances", "PriceFeeds"
RECEIPTS, CHANNELS = "ReceiptRegistry", "BatchSettlement"


def questions(known: Known) -> Questions:
    """All of them."""
    yield from _settlement(known)
    yield from _prepaid(known)
    yield from _prices(known)
    yield from _receipts(known)
    if CHANNELS in known.manifest.contracts:
        yield from _channels(known)


def _settlement(known: Known) -> Questions:
    yield ask(SETTLEMENT, "treasury", (), known.setting(SETTLEMENT, "treasury", ZERO))
    owed: Counter[str] = Counter()
    for account, currency, amount in known.rows(
        "SELECT account, currency, amount FROM credit WHERE contract = ?", SETTLEMENT
    ):
        owed[currency] += int(amount)
        yield ask(SETTLEMENT, "claimable", (currency, account), int(amount))
    for model_id, version, operator, currency, funded in known.rows(
        "SELECT model_id, version, operator, currency, funded FROM till"
    ):
        owed[currency] += int(funded)
        yield ask(SETTLEMENT, "fundedFor", (int(model_id), version, operator, currency), int(funded))
    for currency, amount in owed.items():
        yield ask(SETTLEMENT, "totalOwed", (currency,), amount)


def _prepaid(known: Known) -> Questions:
    yield ask(PREPAID, "paused", (), known.setting(PREPAID, "paused") == "1")
    total: Counter[str] = Counter()
    for account, currency, amount in known.rows("SELECT account, currency, amount FROM prepaid_balance"):
        total[currency] += int(amount)
        yield ask(PREPAID, "balanceOf", (account, currency), int(amount))
    for currency, amount in total.items():
        yield ask(PREPAID, "totalBalance", (currency,), amount)
    for account, relay, limit, period, spent, since in known.rows(
        "SELECT account, relay, spending_limit, period, spent, since FROM prepaid_grant"
    ):
        now = renewed({"period": period, "spent": spent, "since": since}, known.time)
        yield ask(PREPAID, "grantOf", (account, relay), (int(limit), period, int(now["spent"]), now["since"]))


def _prices(known: Known) -> Questions:
    sequencer = known.setting(PRICES, "sequencer_feed", ZERO), int(known.setting(PRICES, "grace_period"))
    yield ask(PRICES, "sequencerFeed", (), *sequencer)
    for currency, primary, secondary, max_age, deviation, decimals, low, high in known.rows("SELECT * FROM price_feed"):
        sources = (primary or ZERO, secondary or ZERO)
        yield ask(PRICES, "feedOf", (currency,), (*sources, max_age, deviation, decimals, int(low), int(high)))


def _receipts(known: Known) -> Questions:
    for relay, count in known.rows("SELECT relay, count(*) FROM receipt_batch GROUP BY relay"):
        yield ask(RECEIPTS, "batchCount", (relay,), count)
    for relay, batch, root, receipts, paid, payments, time in known.rows(
        "SELECT relay, batch, root, receipts, paid, payments, time FROM receipt_batch"
    ):
        drawn = raw(payments) if payments else bytes(32)
        yield ask(RECEIPTS, "batchOf", (relay, batch), (raw(root), time, receipts, bool(paid), drawn))


def _channels(known: Known) -> Questions:
    for channel, balance, claimed, withdrawing, since in known.rows(
        "SELECT channel_id, balance, claimed, withdrawing, withdrawing_since FROM channel"
    ):
        yield ask(CHANNELS, "channels", (raw(channel),), int(balance), int(claimed))
        yield ask(CHANNELS, "pendingWithdrawals", (raw(channel),), int(withdrawing or 0), since or 0)
    for channel, *config, salt in known.rows(
        "SELECT channel_id, payer, coalesce(payer_authorizer, ?), receiver, receiver_authorizer, token, "
        "withdraw_delay, salt FROM channel",
        ZERO,
    ):
        yield ask(CHANNELS, "getChannelId", ((*config, raw(salt)),), raw(channel))
    # One that was there before the deployment has receivers whose claims are older than what was read.
    if known.manifest.contract(CHANNELS).transaction:
        for receiver, token, claimed, settled in known.rows(
            "SELECT receiver, token, claimed, settled FROM channel_receiver"
        ):
            yield ask(CHANNELS, "receivers", (receiver, token), int(claimed), int(settled))

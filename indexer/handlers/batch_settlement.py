"""BatchSettlement: x402's payment channels. On a public chain it was there before us, with channels of all the world:
of one that was opened before the first block that is read nothing is known, and its events are passed over.
"""

from collections.abc import Callable

from indexer.event import Event
from indexer.handlers.values import hexed, known
from indexer.rows import Row, Rows


def channel_created(rows: Rows, event: Event) -> None:
    channel_id = hexed(event["channelId"])
    if rows.get("channel", channel_id) is not None:
        rows.change("channel", channel_id, closed=0)
        return
    payer, payer_authorizer, receiver, receiver_authorizer, token, withdraw_delay, salt = event["config"]
    rows.put(
        "channel",
        channel_id=channel_id,
        payer=payer,
        payer_authorizer=known(payer_authorizer),
        receiver=receiver,
        receiver_authorizer=receiver_authorizer,
        token=token,
        withdraw_delay=withdraw_delay,
        salt=hexed(salt),
        balance="0",
        claimed="0",
        withdrawing=None,
        withdrawing_since=None,
        closed=0,
        **event.place,
    )


def channel_closed(rows: Rows, event: Event) -> None:
    if _channel(rows, event) is not None:
        rows.change("channel", hexed(event["channelId"]), closed=1)


def deposited(rows: Rows, event: Event) -> None:
    if _channel(rows, event) is not None:
        rows.change("channel", hexed(event["channelId"]), balance=str(event["newBalance"]))
        _put_change(rows, event, "deposit", event["amount"])


def claimed(rows: Rows, event: Event) -> None:
    channel = _channel(rows, event)
    if channel is None:
        return
    rows.change("channel", channel["channel_id"], claimed=str(event["newTotalClaimed"]))
    _count(rows, channel["receiver"], channel["token"], claimed=event["claimAmount"])
    _put_change(rows, event, "claim", event["claimAmount"])


def settled(rows: Rows, event: Event) -> None:
    _count(rows, event["receiver"], event["token"], settled=event["amount"])


def refunded(rows: Rows, event: Event) -> None:
    """Comes off a withdrawal that is under way."""
    channel, amount = _channel(rows, event), event["amount"]
    if channel is None:
        return
    rows.change("channel", channel["channel_id"], balance=str(int(channel["balance"]) - amount))
    if channel["withdrawing"] is not None:
        left = int(channel["withdrawing"]) - amount
        _withdraw(rows, channel, left if left > 0 else None, channel["withdrawing_since"])
    _put_change(rows, event, "refund", amount)


def withdraw_initiated(rows: Rows, event: Event) -> None:
    channel = _channel(rows, event)
    if channel is not None:
        _withdraw(rows, channel, event["amount"], event.time)
        _put_change(rows, event, "withdrawal begun", event["amount"])


def withdraw_finalized(rows: Rows, event: Event) -> None:
    channel = _channel(rows, event)
    if channel is not None:
        rows.change("channel", channel["channel_id"], balance=str(int(channel["balance"]) - event["amount"]))
        _withdraw(rows, channel, None, None)
        _put_change(rows, event, "withdrawal", event["amount"])


def _channel(rows: Rows, event: Event) -> Row | None:
    return rows.get("channel", hexed(event["channelId"]))


def _withdraw(rows: Rows, channel: Row, amount: int | None, since: int | None) -> None:
    withdrawing = None if amount is None else str(amount)
    rows.change(
        "channel",
        channel["channel_id"],
        withdrawing=withdrawing,
        withdrawing_since=None if amount is None else since,
    )


def _count(rows: Rows, receiver: str, token: str, claimed: int = 0, settled: int = 0) -> None:
    found = rows.get("channel_receiver", receiver, token) or {"claimed": "0", "settled": "0"}
    rows.put(
        "channel_receiver",
        receiver=receiver,
        token=token,
        claimed=str(int(found["claimed"]) + claimed),
        settled=str(int(found["settled"]) + settled),
    )


def _put_change(rows: Rows, event: Event, kind: str, amount: int) -> None:
    rows.put(
        "channel_change",
        channel_id=hexed(event["channelId"]),
        kind=kind,
        sender=event.values.get("sender"),
        amount=str(amount),
        **event.place,
    )


HANDLERS: dict[str, Callable[[Rows, Event], None]] = {
    "ChannelCreated": channel_created,
    "ChannelClosed": channel_closed,
    "Deposited": deposited,
    "Claimed": claimed,
    "Settled": settled,
    "Refunded": refunded,
    "WithdrawInitiated": withdraw_initiated,
    "WithdrawFinalized": withdraw_finalized,
}
IGNORED = {"EIP712DomainChanged"}

"""MemberStaking: what members staked for a tier, and the tiers."""

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.handlers.money import PAUSE_HANDLERS, cp_rescued
from indexer.handlers.values import add
from indexer.rows import Rows


def staked(rows: Rows, event: Event) -> None:
    account = event["account"]
    if rows.get("member", account) is None:
        rows.put("member", account=account, staked="0", cooling="0", release_at=0, **event.place)
    add(rows, "member", account, staked=event["amount"])
    _put_change(rows, event, "staked", event["payer"])


def cooling_started(rows: Rows, event: Event) -> None:
    add(rows, "member", event["account"], staked=-event["amount"], cooling=event["amount"])
    rows.change("member", event["account"], release_at=event["releaseAt"])
    _put_change(rows, event, "cooling", None)


def cooling_canceled(rows: Rows, event: Event) -> None:
    add(rows, "member", event["account"], staked=event["amount"], cooling=-event["amount"])
    _put_change(rows, event, "canceled", None)


def withdrawn(rows: Rows, event: Event) -> None:
    add(rows, "member", event["account"], cooling=-event["amount"])
    _put_change(rows, event, "withdrawn", event["to"])


def _put_change(rows: Rows, event: Event, kind: str, other: str | None) -> None:
    rows.put(
        "member_change",
        account=event["account"],
        kind=kind,
        amount=str(event["amount"]),
        other=other,
        **event.place,
    )


def tiers_set(rows: Rows, event: Event) -> None:
    tiers = event["tiers"]
    for tier, (min_stake, discount_bps, priority) in enumerate(tiers, 1):
        rows.put("member_tier", tier=tier, min_stake=str(min_stake), discount_bps=discount_bps, priority=priority)
    beyond = len(tiers) + 1
    while rows.get("member_tier", beyond) is not None:
        rows.remove("member_tier", beyond)
        beyond += 1


def cooldown_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "cooldown", str(event["cooldown"]))


HANDLERS = {
    "Staked": staked,
    "CoolingStarted": cooling_started,
    "CoolingCanceled": cooling_canceled,
    "Withdrawn": withdrawn,
    "TiersSet": tiers_set,
    "CooldownSet": cooldown_set,
    "SurplusRescued": cp_rescued,
    **PAUSE_HANDLERS,
}
IGNORED: set[str] = set()

"""IdleIncentives: challenges, answers, and what was paid for them."""

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.handlers.money import PAUSE_HANDLERS, cp_rescued
from indexer.handlers.values import add, known
from indexer.rows import Rows


def funded(rows: Rows, event: Event) -> None:
    _move(rows, event, funds=event["amount"])


def challenge_opened(rows: Rows, event: Event) -> None:
    pot = event["pot"]
    _move(rows, event, funds=-pot, reserved=pot)
    rows.put(
        "idle_epoch",
        epoch=event["epoch"],
        pot=str(pot),
        weight="0",
        first_pot=str(pot),
        answers=0,
        closes_at=event["closesAt"],
        **event.place,
    )


def answered(rows: Rows, event: Event) -> None:
    epoch = add(rows, "idle_epoch", event["epoch"], weight=event["weight"])
    rows.change("idle_epoch", event["epoch"], answers=epoch["answers"] + 1)
    rows.put(
        "idle_answer",
        epoch=event["epoch"],
        operator=event["operator"],
        answered_by=event["by"],
        weight=str(event["weight"]),
        paid=None,
        **event.place,
    )


def paid(rows: Rows, event: Event) -> None:
    key = event["epoch"], event["operator"]
    answer = rows.get("idle_answer", *key)
    if answer is None:
        raise LookupError(f"{event['operator']} is paid for epoch {event['epoch']} and never answered")
    add(rows, "idle_epoch", event["epoch"], pot=-event["amount"], weight=-int(answer["weight"]))
    rows.change("idle_answer", *key, paid=str(event["amount"]))
    _move(rows, event, reserved=-event["amount"])


def pot_returned(rows: Rows, event: Event) -> None:
    rows.change("idle_epoch", event["epoch"], pot="0")
    _move(rows, event, funds=event["amount"], reserved=-event["amount"])


def _move(rows: Rows, event: Event, **amounts: int) -> None:
    for name, amount in amounts.items():
        found = rows.get("setting", event.contract, name)
        set_setting(rows, event, name, str((int(found["value"]) if found else 0) + amount))


def node_set(rows: Rows, event: Event) -> None:
    _change_operator(rows, event["operator"], node=known(event["node"]))


def capacity_class_set(rows: Rows, event: Event) -> None:
    _change_operator(rows, event["operator"], capacity_class=event["capacityClass"])


def _change_operator(rows: Rows, operator: str, **columns: str | int | None) -> None:
    found = rows.get("idle_operator", operator) or {"operator": operator, "node": None, "capacity_class": 0}
    rows.put("idle_operator", **{**found, **columns})


def class_weight_set(rows: Rows, event: Event) -> None:
    rows.put("idle_class", capacity_class=event["capacityClass"], weight=event["weight"])


def rate_set(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "rate", str(event["rate"]))


HANDLERS = {
    "Funded": funded,
    "ChallengeOpened": challenge_opened,
    "Answered": answered,
    "Paid": paid,
    "PotReturned": pot_returned,
    "NodeSet": node_set,
    "CapacityClassSet": capacity_class_set,
    "ClassWeightSet": class_weight_set,
    "RateSet": rate_set,
    "SurplusRescued": cp_rescued,
    **PAUSE_HANDLERS,
}
IGNORED: set[str] = set()

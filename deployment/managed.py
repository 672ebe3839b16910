"""A restricted call, made as the AccessManager demands it of the caller: at once, or scheduled and executed later."""

import time

from msgspec import Struct

from deployment import wiring
from deployment.chain import Chain
from deployment.errors import DeploymentError, NothingToDo
from deployment.sender import Sender


class NextCall(Struct, frozen=True, rename="camel"):
    """A transaction that somebody else has to send: a multisig perhaps."""

    sender: str
    to: str
    data: str

    def __str__(self) -> str:
        return f"next, {self.sender} sends this to {self.to}:\n{self.data}"


class Outcome(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How far a call is. `state` is done, scheduled, or waiting for somebody else's transaction. `ready_at` is in unix
    seconds. `target` and `data` are the call itself, as a governor would vote on it.
    """

    what: str
    state: str
    target: str
    data: str
    ready_at: int | None = None
    next_call: NextCall | None = None

    def __str__(self) -> str:
        lines = [f"{self.what}: {self.state}"]
        if self.ready_at is not None:
            lines.append(f"run the command again from {utc(self.ready_at)} on")
        if self.next_call is not None:
            lines.append(str(self.next_call))
        return "\n".join(lines)


def utc(at: int) -> str:
    """Unix seconds as people write them."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def make(
    chain: Chain, sender: Sender, manager: str, what: str, target: str, data: bytes, holder: str | None = None
) -> Outcome:
    """Takes a call one step further: makes it, schedules it, or executes what was scheduled. For a `holder` other than
    the signing account nothing is sent; the outcome says what that one has to send. Raises `NothingToDo` while the
    delay runs.
    """
    holder = holder or chain.sender
    immediate, delay = chain.read(wiring.MANAGER, manager, "canCall", holder, target, data[:4])
    if not immediate and not delay:
        raise DeploymentError(f"{holder} may not do this: {what}. `ape run roles list` shows who may")
    state, to, call = "done", target, data
    at = 0
    if not immediate:
        operation = chain.read(wiring.MANAGER, manager, "hashOperation", holder, target, data)
        at = int(chain.read(wiring.MANAGER, manager, "getSchedule", operation))
        if at > chain.now():
            raise NothingToDo(f"{what}: scheduled already, can be executed from {utc(at)}")
        to = manager
        if at:
            call = chain.encode(wiring.MANAGER, "execute", target, data)
        else:
            state = "scheduled"
            call = chain.encode(wiring.MANAGER, "schedule", target, data, 0)
    shown = "0x" + data.hex()
    if holder != chain.sender:
        following = NextCall(holder, to, "0x" + call.hex())
        return Outcome(what, f"waiting for {holder}", target, shown, next_call=following)
    sender.call(what if state == "done" else f"schedule {what}", to, call)
    if state == "scheduled":
        at = int(chain.read(wiring.MANAGER, manager, "getSchedule", operation))
        return Outcome(what, state, target, shown, ready_at=at)
    return Outcome(what, state, target, shown)

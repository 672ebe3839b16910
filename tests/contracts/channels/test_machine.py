"""Any sequence of deposits, claims (replayed, lowered, excessive, forged), settlements, withdrawals and refunds leaves
the contract holding exactly what it owes.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cluster.testing import Chain, Reverted
from cluster.testing.host import calls
from tests.contracts.channels.model import Model, Refused
from tests.contracts.channels.world import QUARTER_HOUR, Channel, World, batch_signature, build, refund_signature
from tests.contracts.promised import PROMISED

SALTS = st.integers(0, 2)
AMOUNTS = st.one_of(st.integers(0, 3), st.integers(0, 2_000))
EXAMPLES, STEPS = 180, 50


@cache
def _built() -> tuple[Chain, World]:
    """One for all runs, each of which is undone."""
    chain = Chain()
    return chain, build(chain)


class Channels(RuleBasedStateMachine):
    """Drives contract and model together."""

    def __init__(self) -> None:
        super().__init__()
        self.chain, self.world = _built()
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        self.model = Model(QUARTER_HOUR)
        self.seen: list[tuple[Channel, tuple[Any, ...]]] = []

    def teardown(self) -> None:
        self.isolation.__exit__(None, None, None)

    def both(self, model: Callable[[], None], contract: Callable[[], object]) -> None:
        """Either both do it, or both refuse for the same reason."""
        expected, found = "", ""
        try:
            model()
        except Refused as refused:
            expected = refused.name
        try:
            contract()
        except Reverted as reverted:
            found = reverted.name
        assert found == expected

    def channel(self, salt: int) -> Channel:
        return self.world.channel(salt=salt)

    @rule(salt=SALTS, amount=AMOUNTS)
    def deposit(self, salt: int, amount: int) -> None:
        self.both(lambda: self.model.deposit(salt, amount), lambda: self.world.deposit(self.channel(salt), amount))

    @rule(salt=SALTS, ceiling=AMOUNTS, over=st.integers(-50, 1), signed=st.booleans())
    def claim(self, salt: int, ceiling: int, over: int, signed: bool) -> None:
        channel, total = self.channel(salt), max(ceiling + over, 0)
        claim = channel.voucher(ceiling, total)
        self.seen.append((channel, claim))
        self.both(lambda: self.model.claim(salt, ceiling, total), lambda: self._send(channel, claim, signed))

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), signed=st.booleans())
    def replay(self, data: st.DataObject, signed: bool) -> None:
        channel, claim = data.draw(st.sampled_from(self.seen))
        ceiling, total = claim[0][1], claim[2]
        self.both(lambda: self.model.claim(channel.salt, ceiling, total), lambda: self._send(channel, claim, signed))

    @rule(salt=SALTS, extra=st.integers(1, 50), kind=st.sampled_from(["signer", "channel", "ceiling"]))
    def forge(self, salt: int, extra: int, kind: str) -> None:
        channel, escrow = self.channel(salt), self.model.escrow(salt)
        total = escrow.claimed + extra
        forged = {
            "signer": channel.voucher(total, by=self.world.stranger),
            "channel": ((channel.config, total), self.channel(9).voucher(total)[1], total),
            "ceiling": ((channel.config, total), channel.voucher(total - 1)[1], total),
        }[kind]

        def model() -> None:
            raise Refused("ClaimExceedsBalance" if total > escrow.balance else "InvalidSignature")

        self.both(model, lambda: self._send(channel, forged, False))

    @rule()
    def settle(self) -> None:
        world = self.world
        self.both(self.model.settle, lambda: world.channels.settle(world.receiver, world.usdc, sender=world.stranger))

    @rule(salt=SALTS, amount=AMOUNTS)
    def initiate(self, salt: int, amount: int) -> None:
        config, now = self.channel(salt).config, self.chain.time
        self.both(
            lambda: self.model.initiate(salt, amount, now),
            lambda: self.world.channels.initiateWithdraw(config, amount, sender=self.world.payer),
        )

    @rule(salt=SALTS)
    def finalize(self, salt: int) -> None:
        config, now = self.channel(salt).config, self.chain.time
        self.both(
            lambda: self.model.finalize(salt, now),
            lambda: self.world.channels.finalizeWithdraw(config, sender=self.world.payer),
        )

    @rule(salt=SALTS, amount=AMOUNTS)
    def refund(self, salt: int, amount: int) -> None:
        config = self.channel(salt).config
        self.both(
            lambda: self.model.refund(salt, amount, None),
            lambda: self.world.channels.refund(config, amount, sender=self.world.receiver),
        )

    @rule(salt=SALTS, amount=AMOUNTS, off=st.sampled_from([0, 0, 1]))
    def signed_refund(self, salt: int, amount: int, off: int) -> None:
        channel = self.channel(salt)
        nonce = self.model.escrow(salt).nonce + off
        signature = refund_signature(self.world.authorizer, channel, amount, nonce)
        self.both(
            lambda: self.model.refund(salt, amount, nonce),
            lambda: self.world.channels.refundWithSignature(
                channel.config, amount, nonce, signature, sender=self.world.stranger
            ),
        )

    @rule(seconds=st.sampled_from([1, QUARTER_HOUR - 1, QUARTER_HOUR]))
    def wait(self, seconds: int) -> None:
        self.chain.mine(seconds)

    @rule(blocked=st.booleans())
    def blacklist_the_receiver(self, blocked: bool) -> None:
        change = self.world.usdc.blacklist if blocked else self.world.usdc.unBlacklist
        change(self.world.receiver, sender=self.world.circle)
        self.model.receiver_blocked = blocked

    @invariant()
    def holds_exactly_what_it_owes(self) -> None:
        world = self.world
        assert world.usdc.balanceOf(world.channels) == self.model.held
        assert world.usdc.balanceOf(world.collector) == 0
        assert world.usdc.balanceOf(world.payer) == self.model.payer
        assert world.usdc.balanceOf(world.receiver) == self.model.receiver
        assert world.channels.receivers(world.receiver, world.usdc) == (self.model.claimed, self.model.settled)

    @invariant()
    def every_channel_is_as_the_model_has_it(self) -> None:
        for salt, escrow in self.model.escrows.items():
            id_ = self.channel(salt).id
            assert self.world.channels.channels(id_) == (escrow.balance, escrow.claimed)
            assert self.world.channels.pendingWithdrawals(id_) == (escrow.withdrawing, escrow.since or 0)
            assert self.world.channels.refundNonce(id_) == escrow.nonce

    def _send(self, channel: Channel, claim: tuple[Any, ...], signed: bool) -> None:
        world = self.world
        if signed:
            signature = batch_signature(world.authorizer, [(channel, claim)])
            world.channels.claimWithSignature([claim], signature, sender=world.stranger)
        else:
            world.channels.claim([claim], sender=world.receiver)


def test_the_channels_hold_exactly_what_they_owe() -> None:
    before = calls["transact"]
    run_state_machine_as_test(
        Channels, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True)
    )
    assert calls["transact"] - before >= PROMISED["channels"]

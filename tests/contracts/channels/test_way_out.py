"""Withdrawals by the payer's side and refunds by the receiver's: never what was claimed, never twice."""

from collections.abc import Callable

import pytest

from cluster.testing import Account, reverts
from tests.contracts.channels.world import QUARTER_HOUR, World, refund_signature


def test_a_withdrawal_waits_and_then_goes_to_the_payer(world: World) -> None:
    authorizer = world.chain.account("session key")
    channel = world.channel(payer_authorizer=authorizer)
    world.deposit(channel, 100)
    receipt = world.channels.initiateWithdraw(channel.config, 70, sender=authorizer)
    (event,) = receipt.named("WithdrawInitiated")
    assert (event.channelId, event.amount) == (channel.id, 70)
    amount, initiated = world.channels.pendingWithdrawals(channel.id)
    assert (amount, event.finalizeAfter) == (70, initiated + QUARTER_HOUR)
    world.chain.mine(QUARTER_HOUR)
    receipt = world.channels.finalizeWithdraw(channel.config, sender=authorizer)
    receipt.expect("WithdrawFinalized", channelId=channel.id, sender=authorizer, amount=70)
    assert world.usdc.balanceOf(world.payer) == 70
    assert world.channels.channels(channel.id) == (30, 0)
    assert world.channels.pendingWithdrawals(channel.id) == (0, 0)


def test_a_second_too_early__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.initiateWithdraw(channel.config, 70, sender=world.payer)
    _, initiated = world.channels.pendingWithdrawals(channel.id)
    world.chain.mine(QUARTER_HOUR - 1)
    with reverts("WithdrawDelayNotElapsed", initiated + QUARTER_HOUR):
        world.channels.finalizeWithdraw(channel.config, sender=world.payer)


def test_a_claim_during_the_delay_comes_first(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.initiateWithdraw(channel.config, 100, sender=world.payer)
    world.channels.claim([channel.voucher(80)], sender=world.receiver)
    world.chain.mine(QUARTER_HOUR)
    world.channels.finalizeWithdraw(channel.config, sender=world.payer).expect("WithdrawFinalized", amount=20)
    world.channels.settle(world.receiver, world.usdc, sender=world.receiver)
    assert world.usdc.balanceOf(world.payer) == 20
    assert world.usdc.balanceOf(world.receiver) == 80


def test_a_withdrawal_of_what_was_claimed_meanwhile_moves_nothing(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.initiateWithdraw(channel.config, 100, sender=world.payer)
    world.channels.claim([channel.voucher(100)], sender=world.receiver)
    world.chain.mine(QUARTER_HOUR)
    world.channels.finalizeWithdraw(channel.config, sender=world.payer).expect("WithdrawFinalized", amount=0)
    assert world.usdc.balanceOf(world.payer) == 0
    assert world.channels.pendingWithdrawals(channel.id) == (0, 0)


def test_a_claim_after_the_withdrawal_is_bounded_by_what_is_left(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.initiateWithdraw(channel.config, 100, sender=world.payer)
    world.chain.mine(QUARTER_HOUR)
    world.channels.finalizeWithdraw(channel.config, sender=world.payer).expect("ChannelClosed", channelId=channel.id)
    with reverts("ClaimExceedsBalance", 80, 0):
        world.channels.claim([channel.voucher(80)], sender=world.receiver)


def test_one_withdrawal_at_a_time_and_none_without_one(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    with reverts("WithdrawalNotPending", channel.id):
        world.channels.finalizeWithdraw(channel.config, sender=world.payer)
    world.channels.initiateWithdraw(channel.config, 10, sender=world.payer)
    with reverts("WithdrawalAlreadyPending", channel.id):
        world.channels.initiateWithdraw(channel.config, 10, sender=world.payer)


def test_a_withdrawal_of_nothing_or_of_more_than_there_is__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(40)], sender=world.receiver)
    with reverts("ZeroAmount"):
        world.channels.initiateWithdraw(channel.config, 0, sender=world.payer)
    with reverts("WithdrawAmountExceedsAvailable", 61, 60):
        world.channels.initiateWithdraw(channel.config, 61, sender=world.payer)


@pytest.mark.parametrize("who", ["stranger", "receiver", "authorizer", "relayer"])
def test_only_the_payers_side_withdraws(world: World, who: str) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    caller: Account = getattr(world, who)
    with reverts("NotPayerSide", caller):
        world.channels.initiateWithdraw(channel.config, 10, sender=caller)
    world.channels.initiateWithdraw(channel.config, 10, sender=world.payer)
    world.chain.mine(QUARTER_HOUR)
    with reverts("NotPayerSide", caller):
        world.channels.finalizeWithdraw(channel.config, sender=caller)


@pytest.mark.parametrize("who", ["receiver", "authorizer"])
def test_the_receivers_side_refunds_what_is_not_claimed(world: World, who: str) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(40)], sender=world.receiver)
    receipt = world.channels.refund(channel.config, 1_000, sender=getattr(world, who))
    receipt.expect("Refunded", channelId=channel.id, sender=getattr(world, who), amount=60)
    assert receipt.named("ChannelClosed") == []
    assert world.usdc.balanceOf(world.payer) == 60
    assert world.channels.channels(channel.id) == (40, 40)
    assert world.channels.refundNonce(channel.id) == 1


def test_only_the_receivers_side_refunds(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    for caller in (world.payer, world.stranger):
        with reverts("NotReceiverSide", caller):
            world.channels.refund(channel.config, 10, sender=caller)


def test_a_signed_refund_can_be_sent_by_anyone_once(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    signature = refund_signature(world.authorizer, channel, 30, 0)
    receipt = world.channels.refundWithSignature(channel.config, 30, 0, signature, sender=world.stranger)
    receipt.expect("Refunded", sender=world.stranger, amount=30)
    with reverts("InvalidRefundNonce", 0, 1):
        world.channels.refundWithSignature(channel.config, 30, 0, signature, sender=world.stranger)


def test_a_refund_makes_those_signed_before_worthless(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    signature = refund_signature(world.authorizer, channel, 30, 0)
    world.channels.refund(channel.config, 5, sender=world.receiver)
    with reverts("InvalidRefundNonce", 0, 1):
        world.channels.refundWithSignature(channel.config, 30, 0, signature, sender=world.stranger)


def test_a_refund_signed_by_somebody_else_or_for_another_amount_or_channel__reverts(world: World) -> None:
    channel, other = world.channel(), world.channel(salt=1)
    world.deposit(channel, 100)
    world.deposit(other, 100)
    for signature in (
        refund_signature(world.stranger, channel, 30, 0),
        refund_signature(world.authorizer, channel, 31, 0),
        refund_signature(world.authorizer, other, 30, 0),
    ):
        with reverts("InvalidSignature", world.authorizer):
            world.channels.refundWithSignature(channel.config, 30, 0, signature, sender=world.stranger)
    assert world.channels.refundNonce(channel.id) == 0


def test_a_refund_of_nothing__reverts_and_one_of_nothing_left_moves_nothing(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    with reverts("ZeroAmount"):
        world.channels.refund(channel.config, 0, sender=world.receiver)
    world.channels.claim([channel.voucher(100)], sender=world.receiver)
    assert world.channels.refund(channel.config, 1, sender=world.receiver).events == []
    assert world.channels.refundNonce(channel.id) == 1


@pytest.mark.parametrize(("refund", "left"), [(30, 40), (70, 0), (90, 0)])
def test_a_refund_counts_towards_a_pending_withdrawal(world: World, refund: int, left: int) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.initiateWithdraw(channel.config, 70, sender=world.payer)
    world.channels.refund(channel.config, refund, sender=world.receiver)
    amount, initiated = world.channels.pendingWithdrawals(channel.id)
    assert (amount, initiated != 0) == (left, left != 0)


def test_a_closed_channel_can_be_opened_again(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.refund(channel.config, 100, sender=world.receiver).expect("ChannelClosed", channelId=channel.id)
    world.deposit(channel, 50).expect("ChannelCreated", channelId=channel.id)


def test_claim_and_refund_in_one_transaction(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    calls = [
        world.channels.claim.calldata([channel.voucher(40)]),
        world.channels.refund.calldata(channel.config, 60),
    ]
    world.channels.multicall(calls, sender=world.receiver)
    assert world.channels.channels(channel.id) == (40, 40)
    assert world.usdc.balanceOf(world.payer) == 60


@pytest.mark.parametrize("way", ["settle", "finalizeWithdraw", "refund", "refundWithSignature"])
def test_a_token_that_calls_back_is_not_let_in(world: World, way: str) -> None:
    token = world.chain.deploy("CallingToken", sender=world.stranger)
    collector = world.chain.deploy("ApprovalCollector", sender=world.stranger)
    token.mint(world.payer, 100, sender=world.stranger)
    token.approve(collector, 100, sender=world.payer)
    channel = world.channel(token=token.address)
    world.channels.deposit(channel.config, 100, collector, b"", sender=world.relayer)
    world.channels.claim([channel.voucher(40)], sender=world.receiver)
    world.channels.initiateWithdraw(channel.config, 10, sender=world.payer)
    world.chain.mine(QUARTER_HOUR)
    ways: dict[str, Callable[[], object]] = {
        "settle": lambda: world.channels.settle(world.receiver, token, sender=world.stranger),
        "finalizeWithdraw": lambda: world.channels.finalizeWithdraw(channel.config, sender=world.payer),
        "refund": lambda: world.channels.refund(channel.config, 5, sender=world.receiver),
        "refundWithSignature": lambda: world.channels.refundWithSignature(
            channel.config, 5, 0, refund_signature(world.authorizer, channel, 5, 0), sender=world.stranger
        ),
    }
    # Anyone may settle, whatever there is.
    again = world.channels.settle.calldata(world.stranger, world.usdc)
    token.arm(world.channels, again, sender=world.stranger)
    ways[way]()
    assert (token.calls(), token.successes()) == (1, 0)

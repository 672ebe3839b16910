"""What was claimed goes to the receiver, once, and nowhere else."""

from cluster.testing import reverts
from tests.contracts.channels.world import World


def test_anyone_sends_the_receiver_what_was_claimed(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(60)], sender=world.receiver)
    receipt = world.channels.settle(world.receiver, world.usdc, sender=world.stranger)
    receipt.expect("Settled", receiver=world.receiver, token=world.usdc, sender=world.stranger, amount=60)
    assert world.usdc.balanceOf(world.receiver) == 60
    assert world.usdc.balanceOf(world.channels) == 40
    assert world.channels.receivers(world.receiver, world.usdc) == (60, 60)


def test_settling_again_moves_nothing(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(60)], sender=world.receiver)
    world.channels.settle(world.receiver, world.usdc, sender=world.stranger)
    assert world.channels.settle(world.receiver, world.usdc, sender=world.stranger).events == []
    assert world.usdc.balanceOf(world.receiver) == 60


def test_claims_of_many_channels_settle_together(world: World) -> None:
    for salt in range(3):
        channel = world.channel(salt=salt)
        world.deposit(channel, 100)
        world.channels.claim([channel.voucher(30)], sender=world.receiver)
    world.channels.settle(world.receiver, world.usdc, sender=world.stranger)
    assert world.usdc.balanceOf(world.receiver) == 90


def test_a_receiver_that_the_token_refuses_loses_nothing(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(60)], sender=world.receiver)
    world.usdc.blacklist(world.receiver, sender=world.circle)
    with reverts("AccountBlacklisted", world.receiver):
        world.channels.settle(world.receiver, world.usdc, sender=world.stranger)
    world.usdc.unBlacklist(world.receiver, sender=world.circle)
    world.channels.settle(world.receiver, world.usdc, sender=world.stranger)
    assert world.usdc.balanceOf(world.receiver) == 60

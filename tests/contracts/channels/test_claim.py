"""Claims: by the newest voucher, at most its ceiling, at most the escrow, once."""

import pytest

from cluster.chain.eip3009 import recover
from cluster.testing import reverts
from tests.contracts.channels.world import World, batch_signature

HIGH_S_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_a_claim_is_recorded_and_told(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    receipt = world.channels.claim([channel.voucher(80, 60)], sender=world.receiver)
    receipt.expect("Claimed", channelId=channel.id, sender=world.receiver, claimAmount=60, newTotalClaimed=60)
    assert world.channels.channels(channel.id) == (100, 60)
    assert world.channels.receivers(world.receiver, world.usdc) == (60, 0)


def test_a_later_voucher_pays_the_difference(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(60)], sender=world.authorizer)
    receipt = world.channels.claim([channel.voucher(90)], sender=world.authorizer)
    receipt.expect("Claimed", claimAmount=30, newTotalClaimed=90)
    assert world.channels.receivers(world.receiver, world.usdc) == (90, 0)


@pytest.mark.parametrize("total", [60, 59, 1, 0])
def test_a_replayed_or_lowered_voucher_changes_nothing(world: World, total: int) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(60)], sender=world.receiver)
    receipt = world.channels.claim([channel.voucher(60, total)], sender=world.receiver)
    assert receipt.events == []
    assert world.channels.channels(channel.id) == (100, 60)


def test_above_the_ceiling__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    with reverts("ClaimExceedsCeiling", 61, 60):
        world.channels.claim([channel.voucher(60, 61)], sender=world.receiver)


def test_above_the_escrow__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    with reverts("ClaimExceedsBalance", 101, 100):
        world.channels.claim([channel.voucher(1000, 101)], sender=world.receiver)


def test_a_stranger__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    for caller in (world.stranger, world.payer, world.relayer):
        with reverts("NotReceiverSide", caller):
            world.channels.claim([channel.voucher(60)], sender=caller)


def test_every_channel_of_a_batch_is_checked_for_the_caller(world: World) -> None:
    mine = world.channel()
    foreign = world.channel(receiver=world.stranger.address, receiver_authorizer=world.stranger)
    world.deposit(mine, 100)
    world.deposit(foreign, 100)
    with reverts("NotReceiverSide", world.receiver):
        world.channels.claim([mine.voucher(10), foreign.voucher(10)], sender=world.receiver)


def test_an_empty_batch__reverts(world: World) -> None:
    with reverts("EmptyBatch"):
        world.channels.claim([], sender=world.receiver)
    with reverts("EmptyBatch"):
        world.channels.claimWithSignature([], b"", sender=world.receiver)


def test_a_voucher_of_somebody_else__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    with reverts("InvalidSignature", world.payer):
        world.channels.claim([channel.voucher(60, by=world.stranger)], sender=world.receiver)


def test_a_voucher_of_another_channel__reverts(world: World) -> None:
    channel, twin = world.channel(), world.channel(salt=1)
    world.deposit(channel, 100)
    world.deposit(twin, 100)
    (_, signature, _) = twin.voucher(60)
    with reverts("InvalidSignature", world.payer):
        world.channels.claim([((channel.config, 60), signature, 60)], sender=world.receiver)


def test_the_malleable_twin_of_a_signature__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    voucher, signature, total = channel.voucher(60)
    s = HIGH_S_ORDER - int.from_bytes(signature[32:64])
    twin = signature[:32] + s.to_bytes(32) + bytes([55 - signature[64]])
    with reverts("InvalidSignature", world.payer):
        world.channels.claim([(voucher, twin, total)], sender=world.receiver)


def test_a_wallet_contract_signs_for_itself(world: World) -> None:
    wallet = world.chain.deploy("ContractWallet", world.payer, sender=world.payer)
    channel = world.channel(payer=wallet, payer_authorizer=None)
    world.deposit(channel, 100, signer=world.payer)
    with reverts("InvalidSignature", wallet):
        world.channels.claim([channel.voucher(60, by=world.stranger)], sender=world.receiver)
    world.channels.claim([channel.voucher(60, by=world.payer)], sender=world.receiver)
    assert world.channels.channels(channel.id) == (100, 60)


def test_a_signed_batch_over_several_channels_can_be_sent_by_anyone(world: World) -> None:
    channels = [world.channel(salt=n) for n in range(3)]
    for channel in channels:
        world.deposit(channel, 100)
    claims = [channel.voucher(10 * (n + 1)) for n, channel in enumerate(channels)]
    signature = batch_signature(world.authorizer, list(zip(channels, claims, strict=True)))
    receipt = world.channels.claimWithSignature(claims, signature, sender=world.stranger)
    assert [event.claimAmount for event in receipt.named("Claimed")] == [10, 20, 30]
    assert world.channels.receivers(world.receiver, world.usdc) == (60, 0)


def test_the_digest_of_a_batch_is_the_one_that_x402s_packages_sign(world: World) -> None:
    channels = [world.channel(salt=n) for n in range(2)]
    claims = [channel.voucher(10 * (n + 1), 5) for n, channel in enumerate(channels)]
    signature = batch_signature(world.authorizer, list(zip(channels, claims, strict=True)))
    assert recover(world.channels.getClaimBatchDigest(claims), signature) == world.authorizer.address


def test_a_batch_signed_by_somebody_else_or_for_other_totals__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    claim = channel.voucher(60, 50)
    for signature in (
        batch_signature(world.stranger, [(channel, claim)]),
        batch_signature(world.authorizer, [(channel, channel.voucher(60, 40))]),
        batch_signature(world.authorizer, [(channel, channel.voucher(70, 50))]),
        b"",
    ):
        with reverts("InvalidSignature", world.authorizer):
            world.channels.claimWithSignature([claim], signature, sender=world.stranger)


def test_a_batch_may_not_hold_channels_of_another_authorizer(world: World) -> None:
    mine = world.channel()
    foreign = world.channel(receiver_authorizer=world.stranger)
    world.deposit(mine, 100)
    world.deposit(foreign, 100)
    claims = [mine.voucher(10), foreign.voucher(10)]
    signature = batch_signature(world.authorizer, list(zip((mine, foreign), claims, strict=True)))
    with reverts("NotReceiverAuthorizer", world.stranger, world.authorizer):
        world.channels.claimWithSignature(claims, signature, sender=world.stranger)


def test_a_stale_row_does_not_stop_the_others_of_its_batch(world: World) -> None:
    first, second = world.channel(), world.channel(salt=1)
    world.deposit(first, 100)
    world.deposit(second, 100)
    world.channels.claim([first.voucher(50)], sender=world.receiver)
    receipt = world.channels.claim([first.voucher(40), second.voucher(30)], sender=world.receiver)
    receipt.expect("Claimed", channelId=second.id, claimAmount=30)


def test_the_same_row_twice_in_a_batch_counts_once(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    world.channels.claim([channel.voucher(50), channel.voucher(50)], sender=world.receiver)
    assert world.channels.receivers(world.receiver, world.usdc) == (50, 0)

"""Escrow comes in exactly as the payer agreed to, into the channel that was named."""

from typing import Any

import pytest

from cluster.testing import reverts
from tests.contracts.channels.world import FAR, NOBODY, QUARTER_HOUR, World

MONTH = 30 * 86_400


def test_the_id_of_a_channel_is_the_one_that_x402s_client_computes(world: World) -> None:
    channel = world.channel(salt=7)
    assert world.channels.getChannelId(channel.config) == channel.id


def test_a_deposit_opens_a_channel_and_a_second_tops_it_up(world: World) -> None:
    channel = world.channel()
    receipt = world.deposit(channel, 100)
    receipt.expect("ChannelCreated", channelId=channel.id)
    receipt.expect("Deposited", channelId=channel.id, sender=world.relayer, amount=100, newBalance=100)
    again = world.deposit(channel, 50)
    assert again.named("ChannelCreated") == []
    again.expect("Deposited", amount=50, newBalance=150)
    assert world.channels.channels(channel.id) == (150, 0)
    assert world.usdc.balanceOf(world.channels) == 150
    assert world.usdc.balanceOf(world.collector) == 0


@pytest.mark.parametrize("field", [0, 2, 3, 4])
def test_a_channel_needs_payer_receiver_authorizer_and_token(world: World, field: int) -> None:
    config: list[Any] = list(world.channel().config)
    config[field] = NOBODY
    with reverts("InvalidChannel"):
        world.channels.deposit(tuple(config), 1, world.collector, b"", sender=world.relayer)


@pytest.mark.parametrize("delay", [0, QUARTER_HOUR - 1, MONTH + 1])
def test_a_delay_out_of_bounds__reverts(world: World, delay: int) -> None:
    with reverts("WithdrawDelayOutOfRange", delay, QUARTER_HOUR, MONTH):
        world.channels.deposit(world.channel(delay=delay).config, 1, world.collector, b"", sender=world.relayer)


@pytest.mark.parametrize("delay", [QUARTER_HOUR, MONTH])
def test_both_ends_of_the_delays_range_are_in_it(world: World, delay: int) -> None:
    channel = world.channel(delay=delay)
    world.deposit(channel, 1)
    assert world.channels.channels(channel.id) == (1, 0)


def test_nothing__reverts(world: World) -> None:
    with reverts("ZeroAmount"):
        world.channels.deposit(world.channel().config, 0, world.collector, b"", sender=world.relayer)


def test_a_collector_without_code__reverts(world: World) -> None:
    with reverts("InvalidCollector", world.stranger):
        world.channels.deposit(world.channel().config, 1, world.stranger, b"", sender=world.relayer)


def test_an_agreement_is_good_once(world: World) -> None:
    channel = world.channel()
    world.usdc.mint(world.payer, 200, sender=world.circle)
    data = world.collector_data(channel, 100, world.payer)
    world.channels.deposit(channel.config, 100, world.collector, data, sender=world.relayer)
    with reverts("ERC3009UsedAuthorization"):
        world.channels.deposit(channel.config, 100, world.collector, data, sender=world.relayer)


def test_an_agreement_is_for_one_channel_one_amount_and_one_time(world: World) -> None:
    channel, other = world.channel(), world.channel(salt=1)
    world.usdc.mint(world.payer, 200, sender=world.circle)
    data = world.collector_data(channel, 100, world.payer)
    expired = world.collector_data(channel, 100, world.payer, valid_before=1)
    for config, amount, collected in ((other.config, 100, data), (channel.config, 99, data)):
        with reverts("ERC3009InvalidSignature"):
            world.channels.deposit(config, amount, world.collector, collected, sender=world.relayer)
    with reverts("ERC3009InvalidAuthorizationTime", 0, 1):
        world.channels.deposit(channel.config, 100, world.collector, expired, sender=world.relayer)


def test_only_the_channels_contract_collects(world: World) -> None:
    channel = world.channel()
    world.usdc.mint(world.payer, 100, sender=world.circle)
    data = world.collector_data(channel, 100, world.payer)
    with reverts("NotBatchSettlement", world.stranger, world.channels):
        world.collector.collect(world.payer, world.usdc, 100, channel.id, data, sender=world.stranger)


def test_a_collector_that_brings_less_or_nothing__reverts(world: World) -> None:
    channel = world.channel()
    lazy = world.chain.deploy("LazyCollector", sender=world.stranger)
    with reverts("DepositCollectionFailed", 0, 5):
        world.channels.deposit(channel.config, 5, lazy, b"", sender=world.relayer)


def test_a_collector_that_comes_back_in_changes_nothing(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 100)
    thief = world.chain.deploy("ReentrantCollector", sender=world.stranger)
    steal = world.channels.settle.calldata(world.receiver, world.usdc)
    with reverts("ReentrancyGuardReentrantCall"):
        world.channels.deposit(channel.config, 5, thief, steal, sender=world.relayer)


def test_a_payer_without_the_money__reverts(world: World) -> None:
    channel = world.channel()
    data = world.collector_data(channel, 100, world.payer, FAR)
    with reverts("ERC20InsufficientBalance", world.payer, 0, 100):
        world.channels.deposit(channel.config, 100, world.collector, data, sender=world.relayer)


def test_an_escrow_above_its_type__reverts(world: World) -> None:
    channel = world.channel()
    world.deposit(channel, 2**128 - 1)
    data = world.collector_data(channel, 1, world.payer)
    with reverts("Panic", 0x11):
        world.channels.deposit(channel.config, 1, world.collector, data, sender=world.relayer)

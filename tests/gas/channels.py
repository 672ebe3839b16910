"""Gas of BatchSettlement, and of ERC3009DepositCollector in its deposits.

Vouchers of a channel add up: the last one claims all its calls, so the price of a claim does not depend on how many
they are. `first`: nothing was claimed of the channel yet, nor ever by its receiver. `again`: both were.
"""

from dataclasses import replace

from tests.contracts.channels.world import QUARTER_HOUR, World, batch_signature, build, refund_signature
from tests.gas.meter import USDC, Meter

CALLS = 1_000
PRICE = 1_000
CHANNELS = 100


def measure(meter: Meter) -> None:
    with meter.apart():
        world = replace(build(meter.chain), usdc=meter.suite.usdc, circle=meter.suite.admin)
        _deposits(meter, world)
        _claims(meter, world)
        _claims_by_signature(meter, world)
        _batches(meter, world)
        _ways_out(meter, world)


def _deposits(meter: Meter, world: World) -> None:
    channel = world.channel()
    with meter.apart():
        for when in ("first", "again"):
            world.usdc.mint(world.payer, USDC, sender=world.circle)
            args = (channel.config, USDC, world.collector, world.collector_data(channel, USDC, world.payer))
            meter(f"channel_deposit_{when}", world.channels.deposit, *args, sender=world.relayer)


def _claims(meter: Meter, world: World) -> None:
    channels, channel = world.channels, world.channel()
    with meter.apart():
        world.deposit(channel, 10 * CALLS * PRICE)
        with meter.apart():
            claims = [channel.voucher(PRICE)]
            meter("channel_claim_1_call_first", channels.claim, claims, sender=world.authorizer)
        for total, when in ((CALLS, "first"), (2 * CALLS, "again")):
            claims = [channel.voucher(total * PRICE)]
            meter(f"channel_claim_{CALLS}_calls_{when}", channels.claim, claims, sender=world.authorizer)
            meter(f"channel_settle_{when}", channels.settle, channel.receiver, world.usdc, sender=world.relayer)
        claims = [channel.voucher(3 * CALLS * PRICE)]
        both = [channels.claim.calldata(claims), channels.settle.calldata(channel.receiver, world.usdc)]
        meter("channel_claim_and_settle_again", channels.multicall, both, sender=world.authorizer)


def _claims_by_signature(meter: Meter, world: World) -> None:
    """Anyone sends them."""
    channels, channel = world.channels, world.channel()
    with meter.apart():
        world.deposit(channel, 10 * CALLS * PRICE)
        for total, when in ((CALLS, "first"), (2 * CALLS, "again")):
            claim = channel.voucher(total * PRICE)
            args = ([claim], batch_signature(world.authorizer, [(channel, claim)]))
            name = f"channel_claim_{CALLS}_calls_by_signature_{when}"
            meter(name, channels.claimWithSignature, *args, sender=world.relayer)


def _batches(meter: Meter, world: World) -> None:
    """A voucher of each of many channels."""
    opened = [world.channel(salt=number + 1) for number in range(CHANNELS)]
    with meter.apart():
        for channel in opened:
            world.deposit(channel, 10 * CALLS * PRICE)
        for total, when in ((CALLS, "first"), (2 * CALLS, "again")):
            claims = [channel.voucher(total * PRICE) for channel in opened]
            meter(f"channel_claim_{CHANNELS}_channels_{when}", world.channels.claim, claims, sender=world.authorizer)


def _ways_out(meter: Meter, world: World) -> None:
    channels, channel = world.channels, world.channel()
    with meter.apart():
        world.deposit(channel, 10 * USDC)
        meter("channel_refund_first", channels.refund, channel.config, USDC, sender=world.authorizer)
        meter("channel_refund_again", channels.refund, channel.config, USDC, sender=world.authorizer)
        args = (channel.config, USDC, 2, refund_signature(world.authorizer, channel, USDC, 2))
        meter("channel_refund_by_signature", channels.refundWithSignature, *args, sender=world.relayer)
        meter("channel_initiate_withdraw", channels.initiateWithdraw, channel.config, 7 * USDC, sender=world.payer)
        meter.chain.mine(QUARTER_HOUR)
        meter("channel_finalize_withdraw", channels.finalizeWithdraw, channel.config, sender=world.payer)

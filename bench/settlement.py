"""What settling inference costs, in gas of real transactions on anvil: `python -m bench.settlement`."""

from eth_utils import keccak

from bench.report import report
from cluster.chain import anvil
from cluster.chain.eip3009 import Authorization, Domain, sign
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.chain import CHAIN_ID
from cluster.testing.suite import deploy_suite
from tests.contracts.channels.world import Channel, batch_signature
from tests.contracts.channels.world import build as build_channels
from tests.contracts.settlement.world import BASE_MODEL, TUNED_MODEL, USD, World, build

CALLS = 1_000
ROWS = 100
ACCOUNTS = 25


def one_transfer_a_call(world: World) -> int:
    """An EIP-3009 transfer to a payee that has money already: what settling each call by itself costs."""
    domain = Domain("USD Coin", "2", CHAIN_ID, world.usdc.address)
    till = world.settlement.tillOf(BASE_MODEL, world.owen)
    gas = 0
    for call in ("first", "second"):
        authorization = Authorization(world.ann.address, till, 1_000, 0, 2**40, keccak(text=call))
        signature = sign(authorization.digest(domain), bytes(world.ann.local.key))
        fields = (world.ann.address, till, 1_000, 0, 2**40, authorization.nonce, signature)
        receipt = world.usdc.transferWithAuthorization(*fields, sender=world.rita)
        gas = int(receipt.gas_used or 0)
    return gas


def vouchers(world: World, chain: AnvilChain) -> dict[str, int]:
    """One claim, by signature, for a thousand calls of a channel whose receiver is a till; then settled and swept."""
    channels = build_channels(chain)
    till = world.settlement.tillOf(TUNED_MODEL, world.owen)
    channel = Channel(world.ann, till, world.rita, channels.usdc.address, world.ann)
    channels.deposit(channel, 10 * CALLS * 1_000)
    gas = {}
    for name, total in (("first", CALLS * 1_000), ("again", 2 * CALLS * 1_000)):
        claim = channel.voucher(total)
        signature = batch_signature(world.rita, [(channel, claim)])
        receipt = channels.channels.claimWithSignature([claim], signature, sender=world.rita)
        settled = channels.channels.settle(till, channels.usdc, sender=world.rita)
        gas[f"gas_claim_{CALLS}_vouchers_{name}"] = int(receipt.gas_used or 0)
        gas[f"gas_settle_channel_{name}"] = int(settled.gas_used or 0)
    return gas


def draws(world: World, chain: AnvilChain) -> dict[str, int]:
    """A batch of a hundred rows: 25 accounts, each with both models and both operators."""
    accounts = [chain.account(f"payer {n}") for n in range(ACCOUNTS)]
    for account in accounts:
        world.usdc.mint(account, 1_000 * USD, sender=world.admin)
        world.usdc.approve(world.prepaid, 2**256 - 1, sender=account)
        world.prepaid.deposit(account, world.usdc, 1_000 * USD, sender=account)
        world.prepaid.setGrant(world.rita, 1_000 * USD, 86_400, sender=account)
    rows = [
        (account.address, model, 1, operator.address, 1_000)
        for model in (BASE_MODEL, TUNED_MODEL)
        for operator in (world.owen, world.bob)
        for account in accounts
    ]
    gas = {}
    for name in ("first", "again"):
        receipt = world.prepaid.draw(world.usdc, rows, keccak(b"root"), ROWS, sender=world.rita)
        gas[f"gas_a_row_of_{ROWS}_{name}"] = int(receipt.gas_used or 0) // ROWS
    for model, name in ((BASE_MODEL, "base"), (TUNED_MODEL, "tuned")):
        for turn in ("first", "again"):
            swept = world.settlement.sweep(model, 1, world.owen, world.usdc, sender=world.rita)
            gas[f"gas_sweep_{name}_{turn}"] = int(swept.gas_used or 0)
            world.prepaid.draw(world.usdc, rows, keccak(b"root"), ROWS, sender=world.rita)
    return gas


def main() -> None:
    with anvil.running(options=OPTIONS) as url:
        chain = AnvilChain(url)
        world = build(deploy_suite(chain))
        transfer = one_transfer_a_call(world)
        figures: dict[str, float] = {"gas_transfer_a_call": transfer, **vouchers(world, chain), **draws(world, chain)}
        figures["gas_per_call_1000_vouchers"] = figures[f"gas_claim_{CALLS}_vouchers_again"] / CALLS
        chain.close()
    heading = ("what", "gas", "of settling one call by its own EIP-3009 transfer")
    rows = [(name, f"{value:,.1f}", f"{value / transfer:.3f}") for name, value in figures.items()]
    report("settlement", "Settling inference", figures, [heading, *rows])


if __name__ == "__main__":
    main()

"""Everything inference money runs through: a dataset, a base model and one trained on the dataset, an operator with
delegators, tills, prepaid balances.
"""

from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from cluster.testing.suite import NATIVE, Suite

CP = 10**18
USD = 10**6
BASE, HOSTED, DERIVED = range(3)
TREASURY_PPM, STACK_PPM = 50_000, 200_000
PPM = 1_000_000
FUNDS = 10**12


def content(seed: str) -> tuple[bytes, bytes]:
    return b"\x01\x70\x12\x20" + keccak(text=seed), keccak(text=f"{seed} manifest")


def word(text: str) -> bytes:
    return text.encode().ljust(32, b"\0")


@dataclass
class World:
    """`dora` made the dataset and holds it, `tara` trained a model on it, `owen` operates, `dave` delegates to him,
    `rita` relays, `ann` and `bob` pay.
    """

    suite: Suite

    def __post_init__(self) -> None:
        suite = self.suite
        self.models, self.staking, self.settlement = suite.models, suite.staking, suite.settlement
        self.receipts, self.prices, self.prepaid = suite.receipts, suite.prices, suite.prepaid
        self.chain: Any = suite.chain
        self.usdc, self.cp, self.nft, self.admin = self.suite.usdc, self.suite.token, self.suite.nft, self.suite.admin
        people = ("dora", "tara", "owen", "dave", "rita", "ann", "bob", "stranger")
        self.dora, self.tara, self.owen, self.dave, self.rita, self.ann, self.bob, self.stranger = map(
            self.suite.chain.account, people
        )
        self.treasury = self.suite.treasury

    def version(self, datasets: list[tuple[int, int]]) -> tuple[Any, ...]:
        """A version of a model, as the registry takes it."""
        prices, category = (150_000, 600_000), word("text-generation")
        return ("ipfs://card", content("weights"), datasets, 0, category, prices, self.usdc.address, 0, 0)

    def pay(self, till: str, amount: int, currency: Any = None) -> None:
        """A plain transfer, as x402's clients make it."""
        currency = currency or self.usdc
        if currency == NATIVE:
            self.chain.fund(till, amount)
        else:
            currency.transfer(till, amount, sender=self.ann)

    def split(self, amount: int, stack: list[tuple[Any, int]]) -> tuple[int, dict[str, int], int]:
        """To treasury, to each of the stack, to the operator."""
        treasury = amount * TREASURY_PPM // PPM
        whole = amount * STACK_PPM // PPM if stack else 0
        shares: dict[str, int] = {}
        for account, ppm in stack:
            shares[account.address] = shares.get(account.address, 0) + whole * ppm // PPM
        return treasury, shares, amount - treasury - sum(shares.values())

    def owed(self, account: Any, currency: Any = None) -> int:
        return int(self.settlement.claimable(currency or self.usdc, account))

    def held(self, contract: Any, currency: Any) -> int:
        if currency == NATIVE:
            return int(self.chain.balance(contract))
        return int(currency.balanceOf(contract))


def build(suite: Suite) -> World:
    """Sets the scene."""
    world = World(suite)
    _set_the_scene(world)
    return world


def _set_the_scene(world: World) -> None:
    suite, chain = world.suite, world.chain
    publication = ("corpus", content("corpus"), "ipfs://corpus", word("CC0-1.0"), 0, True, [])
    suite.registry.publish(publication, sender=world.dora)
    world.models.register("open/base", BASE, world.version([]), sender=world.stranger)
    world.models.register("tara/tuned", HOSTED, world.version([(1, 1)]), sender=world.tara)
    for account in (world.owen, world.dave):
        suite.token.transfer(account, 1_000 * CP, sender=world.treasury)
        suite.token.approve(world.staking, 2**256 - 1, sender=account)
    world.staking.register("ipfs://node", 1_000, 2_000, sender=world.owen)
    world.staking.stake(world.owen, 100 * CP, 0, sender=world.owen)
    world.staking.stake(world.owen, 300 * CP, 0, sender=world.dave)
    for account in (world.ann, world.bob):
        suite.usdc.mint(account, FUNDS, sender=world.admin)
        suite.token.transfer(account, 1_000 * CP, sender=world.treasury)
        chain.fund(account, 1_000 * CP)
        for token in (suite.usdc, suite.token):
            for spender in (world.settlement, world.prepaid):
                token.approve(spender, 2**256 - 1, sender=account)


BASE_MODEL, TUNED_MODEL = 1, 2

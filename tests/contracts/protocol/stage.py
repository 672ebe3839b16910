"""The marketplace's people and contracts, with everything else of the protocol, made once."""

from typing import Any

from x402.mechanisms.evm.batch_settlement.constants import BATCH_SETTLEMENT_ADDRESS, ERC3009_DEPOSIT_COLLECTOR_ADDRESS

from cluster.chain.protocol import constructor_args
from cluster.chain.roles import STAKE_KEEPER
from cluster.testing import Contract
from cluster.testing.suite import NATIVE
from tests.contracts.compute.house import BURN
from tests.contracts.payments.market import act
from tests.contracts.payments.stage import PARTIES, TOKENS
from tests.contracts.payments.stage import Stage as MarketStage
from tests.contracts.protocol.economy import (
    DAY,
    GRACE,
    LEAST_PRICE,
    MAX_AGE,
    MAX_DEVIATION_BPS,
    MOST_PRICE,
    Economy,
    Places,
)

MIN_OWN = 5
COOLDOWN = 7 * DAY
PAID_INTO = ("settlement", "staking", "prepaid", "members", "idle")
HOLDING = (*PAID_INTO, "channels", "collector", "burn")
# USDC needs none, and the fee-taking token has none.
PRICED = ("eth", "cp", "false")


class Stage(MarketStage):
    """Contracts by name; feeds; two implementations of each upgradeable contract."""

    def __init__(self) -> None:
        super().__init__()
        suite, chain = self.suite, self.chain
        channels = chain.place("BatchSettlement", BATCH_SETTLEMENT_ADDRESS, sender=self.admin)
        address = ERC3009_DEPOSIT_COLLECTOR_ADDRESS
        collector = chain.place("ERC3009DepositCollector", address, channels.address, sender=self.admin)
        places: dict[str, Contract] = {
            "settlement": suite.settlement,
            "staking": suite.staking,
            "prepaid": suite.prepaid,
            "members": suite.members,
            "idle": suite.idle,
            "channels": channels,
            "collector": collector,
        }
        self.accounts |= places
        self.address |= {name: contract.address for name, contract in places.items()} | {"burn": BURN}
        self.places = Places(**{name: self.address[name] for name in (*HOLDING, "reentrant", "wallet")})
        suite.grant(STAKE_KEEPER.id, self.admin)
        suite.staking.setMinOwnStake(MIN_OWN, sender=self.admin)
        suite.members.setCooldown(COOLDOWN, sender=self.admin)
        self.sequencer = chain.deploy("TestFeed", 0, sender=self.admin)
        self.feeds: dict[str, tuple[Contract, Contract]] = {}
        for name in PRICED:
            first, second = (chain.deploy("TestFeed", 8, sender=self.admin) for _ in range(2))
            terms = (first, second, MAX_AGE, MAX_DEVIATION_BPS, 18, LEAST_PRICE, MOST_PRICE)
            suite.prices.setFeed(self.address[name], terms, sender=self.admin)
            self.feeds[name] = (first, second)
        suite.prices.setSequencerFeed(self.sequencer, GRACE, sender=self.admin)
        for name in PARTIES:
            for token in TOKENS:
                for spender in PAID_INTO:
                    act(self.accounts[name], self.accounts[token].approve, places[spender], 2**256 - 1)
        known = {name: contract.address for name, contract in suite.protocol().items()} | {"USDC": suite.usdc.address}
        self.versions: dict[str, tuple[Contract, Contract]] = {}
        for name in suite.protocol():
            made = (chain.deploy(v, *constructor_args(name, known), sender=self.admin) for v in (name, f"{name}V2"))
            self.versions[name] = (next(made), next(made))
        self.chain.codec("Till")

    def model(self) -> Economy:
        """What the model knows at the start."""
        found = Economy(
            self.world, self.places, self.suite.treasury.address, self.chain.time, min_own=MIN_OWN, cooldown=COOLDOWN
        )
        self._tell(found)
        return found

    def contract(self, name: str) -> Any:
        return NATIVE if name == "eth" else self.accounts[name]


_stage: list[Stage] = []


def stage() -> Stage:
    if not _stage:
        _stage.append(Stage())
    return _stage[0]

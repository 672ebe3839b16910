"""Who plays in the state machine: people, contracts that misbehave, currencies, all made once."""

from typing import Any

from cluster.testing import Chain
from cluster.testing.batch import Batch
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.payments.market import act
from tests.contracts.payments.model import NOBODY, Model, World
from tests.contracts.payments.signing import domain_of

PEOPLE = ("alice", "bob", "carol", "dave")
CONTRACTS = ("reverting", "burner", "reentrant", "wallet")
PARTIES = (*PEOPLE, *CONTRACTS)
# They only ever get access: there must always be somebody left to buy for.
GUESTS = tuple(f"guest {number}" for number in range(8))
# Where a dataset's token may end up by accident.
ODD_HOLDERS = ("router", "usdc", "registry")
CURRENCIES = ("eth", "usdc", "cp", "fee", "false")
TOKENS = CURRENCIES[1:]
FUNDS = {"eth": 10**38, "usdc": 2**130, "cp": 10**26, "fee": 2**130, "false": 2**130}
ALLOWANCE = 2**140
FEE_COLLECTOR = "0x0000000000000000000000000000000000000FeE"


class Stage:
    """The contracts and the people, made once; every example undoes what it did."""

    def __init__(self) -> None:
        self.chain = chain = Chain()
        self.suite = suite = deploy_suite(chain)
        self.admin = suite.admin
        for name in ("Till", "ClusterAccessManager"):
            chain.codec(name)
        self.accounts: dict[str, Any] = {name: chain.account(name) for name in (*PEOPLE, *GUESTS)}
        self.batch = Batch(chain, self.admin)
        self._make("reverting", "RevertingReceiver")
        self._make("burner", "GasBurner")
        self._make("reentrant", "ReentrantReceiver")
        self._make("wallet", "ContractWallet", self.accounts["alice"])
        self._make("fee", "FeeToken")
        self._make("false", "FalseToken")
        named = {"usdc": suite.usdc, "cp": suite.token, "router": suite.router, "registry": suite.registry}
        self.accounts |= {**named, "nft": suite.nft, "treasury": suite.treasury}
        self.address = {name: account.address for name, account in self.accounts.items()}
        self.address |= {"eth": NATIVE, "nobody": NOBODY}
        self.domains = {name: domain_of(self.accounts[name]) for name in ("usdc", "cp")}
        a = self.address
        refusing = ("reverting", "burner", "usdc", "cp", "fee", "false", "registry", "nft")
        self.world = World(
            NATIVE,
            *(a[name] for name in TOKENS),
            FEE_COLLECTOR,
            a["router"],
            a["reverting"],
            frozenset(a[name] for name in refusing),
        )
        self._endow()

    def _make(self, name: str, contract: str, *args: Any) -> None:
        self.accounts[name] = self.chain.deploy(contract, *args, sender=self.admin)

    def _endow(self) -> None:
        chain, suite = self.chain, self.suite
        for name in ("fee", "false"):
            suite.router.setCurrency(self.accounts[name], True, sender=self.admin)
        for name in PARTIES:
            account = self.accounts[name]
            chain.fund(self.admin, FUNDS["eth"])
            chain.deploy("ForcedSender", account, sender=self.admin, value=FUNDS["eth"])
            for minted in ("usdc", "fee", "false"):
                self.accounts[minted].mint(account, FUNDS[minted], sender=self.admin)
            suite.token.transfer(account, FUNDS["cp"], sender=suite.treasury)
            for approved in TOKENS:
                act(account, self.accounts[approved].approve, suite.router, ALLOWANCE)

    def model(self) -> Model:
        """What the model knows at the start."""
        model = Model(self.world, self.suite.treasury.address, self.chain.time)
        self._tell(model)
        return model

    def _tell(self, model: Model) -> None:
        """Who has what."""
        for name in PARTIES:
            for kind, amount in FUNDS.items():
                model.balances[self.address[kind], self.address[name]] = amount
            for kind in TOKENS:
                model.allowances[self.address[kind], self.address[name]] = ALLOWANCE
        supply = self.suite.token.totalSupply()
        model.balances[self.address["cp"], self.address["treasury"]] = supply - FUNDS["cp"] * len(PARTIES)


_stage: list[Stage] = []


def stage() -> Stage:
    if not _stage:
        _stage.append(Stage())
    return _stage[0]

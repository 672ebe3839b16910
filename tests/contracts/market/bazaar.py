"""The job market on the deployed protocol, a model whose roots are fixed, and the people around it."""

from collections.abc import Mapping
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from cluster.chain.roles import PARAMETERS, PAUSER, STAKE_KEEPER, UPGRADER, Role
from cluster.testing import Account, Contract, Receipt
from cluster.testing.suite import NATIVE, Suite

CP = 10**18
USD = 10**6
HOUR = 3_600
DAY = 24 * HOUR
FUNDS = 10**6
BURN = "0x000000000000000000000000000000000000dEaD"
NOBODY = NATIVE
ZK, REFEREED, COMMITTEE, ATTESTED = range(4)

NONE, OPEN, ACCEPTED, COMMITTED, CALLED, REVEALED, CHALLENGED, FINAL, REFUTED, CANCELLED, EXPIRED = range(11)
TERMINAL = (FINAL, REFUTED, CANCELLED, EXPIRED)
PENDING, VALID, INVALID, INCONCLUSIVE, DISPUTED = range(5)

PRICE, BOND = 5 * USD, 100 * CP
MIN_BOND, CHALLENGE_BOND, RECEIPT_SLASH = 10 * CP, 5 * CP, 200 * CP
REVEAL_TIME, ANSWER_TIME, RECEIPT_LIFETIME = HOUR, 12 * HOUR, 7 * DAY
COMPUTE_TIME, WINDOW = HOUR, HOUR
MAX_DISPUTE, ESCALATION = 14 * DAY, 3 * DAY
SETTINGS = (MIN_BOND, CHALLENGE_BOND, RECEIPT_SLASH, REVEAL_TIME, ANSWER_TIME, RECEIPT_LIFETIME)

FUNCTIONS: dict[str, dict[Role, tuple[str, ...]]] = {
    "ComputeModels": {UPGRADER: ("upgradeToAndCall",)},
    "JobMarket": {
        UPGRADER: ("upgradeToAndCall",),
        PARAMETERS: ("setModule", "setParameters", "rescueSurplus"),
        PAUSER: ("pause", "unpause"),
    },
    "JobOutcomes": {UPGRADER: ("upgradeToAndCall",)},
}

RECEIPT_TYPE = [
    ("operator", "address"),
    ("modelCommitment", "bytes32"),
    ("inputRoot", "bytes32"),
    ("outputRoot", "bytes32"),
    ("requestId", "bytes32"),
    ("tokensIn", "uint32"),
    ("tokensOut", "uint32"),
    ("currency", "address"),
    ("price", "uint128"),
    ("time", "uint48"),
]


def root(text: str) -> bytes:
    return keccak(text=text)


SALT = root("salt")
NO_SALT = b"\0" * 32
ROOTS = (root("program"), root("model"), root("luts"))
INPUT = root("input")
RESULT = (root("output"), root("trace"), root("op roots"))
OTHER_RESULT = (root("other output"), root("other trace"), root("other op roots"))


class Bazaar:
    """`rita` asks for jobs, `owen` and `olga` are operators with own stake (`dave` delegates to `owen`), `carl` and
    `cora` challenge, `tara` owns the model. Tiers 1 and 2 have scripted modules.
    """

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.chain: Any = suite.chain
        self.admin, self.cp, self.usdc = suite.admin, suite.token, suite.usdc
        self.staking, self.settlement = suite.staking, suite.settlement
        people = ("rita", "owen", "olga", "carl", "cora", "tara", "dave", "anyone")
        self.rita, self.owen, self.olga, self.carl, self.cora, self.tara, self.dave, self.anyone = map(
            suite.chain.account, people
        )
        self.roots = self._deploy("ComputeModels", (suite.models,))
        known = (suite.staking, suite.settlement, self.roots, suite.router)
        self.market = self._deploy("JobMarket", known, SETTINGS)
        self.outcomes = self._deploy("JobOutcomes", (self.market, suite.validation))
        suite.grant(STAKE_KEEPER.id, self.market)
        self.module = self.scripted(REFEREED)
        self.committee = self.scripted(COMMITTEE)
        self.model = self._model()
        for account in (self.rita, self.owen, self.olga, self.carl, self.cora, self.dave):
            self.endow(account)
        for operator in (self.owen, self.olga):
            self.staking.register("ipfs://operator", 1_000, 1_000, sender=operator)
            self.staking.stake(operator, 10_000 * CP, 0, sender=operator)
        self.staking.stake(self.owen, 5_000 * CP, 0, sender=self.dave)

    def _deploy(self, name: str, constructor: tuple[Any, ...], *initial: Any) -> Contract:
        manager, admin = self.suite.manager, self.admin
        contract = self.chain.deploy_proxy(name, constructor, (manager, *initial), sender=admin)
        for role, functions in FUNCTIONS.get(name, {UPGRADER: ("upgradeToAndCall",)}).items():
            selectors = [f.selector for function in functions for f in contract.codec.functions[function]]
            manager.setTargetFunctionRole(contract, selectors, role.id, sender=admin)
        return contract  # type: ignore[no-any-return]

    def scripted(self, tier: int) -> Contract:
        """A module whose verdicts the test decides, set for its tier."""
        module: Contract = self.chain.deploy("ScriptedModule", tier, self.market, sender=self.admin)
        self.market.setModule(tier, module, sender=self.admin)
        return module

    def _model(self) -> int:
        category = b"text-generation".ljust(32, b"\0")
        weights = (b"\x01\x70\x12\x20" + root("weights"), root("manifest"))
        version: tuple[Any, ...] = ("ipfs://card", weights, [], 0, category, (1, 1), self.usdc.address, 0, 0)
        model = int(self.suite.models.register("tara/model", 0, version, sender=self.tara).return_value)
        self.roots.fixRoots(model, 1, ROOTS, sender=self.tara)
        return model

    def endow(self, account: Any) -> None:
        self.cp.transfer(account, FUNDS * CP, sender=self.suite.treasury)
        self.usdc.mint(account, FUNDS * USD, sender=self.admin)
        self.chain.fund(account, FUNDS * CP)
        if isinstance(account, Account):
            for token in (self.cp, self.usdc):
                for spender in (self.staking, self.market):
                    token.approve(spender, 2**256 - 1, sender=account)

    # jobs

    def order(self, **changes: Any) -> dict[str, Any]:
        fields = {
            "modelId": self.model,
            "version": 1,
            "tier": REFEREED,
            "acceptBy": self.chain.time + HOUR,
            "computeTime": COMPUTE_TIME,
            "operator": NOBODY,
            "currency": self.usdc.address,
            "price": PRICE,
            "bond": BOND,
            "inputRoot": INPUT,
            "dataRef": "ipfs://input",
        }
        assert changes.keys() <= fields.keys()
        return fields | changes

    def create(self, requester: Any = None, **changes: Any) -> int:
        order = self.order(**changes)
        value = order["price"] if order["currency"] == NATIVE else 0
        return int(self.market.createJob(order, sender=requester or self.rita, value=value).return_value)

    def accepted(self, operator: Any = None, agent: int = 0, **changes: Any) -> int:
        job = self.create(**changes)
        self.market.acceptJob(job, agent, sender=operator or self.owen)
        return job

    def committed(self, operator: Any = None, result: tuple[bytes, ...] = RESULT, **kwargs: Any) -> int:
        operator = operator or self.owen
        job = self.accepted(operator, **kwargs)
        commitment = self.market.resultCommitment(job, operator, result, SALT)
        self.market.commitResult(job, commitment, sender=operator)
        return job

    def revealed(self, operator: Any = None, result: tuple[bytes, ...] = RESULT, **kwargs: Any) -> int:
        job = self.committed(operator, result, **kwargs)
        self.reveal(job, operator, result)
        return job

    def reveal(self, job: int, operator: Any = None, result: tuple[bytes, ...] = RESULT) -> Receipt:
        receipt: Receipt = self.market.revealResult(
            job, result, SALT, b"aux", "ipfs://trace", sender=operator or self.owen
        )
        return receipt

    def after_window(self) -> None:
        self.chain.mine(WINDOW + 1)

    # challenges

    def commit(self, subject: bytes, content: bytes, challenger: Any = None, salt: bytes = SALT) -> None:
        challenger = challenger or self.carl
        commitment = self.market.challengeCommitment(challenger, subject, content, salt)
        self.market.commitChallenge(commitment, sender=challenger)

    def refute(self, job: int, challenger: Any = None) -> Receipt:
        """A proof that decides, committed to a block before."""
        challenger = challenger or self.carl
        self.commit(job.to_bytes(32, "big"), keccak(b"refute"), challenger)
        self.chain.mine()
        receipt: Receipt = self.market.challenge(job, b"refute", SALT, sender=challenger)
        return receipt

    def dispute(self, job: int, challenger: Any = None) -> Receipt:
        receipt: Receipt = self.market.challenge(job, b"game", NO_SALT, sender=challenger or self.carl)
        return receipt

    # receipts

    def receipt(self, operator: Any = None, **changes: Any) -> dict[str, Any]:
        fields = {
            "operator": (operator or self.owen).address,
            "modelCommitment": keccak(encode(["bytes32"] * 3, ROOTS)),
            "inputRoot": INPUT,
            "outputRoot": RESULT[0],
            "requestId": root("request"),
            "tokensIn": 12,
            "tokensOut": 34,
            "currency": self.usdc.address,
            "price": 56,
            "time": self.chain.time,
        }
        assert changes.keys() <= fields.keys()
        return fields | changes

    def sign(self, receipt: Mapping[str, Any], signer: Any = None, **domain: Any) -> bytes:
        """As an operator signs: by the published EIP-712 type, not by asking the contract."""
        chosen = {
            "name": "Cluster JobMarket",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": self.market.address,
        } | domain
        signature: bytes = (signer or self.owen).sign_typed(
            {
                "types": {
                    "EIP712Domain": [
                        {"name": "name", "type": "string"},
                        {"name": "version", "type": "string"},
                        {"name": "chainId", "type": "uint256"},
                        {"name": "verifyingContract", "type": "address"},
                    ],
                    "Receipt": [{"name": name, "type": kind} for name, kind in RECEIPT_TYPE],
                },
                "primaryType": "Receipt",
                "domain": chosen,
                "message": dict(receipt),
            }
        )
        return signature

    def call(self, receipt: Mapping[str, Any] | None = None, challenger: Any = None, signer: Any = None) -> int:
        """Challenges a receipt; gives the id."""
        challenger, told = challenger or self.carl, receipt or self.receipt()
        self.commit(self.market.receiptDigest(told), NO_SALT, challenger)
        self.chain.mine()
        done = self.market.challengeReceipt(told, self.sign(told, signer), ROOTS, SALT, sender=challenger)
        return int(done.return_value)

    def answer(self, job: int, operator: Any = None, result: tuple[bytes, ...] = RESULT) -> Receipt:
        receipt: Receipt = self.market.answerReceipt(
            job, ROOTS, result, b"aux", "ipfs://trace", sender=operator or self.owen
        )
        return receipt

    # what is there

    def state(self, job: int) -> int:
        return int(self.market.jobOf(job).state)

    def balance(self, currency: Any, account: Any) -> int:
        return int(self.chain.balance(account) if currency == NATIVE else currency.balanceOf(account))

    def till(self, operator: Any = None) -> str:
        return str(self.settlement.tillOf(self.model, 1, operator or self.owen))

    def reward(self, challenger: Any) -> int:
        """What slashes gave a challenger to claim."""
        return int(self.staking.claimable(self.cp, challenger))

    def solvent(self) -> bool:
        return all(self.balance(c, self.market) == self.market.totalOwed(c) for c in (NATIVE, self.usdc, self.cp))

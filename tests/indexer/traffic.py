"""Random use of the protocol: transactions of every kind, some of which fail, by accounts of every kind."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from cluster.chain.eip3009 import Authorization, Domain, cancel_digest, sign
from cluster.chain.roles import STAKE_KEEPER
from cluster.testing import Account, Contract
from cluster.testing.anvil import AnvilChain
from cluster.testing.contract import Method
from cluster.testing.reverts import Reverted
from cluster.testing.suite import NATIVE, Suite
from tests.indexer.use_agents import AgentUse
from tests.indexer.use_inference import InferenceUse
from tests.indexer.use_models import ModelUse
from tests.indexer.use_stake import StakeUse

T = TypeVar("T")

ETHER = 10**18
GAS = 4_000_000
DEAREST = 10**6 + 1
CID = bytes.fromhex("01551220")
DAY = 86_400
QUARTER_HOUR = 900
ACCOUNTS = ("alice", "bob", "carol", "dave")

# What hostile text replaces in calldata. Not of a character that a length of 64 would look like.
PLACEHOLDER = "#" * 64

# A contract takes any bytes as a string: text, not UTF-8, NULs, SQL, a formula, something long.
HOSTILE_TEXTS = (
    b"ipfs://bafy/metadata.json",
    b"",
    b"\xff\xfe\x00broken",
    b"null\x00inside",
    b"'; DROP TABLE dataset; --",
    b'=HYPERLINK("http://evil")',
    "snow \u2603 \U0001f600".encode(),
    b"x" * 700,
    b"\xed\xa0\x80 surrogate",
)


class Traffic:
    """Sends transactions without waiting for them; `mine` puts them into a block."""

    TEXT = PLACEHOLDER

    def __init__(self, chain: AnvilChain, suite: Suite, random: Random) -> None:
        self.chain = chain
        self.suite = suite
        self.random = random
        self.published = 0
        self._turns: dict[str, list[int]] = {}
        self.delisted: list[int] = []
        self.buyers: list[tuple[int, Account | Contract]] = []
        self.accounts: list[Account | Contract] = [chain.account(name) for name in ACCOUNTS]
        self.people = [account for account in self.accounts if isinstance(account, Account)]
        for account in (*self.people, suite.admin, suite.treasury):
            chain.fund(account, 10_000 * ETHER)
        # Holds datasets and refuses native coin, so its shares become credits.
        self.accounts.append(chain.deploy("RevertingReceiver", sender=suite.admin))
        chain.fund(self.accounts[-1], 100 * ETHER)
        for account in self.accounts:
            suite.usdc.mint(account, 10**12, sender=suite.admin)
            suite.token.transfer(account, 10**6 * ETHER, sender=suite.treasury)
        self.channels = chain.deploy("BatchSettlement", sender=suite.admin)
        self.collector = chain.deploy("ERC3009DepositCollector", self.channels, sender=suite.admin)
        self.feed, self.sequencer = (chain.deploy("TestFeed", 8, sender=suite.admin) for _ in range(2))
        self.feed.set(3_000 * 10**8, self.now(), self.now(), sender=suite.admin)
        self.sequencer.set(0, 1, self.now(), sender=suite.admin)
        suite.grant(STAKE_KEEPER.id, suite.admin)
        chain.rpc("evm_setAutomine", False)
        takers = (suite.router, suite.settlement, suite.prepaid, suite.staking, suite.members, suite.idle)
        for account in self.accounts:
            for taker in takers:
                for currency in (suite.usdc, suite.token):
                    self.send(account, currency, "approve", taker, 2**255)
            self.mine()
        stake, inference = StakeUse(self), InferenceUse(self)
        stake.begin()
        inference.begin()
        self.mine()
        self.others = (AgentUse(self), ModelUse(self), stake, stake, inference)

    def mine(self) -> None:
        """A block with all that was sent."""
        self.chain.rpc("evm_mine")

    def send(self, sender: Any, contract: Contract, method: str, *args: Any, value: int = 0) -> None:
        """One transaction, whether it will succeed or not."""
        self._send(sender, contract.address, getattr(contract, method).calldata(*args), value)

    def _send(self, sender: Any, to: str, data: bytes, value: int) -> None:
        self.chain.rpc(
            "eth_sendTransaction",
            {
                "from": sender.address,
                "to": to,
                "data": "0x" + data.hex(),
                "value": hex(value),
                "gas": hex(GAS),
            },
        )

    def send_text(self, sender: Any, contract: Contract, method: str, *args: Any) -> None:
        """One transaction with hostile bytes where an argument is `TEXT`."""
        data = getattr(contract, method).calldata(*args)
        self._call_as(sender, contract, _with_text(data, self.random.choice(HOSTILE_TEXTS)))

    def send_native(self, sender: Any, to: str, amount: int) -> None:
        """Native coin, in wei."""
        self._send(sender, to, b"", amount)

    def would(self, sender: Any, contract: Contract, method: Method, *args: Any) -> Any:
        """What a transaction would return in the newest block, or None if it would revert."""
        try:
            return method.function(len(args)).result(self.chain.call(contract, method.calldata(*args), sender=sender))
        except Reverted:
            return None

    def head(self) -> int:
        """Number of the newest block."""
        return int(self.chain.rpc("eth_blockNumber"), 16)

    def now(self) -> int:
        """Time of the newest block, unix seconds."""
        return int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def wait(self) -> None:
        """The next block is later: a withdrawal is due, stake has thawed, a day is over."""
        self.chain.rpc("evm_increaseTime", self.random.choice([QUARTER_HOUR, DAY, 15 * DAY]))

    def step(self) -> None:
        """One random transaction, or a few that belong together."""
        if self.random.random() < 0.05:
            self.wait()
        if self.random.random() < 0.6:
            self.turn("others", self.others).step()
            return
        self.published = self.suite.nft.totalMinted()
        self.random.choices([action for action, _ in self._actions()], [weight for _, weight in self._actions()])[0]()

    def _actions(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.publish, 14 if self.published < 12 else 2),
            (self.purchase, 16),
            (self.pay_till, 5),
            (self.review, 5),
            (self.change, 8),
            (self.hand_over, 4),
            (self.moderate, 2),
            (self.use_token, 6),
            (self.authorize, 3),
            (self.take_out, 4),
            (self.govern, 6),
        ]

    def turn(self, name: str, options: Sequence[T]) -> T:
        """One of several, at random, but each before any comes again."""
        left = self._turns.setdefault(name, [])
        if not left:
            left += self.random.sample(range(len(options)), len(options))
        return options[left.pop()]

    # What arguments are made of

    def account(self) -> Account | Contract:
        return self.random.choice(self.accounts)

    def person(self) -> Account:
        return self.random.choice(self.people)

    def id(self) -> int:
        return self.random.randint(1, max(self.published, 1))

    def holder(self, id_: int) -> Account | Contract:
        """Whoever may change a dataset, mostly."""
        if self.published and self.random.random() < 0.85:
            owner = self.suite.nft.ownerOf(min(id_, self.published))
            return next((account for account in self.accounts if account.address == owner), self.accounts[0])
        return self.account()

    def currency(self) -> str:
        return self.random.choice([NATIVE, self.suite.usdc.address, self.suite.token.address])

    def price(self) -> int:
        return self.random.choice([1, 7, 20, 999, DEAREST])

    def word(self) -> bytes:
        return self.random.randbytes(32)

    # What happens

    def publish(self) -> None:
        free = self.random.random() < 0.15
        currencies = [] if free else self.random.sample([NATIVE, self.suite.usdc.address, self.suite.token.address], 3)
        prices = [(currency, self.price()) for currency in currencies]
        license_id = self.random.choice([b"MIT", b"CC-BY-4.0", b"\xff\x00\xfe", b""]).ljust(32, b"\0")
        slug = f"data-{self.random.getrandbits(32)}"
        # Encoded as bytes: the encoder would not take what is not text.
        data = self.suite.registry.publish.calldata(
            (
                slug,
                (CID + self.word(), self.word()),
                PLACEHOLDER,
                license_id,
                self.random.randint(0, 1000),
                free,
                prices,
            )
        )
        self._call_as(self.account(), self.suite.registry, _with_text(data, self.random.choice(HOSTILE_TEXTS)))

    def _call_as(self, sender: Account | Contract, contract: Contract, data: bytes, value: int = 0) -> None:
        self._send(sender, contract.address, data, value)

    def purchase(self) -> None:
        currency, buyer = self.currency(), self.account()
        recipient = buyer if self.random.random() < 0.7 else self.account()
        referrer = self.random.choice([NATIVE, self.account().address])
        value = 10**7 if currency == NATIVE else 0
        id_ = self.id()
        self.buyers.append((id_, recipient))
        self.send(buyer, self.suite.router, "purchase", id_, currency, 10**18, recipient, referrer, value=value)

    def pay_till(self) -> None:
        """Pays into a till and has it completed or refunded, each by anybody, in any order."""
        id_, recipient, referrer = self.id(), self.account().address, self.account().address
        token = self.random.choice([self.suite.usdc, self.suite.token])
        till = self.suite.router.paymentAddress(id_, recipient, referrer)
        # Mostly enough for any price.
        paid = DEAREST if self.random.random() < 0.7 else self.price()
        self.send(self.person(), token, "transfer", till, paid)
        if self.random.random() < 0.6:
            self.send(self.person(), self.suite.router, "completePurchase", id_, token.address, recipient, referrer)
        if self.random.random() < 0.6:
            self.send(
                self.account(),
                self.suite.router,
                "refundTill",
                id_,
                token.address,
                recipient,
                referrer,
                recipient,
            )

    def review(self) -> None:
        id_, reviewer = self.random.choice(self.buyers) if self.buyers else (1, self.account())
        data = self.suite.registry.review.calldata(id_, self.random.randint(1, 5), PLACEHOLDER)
        self._call_as(reviewer, self.suite.registry, _with_text(data, self.random.choice(HOSTILE_TEXTS)))

    def change(self) -> None:
        registry, id_ = self.suite.registry, self.id()
        holder = self.holder(id_)
        kind = self.random.randrange(5)
        if kind == 0:
            data = registry.addVersion.calldata(id_, (CID + self.word(), self.word()), PLACEHOLDER)
            self._call_as(holder, registry, _with_text(data, self.random.choice(HOSTILE_TEXTS)))
        elif kind == 1:
            data = registry.setMetadataURI.calldata(id_, PLACEHOLDER)
            self._call_as(holder, registry, _with_text(data, self.random.choice(HOSTILE_TEXTS)))
        elif kind == 2:
            self.send(
                holder,
                registry,
                "setPrice",
                id_,
                self.currency(),
                self.random.choice([0, self.price(), self.price()]),
            )
        elif kind == 3:
            self.send(holder, registry, "setFree", id_, self.random.random() < 0.2)
        else:
            self.send(holder, registry, "setListed", id_, self.random.random() < 0.8)

    def hand_over(self) -> None:
        nft, id_ = self.suite.nft, self.id()
        account = self.holder(id_)
        kind = self.random.randrange(3)
        if kind == 0:
            self.send(account, nft, "transferFrom", account, self.account(), id_)
        elif kind == 1:
            self.send(account, nft, "approve", self.random.choice([NATIVE, self.account().address]), id_)
        else:
            self.send(account, nft, "setApprovalForAll", self.account(), self.random.random() < 0.6)

    def moderate(self) -> None:
        registry, admin = self.suite.registry, self.suite.admin
        if self.random.random() < 0.5:
            self.delisted.append(self.id())
            self.send(admin, registry, "delist", self.delisted[-1], self.random.randint(1, 9))
        else:
            for id_ in self.delisted:
                self.send(admin, registry, "reinstate", id_)
            self.delisted.clear()

    def use_token(self) -> None:
        token, account = self.suite.token, self.account()
        if self.random.random() < 0.7:
            self.send(account, token, "transfer", self.account(), self.random.randint(0, ETHER))
        else:
            self.send(account, token, "delegate", self.account())

    def authorize(self) -> None:
        """EIP-3009: an authorization is used or canceled; now and then both are tried."""
        token, payer = self.suite.token, self.person()
        domain = Domain("Cluster Protocol", "1", 31337, token.address)
        signed = Authorization(payer.address, self.account().address, 5, 0, 2**40, self.word())
        use = self.random.random() < 0.6
        key = bytes(payer.local.key)
        if use:
            signature = sign(signed.digest(domain), key)
            self.send(
                self.person(),
                token,
                "transferWithAuthorization",
                *(
                    signed.payer,
                    signed.to,
                    signed.value,
                    signed.valid_after,
                    signed.valid_before,
                    signed.nonce,
                ),
                signature,
            )
        if not use or self.random.random() < 0.3:
            signature = sign(cancel_digest(domain, signed.payer, signed.nonce), key)
            self.send(self.person(), token, "cancelAuthorization", signed.payer, signed.nonce, signature)

    def take_out(self) -> None:
        router = self.suite.router
        if self.random.random() < 0.8:
            self.send(self.accounts[-1], router, "claim", NATIVE, self.person())
        if self.turn("rescue prices", (True, False)):
            self.send(self.person(), self.suite.usdc, "transfer", router.address, 3)
            self.send(self.suite.admin, router, "rescueSurplus", self.suite.usdc.address, self.person(), 2)

    def govern(self) -> None:
        suite, admin = self.suite, self.suite.admin
        kind = self.turn("govern", range(6))
        if kind == 0:
            self.send(admin, suite.router, "pause")
            if self.random.random() < 0.9:
                self.send(admin, suite.router, "unpause")
        elif kind == 1:
            self.send(admin, suite.router, "setCurrency", suite.token.address, self.random.random() < 0.8)
        elif kind == 2:
            self.send(admin, suite.router, "setTreasury", self.account())
        elif kind == 3:
            role = self.random.choice([3, 4, 5, 2**63 + 1])
            self.send(admin, suite.manager, "grantRole", role, self.account(), self.random.choice([0, 60]))
        elif kind == 4:
            role = self.random.choice([3, 4, 5, 2**63 + 1])
            self.send(admin, suite.manager, "grantRole", role, person := self.person(), 0)
            self.send(admin, suite.manager, "revokeRole", role, person)
        else:
            implementation = self.chain.rpc("eth_getStorageAt", suite.nft.address, _IMPLEMENTATION, "latest")
            self.send(admin, suite.nft, "upgradeToAndCall", "0x" + implementation[-40:], b"")


# ERC-1967.
_IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"


def _with_text(data: bytes, text: bytes) -> bytes:
    """Calldata with its placeholder replaced by bytes that need not be text, at most 64 of them. What
    follows them is not zero, as it should be: a contract does not look, and must not pass it on.
    """
    place = data.index(PLACEHOLDER.encode())
    text = text[:64]
    length = len(text).to_bytes(32, "big")
    return data[: place - 32] + length + text.ljust(64, b"\xee") + data[place + 64 :]

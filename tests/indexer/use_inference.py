"""Random use of what inference is paid by: settlement, prepaid balances, receipts, channels."""

from typing import TYPE_CHECKING, Any

from eth_abi import encode
from eth_utils import keccak

from cluster.chain.eip3009 import RECEIVE, Authorization, Domain, sign
from cluster.testing import Account
from cluster.testing.suite import NATIVE

if TYPE_CHECKING:
    from tests.indexer.traffic import Traffic

USD = 10**6
CP = 10**18
QUARTER_HOUR = 900
FAR = 2**40
NOT_A_MODEL = 2**256 - 1


class InferenceUse:
    """Anybody pays, serves and relays."""

    def __init__(self, traffic: "Traffic") -> None:
        self.traffic = traffic
        self.random = traffic.random
        self.suite = traffic.suite
        self.settlement, self.prepaid = traffic.suite.settlement, traffic.suite.prepaid
        self.models, self.admin = traffic.suite.models, traffic.suite.admin
        self.channels, self.collector = traffic.channels, traffic.collector
        self.opened: list[tuple[Any, ...]] = []
        self.leaving: list[tuple[Any, ...]] = []

    def begin(self) -> None:
        """A price for the native coin and for CP."""
        for currency in (NATIVE, self.suite.token.address):
            feed = (self.traffic.feed.address, NATIVE, 2**32 - 1, 0, 18, 1, 2**128 - 1)
            self.traffic.send(self.admin, self.suite.prices, "setFeed", currency, feed)

    def step(self) -> None:
        """One transaction or a few."""
        self.traffic.turn(
            type(self).__name__,
            (
                *(self.fund, self.sweep, self.sweep, self.take_out, self.deposit, self.grant, self.draw, self.draw),
                *(self.prove, self.anchor, self.govern, self.open_channel, self.use_channel, self.use_channel),
            ),
        )()

    def model(self) -> tuple[int, int]:
        """A model's version."""
        model = self.random.randint(1, max(self.models.totalModels(), 1))
        return model, self.random.randint(1, 2)

    def fund(self) -> None:
        currency = self.traffic.currency()
        shares = []
        for _ in range(self.random.randint(1, 3)):
            model, version = self.model() if self.random.random() < 0.8 else (NOT_A_MODEL, 2**32 - 1)
            shares.append((model, version, self.traffic.account().address, self.random.choice([0, 1, 999, USD + 1])))
        total = sum(amount for *_, amount in shares)
        value = total if currency == NATIVE else 0
        self.traffic.send(self.traffic.person(), self.settlement, "fund", currency, shares, value=value)

    def sweep(self) -> None:
        (model, version), operator = self.model(), self.traffic.account()
        currency, payer = self.traffic.currency(), self.traffic.person()
        till, amount = self.settlement.tillOf(model, version, operator), self.random.choice([1, 7, USD + 3])
        if currency == NATIVE:
            self.traffic.send_native(payer, till, amount)
        else:
            token = self.suite.usdc if currency == self.suite.usdc.address else self.suite.token
            self.traffic.send(payer, token, "transfer", till, amount)
        self.traffic.send(self.traffic.person(), self.settlement, "sweep", model, version, operator, currency)

    def take_out(self) -> None:
        for account in self.traffic.accounts:
            currency = self.traffic.currency()
            if self.settlement.claimable(currency, account) and self.random.random() < 0.7:
                self.traffic.send(account, self.settlement, "claim", currency, self.traffic.person())
        if self.traffic.turn("rescue fees", (True, False)):
            self.traffic.send(self.traffic.person(), self.suite.usdc, "transfer", self.settlement.address, 3)
            rescue = (self.suite.usdc.address, self.traffic.person(), 2)
            self.traffic.send(self.admin, self.settlement, "rescueSurplus", *rescue)

    def deposit(self) -> None:
        account, currency = self.traffic.account(), self.traffic.currency()
        amount = self.random.choice([1, 5 * USD, USD * USD])
        kind = self.traffic.turn("deposit", range(3))
        if kind == 0:
            value = amount if currency == NATIVE else 0
            payer = self.traffic.person()
            self.traffic.send(payer, self.prepaid, "deposit", account, currency, amount, value=value)
        elif kind == 1:
            till = self.prepaid.depositAddress(account)
            self.traffic.send(self.traffic.person(), self.suite.usdc, "transfer", till, amount)
            self.traffic.send(self.traffic.person(), self.prepaid, "collect", account, self.suite.usdc.address)
        else:
            for owner in self.traffic.accounts:
                balance = self.prepaid.balanceOf(owner, currency)
                if balance:
                    out = (currency, self.random.choice([1, balance]), self.traffic.person())
                    self.traffic.send(owner, self.prepaid, "withdraw", *out)

    def grant(self) -> None:
        limit = self.random.choice([0, 10, 5 * USD, 2**64 - 1])
        period = self.random.choice([1, 60, 86_400, 2**32 - 1])
        self.traffic.send(self.traffic.account(), self.prepaid, "setGrant", self.traffic.person(), limit, period)

    def draw(self) -> None:
        relay, currency = self.traffic.person(), self.random.choice([self.suite.usdc.address, self.traffic.currency()])
        rows = []
        for _ in range(self.random.randint(1, 4)):
            model, version = self.model() if self.random.random() < 0.8 else (NOT_A_MODEL, 0)
            used = self.random.choice([0, 1, 7, USD, 2**64 - 1])
            rows.append((self.traffic.account().address, model, version, self.traffic.account().address, used))
        drawn = (currency, rows, self.traffic.word(), self.random.choice([1, 2**32 - 1]))
        self.traffic.send(relay, self.prepaid, "draw", *drawn)

    def prove(self) -> None:
        """Pays for a call of an agent's, draws for it, and backs feedback by its receipt."""
        client, relay, operator = self.traffic.person(), self.traffic.person(), self.traffic.person()
        registry, usdc = self.suite.reputation, self.suite.usdc.address
        agents = self.suite.identity.totalRegistered()
        agent, price = self.random.randrange(max(agents, 1)), self.random.choice([1, 7, USD])
        (model, version), word = self.model(), self.traffic.word
        usage = (client.address, model, version, operator.address)
        receipt = (word(), *usage, agent + 1, 5, 6, price, 7, word(), word())
        batch = self.suite.receipts.batchCount(relay) + 1
        feedback = registry.getLastIndex(agent, client) + 1
        send, leaf = self.traffic.send, self.suite.receipts.leafOf(receipt)
        send(self.traffic.person(), self.prepaid, "deposit", client, usdc, price)
        send(client, self.prepaid, "setGrant", relay, 2**64 - 1, 60)
        send(client, registry, "giveFeedback", agent, self.random.choice([-5, 99]), 0, "quality", "", "", "", word())
        send(relay, self.prepaid, "draw", usdc, [(*usage, price)], leaf, 1)
        paid = (relay.address, batch, receipt, [], 0, price, [])
        send(client, registry, "proveFeedback", agent, feedback, paid)

    def anchor(self) -> None:
        self.traffic.send(self.traffic.account(), self.suite.receipts, "anchor", self.traffic.word(), 5)

    def govern(self) -> None:
        send, admin, prices = self.traffic.send, self.admin, self.suite.prices
        kind = self.traffic.turn("govern money", range(5))
        if kind == 0:
            send(admin, self.settlement, "setTreasury", self.traffic.person())
        elif kind == 1:
            send(admin, self.prepaid, "pause")
            if self.random.random() < 0.9:
                send(admin, self.prepaid, "unpause")
        elif kind == 2:
            send(admin, prices, "setSequencerFeed", self.random.choice([NATIVE, self.traffic.sequencer]), 7)
        else:
            feed = self.random.choice([NATIVE, self.traffic.feed.address, self.traffic.feed.address])
            currency = self.random.choice([NATIVE, self.suite.token.address])
            send(admin, prices, "setFeed", currency, (feed, NATIVE, 2**32 - 1, 0, 18, 1, 2**128 - 1))

    # Channels

    def open_channel(self) -> None:
        """A deposit, by the payer's signature: into a new channel, or one that there is."""
        payer, side = self.traffic.person(), self.traffic.person()
        if self.opened and self.random.random() < 0.5:
            config = self.random.choice(self.opened)
            payer = self._person(config[0])
        else:
            signer = self.random.choice([NATIVE, payer.address])
            token, delay = self.suite.usdc.address, QUARTER_HOUR
            config = (
                payer.address,
                signer,
                self.traffic.account().address,
                side.address,
                token,
                delay,
                self.traffic.word(),
            )
            self.opened.append(config)
        amount, salt = self.random.choice([1, 50, USD]), self.random.getrandbits(64)
        nonce = keccak(self.channels.getChannelId(config) + salt.to_bytes(32))
        signed = Authorization(payer.address, self.collector.address, amount, 0, FAR, nonce)
        domain = Domain("USD Coin", "2", 31337, self.suite.usdc.address)
        signature = sign(signed.digest(domain, RECEIVE), bytes(payer.local.key))
        data = encode(["uint256", "uint256", "uint256", "bytes"], [0, FAR, salt, signature])
        self.traffic.send(self.traffic.person(), self.channels, "deposit", config, amount, self.collector, data)

    def use_channel(self) -> None:
        if not self.opened:
            self.open_channel()
            return
        config = self.random.choice(self.opened[-8:])
        payer, side = self._person(config[0]), self._person(config[3])
        channel = self.channels.getChannelId(config)
        balance, claimed = self.channels.channels(channel)
        kind, free = self.traffic.turn("use channel", range(6)), balance - claimed
        if kind in (0, 2) and not free:
            self.open_channel()
        elif kind == 0:
            ceiling = balance if self.random.random() < 0.5 else claimed + 1
            signature = sign(self.channels.getVoucherDigest(channel, ceiling), bytes(payer.local.key))
            self.traffic.send(side, self.channels, "claim", [((config, ceiling), signature, ceiling)])
            if self.random.random() < 0.5:
                self.traffic.send(side, self.channels, "settle", config[2], config[4])
        elif kind == 1:
            self.traffic.send(self.traffic.person(), self.channels, "settle", config[2], config[4])
        elif kind == 2:
            self.traffic.send(payer, self.channels, "initiateWithdraw", config, self.random.choice([1, free]))
            self.leaving.append(config)
            if self.random.random() < 0.5:
                self.traffic.wait()
        elif kind == 3 and self.leaving:
            config = self.leaving.pop(0)
            self.traffic.send(self._person(config[0]), self.channels, "finalizeWithdraw", config)
        else:
            self.traffic.send(side, self.channels, "refund", config, self.random.choice([1, 2, 2**128 - 1]))

    def _person(self, address: str) -> Account:
        return next(person for person in self.traffic.people if person.address == address)

"""Rules about models and about how calls of them are paid: tills, channels, prepaid balances."""

from collections.abc import Callable
from functools import cache
from typing import Any

from eth_abi import encode
from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from cluster.chain.eip3009 import RECEIVE, Authorization, sign
from cluster.testing import Receipt
from tests.contracts.channels.world import FAR, QUARTER_HOUR, Channel, batch_signature, refund_signature
from tests.contracts.models.reference import BASE, DERIVED, HOSTED, Content
from tests.contracts.models.world import category, weights
from tests.contracts.payments.machine import Marketplace
from tests.contracts.payments.stage import CURRENCIES, PARTIES, PEOPLE
from tests.contracts.protocol.economy import DAY, MOST_PRICE, Economy, Feed, Key, Refused
from tests.contracts.protocol.stage import PRICED, Stage, stage

OPERATORS = ("carol", "wallet", "dave", "reentrant", "burner")
RELAYS = ("dave", "bob")
ROOT = keccak(text="root")
ALL_FIGURES = (
    (50_000, 200_000, 500_000, 300_000, 200_000),
    (100_000, 500_000, 333_333, 333_333, 333_334),
    (0, 0, 900_000, 50_000, 50_000),
    (100_001, 0, 500_000, 300_000, 200_000),
)
"""What the parts of a fee and of a stack may become, and what they may not."""

party = st.sampled_from(PARTIES)
person = st.sampled_from(PEOPLE)
operators = st.sampled_from(("carol",) * 3 + OPERATORS)
currency = st.sampled_from(("eth", "usdc", "usdc", "cp", "fee", "false"))
signable = st.sampled_from(("usdc", "usdc", "cp"))
numbers = st.integers(0, 60)
amounts = st.one_of(st.integers(0, 12), st.integers(1, 10**9), st.sampled_from((10**18 + 7, 99, 100)))
mostly = st.sampled_from((True, True, True, True, False))


@cache
def deposit_address(of: Any, account: str) -> str:
    """Where an account's prepaid money may be sent; never changes."""
    return str(of.depositAddress(account))


class Inference(Marketplace):
    """Rules name people; `self.at` has their addresses."""

    model: Economy
    stage: Stage

    def set_the_stage(self) -> Stage:
        return stage()

    def __init__(self) -> None:
        super().__init__()
        self.settlement, self.prepaid, self.models = self.suite.settlement, self.suite.prepaid, self.suite.models
        self.batch_settlement = self.stage.accounts["channels"]
        # Tills of models that were paid into, and their addresses.
        self.served: dict[Key, str] = {}
        self.opened: list[tuple[Channel, Key, str]] = []
        self.names = 0

    # --- models

    def some_model(self, draw: int) -> tuple[int, int]:
        """A model and one of its versions; one draw in sixteen has one too many."""
        known = self.model.models.models
        id_ = 1 + draw % len(known)
        versions = len(known[id_].versions)
        return id_, versions + 1 if draw % 16 == 15 else 1 + draw % versions

    def content(self, kind: int, uses: list[tuple[int, int]], parent: tuple[int, int], at: str) -> Content:
        base = kind == BASE
        given = (b"", bytes(32)) if base else weights("weights")
        return Content("ipfs://card", given, tuple(uses), parent, category("chat"), (150, 600), at, 0)

    def struct(self, content: Content) -> tuple[Any, ...]:
        parent, version = content.parent
        return (
            content.uri,
            content.weights,
            list(content.datasets),
            parent,
            content.category,
            content.prices,
            content.currency,
            version,
            content.modality,
        )

    def accessible(self, caller: str, draws: list[int], honest: bool) -> list[tuple[int, int]]:
        """Datasets to train on, and weights: of those that the caller may use, if honest."""
        datasets = self.model.models.datasets
        found = sorted({1 + draw % len(datasets) for draw in draws}) if datasets else []
        return [(id_, 1 + id_ % 7) for id_ in found if not honest or datasets[id_].open_to(self.at[caller])]

    @rule(
        caller=party,
        kind=st.sampled_from((BASE, HOSTED, HOSTED, DERIVED, DERIVED)),
        draws=st.lists(numbers, max_size=4),
        parent=numbers,
        kind_of_money=currency,
        honest=mostly,
    )
    def register_a_model(
        self, caller: str, kind: int, draws: list[int], parent: int, kind_of_money: str, honest: bool
    ) -> None:
        self.registered(caller, kind, draws, parent, kind_of_money, honest)

    def registered(
        self, caller: str, kind: int, draws: list[int], parent: int, kind_of_money: str, honest: bool
    ) -> int | None:
        """Id of a new model, if it is registered."""
        uses = [] if kind == BASE else self.accessible(caller, draws, honest)
        of = self.some_model(parent) if kind == DERIVED else (0, 0)
        content = self.content(kind, uses, of, self.at[kind_of_money])
        self.names += 1
        name = f"{caller}/{self.names}"
        done = self.both(
            lambda: self.model.ask(lambda: self.model.models.register(self.at[caller], name, kind, content)),
            self.send(caller, self.models.register, name, kind, self.struct(content)),
        )
        return len(self.model.models.models) if done else None

    @rule(draw=numbers, draws=st.lists(numbers, max_size=4), kind_of_money=currency, by_owner=mostly, other=party)
    def add_a_version(self, draw: int, draws: list[int], kind_of_money: str, by_owner: bool, other: str) -> None:
        id_ = self.some_model(draw)[0]
        known = self.model.models.models[id_]
        caller = (self.name_of(known.owner) if by_owner else None) or other
        uses = [] if known.kind == BASE else self.accessible(caller, draws, True)
        parent = known.versions[-1].content.parent
        content = self.content(known.kind, uses, parent, self.at[kind_of_money])
        self.both(
            lambda: self.model.ask(lambda: self.model.models.add_version(self.at[caller], id_, content)),
            self.send(caller, self.models.addVersion, id_, self.struct(content)),
        )

    @rule(draw=numbers, to=party, by_owner=mostly, other=party, accepts=mostly)
    def sell_a_model(self, draw: int, to: str, by_owner: bool, other: str, accepts: bool) -> None:
        id_ = self.some_model(draw)[0]
        registry = self.model.models
        caller = (self.name_of(registry.models[id_].owner) if by_owner else None) or other
        self.both(
            lambda: self.model.ask(lambda: registry.offer(self.at[caller], id_, self.at[to])),
            self.send(caller, self.models.offerOwnership, id_, self.at[to]),
        )
        if accepts:
            self.both(
                lambda: self.model.ask(lambda: self.model.models.accept(self.at[to], id_)),
                self.send(to, self.models.acceptOwnership, id_),
            )

    def moderate_a_model(self, draw: int, reason: int, back: bool) -> None:
        id_ = self.some_model(draw)[0]
        self.both(
            lambda: self.model.ask(lambda: self.model.models.delist(id_, reason)),
            self.send("admin", self.models.delist, id_, reason),
        )
        if back:
            self.both(
                lambda: self.model.ask(lambda: self.model.models.reinstate(id_)),
                self.send("admin", self.models.reinstate, id_),
            )

    def change_the_figures(self, figures: tuple[int, int, int, int, int]) -> None:
        """For versions to come; those that are there keep theirs."""
        self.both(
            lambda: self.model.ask(lambda: self.model.models.set_figures(figures)),
            self.send("admin", self.models.setFigures, figures),
        )

    # --- tills

    def till_for(self, draw: int, operator: str) -> tuple[Key, str]:
        model, version = self.some_model(draw)
        key = (model, version, self.at[operator])
        if key not in self.served:
            self.served[key] = self.settlement.tillOf(*key)
        return key, self.served[key]

    def affordable(self, who: str, kind: str, amount: int) -> bool:
        return amount <= self.model.balances[self.at[kind], self.at[who]]

    @rule(payer=party, draw=numbers, operator=operators, kind=currency, amount=amounts)
    def pay_a_call(self, payer: str, draw: int, operator: str, kind: str, amount: int) -> None:
        self.paid(payer, draw, operator, kind, amount)

    def paid(self, payer: str, draw: int, operator: str, kind: str, amount: int) -> Key:
        """A plain transfer into the till, as x402's clients make it."""
        key, till = self.till_for(draw, operator)
        if self.affordable(payer, kind, amount):
            self.both(
                lambda: self.model.send(self.at[kind], self.at[payer], till, amount),
                self.plain_transfer(payer, kind, till, amount),
            )
        return key

    @precondition(lambda self: self.served)
    @rule(draw=numbers, kind=currency, caller=party)
    def sweep(self, draw: int, kind: str, caller: str) -> None:
        self.sweep_till(list(self.served)[draw % len(self.served)], kind, caller)

    def sweep_till(self, key: Key, kind: str, caller: str) -> None:
        till = self.served[key]
        self.both(
            lambda: self.model.sweep(key, till, self.at[kind]),
            self.send(caller, self.settlement.sweep, *key, self.at[kind]),
        )

    @precondition(lambda self: self.swept_soon())
    @rule(draw=numbers, caller=party)
    def sweep_what_is_there(self, draw: int, caller: str) -> None:
        full = self.swept_soon()
        self.sweep_till(*full[draw % len(full)], caller)

    def swept_soon(self) -> list[tuple[Key, str]]:
        """Tills with something in them or funded for them, by currency."""
        model = self.model
        return [
            (key, kind)
            for key, till in self.served.items()
            for kind in CURRENCIES
            if model.balances[self.at[kind], till] + model.funded[key, self.at[kind]]
        ]

    @rule(
        payer=party,
        rows=st.lists(st.tuples(numbers, operators, amounts), max_size=4),
        kind=currency,
        extra=st.sampled_from((0, 0, 0, 1)),
    )
    def fund_tills(self, payer: str, rows: list[tuple[int, str, int]], kind: str, extra: int) -> None:
        funded = [(self.till_for(draw, operator)[0], amount) for draw, operator, amount in rows]
        total = sum(amount for _, amount in funded)
        value = (total if kind == "eth" else 0) + extra
        if self.affordable(payer, kind, total):
            self.both(
                lambda: self.model.fund(self.at[payer], self.at[kind], funded, value),
                self.send(
                    payer,
                    self.settlement.fund,
                    self.at[kind],
                    [(*key, amount) for key, amount in funded],
                    value=value,
                ),
            )

    def earners(self) -> list[tuple[str, str]]:
        owed = self.model.inference
        return [
            (name, kind) for name in (*PARTIES, "treasury") for kind in CURRENCIES if owed[self.at[kind], self.at[name]]
        ]

    @precondition(lambda self: self.earners())
    @rule(draw=numbers, to=st.sampled_from(("self", "self", *PARTIES, "nobody", "settlement")))
    def claim_inference(self, draw: int, to: str) -> None:
        there = self.earners()
        self.claim_credit(*there[draw % len(there)], to)

    def claim_credit(self, name: str, kind: str, to: str) -> None:
        at, receiver = self.at[kind], self.at[name if to == "self" else to]
        self.both(
            lambda: self.model.claim_inference(self.at[name], at, receiver),
            self.as_anyone(name, self.settlement.claim, at, receiver),
        )

    def as_anyone(self, name: str, *call: Any) -> Callable[[], Receipt]:
        """The treasury is no party of the marketplace, but an account."""
        if name == "treasury":
            method, *args = call
            return lambda: method(*args, sender=self.suite.treasury)
        return self.send(name, *call)

    def another_treasury(self, to: str) -> None:
        self.both(
            lambda: self.model.set_inference_treasury(self.at[to]),
            self.send("admin", self.settlement.setTreasury, self.at[to]),
        )

    # --- channels

    def channel_of(self, payer: str, draw: int, operator: str, kind: str, salt: int) -> tuple[Channel, Key, str]:
        key, till = self.till_for(draw, operator)
        account = self.stage.accounts[payer]
        known = Channel(account, till, self.stage.accounts["carol"], self.at[kind], account, QUARTER_HOUR, salt)
        return known, key, payer

    def escrow_of(self, channel: Channel) -> int:
        """Its number in the model."""
        return int.from_bytes(channel.id[:8])

    @rule(payer=person, draw=numbers, operator=operators, kind=signable, salt=st.integers(0, 1), amount=amounts)
    def open_a_channel(self, payer: str, draw: int, operator: str, kind: str, salt: int, amount: int) -> None:
        self.channel_opened(payer, draw, operator, kind, salt, amount)

    def channel_opened(self, payer: str, draw: int, operator: str, kind: str, salt: int, amount: int) -> int | None:
        """Its place among those opened; the receiver is the till of a model."""
        opened = self.channel_of(payer, draw, operator, kind, salt)
        channel, _, _ = opened
        if not self.affordable(payer, kind, amount):
            return None
        done = self.both(
            lambda: self.model.open_channel(
                channel.receiver, channel.token, self.at[payer], self.escrow_of(channel), amount
            ),
            self.send(
                "dave",
                self.batch_settlement.deposit,
                channel.config,
                amount,
                self.at["collector"],
                self.agreed(channel, kind, payer, amount),
            ),
        )
        if not done:
            return None
        if opened not in self.opened:
            self.opened.append(opened)
        return self.opened.index(opened)

    def agreed(self, channel: Channel, kind: str, payer: str, amount: int) -> bytes:
        """The payer's signature for a deposit, as the collector takes it."""
        self.names += 1
        nonce = keccak(encode(["bytes32", "uint256"], [channel.id, self.names]))
        authorization = Authorization(self.at[payer], self.at["collector"], amount, 0, FAR, nonce)
        digest = authorization.digest(self.stage.domains[kind], RECEIVE)
        signature = sign(digest, bytes(self.stage.accounts[payer].local.key))
        return encode(["uint256", "uint256", "uint256", "bytes"], [0, FAR, self.names, signature])

    @precondition(lambda self: self.opened)
    @rule(
        draw=numbers,
        ceiling=st.one_of(st.integers(0, 100), st.integers(0, 10**9)),
        over=st.sampled_from((0, 0, 0, 1, -3)),
        how=st.sampled_from(("authorizer", "authorizer", "signature", "forged", "stranger")),
    )
    def claim_a_voucher(self, draw: int, ceiling: int, over: int, how: str) -> None:
        channel, _, payer = self.opened[draw % len(self.opened)]
        escrow = self.model.channel(channel.receiver, channel.token).escrow(self.escrow_of(channel))
        ceiling = min(ceiling, max(escrow.balance, 1)) + escrow.claimed * (draw % 2)
        self.voucher(channel, payer, ceiling, max(ceiling + over, 0), how)

    def voucher(self, channel: Channel, payer: str, ceiling: int, total: int, how: str) -> None:
        signer = self.stage.accounts["alice" if payer != "alice" else "bob"] if how == "forged" else None
        claim = channel.voucher(ceiling, total, by=signer)
        number = self.escrow_of(channel)

        def expected() -> None:
            if how == "stranger":
                raise Refused("NotReceiverSide", self.at["alice"])
            forged = how == "forged"
            escrow = self.model.channel(channel.receiver, channel.token).escrow(number)
            if forged and escrow.claimed < total <= min(ceiling, escrow.balance):
                raise Refused("InvalidSignature")
            self.model.in_channel(
                channel.receiver, channel.token, self.at[payer], lambda m: m.claim(number, ceiling, total)
            )

        if how == "signature":
            signature = batch_signature(self.stage.accounts["carol"], [(channel, claim)])
            call = self.send("bob", self.batch_settlement.claimWithSignature, [claim], signature)
        else:
            call = self.send("alice" if how == "stranger" else "carol", self.batch_settlement.claim, [claim])
        self.both(expected, call)

    @precondition(lambda self: self.opened)
    @rule(draw=numbers, caller=party)
    def settle_a_receiver(self, draw: int, caller: str) -> None:
        channel, _, payer = self.opened[draw % len(self.opened)]
        self.both(
            lambda: self.model.in_channel(channel.receiver, channel.token, self.at[payer], lambda m: m.settle()),
            self.send(caller, self.batch_settlement.settle, channel.receiver, channel.token),
        )

    @precondition(lambda self: self.opened)
    @rule(
        draw=numbers,
        way=st.sampled_from(("refund", "signed refund", "initiate", "finalize", "wait and finalize")),
        amount=amounts,
        off=st.sampled_from((0, 0, 0, 1)),
    )
    def give_back_from_a_channel(self, draw: int, way: str, amount: int, off: int) -> None:
        channel, _, payer = self.opened[draw % len(self.opened)]
        number, config = self.escrow_of(channel), channel.config
        escrow = self.model.channel(channel.receiver, channel.token).escrow(number)
        if way == "wait and finalize":
            self.chain.mine(QUARTER_HOUR)
        now, nonce = self.chain.time, escrow.nonce + off
        contract = self.batch_settlement
        ways: dict[str, tuple[Callable[[Any], None], str, tuple[Any, ...]]] = {
            "refund": (lambda m: m.refund(number, amount, None), "carol", (contract.refund, config, amount)),
            "signed refund": (
                lambda m: m.refund(number, amount, nonce),
                "bob",
                (
                    contract.refundWithSignature,
                    config,
                    amount,
                    nonce,
                    refund_signature(self.stage.accounts["carol"], channel, amount, nonce),
                ),
            ),
            "initiate": (
                lambda m: m.initiate(number, amount, now),
                payer,
                (contract.initiateWithdraw, config, amount),
            ),
            "finalize": (lambda m: m.finalize(number, now), payer, (contract.finalizeWithdraw, config)),
        }
        action, caller, call = ways[way.removeprefix("wait and ")]
        self.both(
            lambda: self.model.in_channel(channel.receiver, channel.token, self.at[payer], action),
            self.send(caller, *call),
        )

    # --- prepaid balances

    @rule(payer=party, account=party, kind=currency, amount=amounts, extra=st.sampled_from((0, 0, 0, 1)))
    def deposit(self, payer: str, account: str, kind: str, amount: int, extra: int) -> None:
        value = (amount if kind == "eth" else 0) + extra
        if self.affordable(payer, kind, amount):
            args = (self.at[account], self.at[kind], amount)
            self.both(
                lambda: self.model.deposit(self.at[payer], *args, value),
                self.send(payer, self.prepaid.deposit, *args, value=value),
            )

    @rule(payer=party, account=party, kind=currency, amount=amounts, caller=party)
    def deposit_by_transfer(self, payer: str, account: str, kind: str, amount: int, caller: str) -> None:
        address, at = deposit_address(self.prepaid, self.at[account]), self.at[kind]
        if self.affordable(payer, kind, amount):
            self.both(
                lambda: self.model.send(at, self.at[payer], address, amount),
                self.plain_transfer(payer, kind, address, amount),
            )
        self.both(
            lambda: self.model.collect(self.at[account], address, at),
            self.send(caller, self.prepaid.collect, self.at[account], at),
        )

    def depositors(self) -> list[tuple[str, str]]:
        held = self.model.prepaid
        return [(name, kind) for name in PARTIES for kind in CURRENCIES if held[self.at[kind], self.at[name]]]

    @precondition(lambda self: self.depositors())
    @rule(
        draw=numbers,
        part=st.sampled_from((0, 1, 2, 2)),
        more=st.sampled_from((0, 0, 1)),
        to=st.sampled_from(("self", "self", *PARTIES, "nobody", "prepaid")),
    )
    def withdraw_a_deposit(self, draw: int, part: int, more: int, to: str) -> None:
        there = self.depositors()
        name, kind = there[draw % len(there)]
        amount = self.model.prepaid[self.at[kind], self.at[name]] * part // 2 + more
        receiver = self.at[name if to == "self" else to]
        self.both(
            lambda: self.model.withdraw_prepaid(self.at[name], self.at[kind], amount, receiver),
            self.send(name, self.prepaid.withdraw, self.at[kind], amount, receiver),
        )

    @rule(
        account=party,
        relay=st.sampled_from(RELAYS),
        limit=st.one_of(amounts, st.just(2**64 - 1)),
        period=st.sampled_from((0, 1, 3_600, DAY)),
    )
    def grant(self, account: str, relay: str, limit: int, period: int) -> None:
        limit = min(limit, 2**64 - 1)
        self.both(
            lambda: self.model.set_grant(self.at[account], self.at[relay], limit, period),
            self.send(account, self.prepaid.setGrant, self.at[relay], limit, period),
        )

    @rule(
        relay=st.sampled_from(RELAYS),
        kind=st.sampled_from(("usdc", "usdc", "eth", "cp", "false", "fee")),
        rows=st.lists(st.tuples(party, numbers, operators, amounts), max_size=5),
        count=st.sampled_from((1, 1_000, 1_000, 0)),
    )
    def draw_for_calls(self, relay: str, kind: str, rows: list[tuple[str, int, str, int]], count: int) -> None:
        self.drawn(relay, kind, rows, count)

    def drawn(self, relay: str, kind: str, rows: list[tuple[str, int, str, int]], count: int) -> list[tuple[Key, int]]:
        """What was funded, by till."""
        wanted = [
            (self.at[account], self.till_for(draw, operator)[0], min(micro, 2**63))
            for account, draw, operator, micro in rows
        ]
        usages = [(account, *key, micro) for account, key, micro in wanted]
        receipt = self.both(
            lambda: self.model.draw(self.at[relay], self.at[kind], wanted, ROOT, count),
            self.send(relay, self.prepaid.draw, self.at[kind], usages, ROOT, count),
        )
        return [((e.modelId, e.version, e.operator), e.amount) for e in receipt.named("Drawn")] if receipt else []

    def anchor_receipts(self, caller: str, count: int) -> None:
        self.both(
            lambda: self.model.anchor(self.at[caller], ROOT, count),
            self.send(caller, self.suite.receipts.anchor, ROOT, count),
        )

    def feed(self, kind: str, price: int, apart: int, age: int) -> None:
        """A price in front of everybody: stale, absurd, or told differently by the two sources."""
        fed = Feed(price, price + price * apart // 100, self.chain.time - age)
        for source, told in zip(self.stage.feeds[kind], (fed.first, fed.second), strict=True):
            source.set(told * 100, 0, fed.updated_at, sender=self.admin)
        self.model.feeds[self.at[kind]] = fed

    def sequencer(self, down: bool, ago: int) -> None:
        since = self.chain.time - ago
        self.stage.sequencer.set(int(down), since, since, sender=self.admin)
        self.model.sequencer_is_down, self.model.sequencer_up_since = down, since

    @rule(
        what=st.one_of(
            st.tuples(st.just("moderate_a_model"), numbers, st.sampled_from((1, 451, 0)), mostly),
            st.tuples(st.just("change_the_figures"), st.sampled_from(ALL_FIGURES)),
            st.tuples(
                st.just("another_treasury"), st.sampled_from(("treasury", "treasury", *PARTIES, "nobody", "settlement"))
            ),
            st.tuples(
                st.just("feed"),
                st.sampled_from(PRICED),
                st.sampled_from((1, 999_999, 2_000 * 10**6, 2_000 * 10**6, 10**6, MOST_PRICE, MOST_PRICE + 1, 0)),
                st.sampled_from((0, 0, 0, 1, 6)),
                st.sampled_from((0, 0, 0, 4 * DAY)),
            ),
            st.tuples(st.just("sequencer"), st.sampled_from((False, False, False, True)), st.sampled_from((0, DAY))),
            st.tuples(st.just("anchor_receipts"), party, st.sampled_from((0, 1, 500))),
        )
    )
    def happen(self, what: tuple[Any, ...]) -> None:
        """What governance, price feeds and relays do in between."""
        name, *args = what
        getattr(self, name)(*args)

    def reset_feeds(self) -> None:
        """Prices that hold, where there are none."""
        for kind, price in (("eth", 2_000 * 10**6), ("cp", 10**6), ("false", 10**6)):
            self.model.time = self.chain.time
            try:
                self.model.price(self.at[kind])
            except Refused as refused:
                if refused.name == "SequencerDown":
                    self.sequencer(False, DAY)
                self.feed(kind, price, 0, 0)

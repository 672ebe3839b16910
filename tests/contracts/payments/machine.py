"""The marketplace as a Hypothesis state machine: registry, token of the datasets, router and currencies together.

Every rule does the same to the contracts and to `model.Model`: it succeeds in both, with the router's events as the
model says, or reverts with exactly the model's error. After each step money, credits, prices, access and ratings are
compared.
"""

from collections.abc import Callable
from typing import Any

from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from cluster.chain.eip3009 import Authorization
from cluster.testing import Account, Receipt
from cluster.testing.suite import NATIVE
from tests.contracts.payments.comparison import Compared
from tests.contracts.payments.market import publication
from tests.contracts.payments.model import MAX_PRICE, MEMBER, NOBODY, Payment, Till
from tests.contracts.payments.signing import NEVER, permit_of, sign, sign_cancel
from tests.contracts.payments.stage import (
    ALLOWANCE,
    CURRENCIES,
    GUESTS,
    ODD_HOLDERS,
    PARTIES,
    PEOPLE,
    TOKENS,
)

PRICES = (1, 2, 9, 10, 19, 20, 21, 99, 100, 1_001, 25_000_019, 10**18 + 7, 2**64, 10**27, MAX_PRICE)
SLUGS = ("penguins", "seals", "whales", "terns", "krill")

party = st.sampled_from(PARTIES)
person = st.sampled_from(PEOPLE)
recipients = st.sampled_from((*PARTIES, *GUESTS, *GUESTS))
referrers = st.sampled_from(("nobody", "recipient", *PARTIES, "router"))
currency = st.sampled_from(CURRENCIES)
token = st.sampled_from(TOKENS)
signable = st.sampled_from(("usdc", "cp"))
prices = st.sampled_from(PRICES)
datasets = st.integers(0, 11)
slugs = st.sampled_from(SLUGS)
known_tills = st.integers(0, 30)
mostly = st.sampled_from((True, True, True, False))
seldom = st.sampled_from((False, False, False, True))


class Marketplace(Compared):
    """Rules name people; `self.at` has their addresses."""

    def teardown(self) -> None:
        try:
            self.check_everything()
        finally:
            self.isolation.__exit__(None, None, None)

    # --- datasets

    @initialize(hostile=st.booleans())
    def open_the_market(self, hostile: bool) -> None:
        """Two datasets in all currencies; in half of the runs nobody can be paid but in CP and the fee token."""
        for creator, slug in (("alice", "penguins"), ("burner", "seals")):
            self.publish(creator, slug, False, [(name, 1_001) for name in CURRENCIES])
        if hostile:
            self.false_token_fails(True)
            self.hand_over("alice", 1, "reverting")
            for name in ("reverting", "burner", "treasury"):
                self.blacklist(name, True)

    @rule(
        creator=party, slug=st.sampled_from(SLUGS), free=seldom, terms=st.lists(st.tuples(currency, prices), max_size=3)
    )
    def publish(self, creator: str, slug: str, free: bool, terms: list[tuple[str, int]]) -> None:
        priced = [(self.at[name], price) for name, price in terms]
        self.both(
            lambda: self.model.publish(self.at[creator], slug, free, priced),
            self.send(creator, self.registry.publish, publication(slug, priced, free)),
        )

    @rule(
        draw=datasets,
        by_holder=mostly,
        other=party,
        change=st.one_of(
            st.tuples(st.just("set_price"), currency, st.sampled_from((0, *PRICES, MAX_PRICE + 1))),
            st.tuples(st.just("set_price"), currency, prices),
            st.tuples(st.just("set_free"), st.booleans()),
            st.tuples(st.just("set_listed"), st.booleans()),
            st.tuples(st.just("hand_over"), st.sampled_from((*PARTIES * 4, *ODD_HOLDERS))),
        ),
    )
    def change_a_dataset(self, draw: int, by_holder: bool, other: str, change: tuple[Any, ...]) -> None:
        """By its holder, mostly."""
        what, *args = change
        id_ = 1 + draw % len(self.model.datasets) if what == "hand_over" else self.dataset(draw)
        caller = (self.holder(id_) if by_holder else None) or other
        getattr(self, what)(caller, id_, *args)

    def set_price(self, caller: str, id_: int, kind: str, price: int) -> None:
        self.both(
            lambda: self.model.set_price(self.at[caller], id_, self.at[kind], price),
            self.send(caller, self.registry.setPrice, id_, self.at[kind], price),
        )

    def set_free(self, caller: str, id_: int, flag: bool) -> None:
        self.both(
            lambda: self.model.set_free(self.at[caller], id_, flag),
            self.send(caller, self.registry.setFree, id_, flag),
        )

    def set_listed(self, caller: str, id_: int, flag: bool) -> None:
        self.both(
            lambda: self.model.set_listed(self.at[caller], id_, flag),
            self.send(caller, self.registry.setListed, id_, flag),
        )

    def moderate(self, id_: int, reason: int, back: bool) -> None:
        """Delists, and mostly reinstates after a purchase was tried in between."""
        self.both(lambda: self.model.delist(id_, reason), self.send("admin", self.registry.delist, id_, reason))
        self.buy("bob", id_, "eth", self.price(id_, "eth"), "guest 0", "nobody", 0)
        if back:
            self.both(lambda: self.model.reinstate(id_), self.send("admin", self.registry.reinstate, id_))

    def hand_over(self, caller: str, id_: int, to: str) -> None:
        holder = self.model.datasets[id_].holder
        self.both(
            lambda: self.model.hand_over(self.at[caller], id_, self.at[to]),
            self.send(caller, self.nft.transferFrom, holder, self.at[to], id_),
        )

    @rule(draw=datasets, caller=party, rating=st.integers(0, 6))
    def review(self, draw: int, caller: str, rating: int) -> None:
        id_ = self.dataset(draw)
        self.both(
            lambda: self.model.review(self.at[caller], id_, rating),
            self.send(caller, self.registry.review, id_, rating, "ipfs://review"),
        )

    @precondition(lambda self: self.buyers())
    @rule(draw=st.integers(0, 50), rating=st.integers(1, 5))
    def review_as_buyer(self, draw: int, rating: int) -> None:
        buyers = self.buyers()
        id_, caller = buyers[draw % len(buyers)]
        self.both(
            lambda: self.model.review(self.at[caller], id_, rating),
            self.send(caller, self.registry.review, id_, rating, ""),
        )

    def put_things_right(self, id_: int) -> None:
        """Whatever stands in the way of selling a dataset is undone, or soon nothing would be sold any more."""
        holder, dataset = self.holder(id_), self.model.datasets[id_]
        if holder and dataset.free:
            self.set_free(holder, id_, False)
        if holder and not dataset.listed:
            self.set_listed(holder, id_, True)
        if dataset.delist_reason:
            self.both(lambda: self.model.reinstate(id_), self.send("admin", self.registry.reinstate, id_))
        if self.model.paused:
            self.pause(False)
        for kind in CURRENCIES:
            if self.at[kind] not in self.model.accepted:
                self.set_currency(kind, True)

    def buyers(self) -> list[tuple[int, str]]:
        bought = self.model.purchases
        return [(id_, name) for id_ in self.model.datasets for name in PARTIES if (id_, self.at[name]) in bought]

    # --- purchases

    def price(self, id_: int, kind: str) -> int:
        return self.model.prices[id_, self.at[kind]]

    def buy(self, buyer: str, id_: int, kind: str, limit: int, recipient: str, referrer: str, extra: int) -> None:
        """`extra` is native coin beyond the price in ETH, and beyond nothing in a token."""
        referrer = recipient if referrer == "recipient" else referrer
        value = max(0, (self.price(id_, kind) if kind == "eth" else 0) + extra)
        if value > self.model.balances[NATIVE, self.at[buyer]]:
            return
        args = (id_, self.at[kind], limit, self.at[recipient], self.at[referrer])
        self.both(
            lambda: self.model.purchase(self.at[buyer], *args, value),
            self.send(buyer, self.router.purchase, *args, value=value),
        )

    @rule(buyer=party, draw=datasets, kind=currency, recipient=recipients, referrer=referrers)
    def purchase(self, buyer: str, draw: int, kind: str, recipient: str, referrer: str) -> None:
        id_ = self.dataset(draw)
        self.buy(buyer, id_, kind, self.price(id_, kind), recipient, referrer, 0)

    @rule(
        buyer=party,
        draw=datasets,
        kind=currency,
        recipient=recipients,
        referrer=referrers,
        claims_to=st.sampled_from(("nobody", "router", *PARTIES)),
    )
    def purchase_what_is_sold(
        self, buyer: str, draw: int, kind: str, recipient: str, referrer: str, claims_to: str
    ) -> None:
        """For somebody who lacks access to a dataset with a price in the currency, put on offer again if need be."""
        model = self.model
        lacking = [
            (id_, name)
            for id_ in model.datasets
            for name in (recipient, *GUESTS, *PARTIES)
            if self.price(id_, kind) and model.access(id_, self.at[name]) == MEMBER
        ]
        if lacking:
            id_, recipient = lacking[draw % len(lacking)]
            self.put_things_right(id_)
            self.buy(buyer, id_, kind, self.price(id_, kind), recipient, referrer, 0)
            creditors = [name for owed, name in self.creditors() if owed == kind]
            if creditors:
                self.claim(creditors[draw % len(creditors)], kind, claims_to)

    @rule(
        buyer=party,
        draw=datasets,
        kind=currency,
        recipient=st.sampled_from((*PARTIES, *GUESTS, "nobody", "router")),
        referrer=referrers,
        slack=st.sampled_from((-1, 0, 1, MAX_PRICE)),
        extra=st.sampled_from((-1, 0, 0, 1, 1_000)),
    )
    def purchase_carelessly(
        self, buyer: str, draw: int, kind: str, recipient: str, referrer: str, slack: int, extra: int
    ) -> None:
        id_ = self.dataset(draw)
        self.buy(buyer, id_, kind, max(0, self.price(id_, kind) + slack), recipient, referrer, extra)

    @rule(buyer=party, draw=datasets, kind=currency, recipient=recipients, raised=st.sampled_from((-1, 1, 10**6)))
    def purchase_behind_a_change_of_price(self, buyer: str, draw: int, kind: str, recipient: str, raised: int) -> None:
        id_ = self.dataset(draw)
        agreed = self.price(id_, kind)
        self.set_price(self.holder(id_) or "alice", id_, kind, max(0, agreed + raised))
        self.buy(buyer, id_, kind, agreed, recipient, "nobody", 0)

    def approve(self, owner: str, kind: str, amount: int) -> None:
        self.both(
            lambda: self.model.approve(self.at[kind], self.at[owner], amount),
            self.send(owner, self.stage.accounts[kind].approve, self.router, amount),
        )

    @rule(
        buyer=person,
        draw=datasets,
        kind=signable,
        recipient=recipients,
        referrer=referrers,
        flaw=st.sampled_from(("none", "none", "front-run", "signer", "expired", "small")),
    )
    def purchase_with_permit(self, buyer: str, draw: int, kind: str, recipient: str, referrer: str, flaw: str) -> None:
        id_, account, contract = self.dataset(draw), self.stage.accounts[buyer], self.stage.accounts[kind]
        at_token, owner = self.at[kind], self.at[buyer]
        price = self.price(id_, kind)
        amount = max(0, price - 1) if flaw == "small" else price
        deadline = self.chain.time - 1 if flaw == "expired" else NEVER
        nonce = self.model.permits_used[at_token, owner]
        signer: Account = self.stage.accounts["carol" if buyer != "carol" else "dave"] if flaw == "signer" else account
        signed = permit_of(self.stage.domains[kind], signer, self.router, amount, nonce, deadline)
        valid_nonce = -1 if flaw == "signer" else nonce

        def permit() -> None:
            self.model.permit(at_token, owner, amount, valid_nonce, deadline)

        if flaw == "front-run":
            self.both(permit, self.send("dave", contract.permit, owner, self.router, *signed))
        args = (id_, at_token, price, self.at[recipient], self.at[recipient if referrer == "recipient" else referrer])
        self.both(
            lambda: self.model.purchase_with_permit(owner, *args, permit),
            self.send(buyer, self.router.purchaseWithPermit, *args, signed),
        )

    # --- signed payments and tills

    @rule(
        payer=st.sampled_from((*PEOPLE, "wallet")),
        draw=datasets,
        kind=signable,
        recipient=recipients,
        referrer=referrers,
        extra=st.sampled_from((-1, 0, 0, 0, 1, 1_000)),
        window=st.sampled_from(((-1, 1), (-1, 1_000), (-1, NEVER), (0, 1_000), (-5, 0), (500, 1_000))),
        signed=st.sampled_from((True,) * 9 + (False,)),
        ways=st.lists(st.sampled_from(("router", "router", "token", "cancel", "elsewhere")), max_size=3),
    )
    def pay_by_signature(
        self,
        payer: str,
        draw: int,
        kind: str,
        recipient: str,
        referrer: str,
        extra: int,
        window: tuple[int, int],
        signed: bool,
        ways: list[str],
    ) -> None:
        id_ = self.dataset(draw)
        till = self.till(id_, recipient, referrer)
        value = max(0, self.price(id_, kind) + extra)
        after, before = self.chain.time + window[0], min(self.chain.time + window[1], NEVER)
        self.nonce += 1
        nonce = keccak(self.nonce.to_bytes(32, "big"))
        self.payments.append(Payment(self.at[kind], self.at[payer], till, value, after, before, nonce, signed))
        for way in ways:
            self.use(self.payments[-1], way)

    @precondition(lambda self: self.payments)
    @rule(draw=st.integers(0, 40), way=st.sampled_from(("router", "router", "token", "cancel", "elsewhere")))
    def use_a_signature_again(self, draw: int, way: str) -> None:
        self.use(self.payments[-1 - draw % len(self.payments)], way)

    def use(self, payment: Payment, way: str) -> None:
        """Through the router, straight to the token, cancelled, or for a purchase that it was not signed for."""
        signature, kind = self.signature(payment), self.kind_of(payment.token)
        contract, till = self.stage.accounts[kind], payment.till
        terms = (payment.value, payment.valid_after, payment.valid_before, payment.nonce)
        if way == "token":
            args = (payment.payer, till.address, *terms, signature)
            self.both(lambda: self.model.execute(payment), self.send("dave", contract.transferWithAuthorization, *args))
        elif way == "cancel":
            signer = self.stage.accounts[self.signer_of(payment)]
            payer = self.stage.accounts[self.payer_of(payment)]
            cancelled = sign_cancel(signer, payer, payment.nonce, self.stage.domains[kind])
            args = (payment.payer, payment.nonce, cancelled)
            self.both(lambda: self.model.cancel(payment), self.send("dave", contract.cancelAuthorization, *args))
        else:
            if way == "elsewhere":
                till = self.till(till.id, "guest 7", "dave")
            fields = (payment.payer, *terms, signature)
            args = (till.id, payment.token, till.recipient, till.referrer, fields)
            self.both(
                lambda: self.model.purchase_with_authorization(till, payment),
                self.send("dave", self.router.purchaseWithAuthorization, *args),
            )

    def signature(self, payment: Payment) -> bytes:
        p = payment
        fields = Authorization(p.payer, p.till.address, p.value, p.valid_after, p.valid_before, p.nonce)
        signer = self.signer_of(payment) if p.signed else "guest 1"
        return sign(self.stage.accounts[signer], fields, self.stage.domains[self.kind_of(p.token)])

    def kind_of(self, address: str) -> str:
        return next(name for name in TOKENS if self.at[name] == address)

    def payer_of(self, payment: Payment) -> str:
        return self.name_of(payment.payer) or "alice"

    def signer_of(self, payment: Payment) -> str:
        """The wallet is alice's."""
        payer = self.payer_of(payment)
        return "alice" if payer == "wallet" else payer

    @rule(
        payer=party,
        known=known_tills,
        draw=datasets,
        recipient=recipients,
        referrer=referrers,
        kind=currency,
        share=st.sampled_from((0, 1, 2, 2, 3)),
        then=st.sampled_from(("nothing", "complete", "complete", "refund")),
    )
    def pay_into_a_till(
        self, payer: str, known: int, draw: int, recipient: str, referrer: str, kind: str, share: int, then: str
    ) -> None:
        """Half of the price, the price, or more, by a plain transfer."""
        till = self.some_till(known, self.dataset(draw), recipient, referrer)
        amount = max(1, self.price(till.id, kind) * share // 2)
        if amount > self.model.balances[self.at[kind], self.at[payer]]:
            return
        self.both(
            lambda: self.model.send(self.at[kind], self.at[payer], till.address, amount),
            self.plain_transfer(payer, kind, till.address, amount),
        )
        if then == "complete":
            self._complete(payer, till, kind)
        elif then == "refund":
            self._refund(payer, till, kind, till.recipient)

    def plain_transfer(self, payer: str, kind: str, to: str, amount: int) -> Callable[[], Receipt]:
        if kind != "eth":
            return self.send(payer, self.stage.accounts[kind].transfer, to, amount)
        account = self.stage.accounts[payer]
        if isinstance(account, Account):
            return lambda: self.chain.transact(account, to, value=amount)
        return lambda: account.execute(to, amount, b"", sender=self.stage.accounts["dave"])  # type: ignore[no-any-return]

    @rule(caller=party, known=known_tills, draw=datasets, recipient=recipients, referrer=referrers, kind=currency)
    def complete(self, caller: str, known: int, draw: int, recipient: str, referrer: str, kind: str) -> None:
        self._complete(caller, self.some_till(known, self.dataset(draw), recipient, referrer), kind)

    def _complete(self, caller: str, till: Till, kind: str) -> None:
        self.both(
            lambda: self.model.complete(till, self.at[kind]),
            self.send(caller, self.router.completePurchase, till.id, self.at[kind], till.recipient, till.referrer),
        )

    def filled(self) -> list[tuple[str, Till]]:
        """Tills with something in them, by currency."""
        balances = self.model.balances
        return [(kind, t) for t in self.tills.values() for kind in CURRENCIES if balances[self.at[kind], t.address]]

    @precondition(lambda self: self.filled())
    @rule(caller=party, draw=st.integers(0, 60))
    def complete_what_was_paid(self, caller: str, draw: int) -> None:
        filled = self.filled()
        kind, till = filled[draw % len(filled)]
        self._complete(caller, till, kind)

    @precondition(lambda self: self.filled())
    @rule(
        caller=party,
        draw=st.integers(0, 60),
        by_recipient=mostly,
        home=mostly,
        to=st.sampled_from((*PARTIES, "router", "nobody")),
    )
    def refund(self, caller: str, draw: int, by_recipient: bool, home: bool, to: str) -> None:
        filled = self.filled()
        kind, till = filled[draw % len(filled)]
        if by_recipient:
            caller = self.name_of(till.recipient) or caller
        self._refund(caller, till, kind, till.recipient if home else self.at[to])

    def _refund(self, caller: str, till: Till, kind: str, receiver: str) -> None:
        args = (till.id, self.at[kind], till.recipient, till.referrer, receiver)
        self.both(
            lambda: self.model.refund(self.at[caller], till, self.at[kind], receiver),
            self.send(caller, self.router.refundTill, *args),
        )

    # --- credits

    @rule(caller=party, kind=currency, to=st.sampled_from((*PARTIES, "router", "nobody")))
    def claim(self, caller: str, kind: str, to: str) -> None:
        self.both(
            lambda: self.model.claim(self.at[caller], self.at[kind], self.at[to]),
            self.send(caller, self.router.claim, self.at[kind], self.at[to]),
        )

    def creditors(self) -> list[tuple[str, str]]:
        owed = self.model.credits
        return [(kind, name) for name in PARTIES for kind in CURRENCIES if owed[self.at[kind], self.at[name]]]

    @precondition(lambda self: self.creditors())
    @rule(draw=st.integers(0, 60), to=st.sampled_from((*PARTIES, "router")))
    def claim_what_is_owed(self, draw: int, to: str) -> None:
        creditors = self.creditors()
        kind, caller = creditors[draw % len(creditors)]
        self.claim(caller, kind, to)

    # --- what is hostile, and what governance does

    @rule(
        what=st.one_of(
            st.tuples(st.just("blacklist"), st.sampled_from((*PARTIES, "treasury", "router")), st.booleans()),
            st.tuples(st.just("blacklist_a_till"), st.integers(0, 30), seldom),
            st.tuples(st.just("pause_usdc"), seldom),
            st.tuples(st.just("false_token_fails"), st.booleans()),
            st.tuples(
                st.just("arm_the_reentrant_receiver"),
                st.sampled_from(("claim", "refundTill", "completePurchase")),
                currency,
            ),
            st.tuples(st.just("approve"), party, token, st.sampled_from((0, 50, 1_001, ALLOWANCE, ALLOWANCE))),
        )
    )
    def make_trouble(self, what: tuple[Any, ...]) -> None:
        """What receivers and currencies do that the marketplace can't help."""
        name, *args = what
        getattr(self, name)(*args)

    @rule(
        what=st.one_of(
            st.tuples(st.just("moderate"), datasets, st.sampled_from((1, 2, 2**16 - 1, 0)), mostly),
            st.tuples(st.just("pause"), st.booleans()),
            st.tuples(st.just("set_treasury"), st.sampled_from((*PARTIES, "treasury", "treasury", "router", "nobody"))),
            st.tuples(st.just("set_currency"), currency, mostly),
            st.tuples(st.just("upgrade"), st.sampled_from(("router", "registry", "nft"))),
        )
    )
    def govern(self, what: tuple[Any, ...]) -> None:
        name, *args = what
        if name == "moderate":
            args[0] = self.dataset(args[0])
        getattr(self, name)(*args)

    @rule(
        what=st.one_of(
            st.tuples(st.just("force_native_coin_onto_the_router"), st.sampled_from((1, 1_001))),
            st.tuples(st.just("send_tokens_to_the_router_by_mistake"), party, token, st.sampled_from((1, 1_001))),
            st.tuples(
                st.just("rescue"), currency, st.sampled_from((*PARTIES, "router")), st.sampled_from((-1, 0, 0, 1))
            ),
        )
    )
    def leave_or_rescue_a_surplus(self, what: tuple[Any, ...]) -> None:
        name, *args = what
        getattr(self, name)(*args)

    def arm_the_reentrant_receiver(self, function: str, kind: str) -> None:
        """From now on it calls back whenever it is sent native coin."""
        at, me = self.at[kind], self.at["reentrant"]
        args = {
            "claim": (at, me),
            "refundTill": (1, at, me, NOBODY, me),
            "completePurchase": (1, at, me, NOBODY),
        }[function]
        receiver = self.stage.accounts["reentrant"]
        receiver.arm(self.router, getattr(self.router, function).calldata(*args), sender=self.admin)

    def blacklist(self, who: str, on: bool) -> None:
        account, listed = self.at[who], self.model.blacklisted
        self._blacklist(account, on)
        self.model.blacklisted = listed | {account} if on else listed - {account}
        if who == "router" and on:
            # A router that Circle blacklists would end all use of USDC: tried, and undone.
            self.buy("bob", 1, "usdc", MAX_PRICE, "guest 2", "nobody", 0)
            self.blacklist(who, False)

    def blacklist_a_till(self, draw: int, on: bool) -> None:
        if not self.tills:
            return
        account = list(self.tills)[draw % len(self.tills)]
        self._blacklist(account, on)
        listed = self.model.blacklisted
        self.model.blacklisted = listed | {account} if on else listed - {account}

    def _blacklist(self, account: str, on: bool) -> None:
        usdc = self.suite.usdc
        (usdc.blacklist if on else usdc.unBlacklist)(account, sender=self.admin)

    def pause_usdc(self, on: bool) -> None:
        (self.suite.usdc.pause if on else self.suite.usdc.unpause)(sender=self.admin)
        self.model.usdc_paused = on

    def false_token_fails(self, on: bool) -> None:
        self.stage.accounts["false"].setFailing(on, sender=self.admin)
        self.model.failing = on

    def pause(self, on: bool) -> None:
        method = self.router.pause if on else self.router.unpause
        self.both(lambda: self.model.pause(on, self.admin.address), self.send("admin", method))

    def set_treasury(self, to: str) -> None:
        self.both(
            lambda: self.model.set_treasury(self.at[to]), self.send("admin", self.router.setTreasury, self.at[to])
        )

    def set_currency(self, kind: str, accepted: bool) -> None:
        self.both(
            lambda: self.model.set_currency(self.at[kind], accepted),
            self.send("admin", self.router.setCurrency, self.at[kind], accepted),
        )

    def upgrade(self, contract: str) -> None:
        """To the next version, in whatever state things are."""
        name, args = {
            "router": ("PaymentRouterV2", (self.registry,)),
            "registry": ("DatasetRegistryV2", (self.nft,)),
            "nft": ("DatasetNFTV2", ()),
        }[contract]
        implementation = self.chain.deploy(name, *args, sender=self.admin)
        getattr(self, contract).upgradeToAndCall(implementation, b"", sender=self.admin)

    def force_native_coin_onto_the_router(self, amount: int) -> None:
        self.chain.fund(self.admin, amount)
        self.chain.deploy("ForcedSender", self.router, sender=self.admin, value=amount)
        self.model.run(lambda: self.model.force(amount))

    def send_tokens_to_the_router_by_mistake(self, payer: str, kind: str, amount: int) -> None:
        self.both(
            lambda: self.model.lose(self.at[kind], self.at[payer], amount),
            self.send(payer, self.stage.accounts[kind].transfer, self.router, amount),
        )

    def rescue(self, kind: str, to: str, beyond: int) -> None:
        amount = max(0, self.model.surplus[self.at[kind]] + beyond)
        self.both(
            lambda: self.model.rescue(self.at[kind], self.at[to], amount),
            self.send("admin", self.router.rescueSurplus, self.at[kind], self.at[to], amount),
        )

    @rule(seconds=st.sampled_from((1, 60, 1_000, 10**6)))
    def let_time_pass(self, seconds: int) -> None:
        self.chain.mine(seconds)

    def check_everything(self) -> None:
        """All datasets, all credits one by one, all tills, and that nothing is stuck: every credit can be claimed."""
        model = self.model
        for id_ in model.datasets:
            self.check_dataset(id_)
        for (at, account), amount in model.credits.items():
            assert self.router.claimable(at, account) == amount
        for kind in CURRENCIES:
            for till in self.tills:
                assert self.balance(kind, till) == model.balances[self.at[kind], till]
        self.pause_usdc(False)
        self.false_token_fails(False)
        self.blacklist("router", False)
        self.blacklist("dave", False)
        for kind, name in self.creditors():
            self.claim(name, kind, "dave")
        self.the_router_holds_exactly_what_it_owes_and_what_was_forced_on_it()
        for kind in CURRENCIES:
            unclaimed = sum(
                v for (at, who), v in model.credits.items() if at == self.at[kind] and self.name_of(who) is None
            )
            assert self.balance(kind, self.at["router"]) == unclaimed + model.surplus[self.at[kind]]

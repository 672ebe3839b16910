"""What the marketplace promises, in plain Python: registry, token of the datasets, router, tills and currencies.

Written from the interfaces' documentation, not from the code. An action either changes the state and says which events
the router emits, or is `Refused` with the error, in which case nothing changed. Accounts are checksummed addresses.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

NOBODY = "0x0000000000000000000000000000000000000000"
MAX_PRICE = 2**128 - 1
PUBLIC, MEMBER, BUYER, HOLDER = range(4)

RouterEvent = tuple[str, dict[str, Any]]


class Refused(Exception):
    """The action must revert with this error and these values."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values


@dataclass(frozen=True)
class World:
    """Addresses that do not change, and which of them do not take native coin."""

    native: str
    usdc: str
    cp: str
    fee: str
    false: str
    fee_collector: str
    router: str
    reverting: str
    refusing: frozenset[str]


@dataclass(frozen=True)
class Dataset:
    slug: str
    creator: str
    holder: str
    free: bool
    listed: bool = True
    delist_reason: int = 0

    @property
    def on_offer(self) -> bool:
        return self.listed and self.delist_reason == 0


@dataclass(frozen=True)
class Till:
    """What a payment into this address is for."""

    address: str
    id: int
    recipient: str
    referrer: str


@dataclass(frozen=True)
class Payment:
    """A signed EIP-3009 transfer into a till. `signed` tells whether the payer's own key signed it."""

    token: str
    payer: str
    till: Till
    value: int
    valid_after: int
    valid_before: int
    nonce: bytes
    signed: bool


@dataclass(frozen=True)
class Sale:
    price: int
    holder: str
    shares: tuple[int, int, int]
    referrer: str


class Model:
    """State and actions. `run` makes an action whole or not at all."""

    def __init__(self, world: World, treasury: str, time: int) -> None:
        self.world = world
        self.time = time
        self.treasury = treasury
        self.paused = False
        self.usdc_paused = False
        self.failing = False
        self.accepted = {world.native, world.usdc, world.cp, world.fee, world.false}
        self.blacklisted: frozenset[str] = frozenset()
        self.datasets: dict[int, Dataset] = {}
        self.prices: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.ratings: dict[tuple[int, str], int] = {}
        self.purchases: set[tuple[int, str]] = set()
        self.balances: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.allowances: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.permits_used: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.nonces_used: set[tuple[str, str, bytes]] = set()
        self.credits: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.surplus: defaultdict[str, int] = defaultdict(int)
        self.events: list[RouterEvent] = []

    def run(self, action: Callable[[], None]) -> list[RouterEvent]:
        """The router's events of an action that succeeds. Raises `Refused`, with the state as it was."""
        self.events = []
        before = {name: copy(value) for name, value in vars(self).items()}
        try:
            action()
        except Refused:
            vars(self).update(before)
            raise
        return self.events

    def currencies(self) -> tuple[str, ...]:
        w = self.world
        return (w.native, w.usdc, w.cp, w.fee, w.false)

    # --- datasets

    def publish(self, creator: str, slug: str, free: bool, prices: list[tuple[str, int]]) -> None:
        if free and prices:
            raise Refused("FreeDatasetHasNoPrice")
        for id_, dataset in self.datasets.items():
            if dataset.slug == slug:
                raise Refused("SlugTaken", slug, id_)
        id_ = len(self.datasets) + 1
        self.datasets[id_] = Dataset(slug, creator, creator, free)
        for currency, price in prices:
            if self.prices[id_, currency]:
                raise Refused("DuplicateCurrency", currency)
            self._price(id_, currency, price)

    def set_price(self, caller: str, id_: int, currency: str, price: int) -> None:
        self._require_holder(id_, caller)
        self._price(id_, currency, price)

    def set_free(self, caller: str, id_: int, free: bool) -> None:
        self._require_holder(id_, caller)
        self.datasets[id_] = replace(self.datasets[id_], free=free)

    def set_listed(self, caller: str, id_: int, listed: bool) -> None:
        self._require_holder(id_, caller)
        self.datasets[id_] = replace(self.datasets[id_], listed=listed)

    def delist(self, id_: int, reason: int) -> None:
        self._require_known(id_)
        if reason == 0:
            raise Refused("InvalidReason")
        self.datasets[id_] = replace(self.datasets[id_], delist_reason=reason)

    def reinstate(self, id_: int) -> None:
        if id_ not in self.datasets or self.datasets[id_].delist_reason == 0:
            raise Refused("NotDelisted", id_)
        self.datasets[id_] = replace(self.datasets[id_], delist_reason=0)

    def hand_over(self, caller: str, id_: int, to: str) -> None:
        if caller != self.datasets[id_].holder:
            raise Refused("ERC721InsufficientApproval", caller, id_)
        self.datasets[id_] = replace(self.datasets[id_], holder=to)

    def review(self, caller: str, id_: int, rating: int) -> None:
        self._require_known(id_)
        if not 1 <= rating <= 5:
            raise Refused("InvalidRating", rating)
        if (id_, caller) not in self.purchases:
            raise Refused("NotBuyer", id_, caller)
        self.ratings[id_, caller] = rating

    def access(self, id_: int, account: str) -> int:
        if account == NOBODY:
            return PUBLIC
        if self.datasets[id_].holder == account:
            return HOLDER
        return BUYER if (id_, account) in self.purchases else MEMBER

    def _price(self, id_: int, currency: str, price: int) -> None:
        if price > MAX_PRICE:
            raise Refused("PriceTooHigh", price, MAX_PRICE)
        if price and currency not in self.accepted:
            raise Refused("CurrencyNotAccepted", currency)
        self.prices[id_, currency] = price

    def _require_known(self, id_: int) -> None:
        if id_ not in self.datasets:
            raise Refused("DatasetUnknown", id_)

    def _require_holder(self, id_: int, caller: str) -> None:
        self._require_known(id_)
        if self.datasets[id_].holder != caller:
            raise Refused("NotHolder", id_, caller, self.datasets[id_].holder)

    # --- currencies

    def transfer(self, currency: str, source: str, to: str, amount: int) -> None:
        """Moves units as the currency itself does."""
        w, balance = self.world, self.balances[currency, source]
        arriving = amount
        if currency == w.native:
            if to in w.refusing:
                raise Refused("Unwanted") if to == w.reverting else Refused("FailedCall")
        elif currency == w.usdc:
            if self.usdc_paused:
                raise Refused("TokenPaused")
            self._require_welcome(source)
        elif currency == w.fee:
            arriving = amount - amount // 100
        elif currency == w.false and self.failing:
            raise Refused("SafeERC20FailedOperation", currency)
        if balance < amount:
            if currency == w.false:
                raise Refused("SafeERC20FailedOperation", currency)
            raise Refused("ERC20InsufficientBalance", source, balance, amount)
        if currency == w.usdc:
            self._require_welcome(to)
        self.balances[currency, source] -= amount
        self.balances[currency, to] += arriving
        self.balances[currency, w.fee_collector] += amount - arriving

    def send(self, currency: str, source: str, to: str, amount: int) -> None:
        """`transfer` by its owner. FalseToken says no by its return value, and nothing happens."""
        try:
            self.transfer(currency, source, to, amount)
        except Refused:
            if currency != self.world.false:
                raise

    def approve(self, token: str, owner: str, amount: int) -> None:
        self.allowances[token, owner] = amount

    def permit(self, token: str, owner: str, value: int, nonce: int, deadline: int) -> None:
        """A permit whose signature is the owner's; that it is not can't be told from a wrong nonce."""
        if deadline < self.time:
            raise Refused("ERC2612ExpiredSignature", deadline)
        if nonce != self.permits_used[token, owner]:
            raise Refused("ERC2612InvalidSigner")
        self.permits_used[token, owner] += 1
        self.allowances[token, owner] = value

    def execute(self, payment: Payment) -> None:
        """The authorization at the token itself."""
        if not payment.signed:
            raise Refused("ERC3009InvalidSignature")
        if not payment.valid_after < self.time < payment.valid_before:
            raise Refused("ERC3009InvalidAuthorizationTime", payment.valid_after, payment.valid_before)
        self._use(payment)
        self.transfer(payment.token, payment.payer, payment.till.address, payment.value)

    def cancel(self, payment: Payment) -> None:
        self._use(payment)

    def _use(self, payment: Payment) -> None:
        key = (payment.token, payment.payer, payment.nonce)
        if key in self.nonces_used:
            raise Refused("ERC3009UsedAuthorization", payment.payer, payment.nonce)
        self.nonces_used.add(key)

    def _require_welcome(self, account: str) -> None:
        if account in self.blacklisted:
            raise Refused("AccountBlacklisted", account)

    def _pull(self, currency: str, payer: str, amount: int) -> None:
        """`transferFrom` to the router by the router."""
        w, allowed = self.world, self.allowances[currency, payer]
        if currency == w.usdc:
            self._require_welcome(w.router)
        if allowed < amount:
            if currency == w.false:
                raise Refused("SafeERC20FailedOperation", currency)
            raise Refused("ERC20InsufficientAllowance", w.router, allowed, amount)
        failing, self.failing = self.failing, False  # FalseToken fails `transfer` only.
        self.transfer(currency, payer, w.router, amount)
        self.failing = failing
        self.allowances[currency, payer] -= amount

    # --- purchases

    def purchase(
        self, sender: str, id_: int, currency: str, max_price: int, recipient: str, referrer: str, value: int
    ) -> None:
        self._require_running()
        sale = self._open(id_, currency, sender, recipient, referrer)
        if sale.price > max_price:
            raise Refused("PriceAboveMax", sale.price, max_price)
        if currency == self.world.native:
            if value < sale.price:
                raise Refused("InsufficientValue", value, sale.price)
            self.transfer(currency, sender, self.world.router, value)
            self._distribute(currency, sale)
            self._pay_or_credit(currency, sender, value - sale.price)
        else:
            if value:
                raise Refused("UnexpectedValue", value)
            self._pull_and_distribute(currency, sender, sale)

    def purchase_with_permit(
        self,
        sender: str,
        id_: int,
        currency: str,
        max_price: int,
        recipient: str,
        referrer: str,
        permit: Callable[[], None],
    ) -> None:
        self._require_running()
        self._require_token(currency)
        sale = self._open(id_, currency, sender, recipient, referrer)
        if sale.price > max_price:
            raise Refused("PriceAboveMax", sale.price, max_price)
        with suppress(Refused):  # Used by somebody before, or worthless: the allowance decides.
            permit()
        self._pull_and_distribute(currency, sender, sale)

    def purchase_with_authorization(self, till: Till, payment: Payment) -> None:
        """`till` is what the caller names; the signature holds for `payment.till` alone."""
        self._require_running()
        self._require_token(payment.token)
        sale = self._open(till.id, payment.token, till.recipient, till.recipient, till.referrer)
        if payment.token not in (self.world.usdc, self.world.cp):
            raise Refused("")
        if (payment.token, payment.payer, payment.nonce) not in self.nonces_used:
            self.execute(payment if till == payment.till else replace(payment, signed=False))
        self._empty_till(payment.token, till, sale)

    def complete(self, till: Till, currency: str) -> None:
        self._require_running()
        self._require_token(currency)
        sale = self._open(till.id, currency, till.recipient, till.recipient, till.referrer)
        self._empty_till(currency, till, sale)

    def refund(self, caller: str, till: Till, currency: str, to: str) -> None:
        if to in (NOBODY, self.world.router):
            raise Refused("InvalidAddress", to)
        amount = self.balances[currency, till.address]
        if amount == 0:
            raise Refused("NothingToClaim", till.recipient, currency)
        own = caller == till.recipient
        if not own and (to != till.recipient or self._completable(till, currency, amount)):
            raise Refused("NotRecipient", caller, till.recipient)
        self.events.append(
            (
                "TillRefunded",
                {
                    "id": till.id,
                    "recipient": till.recipient,
                    "referrer": till.referrer,
                    "currency": currency,
                    "to": to,
                    "amount": amount,
                },
            )
        )
        self.transfer(currency, till.address, to, amount)

    def claim(self, caller: str, currency: str, to: str) -> None:
        if to in (NOBODY, self.world.router):
            raise Refused("InvalidAddress", to)
        amount = self.credits[currency, caller]
        if amount == 0:
            raise Refused("NothingToClaim", caller, currency)
        self.credits[currency, caller] = 0
        self.events.append(("Claimed", {"account": caller, "currency": currency, "to": to, "amount": amount}))
        self._send(currency, to, amount)

    def set_treasury(self, treasury: str) -> None:
        if treasury in (NOBODY, self.world.router):
            raise Refused("InvalidAddress", treasury)
        self.treasury = treasury
        self.events.append(("TreasurySet", {"treasury": treasury}))

    def set_currency(self, currency: str, accepted: bool) -> None:
        self.accepted = self.accepted | {currency} if accepted else self.accepted - {currency}
        self.events.append(("CurrencySet", {"currency": currency, "accepted": accepted}))

    def lose(self, currency: str, sender: str, amount: int) -> None:
        """Units sent to the router outside its functions."""
        before = self.balances[currency, self.world.router]
        self.send(currency, sender, self.world.router, amount)
        self.surplus[currency] += self.balances[currency, self.world.router] - before

    def force(self, amount: int) -> None:
        """Native coin that came out of nowhere."""
        self.balances[self.world.native, self.world.router] += amount
        self.surplus[self.world.native] += amount

    def rescue(self, currency: str, to: str, amount: int) -> None:
        if to in (NOBODY, self.world.router):
            raise Refused("InvalidAddress", to)
        if amount > self.surplus[currency]:
            raise Refused("SurplusExceeded", amount, self.surplus[currency])
        self.surplus[currency] -= amount
        self.events.append(("SurplusRescued", {"currency": currency, "to": to, "amount": amount}))
        self._send(currency, to, amount)

    def pause(self, paused: bool, by: str) -> None:
        if paused == self.paused:
            raise Refused("EnforcedPause" if paused else "ExpectedPause")
        self.paused = paused
        self.events.append(("Paused" if paused else "Unpaused", {"account": by}))

    def owed(self, currency: str) -> int:
        """All credits in a currency."""
        return sum(amount for (name, _), amount in self.credits.items() if name == currency)

    def _require_running(self) -> None:
        if self.paused:
            raise Refused("EnforcedPause")

    def _require_token(self, currency: str) -> None:
        if currency == self.world.native:
            raise Refused("CurrencyNotAccepted", currency)

    def _open(self, id_: int, currency: str, buyer: str, recipient: str, referrer: str) -> Sale:
        router = self.world.router
        if recipient in (NOBODY, router):
            raise Refused("InvalidAddress", recipient)
        if currency not in self.accepted:
            raise Refused("CurrencyNotAccepted", currency)
        dataset = self.datasets.get(id_)
        if dataset is None or not dataset.on_offer:
            raise Refused("NotOnOffer", id_)
        if dataset.free:
            raise Refused("DatasetIsFree", id_)
        price = self.prices[id_, currency]
        if price == 0:
            raise Refused("NotSoldFor", id_, currency)
        if dataset.holder == router:
            raise Refused("InvalidAddress", router)
        if recipient == dataset.holder or (id_, recipient) in self.purchases:
            raise Refused("AlreadyHasAccess", id_, recipient)
        self.purchases.add((id_, recipient))

        earns = referrer not in (NOBODY, router, buyer, recipient, dataset.holder)
        small, smaller = price // 10, price // 20
        shares = (price - small - smaller, small, smaller) if earns else (price - small - smaller, small + smaller, 0)
        sale = Sale(price, dataset.holder, shares, referrer if earns else NOBODY)
        self.events.append(
            (
                "PurchaseCompleted",
                {
                    "id": id_,
                    "buyer": buyer,
                    "recipient": recipient,
                    "currency": currency,
                    "price": price,
                    "holder": dataset.holder,
                    "toHolder": shares[0],
                    "toTreasury": shares[1],
                    "referrer": sale.referrer,
                    "toReferrer": shares[2],
                },
            )
        )
        return sale

    def _completable(self, till: Till, currency: str, amount: int) -> bool:
        dataset, price = self.datasets.get(till.id), self.prices[till.id, currency]
        return (
            currency != self.world.native
            and currency in self.accepted
            and dataset is not None
            and dataset.on_offer
            and not dataset.free
            and 0 < price <= amount
            and dataset.holder not in (till.recipient, self.world.router)
            and (till.id, till.recipient) not in self.purchases
        )

    def _pull_and_distribute(self, currency: str, payer: str, sale: Sale) -> None:
        router = self.world.router
        before = self.balances[currency, router]
        self._pull(currency, payer, sale.price)
        self._require_received(currency, self.balances[currency, router] - before, sale.price)
        self._distribute(currency, sale)

    def _empty_till(self, currency: str, till: Till, sale: Sale) -> None:
        router, amount = self.world.router, self.balances[currency, till.address]
        if amount < sale.price:
            raise Refused("TillInsufficient", till.address, amount, sale.price)
        before = self.balances[currency, router]
        self.transfer(currency, till.address, router, amount)
        self._require_received(currency, self.balances[currency, router] - before, amount)
        self._distribute(currency, sale)
        self._pay_or_credit(currency, till.recipient, amount - sale.price)

    def _require_received(self, currency: str, received: int, expected: int) -> None:
        if received < expected:
            raise Refused("ReceivedLess", currency, received, expected)

    def _distribute(self, currency: str, sale: Sale) -> None:
        for to, share in zip((sale.holder, self.treasury, sale.referrer), sale.shares, strict=True):
            self._pay_or_credit(currency, to, share)

    def _pay_or_credit(self, currency: str, to: str, amount: int) -> None:
        if amount == 0:
            return
        try:
            self.transfer(currency, self.world.router, to, amount)
        except Refused:
            self.credits[currency, to] += amount
            self.events.append(("Credited", {"account": to, "currency": currency, "amount": amount}))

    def _send(self, currency: str, to: str, amount: int) -> None:
        try:
            self.transfer(currency, self.world.router, to, amount)
        except Refused:
            raise Refused("TransferFailed", currency, to, amount) from None

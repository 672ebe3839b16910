"""A dataset on sale in three currencies, and the people around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_utils import keccak

from cluster.chain.codec import plain
from cluster.chain.eip3009 import Authorization
from cluster.testing import Account, Contract, Receipt
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.payments.signing import NEVER, domain_of, permit_of, sign, sign_cancel

# Odd prices, so that every split leaves dust.
PRICES = {"eth": 10**16 + 19, "usdc": 25_000_019, "cp": 250 * 10**18 + 19}
CURRENCIES = tuple(PRICES)
TOKENS = ("usdc", "cp")
FUNDS = 1_000
PLENTY = 2**200


def split(price: int, referred: bool) -> tuple[int, int, int]:
    """To holder, treasury, referrer: small shares rounded down, dust to the holder."""
    treasury, referral = price * 1000 // 10_000, price * 500 // 10_000
    return price - treasury - referral, treasury + (0 if referred else referral), referral if referred else 0


def publication(slug: str, prices: list[tuple[Any, int]], free: bool = False) -> dict[str, Any]:
    """The least that can be published."""
    return {
        "slug": slug,
        "content": (b"\x01\x70\x12\x20" + keccak(text=slug), keccak(text=f"{slug} manifest")),
        "uri": f"ipfs://{slug}",
        "license": b"CC-BY-4.0".ljust(32, b"\0"),
        "royaltyBps": 500,
        "free": free,
        "prices": prices,
    }


def act(sender: Any, method: Method, *args: Any, value: int = 0, gas: int | None = None) -> Receipt:
    """Sends a transaction as an account, or through a contract that does what it is told."""
    if isinstance(sender, Account):
        return method(*args, sender=sender, value=value, gas=gas)  # type: ignore[no-any-return]
    call = (method._contract, value, method.calldata(*args))
    return sender.execute(*call, sender=Account("driver"), gas=gas)  # type: ignore[no-any-return]


class Market:
    """Dataset 1, of `creator`, for sale in all currencies; everybody has money and has approved the router."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.chain: Any = suite.chain
        self.router, self.registry, self.nft, self.usdc = suite.router, suite.registry, suite.nft, suite.usdc
        self.admin, self.treasury = suite.admin, suite.treasury
        self.creator, self.buyer, self.referrer, self.friend, self.anyone = map(
            suite.chain.account, ("creator", "buyer", "referrer", "friend", "anyone")
        )
        self.currency: dict[str, Any] = {"eth": NATIVE, "usdc": suite.usdc, "cp": suite.token}
        self.publish("penguins")
        for account in (self.buyer, self.friend, self.anyone):
            self.endow(account)

    # --- the goods

    def publish(self, slug: str, prices: dict[str, int] | None = None, creator: Any = None) -> int:
        named = PRICES if prices is None else prices
        terms = [(self.currency[name], price) for name, price in named.items()]
        receipt = act(creator or self.creator, self.registry.publish, publication(slug, terms))
        return int(receipt.expect("DatasetPublished").id)

    def hand_over(self, id_: int, to: Any) -> None:
        """Gives a dataset's token away."""
        self.nft.transferFrom(self.nft.ownerOf(id_), to, id_, sender=self.creator)

    def contract(self, name: str, *args: Any) -> Contract:
        """A contract of contracts/test."""
        return self.chain.deploy(name, *args, sender=self.admin)  # type: ignore[no-any-return]

    def accept_token(self, name: str, price: int) -> Contract:
        """A misbehaving token that dataset 1 is sold for."""
        token = self.contract(name)
        self.currency[name] = token
        self.router.setCurrency(token, True, sender=self.admin)
        self.registry.setPrice(1, token, price, sender=self.creator)
        token.mint(self.buyer, FUNDS * price, sender=self.admin)
        token.approve(self.router, PLENTY, sender=self.buyer)
        return token

    # --- the money

    def force(self, to: Any, amount: int) -> None:
        """Native coin onto an address whether it takes it or not."""
        self.chain.fund(self.admin, amount)
        self.chain.deploy("ForcedSender", to, sender=self.admin, value=amount)

    def endow(self, account: Any) -> None:
        """Money in every currency, and approval of the router."""
        self.force(account, FUNDS * PRICES["eth"])
        self.usdc.mint(account, FUNDS * PRICES["usdc"], sender=self.admin)
        self.suite.token.transfer(account, FUNDS * PRICES["cp"], sender=self.treasury)
        for name in TOKENS:
            act(account, self.currency[name].approve, self.router, PLENTY)

    def balance(self, name: str, of: Any) -> int:
        return self.chain.balance(of) if name == "eth" else self.currency[name].balanceOf(of)  # type: ignore[no-any-return]

    def claimable(self, name: str, of: Any) -> int:
        return self.router.claimable(self.currency[name], of)  # type: ignore[no-any-return]

    @contextmanager
    def moves(self, name: str, changes: dict[Any, int]) -> Iterator[None]:
        """Expects these accounts, and the router, to gain this much and no more."""
        accounts = {plain(account): change for account, change in changes.items()}
        accounts.setdefault(self.router.address, 0)
        before = {account: self.balance(name, account) for account in accounts}
        yield
        gained = {account: self.balance(name, account) - before[account] for account in accounts}
        assert gained == accounts

    def assert_solvent(self) -> None:
        """The router holds exactly what it owes."""
        for name, currency in self.currency.items():
            assert self.balance(name, self.router) == self.router.totalClaimable(currency), name

    # --- purchases

    def purchase(
        self,
        name: str,
        id_: int = 1,
        *,
        sender: Any = None,
        recipient: Any = None,
        referrer: Any = NATIVE,
        max_price: int | None = None,
        value: int | None = None,
        gas: int | None = None,
    ) -> Receipt:
        """`purchase` at the price, for the buyer, unless told otherwise."""
        buyer = sender or self.buyer
        price = self.registry.priceOf(id_, self.currency[name])
        args = (id_, self.currency[name], price if max_price is None else max_price, recipient or buyer, referrer)
        paid = (price if name == "eth" else 0) if value is None else value
        return act(buyer, self.router.purchase, *args, value=paid, gas=gas)

    def permit(
        self, name: str, owner: Account, value: int, nonce: int = 0, deadline: int = NEVER
    ) -> tuple[int, int, int, bytes, bytes]:
        return permit_of(domain_of(self.currency[name]), owner, self.router, value, nonce, deadline)

    def till(self, id_: int = 1, recipient: Any = None, referrer: Any = NATIVE) -> str:
        return self.router.paymentAddress(id_, recipient or self.buyer, referrer)  # type: ignore[no-any-return]

    def authorization(
        self,
        name: str,
        value: int | None = None,
        *,
        payer: Any = None,
        till: str | None = None,
        valid_after: int = 0,
        valid_before: int = NEVER,
        nonce: str = "nonce",
    ) -> Authorization:
        """A payment of the price by the buyer into their own till, unless told otherwise."""
        return Authorization(
            (payer or self.buyer).address,
            till or self.till(),
            PRICES[name] if value is None else value,
            valid_after,
            valid_before,
            keccak(text=nonce),
        )

    def signature(self, name: str, authorization: Authorization, signer: Account | None = None) -> bytes:
        return sign(signer or self.buyer, authorization, domain_of(self.currency[name]))

    def settle(
        self,
        name: str,
        authorization: Authorization,
        *,
        signer: Account | None = None,
        recipient: Any = None,
        referrer: Any = NATIVE,
        sender: Any = None,
    ) -> Receipt:
        """`purchaseWithAuthorization` of dataset 1, sent by somebody else."""
        a = authorization
        signature = self.signature(name, a, signer)
        fields = (a.payer, a.value, a.valid_after, a.valid_before, a.nonce, signature)
        method = self.router.purchaseWithAuthorization
        return act(sender or self.anyone, method, 1, self.currency[name], recipient or self.buyer, referrer, fields)

    def submit(self, name: str, authorization: Authorization, signer: Account | None = None) -> Receipt:
        """The authorization straight to the token, around the router."""
        a = authorization
        fields = (a.payer, a.to, a.value, a.valid_after, a.valid_before, a.nonce)
        method = self.currency[name].transferWithAuthorization
        return method(*fields, self.signature(name, a, signer), sender=self.anyone)  # type: ignore[no-any-return]

    def cancel(self, name: str, authorization: Authorization) -> None:
        """The payer makes an authorization worthless."""
        signature = sign_cancel(self.buyer, self.buyer, authorization.nonce, domain_of(self.currency[name]))
        self.currency[name].cancelAuthorization(self.buyer, authorization.nonce, signature, sender=self.buyer)

    def pay_in(self, name: str, amount: int, till: str | None = None, sender: Any = None) -> None:
        """A plain transfer into a till."""
        to, payer = till or self.till(), sender or self.friend
        if name == "eth":
            self.chain.transact(payer, to, value=amount)
        else:
            act(payer, self.currency[name].transfer, to, amount)

    def complete(self, name: str, *, recipient: Any = None, referrer: Any = NATIVE, sender: Any = None) -> Receipt:
        method = self.router.completePurchase
        return act(sender or self.anyone, method, 1, self.currency[name], recipient or self.buyer, referrer)

    def refund(
        self, name: str, to: Any, *, recipient: Any = None, referrer: Any = NATIVE, sender: Any = None
    ) -> Receipt:
        method = self.router.refundTill
        return act(sender or self.buyer, method, 1, self.currency[name], recipient or self.buyer, referrer, to)

    def claim(self, name: str, account: Any, to: Any = None) -> Receipt:
        return act(account, self.router.claim, self.currency[name], to or account)

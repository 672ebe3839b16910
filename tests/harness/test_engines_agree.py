"""The engine in the process and a node do the same: values, events, errors and balances of one story."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from cluster.chain import anvil
from cluster.chain.eip3009 import RECEIVE, Authorization
from cluster.testing import Account, Chain, Receipt, Reverted
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.host import Host
from cluster.testing.suite import NATIVE, Suite, deploy_suite
from tests.contracts.data.shop import publication
from tests.contracts.payments.signing import NEVER, domain_of, permit_of, sign

PRICE = 1_000_003
CREATOR, BUYER, FRIEND = map(Account, ("creator", "buyer", "friend"))


@pytest.fixture(scope="module")
def node() -> Iterator[AnvilChain]:
    with anvil.running(options=OPTIONS) as url:
        chain = AnvilChain(url)
        yield chain
        chain.close()


class Story:
    """What was seen, with names in the place of addresses: they differ between the engines."""

    def __init__(self, chain: Host) -> None:
        self.chain = chain
        self.suite: Suite = deploy_suite(chain)
        named: dict[str, Any] = {**self.suite.protocol(), "USDC": self.suite.usdc, "treasury": self.suite.treasury}
        accounts = {account.name: account for account in (CREATOR, BUYER, FRIEND)}
        self.names = {account.address: name for name, account in {**named, **accounts}.items()}
        self.seen: list[Any] = []

    def __call__(self, action: Callable[[], Any]) -> None:
        try:
            outcome = action()
        except Reverted as reverted:
            self.seen.append((reverted.name, self.by_name(reverted.values)))
            return
        if isinstance(outcome, Receipt):
            self.seen += [
                (event.name, self.by_name(event.address), self.by_name(event.values)) for event in outcome.events
            ]
            outcome = outcome.return_value
        self.seen.append(self.by_name(outcome))

    def by_name(self, value: Any) -> Any:
        if isinstance(value, SimpleNamespace):
            return self.by_name(vars(value))
        if isinstance(value, dict):
            return {key: self.by_name(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.by_name(part) for part in value]
        return self.names.get(value, value) if isinstance(value, str) else value


def play(chain: Host) -> list[Any]:
    """A dataset is published and sold in every way, with the mistakes that people make."""
    story = Story(chain)
    suite = story.suite
    registry, router, usdc, token = suite.registry, suite.router, suite.usdc, suite.token
    prices = [(NATIVE, PRICE), (usdc, PRICE), (token, PRICE)]
    story(lambda: registry.publish(publication("penguins", prices=prices), sender=CREATOR))
    story(lambda: registry.publish(publication("penguins"), sender=FRIEND))
    story(lambda: registry.publish(publication("-"), sender=FRIEND))

    story(lambda: router.purchase(1, usdc, PRICE, BUYER, FRIEND, sender=BUYER))
    story(lambda: usdc.mint(BUYER, 5 * PRICE, sender=BUYER))
    story(lambda: usdc.mint(BUYER, 5 * PRICE, sender=suite.admin))
    permit = permit_of(domain_of(usdc), BUYER, router, PRICE, 0)
    story(lambda: router.purchaseWithPermit(1, usdc, PRICE, BUYER, FRIEND, permit, sender=BUYER))
    story(lambda: router.purchaseWithPermit(1, usdc, PRICE, BUYER, FRIEND, permit, sender=BUYER))

    till = router.paymentAddress(1, FRIEND, NATIVE)
    payment = Authorization(BUYER.address, till, PRICE, 0, NEVER, bytes(32))
    signature = sign(BUYER, payment, domain_of(usdc))
    signed = (payment.payer, payment.value, payment.valid_after, payment.valid_before, payment.nonce, signature)
    for _ in range(2):
        story(lambda: router.purchaseWithAuthorization(1, usdc, FRIEND, NATIVE, signed, sender=CREATOR))

    story(lambda: token.transfer(BUYER, 2**255, sender=suite.treasury))
    story(lambda: token.transfer(BUYER, PRICE, sender=suite.treasury))
    story(lambda: token.delegate(FRIEND, sender=BUYER))
    gift = Authorization(BUYER.address, FRIEND.address, 3, 0, NEVER, bytes(32))
    fields = (gift.payer, gift.to, gift.value, gift.valid_after, gift.valid_before, gift.nonce)
    gift_signature = sign(BUYER, gift, domain_of(token), RECEIVE)
    story(lambda: token.receiveWithAuthorization(*fields, gift_signature, sender=CREATOR))
    story(lambda: token.receiveWithAuthorization(*fields, gift_signature, sender=FRIEND))

    guest = Account("guest")
    story.names[guest.address] = guest.name
    chain.fund(guest, 10**24)
    story(lambda: router.purchase(1, NATIVE, PRICE, guest, FRIEND, sender=guest, value=PRICE - 1))
    before = [chain.balance(account) for account in (CREATOR, suite.treasury, FRIEND)]
    story(lambda: router.purchase(1, NATIVE, PRICE, guest, FRIEND, sender=guest, value=PRICE))
    after = [chain.balance(account) for account in (CREATOR, suite.treasury, FRIEND)]
    story.seen.append([now - then for now, then in zip(after, before, strict=True)])

    story(lambda: registry.review(1, 4, "ipfs://review", sender=guest))
    story(lambda: registry.review(1, 6, "ipfs://review", sender=guest))
    story(lambda: registry.delist(1, 9, sender=FRIEND))
    story(lambda: registry.delist(1, 9, sender=suite.admin))
    views: tuple[Callable[[], Any], ...] = (
        lambda: registry.listingOf(1),
        lambda: registry.termsOf(1, usdc),
        lambda: registry.listingOf(2),
        lambda: suite.nft.contentOf(1),
        lambda: suite.nft.ownerOf(1),
        lambda: token.getVotes(FRIEND),
        lambda: [usdc.balanceOf(account) for account in (CREATOR, BUYER, FRIEND, suite.treasury, router)],
    )
    for view in views:
        story(view)

    chain.mine(3_600)
    story(lambda: token.transfer(BUYER, 1, sender=suite.treasury))
    chain.mine(3_600)
    story(lambda: token.getPastVotes(FRIEND, token.clock() - 5_400))
    story(lambda: token.getPastVotes(FRIEND, token.clock() - 1_800))
    return story.seen


def test_the_engine_in_the_process_does_what_a_node_does(node: AnvilChain) -> None:
    in_process, on_node = play(Chain()), play(node)
    assert in_process == on_node
    told = {entry[0] for entry in in_process if isinstance(entry, tuple)}
    assert {"PurchaseCompleted", "SlugTaken", "AccessManagedUnauthorized", "DatasetUnknown"} <= told


def test_a_node_tells_the_gas_the_engine_in_the_process_does_not(node: AnvilChain) -> None:
    admin = Account("admin")
    usdc = node.deploy("TestUSDC", "USD Coin", sender=admin)
    assert 40_000 < usdc.mint(BUYER, 1, sender=admin).gas_used < 100_000
    assert Chain().deploy("TestUSDC", "USD Coin", sender=admin).mint(BUYER, 1, sender=admin).gas_used is None

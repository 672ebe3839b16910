"""Prices and listing: what is on offer, for how much."""

import pytest

from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.conftest import PRICE
from tests.contracts.data.test_access_level import BUYER, MEMBER
from tests.contracts.data.test_publish import MAX_PRICE

REASON = 451


def test_a_price_is_set_per_currency(suite: Suite, registry: Contract, dataset: int, creator: Account) -> None:
    registry.setPrice(dataset, suite.usdc, 5, sender=creator).expect(
        "PriceSet", id=dataset, currency=suite.usdc, price=5
    )
    assert registry.priceOf(dataset, suite.usdc) == 5
    assert registry.priceOf(dataset, NATIVE) == PRICE
    assert registry.termsOf(dataset, suite.usdc) == (5, True, False, creator.address)


def test_a_price_of_0_takes_the_currency_away_even_if_it_is_no_longer_accepted(
    suite: Suite, registry: Contract, dataset: int, creator: Account
) -> None:
    suite.router.setCurrency(NATIVE, False, sender=suite.admin)
    with reverts("CurrencyNotAccepted", NATIVE):
        registry.setPrice(dataset, NATIVE, PRICE + 1, sender=creator)
    registry.setPrice(dataset, NATIVE, 0, sender=creator).expect("PriceSet", id=dataset, currency=NATIVE, price=0)
    assert registry.priceOf(dataset, NATIVE) == 0


def test_set_price__above_128_bits__reverts(registry: Contract, dataset: int, creator: Account) -> None:
    with reverts("PriceTooHigh", MAX_PRICE + 1, MAX_PRICE):
        registry.setPrice(dataset, NATIVE, MAX_PRICE + 1, sender=creator)
    registry.setPrice(dataset, NATIVE, MAX_PRICE, sender=creator)
    assert registry.priceOf(dataset, NATIVE) == MAX_PRICE


def test_the_holder_makes_a_dataset_free_and_paid_again(registry: Contract, dataset: int, creator: Account) -> None:
    registry.setFree(dataset, True, sender=creator).expect("FreeSet", id=dataset, free=True)
    assert registry.termsOf(dataset, NATIVE) == (PRICE, True, True, creator.address)
    registry.setFree(dataset, False, sender=creator).expect("FreeSet", id=dataset, free=False)
    assert registry.termsOf(dataset, NATIVE) == (PRICE, True, False, creator.address)


def test_the_holder_withdraws_and_offers_again(registry: Contract, dataset: int, creator: Account) -> None:
    registry.setListed(dataset, False, sender=creator).expect("ListedSet", id=dataset, listed=False)
    assert registry.isOnOffer(dataset) is False
    assert registry.termsOf(dataset, NATIVE) == (PRICE, False, False, creator.address)
    registry.setListed(dataset, True, sender=creator).expect("ListedSet", id=dataset, listed=True)
    assert registry.isOnOffer(dataset) is True


def test_a_moderator_delists_with_a_reason_and_reinstates(suite: Suite, registry: Contract, dataset: int) -> None:
    moderator = suite.admin
    receipt = registry.delist(dataset, REASON, sender=moderator)
    receipt.expect("DatasetDelisted", id=dataset, moderator=moderator, reason=REASON)
    assert registry.listingOf(dataset).delistReason == REASON
    assert registry.isOnOffer(dataset) is False
    registry.delist(dataset, 7, sender=moderator)
    assert registry.listingOf(dataset).delistReason == 7
    registry.reinstate(dataset, sender=moderator).expect("DatasetReinstated", id=dataset, moderator=moderator)
    assert registry.listingOf(dataset).delistReason == 0
    assert registry.isOnOffer(dataset) is True


def test_the_holder_cannot_undo_a_moderator(suite: Suite, registry: Contract, dataset: int, creator: Account) -> None:
    registry.delist(dataset, REASON, sender=suite.admin)
    registry.setListed(dataset, True, sender=creator)
    assert registry.isOnOffer(dataset) is False


def test_a_moderator_cannot_offer_what_the_holder_withdrew(
    suite: Suite, registry: Contract, dataset: int, creator: Account
) -> None:
    registry.setListed(dataset, False, sender=creator)
    registry.delist(dataset, REASON, sender=suite.admin)
    registry.reinstate(dataset, sender=suite.admin)
    assert registry.isOnOffer(dataset) is False


def test_delist__no_reason__reverts(suite: Suite, registry: Contract, dataset: int) -> None:
    with reverts("InvalidReason"):
        registry.delist(dataset, 0, sender=suite.admin)


def test_delist__unknown__reverts(suite: Suite, registry: Contract) -> None:
    with reverts("DatasetUnknown", 9):
        registry.delist(9, REASON, sender=suite.admin)


def test_reinstate__not_delisted__reverts(suite: Suite, registry: Contract, dataset: int) -> None:
    for id_ in (dataset, 9):
        with reverts("NotDelisted", id_):
            registry.reinstate(id_, sender=suite.admin)


def test_an_unknown_dataset_is_not_on_offer(registry: Contract) -> None:
    assert registry.termsOf(9, NATIVE) == (0, False, False, NATIVE)
    assert registry.tokenIdOf("nothing") == 0


@pytest.mark.parametrize(
    ("view", "arguments"),
    [
        ("slugOf", ()),
        ("listingOf", ()),
        ("isOnOffer", ()),
        ("priceOf", (NATIVE,)),
        ("ratingOf", (NATIVE,)),
        ("accessLevel", (NATIVE,)),
        ("canDownload", (NATIVE,)),
    ],
)
def test_views__unknown__revert(registry: Contract, view: str, arguments: tuple[str, ...]) -> None:
    with reverts("DatasetUnknown", 9):
        getattr(registry, view)(9, *arguments)


def test_the_router_is_changed_to_a_contract_alone(
    chain: Chain, suite: Suite, registry: Contract, buyer: Account, stranger: Account
) -> None:
    assert registry.nft() == suite.nft.address
    with reverts("InvalidRouter", stranger):
        registry.setPaymentRouter(stranger, sender=suite.admin)
    arguments = [suite.manager, suite.treasury, [NATIVE]]
    other = chain.deploy_proxy("PaymentRouter", [registry], arguments, sender=suite.admin)
    assert registry.accessLevel(1, buyer) == BUYER
    registry.setPaymentRouter(other, sender=suite.admin).expect("PaymentRouterSet", router=other)
    assert registry.paymentRouter() == other.address
    # Who bought what is in the router, so a router is replaced by an upgrade, not by another one.
    assert registry.accessLevel(1, buyer) == MEMBER

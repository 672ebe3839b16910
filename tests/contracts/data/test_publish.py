"""DatasetRegistry.publish: a token, a slug and prices in one call."""

from typing import Any

import pytest

from cluster.chain.roles import REGISTRY
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import LICENSE, ROYALTY_BPS, URI, content, publication, publish

MAX_PRICE = 2**128 - 1


def test_publish_mints_the_token_and_claims_the_slug(suite: Suite, creator: Account) -> None:
    receipt = publish(suite, creator, "penguins", prices=[(NATIVE, 7), (suite.usdc, 8)])
    assert receipt.return_value == 1
    cid, manifest_hash = content("penguins")
    receipt.expect("DatasetMinted", id=1, creator=creator, license=LICENSE, royaltyBps=ROYALTY_BPS)
    receipt.expect("Transfer", **{"from": NATIVE, "to": creator, "tokenId": 1})
    receipt.expect("VersionAdded", id=1, version=1, cid=cid, manifestHash=manifest_hash, uri=URI)
    receipt.expect("DatasetPublished", id=1, creator=creator, slug="penguins", free=False)
    priced = [(event.id, event.currency, event.price) for event in receipt.named("PriceSet")]
    assert priced == [(1, NATIVE, 7), (1, suite.usdc.address, 8)]
    assert len(receipt.events) == 6

    registry = suite.registry
    assert registry.tokenIdOf("penguins") == 1
    assert registry.slugOf(1) == "penguins"
    assert (registry.priceOf(1, NATIVE), registry.priceOf(1, suite.usdc), registry.priceOf(1, suite.token)) == (7, 8, 0)
    listing = registry.listingOf(1)
    assert (listing.listed, listing.free, listing.delistReason) == (True, False, 0)
    assert (listing.ratingCount, listing.ratingSum) == (0, 0)
    assert suite.nft.ownerOf(1) == creator.address


def test_a_free_dataset_needs_no_price(suite: Suite, creator: Account) -> None:
    publish(suite, creator, free=True).expect("DatasetPublished", id=1, creator=creator, slug="penguins", free=True)
    assert suite.registry.listingOf(1).free is True
    assert suite.registry.termsOf(1, NATIVE) == (0, True, True, creator.address)


def test_ids_count_from_1(suite: Suite, creator: Account, stranger: Account) -> None:
    ids = [publish(suite, by, slug).return_value for by, slug in ((creator, "one"), (stranger, "two"))]
    assert ids == [1, 2]
    assert suite.nft.totalMinted() == 2


def test_publish__taken_slug__reverts(suite: Suite, creator: Account, stranger: Account) -> None:
    publish(suite, creator)
    for by in (creator, stranger):
        with reverts("SlugTaken", "penguins", 1):
            publish(suite, by)


def test_a_slug_is_not_free_again_after_delisting(suite: Suite, creator: Account, stranger: Account) -> None:
    publish(suite, creator)
    suite.registry.setListed(1, False, sender=creator)
    suite.registry.delist(1, 3, sender=suite.admin)
    with reverts("SlugTaken", "penguins", 1):
        publish(suite, stranger)


def test_publish__free_with_a_price__reverts(suite: Suite, creator: Account) -> None:
    with reverts("FreeDatasetHasNoPrice"):
        publish(suite, creator, free=True, prices=[(NATIVE, 1)])


def test_publish__one_currency_twice__reverts(suite: Suite, creator: Account) -> None:
    with reverts("DuplicateCurrency", NATIVE):
        publish(suite, creator, prices=[(NATIVE, 1), (suite.usdc, 1), (NATIVE, 1)])


def test_publish__unaccepted_currency__reverts(suite: Suite, creator: Account, stranger: Account) -> None:
    with reverts("CurrencyNotAccepted", stranger):
        publish(suite, creator, prices=[(stranger, 1)])


def test_publish__price_above_128_bits__reverts(suite: Suite, creator: Account) -> None:
    publish(suite, creator, "most", prices=[(NATIVE, MAX_PRICE)])
    with reverts("PriceTooHigh", MAX_PRICE + 1, MAX_PRICE):
        publish(suite, creator, "more", prices=[(NATIVE, MAX_PRICE + 1)])


def test_publish__royalty_above_a_tenth__reverts(suite: Suite, creator: Account) -> None:
    assert suite.nft.MAX_ROYALTY_BPS() == 1_000
    publish(suite, creator, "most", royaltyBps=1_000)
    with reverts("RoyaltyTooHigh", 1_001, 1_000):
        publish(suite, creator, "more", royaltyBps=1_001)


def test_publish__no_manifest__reverts(suite: Suite, creator: Account) -> None:
    with reverts("InvalidManifestHash"):
        publish(suite, creator, content=(content("penguins")[0], bytes(32)))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("RoyaltyTooHigh", {"royaltyBps": 1_001}),
        ("InvalidCid", {"content": (b"", bytes(32))}),
        ("DuplicateCurrency", {"prices": [(NATIVE, 1), (NATIVE, 1)]}),
    ],
)
def test_a_publication_that_reverts_claims_nothing(
    suite: Suite, creator: Account, error: str, fault: dict[str, Any]
) -> None:
    with reverts(error):
        publish(suite, creator, **fault)
    assert suite.registry.tokenIdOf("penguins") == 0
    assert publish(suite, creator).return_value == 1


def test_without_a_router_nothing_has_a_price(chain: Chain, suite: Suite, creator: Account) -> None:
    """A registry between its deployment and the router's."""
    registry = routerless(chain, suite)
    assert registry.paymentRouter() == NATIVE
    with reverts("CurrencyNotAccepted", NATIVE):
        registry.publish(publication(prices=[(NATIVE, 1)]), sender=creator)
    registry.publish(publication(), sender=creator)
    with reverts("NotBuyer", 1, creator):
        registry.review(1, 5, "", sender=creator)


def routerless(chain: Chain, suite: Suite) -> Contract:
    registry = chain.deploy_proxy("DatasetRegistry", [suite.nft], [suite.manager], sender=suite.admin)
    suite.manager.grantRole(REGISTRY.id, registry, 0, sender=suite.admin)
    return registry

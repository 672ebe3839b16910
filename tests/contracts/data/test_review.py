"""Reviews: by buyers, one each, summed on chain."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.conftest import PRICE
from tests.contracts.data.shop import publish

REVIEWERS = tuple(Account(f"reviewer {number}") for number in range(4))


def test_a_review_counts_and_its_successor_replaces_it(registry: Contract, dataset: int, buyer: Account) -> None:
    receipt = registry.review(dataset, 2, "ipfs://first", sender=buyer)
    receipt.expect("DatasetReviewed", id=dataset, reviewer=buyer, rating=2, previousRating=0, uri="ipfs://first")
    receipt = registry.review(dataset, 5, "", sender=buyer)
    receipt.expect("DatasetReviewed", id=dataset, reviewer=buyer, rating=5, previousRating=2, uri="")
    listing = registry.listingOf(dataset)
    assert (listing.ratingCount, listing.ratingSum) == (1, 5)
    assert registry.ratingOf(dataset, buyer) == 5


@pytest.mark.parametrize("rating", [0, 6, 255])
def test_review__rating_outside_1_to_5__reverts(registry: Contract, dataset: int, buyer: Account, rating: int) -> None:
    with reverts("InvalidRating", rating):
        registry.review(dataset, rating, "", sender=buyer)


def test_review__by_others_than_buyers__reverts(
    registry: Contract, dataset: int, creator: Account, stranger: Account
) -> None:
    for account in (creator, stranger):
        with reverts("NotBuyer", dataset, account):
            registry.review(dataset, 5, "", sender=account)


def test_review__unknown__reverts(registry: Contract, stranger: Account) -> None:
    with reverts("DatasetUnknown", 9):
        registry.review(9, 5, "", sender=stranger)


def test_buyers_review_what_is_no_longer_on_offer(
    suite: Suite, registry: Contract, dataset: int, buyer: Account
) -> None:
    registry.delist(dataset, 1, sender=suite.admin)
    registry.review(dataset, 1, "", sender=buyer)
    assert registry.ratingOf(dataset, buyer) == 1


@settings(max_examples=60)
@given(
    reviews=st.lists(st.tuples(st.integers(1, 2), st.integers(0, len(REVIEWERS) - 1), st.integers(0, 6)), max_size=12)
)
def test_count_and_sum_are_those_of_the_latest_reviews(
    chain: Chain, suite: Suite, reviews: Sequence[tuple[int, int, int]]
) -> None:
    registry, creator = suite.registry, Account("creator")
    with chain.isolated():
        for slug in ("first", "second"):
            id_ = publish(suite, creator, slug, prices=[(NATIVE, PRICE)]).return_value
            for account in REVIEWERS:
                chain.fund(account, PRICE)
                suite.router.purchase(id_, NATIVE, PRICE, account, NATIVE, sender=account, value=PRICE)
        latest: dict[tuple[int, int], int] = {}
        for id_, reviewer, rating in reviews:
            if 1 <= rating <= 5:
                receipt = registry.review(id_, rating, "", sender=REVIEWERS[reviewer])
                assert receipt.expect("DatasetReviewed").previousRating == latest.get((id_, reviewer), 0)
                latest[id_, reviewer] = rating
            else:
                with reverts("InvalidRating", rating):
                    registry.review(id_, rating, "", sender=REVIEWERS[reviewer])
        for id_ in (1, 2):
            ratings = [rating for (of, _), rating in latest.items() if of == id_]
            listing = registry.listingOf(id_)
            assert (listing.ratingCount, listing.ratingSum) == (len(ratings), sum(ratings))

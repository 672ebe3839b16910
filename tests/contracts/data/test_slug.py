"""The form of a slug, against a regular expression."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cluster.testing import Account, Chain, reverts
from cluster.testing.suite import Suite
from tests.contracts.data.shop import publish

VALID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")

near_misses = st.text(alphabet="az09-AZ_ ./:@[`{é\0", max_size=66)
valid = st.from_regex(VALID, fullmatch=True)


@settings(max_examples=300)
@given(slug=valid | near_misses | st.text(max_size=66))
@example("")
@example("ab")
@example("abc")
@example("a--b")
@example("a" * 64)
@example("a" * 65)
@example("-ab")
@example("ab-")
@example("---")
# 64 characters, 65 bytes.
@example("a" * 63 + "é")
def test_a_slug_is_accepted_if_and_only_if_it_matches(chain: Chain, suite: Suite, slug: str) -> None:
    creator = Account("creator")
    with chain.isolated():
        if VALID.fullmatch(slug):
            publish(suite, creator, slug)
            assert suite.registry.tokenIdOf(slug) == 1
            assert suite.registry.slugOf(1) == slug
        else:
            with reverts("InvalidSlug", slug):
                publish(suite, creator, slug)

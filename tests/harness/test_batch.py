"""A batch answers what its views answer one by one, and does not hide one that can't."""

import pytest
from eth_utils import keccak

from cluster.testing import Chain, Reverted
from cluster.testing.batch import Batch, view

BALANCE_OF, ALLOWANCE, DECIMALS, OWNER_OF = (
    keccak(text=signature)[:4]
    for signature in ("balanceOf(address)", "allowance(address,address)", "decimals()", "ownerOf(uint256)")
)


def test_a_batch_answers_what_its_views_do() -> None:
    chain = Chain()
    admin, alice, bob = (chain.account(name) for name in ("admin", "alice", "bob"))
    token = chain.deploy("FeeToken", sender=admin)
    token.mint(alice, 2**200 + 7, sender=admin)
    token.approve(bob, 5, sender=alice)
    batch = Batch(chain, admin)
    at = token.address
    asked = [
        view(at, BALANCE_OF, alice.address),
        view(at, ALLOWANCE, alice.address, bob.address),
        view(at, DECIMALS),
        view(at, BALANCE_OF, bob.address),
    ]
    answers = [token.balanceOf(alice), token.allowance(alice, bob), token.decimals(), 0]
    assert batch.words(asked) == answers
    assert batch.words(reversed(asked)) == answers[::-1]
    assert batch.words([]) == []
    for hopeless in (view(at, OWNER_OF, 1), view(alice.address, DECIMALS)):
        with pytest.raises(Reverted):
            batch.words([asked[0], hopeless])
    with pytest.raises(ValueError, match="3 arguments"):
        view(at, BALANCE_OF, 1, 2, 3)

"""ClusterToken's votes: ERC-5805 on an ERC-6372 clock of unix seconds."""

import pytest

from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.payments.signing import NEVER, domain_of, typed, vrs
from tests.contracts.token.conftest import FUNDS
from tests.contracts.token.test_erc20 import MAX_SUPPLY
from tests.contracts.token.twins import high_s

DAY = 86_400


def test_the_clock_counts_seconds(chain: Chain, token: Contract) -> None:
    assert token.CLOCK_MODE() == "mode=timestamp"
    assert token.clock() == chain.time
    chain.mine(DAY)
    assert token.clock() == chain.time


def test_money_votes_only_once_it_is_delegated(token: Contract, alice: Account, bob: Account) -> None:
    assert (token.getVotes(alice), token.delegates(alice)) == (0, NATIVE)
    receipt = token.delegate(bob, sender=alice)
    receipt.expect("DelegateChanged", delegator=alice, fromDelegate=NATIVE, toDelegate=bob)
    receipt.expect("DelegateVotesChanged", delegate=bob, previousVotes=0, newVotes=FUNDS)
    assert (token.getVotes(alice), token.getVotes(bob)) == (0, FUNDS)
    assert token.delegates(alice) == bob.address


def test_a_transfer_takes_votes_along(token: Contract, alice: Account, bob: Account) -> None:
    token.delegate(alice, sender=alice)
    token.delegate(bob, sender=bob)
    receipt = token.transfer(bob, 5, sender=alice)
    changes = [(e.delegate, e.previousVotes, e.newVotes) for e in receipt.named("DelegateVotesChanged")]
    assert changes == [(alice.address, FUNDS, FUNDS - 5), (bob.address, 0, 5)]
    assert (token.getVotes(alice), token.getVotes(bob)) == (FUNDS - 5, 5)


def test_past_votes_are_those_of_their_second(chain: Chain, token: Contract, alice: Account, bob: Account) -> None:
    first = chain.time
    token.delegate(alice, sender=alice)
    chain.mine(DAY)
    second = chain.time
    token.transfer(bob, 10, sender=alice)
    token.transfer(bob, 20, sender=alice)
    chain.mine(DAY)
    assert token.getPastVotes(alice, first - 1) == 0
    assert token.getPastVotes(alice, first) == FUNDS
    assert token.getPastVotes(alice, second - 1) == FUNDS
    assert token.getPastVotes(alice, second) == FUNDS - 30
    assert token.numCheckpoints(alice) == 2
    assert token.getPastTotalSupply(first) == MAX_SUPPLY


@pytest.mark.parametrize("ahead", [0, 1])
def test_past_votes__of_now_or_later__revert(chain: Chain, token: Contract, alice: Account, ahead: int) -> None:
    with reverts("ERC5805FutureLookup", chain.time + ahead, chain.time):
        token.getPastVotes(alice, chain.time + ahead)
    with reverts("ERC5805FutureLookup", chain.time + ahead, chain.time):
        token.getPastTotalSupply(chain.time + ahead)


def delegation(
    token: Contract, signer: Account, delegatee: Account, nonce: int, expiry: int
) -> tuple[Account, int, int, int, bytes, bytes]:
    """Arguments of `delegateBySig`."""
    message = {"delegatee": delegatee.address, "nonce": nonce, "expiry": expiry}
    signature = signer.sign_typed(typed(domain_of(token), "Delegation", message))
    return delegatee, nonce, expiry, *vrs(signature)


def test_votes_are_delegated_by_signature(token: Contract, alice: Account, bob: Account) -> None:
    receipt = token.delegateBySig(*delegation(token, alice, bob, 0, NEVER), sender=bob)
    receipt.expect("DelegateChanged", delegator=alice, toDelegate=bob)
    assert token.nonces(alice) == 1
    with reverts("InvalidAccountNonce", alice, 1):
        token.delegateBySig(*delegation(token, alice, bob, 0, NEVER), sender=bob)


def test_delegate_by_sig__expired__reverts(chain: Chain, token: Contract, alice: Account, bob: Account) -> None:
    signed = delegation(token, alice, bob, 0, chain.time)
    with chain.isolated():
        token.delegateBySig(*signed, sender=bob)
    expiry = chain.time
    chain.mine(1)
    with reverts("VotesExpiredSignature", expiry):
        token.delegateBySig(*signed, sender=bob)


def test_delegate_by_sig__high_s__reverts(token: Contract, alice: Account, bob: Account) -> None:
    *head, v, r, s = delegation(token, alice, bob, 0, NEVER)
    twin = high_s(r + s + bytes([v]))
    with reverts("ECDSAInvalidSignatureS", twin[32:64]):
        token.delegateBySig(*head, *vrs(twin), sender=bob)

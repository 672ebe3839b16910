"""ClusterToken's ERC-2612 permits."""

from cluster.chain.eip3009 import Domain
from cluster.testing import Account, Chain, Contract, reverts
from tests.contracts.payments.signing import LOCAL_CHAIN_ID, NEVER, domain_of, permit_of, typed, vrs
from tests.contracts.token.twins import high_s

OTHER_CHAIN_ID = 8453


def test_the_domain_is_the_one_that_wallets_sign_in(token: Contract) -> None:
    domain = Domain("Cluster Protocol", "1", LOCAL_CHAIN_ID, token.address)
    assert token.DOMAIN_SEPARATOR() == domain.separator
    assert token.eip712Domain()[1:5] == ("Cluster Protocol", "1", LOCAL_CHAIN_ID, token.address)
    assert token.version() == "1"


def test_a_permit_sets_the_allowance_whoever_sends_it(token: Contract, alice: Account, bob: Account) -> None:
    value, deadline, v, r, s = permit_of(domain_of(token), alice, bob, 9, nonce=0)
    receipt = token.permit(alice, bob, value, deadline, v, r, s, sender=bob)
    receipt.expect("Approval", owner=alice, spender=bob, value=9)
    assert token.allowance(alice, bob) == 9
    assert token.nonces(alice) == 1


def test_permit__twice__reverts(token: Contract, alice: Account, bob: Account) -> None:
    permit = permit_of(domain_of(token), alice, bob, 9, nonce=0)
    token.permit(alice, bob, *permit, sender=bob)
    with reverts("ERC2612InvalidSigner"):
        token.permit(alice, bob, *permit, sender=bob)
    assert token.nonces(alice) == 1


def test_a_permit_is_good_until_its_deadline_and_no_longer(
    chain: Chain, token: Contract, alice: Account, bob: Account
) -> None:
    permit = permit_of(domain_of(token), alice, bob, 9, nonce=0, deadline=chain.time)
    with chain.isolated():
        token.permit(alice, bob, *permit, sender=bob)
    deadline = chain.time
    chain.mine(1)
    with reverts("ERC2612ExpiredSignature", deadline):
        token.permit(alice, bob, *permit, sender=bob)


def test_permit__signed_by_somebody_else__names_both(token: Contract, alice: Account, bob: Account) -> None:
    message = {"owner": alice.address, "spender": bob.address, "value": 9, "nonce": 0, "deadline": NEVER}
    signature = bob.sign_typed(typed(domain_of(token), "Permit", message))
    with reverts("ERC2612InvalidSigner", bob, alice):
        token.permit(alice, bob, 9, NEVER, *vrs(signature), sender=bob)
    assert token.allowance(alice, bob) == 0


def test_permit__for_another_chain_or_token__reverts(token: Contract, alice: Account, bob: Account) -> None:
    own = domain_of(token)
    for domain in (
        Domain(own.name, own.version, OTHER_CHAIN_ID, own.verifying_contract),
        Domain(own.name, own.version, own.chain_id, bob.address),
        Domain(own.name, "2", own.chain_id, own.verifying_contract),
    ):
        with reverts("ERC2612InvalidSigner"):
            token.permit(alice, bob, *permit_of(domain, alice, bob, 9, nonce=0), sender=bob)


def test_permit__high_s__reverts(token: Contract, alice: Account, bob: Account) -> None:
    value, deadline, v, r, s = permit_of(domain_of(token), alice, bob, 9, nonce=0)
    twin = high_s(r + s + bytes([v]))
    with reverts("ECDSAInvalidSignatureS", twin[32:64]):
        token.permit(alice, bob, value, deadline, twin[64], twin[:32], twin[32:64], sender=bob)

"""Our digest and signature against eth-account's, and what is no signature."""

from eth_account import Account as Keys
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.chain.eip3009 import RECEIVE, TRANSFER, Authorization, Domain, recover, sign

KEY = bytes.fromhex("11" * 32)
ADDRESS = Keys.from_key(KEY).address
words = st.integers(0, 2**256 - 1)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
domains = st.builds(Domain, st.text(max_size=20), st.text(max_size=5), words, addresses)
authorizations = st.builds(
    Authorization, st.just(ADDRESS), addresses, words, words, words, st.binary(min_size=32, max_size=32)
)


@settings(max_examples=60, deadline=None)
@given(domains, authorizations, st.sampled_from([TRANSFER, RECEIVE]))
def test_digest_and_signature_are_those_of_eip_712(domain: Domain, found: Authorization, kind: str) -> None:
    typed = encode_typed_data(full_message=found.typed_data(domain, kind))
    signed = Keys.sign_message(typed, KEY)
    digest = found.digest(domain, kind)
    assert bytes(signed.message_hash) == digest
    assert recover(digest, bytes(signed.signature)) == ADDRESS
    assert Keys.recover_message(typed, signature=sign(digest, KEY)) == ADDRESS


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_anything_else_recovers_to_nobody_or_somebody_else(signature: bytes) -> None:
    assert recover(b"\x07" * 32, signature) != ADDRESS

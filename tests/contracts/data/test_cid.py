"""Binary CIDs: the contract and `cluster.content` take the same ones, and the contract gives them back as they came."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cluster.content.cid import DAG_PB, RAW, Cid, InvalidCid
from cluster.testing import Account, Chain, reverts
from cluster.testing.suite import Suite
from tests.contracts.data.shop import content, publish

MANIFEST_HASH = content("penguins")[1]

digests = st.binary(min_size=32, max_size=32)
cids = st.builds(lambda codec, digest: Cid(codec, digest).binary, st.sampled_from([RAW, DAG_PB]), digests)
headers = st.tuples(*(st.integers(0, 255) | st.just(byte) for byte in (0x01, 0x70, 0x12, 0x20))).map(bytes)
near_misses = st.builds(lambda header, digest: header + digest, headers, st.binary(min_size=31, max_size=33))


def accepted_off_chain(binary: bytes) -> bool:
    try:
        Cid.from_bytes(binary)
    except InvalidCid:
        return False
    return True


@settings(max_examples=300)
@given(binary=cids | near_misses | st.binary(max_size=80))
@example(b"")
@example(b"\x01\x70\x12\x20" + bytes(32))
@example(b"\x02\x70\x12\x20" + bytes(32))
@example(b"\x01\x71\x12\x20" + bytes(32))
@example(b"\x01\x70\x13\x20" + bytes(32))
@example(b"\x01\x70\x12\x21" + bytes(32))
# CIDv0 is a bare multihash.
@example(b"\x12\x20" + bytes(32))
def test_the_contract_takes_what_the_publisher_makes(chain: Chain, suite: Suite, binary: bytes) -> None:
    creator = Account("creator")
    with chain.isolated():
        if accepted_off_chain(binary):
            publish(suite, creator, content=(binary, MANIFEST_HASH))
            assert suite.nft.contentOf(1).cid == binary
        else:
            with reverts("InvalidCid", binary):
                publish(suite, creator, content=(binary, MANIFEST_HASH))

"""CIDs between text, bytes and their parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.content.cid import DAG_PB, RAW, Cid, InvalidCid

ABC = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu"


def test_the_cid_of_abc_is_the_one_that_everybody_knows() -> None:
    assert str(Cid.of(RAW, b"abc")) == ABC


@given(codec=st.sampled_from([RAW, DAG_PB]), digest=st.binary(min_size=32, max_size=32))
def test_text_and_bytes_lead_back_to_the_cid(codec: int, digest: bytes) -> None:
    cid = Cid(codec, digest)
    assert Cid.parse(str(cid)) == cid
    assert Cid.from_bytes(cid.binary) == cid


@given(st.binary(max_size=40).filter(lambda b: b[:1] + b[2:4] != b"\x01\x12\x20" or len(b) != 36))
def test_other_bytes_are_refused(binary: bytes) -> None:
    with pytest.raises(InvalidCid, match="is not a CIDv1"):
        Cid.from_bytes(binary)


@pytest.mark.parametrize(
    "text", ["", "b", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", "b!!", ABC + "a", ABC[:-1], ABC.upper()]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidCid, match="is not a CIDv1"):
        Cid.parse(text)

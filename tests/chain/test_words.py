"""What is coded by hand is what eth_abi codes, and what eth_abi refuses is refused."""

from typing import Any

import pytest
from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from cluster.chain.words import WORDS, decoder, encoder

KINDS = (*WORDS, "string", "int8", "(uint8,address)", "uint64[]", "bytes4")


def values(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("uint") and not kind.endswith("]"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    others: dict[str, st.SearchStrategy[Any]] = {
        "address": st.binary(min_size=20, max_size=20).map(to_checksum_address),
        "bool": st.booleans(),
        "bytes32": st.binary(min_size=32, max_size=32),
        "bytes4": st.binary(min_size=4, max_size=4),
        "string": st.text(),
        "int8": st.integers(-128, 127),
        "uint64[]": st.lists(st.integers(0, 2**64 - 1)),
    }
    return others[kind] if kind in others else st.tuples(st.integers(0, 255), values("address"))


rows = st.lists(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), values(kind))), max_size=6)


def lowered(values: Any) -> Any:
    """Checksums aside."""
    if isinstance(values, str):
        return values.lower()
    return tuple(map(lowered, values)) if isinstance(values, tuple | list) else values


@given(rows)
def test_values_are_coded_as_eth_abi_codes_them(row: list[tuple[str, Any]]) -> None:
    types, args = [kind for kind, _ in row], [value for _, value in row]
    coded = encode(types, args)
    assert encoder(types)(args) == coded
    assert lowered(decoder(types)(coded)) == lowered(decode(types, coded))


@given(st.sampled_from(tuple(WORDS)), st.binary(min_size=32, max_size=32))
def test_a_word_that_eth_abi_does_not_read_is_not_read(kind: str, word: bytes) -> None:
    try:
        expected = decode([kind], word)
    except DecodingError:
        with pytest.raises(DecodingError):
            decoder([kind])(word)
    else:
        assert lowered(decoder([kind])(word)) == lowered(expected)


@pytest.mark.parametrize(
    ("types", "args"),
    [
        (["uint8"], [256]),
        (["uint256"], [-1]),
        (["uint256"], [True]),
        (["bool"], [1]),
        (["bytes32"], ["text"]),
        (["bytes32"], [bytes(33)]),
        (["address"], ["0x12"]),
        (["uint8", "uint8"], [1]),
    ],
)
def test_what_eth_abi_refuses_to_write_is_refused(types: list[str], args: list[Any]) -> None:
    with pytest.raises((EncodingError, ValueError)) as theirs:
        encode(types, args)
    with pytest.raises(theirs.type):
        encoder(types)(args)


def test_a_short_answer_is_refused() -> None:
    with pytest.raises(DecodingError):
        decoder(["uint256"])(b"")

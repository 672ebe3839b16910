"""ABI coding of what consists of whole words, by hand; eth_abi does everything else, and whatever looks odd.

State machines code some ten thousand values a second, most of them one word. eth_abi builds its coder anew for each
call and takes ten times as long; what it would refuse is handed to it, so that the error is its own.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from eth_abi.decoding import ContextFramesBytesIO, TupleDecoder
from eth_abi.encoding import TupleEncoder
from eth_abi.registry import registry
from eth_utils import to_checksum_address

WORD = 32

ToWord = Callable[[Any], bytes | None]
FromWord = Callable[[int], Any]


class Odd(Exception):
    """Not a word that is read by hand."""


@lru_cache(maxsize=4096)
def checksummed(address: str) -> str:
    """An address in its mixed-case form (ERC-55); the hash it takes is what costs most in decoding an event."""
    return to_checksum_address(address)


def _whole(types: Sequence[str]) -> TupleEncoder:
    return TupleEncoder(encoders=[registry.get_encoder(kind) for kind in types])  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4096)
def _address_word(address: str) -> bytes:
    return bytes(_whole(["address"])([address]))


@lru_cache(maxsize=4096)
def _account(word: int) -> str:
    return to_checksum_address(word.to_bytes(20))


def _unsigned(bits: int) -> tuple[ToWord, FromWord]:
    def to_word(value: Any) -> bytes | None:
        return value.to_bytes(WORD) if type(value) is int and value >= 0 and not value >> bits else None

    def from_word(word: int) -> int:
        if word >> bits:
            raise Odd
        return word

    return to_word, from_word


def _boolean(word: int) -> bool:
    if word > 1:
        raise Odd
    return word == 1


def _address(word: int) -> str:
    if word >> 160:
        raise Odd
    return _account(word)


WORDS: dict[str, tuple[ToWord, FromWord]] = {
    "address": (lambda value: _address_word(value) if type(value) is str else None, _address),
    "bool": (lambda value: value.to_bytes(WORD) if type(value) is bool else None, _boolean),
    "bytes32": (
        lambda value: value if type(value) is bytes and len(value) == WORD else None,
        lambda word: word.to_bytes(WORD),
    ),
    **{f"uint{bits}": _unsigned(bits) for bits in range(8, 264, 8)},
}
"""How a type of one word is written, None if eth_abi has to; and how it is read."""


def encoder(types: Sequence[str]) -> Callable[[Sequence[Any]], bytes]:
    """What encodes arguments of these types."""
    whole = _whole(types)
    if not all(kind in WORDS for kind in types):
        return whole
    to_words = [WORDS[kind][0] for kind in types]

    def encode(values: Sequence[Any]) -> bytes:
        if len(values) == len(to_words):
            words = [to_word(value) for to_word, value in zip(to_words, values, strict=True)]
            if None not in words:
                return b"".join(words)  # type: ignore[arg-type]
        return whole(values)

    return encode


def decoder(types: Sequence[str]) -> Callable[[bytes], tuple[Any, ...]]:
    """What decodes values of these types; addresses are checksummed where all are words, lower-case elsewhere."""
    decoders = [registry.get_decoder(kind, strict=True) for kind in types]
    whole = TupleDecoder(decoders=decoders)  # type: ignore[no-untyped-call]

    # Much of what is read changes seldom, and all that comes out of here can't be changed.
    @lru_cache(maxsize=256)
    def decode_whole(data: bytes) -> tuple[Any, ...]:
        return whole(ContextFramesBytesIO(data))  # type: ignore[no-any-return, no-untyped-call]

    if not all(kind in WORDS for kind in types):
        return decode_whole
    from_words = [WORDS[kind][1] for kind in types]
    size = WORD * len(types)

    def decode(data: bytes) -> tuple[Any, ...]:
        if len(data) != size:
            return decode_whole(data)
        try:
            return tuple(
                from_word(int.from_bytes(data[at : at + WORD]))
                for at, from_word in zip(range(0, size, WORD), from_words, strict=True)
            )
        except Odd:
            return decode_whole(data)

    return decode

"""IPFS content identifiers: CIDv1 with a SHA-256 digest, as `contracts/data/Cid.sol` takes them.

https://github.com/multiformats/cid. Text form is base32, lower case, prefix `b`.
"""

import hashlib
from base64 import b32decode, b32encode
from typing import NamedTuple, Self

RAW = 0x55
DAG_PB = 0x70

_VERSION = 1
_SHA2_256 = 0x12
_DIGEST_BYTES = 32
_BYTES = 36


class InvalidCid(ValueError):
    """Not a CIDv1 with codec raw or dag-pb and a SHA-256 digest."""


class Cid(NamedTuple):
    """A CID taken apart. `str()` gives the text form."""

    codec: int
    digest: bytes

    @classmethod
    def of(cls, codec: int, block: bytes) -> Self:
        """The CID of a block's bytes."""
        return cls(codec, hashlib.sha256(block).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the text form. Raises `InvalidCid`."""
        body = text[1:].upper()
        try:
            binary = b32decode(body + "=" * (-len(body) % 8)) if text[:1] == "b" else b""
        except ValueError:
            binary = b""
        return cls.from_bytes(binary, text)

    @classmethod
    def from_bytes(cls, binary: bytes, shown: str | None = None) -> Self:
        """From the 36 bytes that the contracts keep. Raises `InvalidCid`."""
        header = (_VERSION, binary[1] if len(binary) == _BYTES else None, _SHA2_256, _DIGEST_BYTES)
        if tuple(binary[:4]) != header or binary[1] not in (RAW, DAG_PB):
            what = shown if shown is not None else "0x" + binary.hex()
            raise InvalidCid(f"{what[:80]!r} is not a CIDv1 (raw or dag-pb, SHA-256), such as bafybei… or bafkrei…")
        return cls(binary[1], binary[4:])

    @property
    def binary(self) -> bytes:
        """The 36 bytes that the contracts take."""
        return bytes([_VERSION, self.codec, _SHA2_256, _DIGEST_BYTES]) + self.digest

    def __str__(self) -> str:
        return "b" + b32encode(self.binary).decode().lower().rstrip("=")

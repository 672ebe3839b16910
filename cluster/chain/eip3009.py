"""EIP-3009 authorizations: EIP-712 domain, digest, signature.

https://eips.ethereum.org/EIPS/eip-3009, https://eips.ethereum.org/EIPS/eip-712. Amounts are in the token's
smallest unit, times in seconds since 1970.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from coincurve import PrivateKey, PublicKey
from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_bytes, to_checksum_address

from cluster.chain.rpc import Rpc, RpcError

TRANSFER = "TransferWithAuthorization"
RECEIVE = "ReceiveWithAuthorization"
CANCEL = "CancelAuthorization"

_FIELDS = "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
_TYPEHASH = {kind: keccak(text=kind + _FIELDS) for kind in (TRANSFER, RECEIVE)}
_CANCEL_TYPEHASH = keccak(text="CancelAuthorization(address authorizer,bytes32 nonce)")
_DOMAIN_TYPEHASH = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
)
# secp256k1's order; a signature with s above half of it is the malleable twin of another and refused by the
# tokens.
_HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2


class NotAnAuthorizationToken(ValueError):
    """The address is not a token with EIP-3009 and an EIP-712 domain; the message says what is missing."""


@dataclass(frozen=True)
class Domain:
    """The EIP-712 domain of a token."""

    name: str
    version: str
    chain_id: int
    verifying_contract: str

    @cached_property
    def separator(self) -> bytes:
        """`DOMAIN_SEPARATOR()` of the token."""
        return keccak(
            encode(
                ["bytes32", "bytes32", "bytes32", "uint256", "address"],
                [
                    _DOMAIN_TYPEHASH,
                    keccak(text=self.name),
                    keccak(text=self.version),
                    self.chain_id,
                    self.verifying_contract,
                ],
            )
        )


@dataclass(frozen=True)
class Authorization:
    """A transfer that its payer signs and anybody may submit, once, strictly between the two times."""

    payer: str
    to: str
    value: int
    valid_after: int
    valid_before: int
    nonce: bytes

    def digest(self, domain: Domain, kind: str = TRANSFER) -> bytes:
        """What is signed. `kind` is `TRANSFER` or `RECEIVE`."""
        # The seven words are laid out by hand: this runs on every paid request, eth_abi takes five times as
        # long.
        words = (
            _TYPEHASH[kind],
            _word(self.payer),
            _word(self.to),
            self.value.to_bytes(32, "big"),
            self.valid_after.to_bytes(32, "big"),
            self.valid_before.to_bytes(32, "big"),
            self.nonce,
        )
        return keccak(b"\x19\x01" + domain.separator + keccak(b"".join(words)))

    def typed_data(self, domain: Domain, kind: str = TRANSFER) -> dict[str, Any]:
        """The same as EIP-712 JSON, for wallets (`eth_signTypedData_v4`)."""
        fields = [part.split(" ") for part in _FIELDS.strip("()").split(",")]
        return {
            "primaryType": kind,
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                kind: [{"name": name, "type": abi_type} for abi_type, name in fields],
            },
            "domain": {
                "name": domain.name,
                "version": domain.version,
                "chainId": domain.chain_id,
                "verifyingContract": domain.verifying_contract,
            },
            "message": {
                "from": self.payer,
                "to": self.to,
                "value": self.value,
                "validAfter": self.valid_after,
                "validBefore": self.valid_before,
                "nonce": "0x" + self.nonce.hex(),
            },
        }


def _word(address: str) -> bytes:
    return to_bytes(hexstr=address).rjust(32, b"\0")


def cancel_digest(domain: Domain, payer: str, nonce: bytes) -> bytes:
    """What a payer signs to cancel an authorization."""
    return keccak(b"\x19\x01" + domain.separator + keccak(_CANCEL_TYPEHASH + _word(payer) + nonce))


def sign(digest: bytes, private_key: bytes) -> bytes:
    """65 bytes r, s, v with v 27 or 28."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    return bytes(signature[:64]) + bytes([signature[64] + 27])


def recover(digest: bytes, signature: bytes) -> str | None:
    """Checksummed address that signed, or None if these 65 bytes are no signature that a token would
    accept.
    """
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except ValueError:
        return None
    return to_checksum_address(keccak(key.format(compressed=False)[1:])[-20:])


async def read_domain(rpc: Rpc, token: str) -> Domain:
    """The EIP-712 domain as the token itself has it.

    USDC's name differs between chains ("USD Coin" on Base, "USDC" on Base Sepolia), so it is never assumed.
    Raises `NotAnAuthorizationToken`, `NodeUnreachable`.
    """
    token = to_checksum_address(token)
    chain_id = int(await rpc.call("eth_chainId"), 16)
    if await rpc.call("eth_getCode", token, "latest") in ("0x", None):
        raise NotAnAuthorizationToken(f"no contract at {token} on chain {chain_id}")
    name = _text(await _read(rpc, token, "name()"), token, "name()")
    version = _text(await _read(rpc, token, "version()"), token, "version()")
    domain = Domain(name, version, chain_id, token)
    separator = await _read(rpc, token, "DOMAIN_SEPARATOR()")
    if separator != domain.separator:
        raise NotAnAuthorizationToken(
            f"{token}: DOMAIN_SEPARATOR() is not that of name {name!r}, version {version!r}, chain {chain_id}"
        )
    await _read(rpc, token, "authorizationState(address,bytes32)", bytes(64))
    return domain


async def _read(rpc: Rpc, token: str, signature: str, arguments: bytes = b"") -> bytes:
    data = "0x" + (keccak(text=signature)[:4] + arguments).hex()
    try:
        answer = await rpc.call("eth_call", {"to": token, "data": data}, "latest")
    except RpcError as error:
        raise NotAnAuthorizationToken(f"{token} has no {signature}: {error.message}") from error
    return bytes.fromhex(answer.removeprefix("0x"))


def _text(data: bytes, token: str, what: str) -> str:
    try:
        text: str = decode(["string"], data)[0]
    except (DecodingError, UnicodeDecodeError) as error:
        raise NotAnAuthorizationToken(f"{token}: {what} is not a string") from error
    return text


async def read_decimals(rpc: Rpc, token: str) -> int:
    """The token's `decimals()`. Raises `NotAnAuthorizationToken`, `NodeUnreachable`."""
    return int.from_bytes(await _read(rpc, to_checksum_address(token), "decimals()"), "big")

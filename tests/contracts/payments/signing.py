"""What payers sign: EIP-3009 authorizations and EIP-712 messages such as permits."""

from typing import Any

from cluster.chain.eip3009 import TRANSFER, Authorization, Domain, cancel_digest
from cluster.chain.eip3009 import sign as sign_digest
from cluster.testing import Account, Contract
from cluster.testing.contract import Method

LOCAL_CHAIN_ID = 31337
# The end of time for tokens that read validity as 48 bits.
NEVER = 2**47 - 1

_DOMAIN_FIELDS = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))


def domain_of(token: Contract) -> Domain:
    """The EIP-712 domain by the token's own words."""
    # `Contract.name` is the harness's own, so the token's is asked for by its method.
    return Domain(Method(token, "name")(), token.version(), LOCAL_CHAIN_ID, token.address)


def sign(signer: Account, authorization: Authorization, domain: Domain, kind: str = TRANSFER) -> bytes:
    """65 bytes r, s, v."""
    return sign_digest(authorization.digest(domain, kind), bytes(signer.local.key))


def sign_cancel(signer: Account, payer: Any, nonce: bytes, domain: Domain) -> bytes:
    """65 bytes r, s, v."""
    return sign_digest(cancel_digest(domain, payer.address, nonce), bytes(signer.local.key))


def vrs(signature: bytes) -> tuple[int, bytes, bytes]:
    """The parts of a signature in the order of the older functions."""
    return signature[64], signature[:32], signature[32:64]


def typed(domain: Domain, kind: str, message: dict[str, Any]) -> dict[str, Any]:
    """EIP-712 JSON of a flat struct of addresses and integers."""
    return {
        "primaryType": kind,
        "types": {
            "EIP712Domain": [{"name": name, "type": abi_type} for name, abi_type in _DOMAIN_FIELDS],
            kind: [{"name": k, "type": "address" if isinstance(v, str) else "uint256"} for k, v in message.items()],
        },
        "domain": {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.verifying_contract,
        },
        "message": message,
    }


def permit_of(
    domain: Domain, owner: Account, spender: Any, value: int, nonce: int, deadline: int = NEVER
) -> tuple[int, int, int, bytes, bytes]:
    """value, deadline, v, r, s of an ERC-2612 permit."""
    message = {
        "owner": owner.address,
        "spender": spender.address,
        "value": value,
        "nonce": nonce,
        "deadline": deadline,
    }
    return (value, deadline, *vrs(owner.sign_typed(typed(domain, "Permit", message))))

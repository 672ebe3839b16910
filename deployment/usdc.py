"""The USDC that datasets are sold for: Circle's where there is one, a test token on local chains."""

from typing import Any

from cluster.chain import artifacts
from deployment.chain import Chain, Reverted

SOURCE = "TestUSDC"
NAME = "USD Coin"
"""Name and EIP-712 domain name of the test token, as on Base."""

_INTERFACE = {
    # ERC-20, ERC-2612, EIP-3009: what Circle's contract and the test token have in common.
    *("name", "symbol", "decimals", "version", "totalSupply", "balanceOf", "allowance", "approve", "transfer"),
    *("transferFrom", "permit", "nonces", "DOMAIN_SEPARATOR", "authorizationState", "transferWithAuthorization"),
    *("receiveWithAuthorization", "cancelAuthorization", "Transfer", "Approval", "AuthorizationUsed"),
    "AuthorizationCanceled",
}

_TRANSFER_TYPEHASH = "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"
"""EIP-3009: keccak-256 of TransferWithAuthorization's type."""


def abi(local: bool) -> list[dict[str, Any]]:
    """The test token's whole ABI on local chains, elsewhere the part that Circle's has too."""
    whole = artifacts.load(SOURCE).abi
    return whole if local else [entry for entry in whole if entry.get("name") in _INTERFACE and entry["type"] != "error"]


def check_usdc(chain: Chain, address: str) -> list[tuple[str, bool]]:
    """Whether an address holds a token with 6 decimals and EIP-3009."""
    return [
        ("USDC: has 6 decimals", _reads(chain, address, "decimals", lambda value: value == 6)),
        (
            "USDC: has EIP-3009",
            _reads(chain, address, "TRANSFER_WITH_AUTHORIZATION_TYPEHASH", lambda v: v.hex() == _TRANSFER_TYPEHASH),
        ),
    ]


def _reads(chain: Chain, address: str, method: str, accept: Any) -> bool:
    if not chain.code(address):
        return False
    try:
        return bool(accept(chain.read(SOURCE, address, method)))
    except Reverted:
        return False

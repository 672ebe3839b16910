"""The USDC that datasets are sold for: Circle's where there is one, a test token on local chains."""

from typing import Any

from cluster.chain import artifacts
from deployment.chain import Chain, Reverted

SOURCE = "TestUSDC"
NAME = "USD Coin"
"""Name and EIP-712 domain name of the test token, as on Base."""

_INTERFACE = {
    # ERC-20, ERC-2612, EIP-3009: what Circle's contract and the test token have in common.
    *(
        "name",
        "symbol",
        "decimals",
        "version",
        "totalSupply",
        "balanceOf",
        "allowance",
        "approve",
        "transfer",
    ),
    *(
        "transferFrom",
        "permit",
        "nonces",
        "DOMAIN_SEPARATOR",
        "authorizationState",
        "transferWithAuthorization",
    ),
    *("receiveWithAuthorization", "cancelAuthorization", "Transfer", "Approval", "AuthorizationUsed"),
    "AuthorizationCanceled",
}


def abi(local: bool) -> list[dict[str, Any]]:
    """The test token's whole ABI on local chains, elsewhere the part that Circle's has too."""
    whole = artifacts.load(SOURCE).abi
    return (
        whole if local else [entry for entry in whole if entry.get("name") in _INTERFACE and entry["type"] != "error"]
    )


def check_usdc(chain: Chain, address: str) -> list[tuple[str, bool]]:
    """Whether an address holds a token with 6 decimals and EIP-3009."""
    fresh = (chain.sender, bytes(32))
    return [
        ("USDC: has 6 decimals", _reads(chain, address, 6, "decimals")),
        ("USDC: has EIP-3009", _reads(chain, address, False, "authorizationState", *fresh)),
    ]


def _reads(chain: Chain, address: str, expected: Any, method: str, *args: Any) -> bool:
    if not chain.code(address):
        return False
    try:
        return bool(chain.read(SOURCE, address, method, *args) == expected)
    except Reverted:
        return False

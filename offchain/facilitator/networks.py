"""Names of chains: CAIP-2 in x402 v2, words in x402 v1."""

# From x402's own list; v1 clients sign for the chain id they know behind the name.
V1_NAMES: dict[int, str] = {
    8453: "base",
    84532: "base-sepolia",
    137: "polygon",
    80002: "polygon-amoy",
    43114: "avalanche",
    43113: "avalanche-fuji",
}


def caip2(chain_id: int) -> str:
    """CAIP-2 identifier of an EVM chain."""
    return f"eip155:{chain_id}"


def v1_name(chain_id: int) -> str:
    """The word that x402 v1 uses. A chain without one is called by its CAIP-2 identifier, which v1 clients
    that were not taught it refuse without signing anything.
    """
    return V1_NAMES.get(chain_id, caip2(chain_id))

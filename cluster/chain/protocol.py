"""What the protocol consists of: its contracts in the order in which each knows those before it, and what they are made
with. The one list that deployment, check and tests share; roles stand in `cluster.chain.roles`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NATIVE = "0x" + "00" * 20
"""The chain's native coin, as a currency."""

CP = 10**18
"""Wei of one CP."""

SUPPLY = 5_000_000_000 * CP
"""All CP there is."""

FIGURES = (50_000, 200_000, 500_000, 300_000, 200_000)
"""ModelRegistry's first figures, in millionths: treasury and stack of a fee; datasets, owner and parent of a stack."""

PROXIED = (
    "ClusterToken",
    "DatasetNFT",
    "DatasetRegistry",
    "PaymentRouter",
    "ReceiptRegistry",
    "IdentityRegistry",
    "ReputationRegistry",
    "ValidationRegistry",
    "AgentActivity",
    "ModelRegistry",
    "OperatorStaking",
    "MemberStaking",
    "IdleIncentives",
    "InferenceSettlement",
    "PriceFeeds",
    "PrepaidBalances",
)
"""Upgradeable contracts."""

CHANNELS = "BatchSettlement"
COLLECTOR = "ERC3009DepositCollector"
GOVERNOR = "ClusterGovernor"

IMMUTABLES: dict[str, tuple[str, ...]] = {
    "DatasetRegistry": ("DatasetNFT",),
    "PaymentRouter": ("DatasetRegistry",),
    "ReputationRegistry": ("IdentityRegistry", "ReceiptRegistry"),
    "ValidationRegistry": ("IdentityRegistry",),
    "AgentActivity": ("IdentityRegistry",),
    "ModelRegistry": ("DatasetRegistry",),
    "OperatorStaking": ("ClusterToken", "PaymentRouter"),
    "MemberStaking": ("ClusterToken",),
    "IdleIncentives": ("OperatorStaking",),
    "InferenceSettlement": ("ModelRegistry", "OperatorStaking"),
    "PriceFeeds": ("USDC",),
    "PrepaidBalances": ("InferenceSettlement", "ReceiptRegistry", "PriceFeeds", "PaymentRouter"),
}
"""Contracts that an implementation knows for ever, as its constructor takes them."""


@dataclass(frozen=True)
class Parameters:
    """First parameters of the contracts. CP in wei, times in seconds.

    `tiers` of members: (least stake, discount in basis points, priority), lowest first. `class_weights`: what capacity
    classes of operators weigh for idle incentives.
    """

    treasury: str
    min_own_stake: int = 100 * CP
    member_cooldown: int = 7 * 86_400
    tiers: tuple[tuple[int, int, int], ...] = ()
    idle_rate: int = 0
    class_weights: tuple[tuple[int, int], ...] = ()


def constructor_args(contract: str, addresses: Mapping[str, str]) -> tuple[str, ...]:
    """Constructor arguments of an implementation."""
    return tuple(addresses[name] for name in IMMUTABLES.get(contract, ()))


def initial_args(contract: str, addresses: Mapping[str, str], parameters: Parameters) -> tuple[Any, ...]:
    """Arguments of `initialize`."""
    authority = addresses["AccessManager"]
    match contract:
        case "ClusterToken" | "InferenceSettlement":
            return (authority, parameters.treasury)
        case "PaymentRouter":
            return (authority, parameters.treasury, currencies(addresses))
        case "OperatorStaking":
            return (authority, parameters.min_own_stake)
        case "MemberStaking":
            return (authority, parameters.member_cooldown, list(parameters.tiers))
        case "IdleIncentives":
            return (authority, parameters.idle_rate)
    if contract not in PROXIED:
        raise ValueError(f"{contract} is not upgradeable")
    return (authority,)


def currencies(addresses: Mapping[str, str]) -> list[str]:
    """Currencies accepted from the first: native coin, USDC, CP."""
    return [NATIVE, addresses["USDC"], addresses["ClusterToken"]]

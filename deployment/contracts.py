"""What each upgradeable contract is built from."""

from collections.abc import Mapping
from typing import Any

NATIVE = "0x" + "00" * 20
"""The chain's native coin, as a currency."""

_IMMUTABLES: dict[str, tuple[str, ...]] = {
    "DatasetRegistry": ("DatasetNFT",),
    "PaymentRouter": ("DatasetRegistry",),
}


def constructor_args(contract: str, addresses: Mapping[str, str]) -> tuple[Any, ...]:
    """Constructor arguments of an implementation: proxies that it keeps as immutables."""
    return tuple(addresses[name] for name in _IMMUTABLES.get(contract, ()))


def initial_args(contract: str, addresses: Mapping[str, str], treasury: str) -> tuple[Any, ...]:
    """Arguments of `initialize`."""
    authority = addresses["AccessManager"]
    match contract:
        case "ClusterToken":
            return (authority, treasury)
        case "DatasetNFT" | "DatasetRegistry":
            return (authority,)
        case "PaymentRouter":
            return (authority, treasury, [NATIVE, addresses["USDC"], addresses["ClusterToken"]])
    raise ValueError(f"{contract} is not upgradeable")

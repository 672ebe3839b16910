"""What a creator publishes."""

from typing import Any

from eth_utils import keccak

from cluster.testing import Account, Contract, Receipt
from cluster.testing.suite import NATIVE, Suite

LICENSE = b"CC-BY-4.0".ljust(32, b"\0")
ROYALTY_BPS = 250
URI = "ipfs://metadata"


def content(seed: str) -> tuple[bytes, bytes]:
    """A commitment: binary CID and hash of the manifest."""
    return b"\x01\x70\x12\x20" + keccak(text=seed), keccak(text=f"{seed} manifest")


def publication(slug: str = "penguins", **changes: Any) -> dict[str, Any]:
    """A dataset without a price, unless told otherwise."""
    fields = {
        "slug": slug,
        "content": content(slug),
        "uri": URI,
        "license": LICENSE,
        "royaltyBps": ROYALTY_BPS,
        "free": False,
        "prices": [],
    }
    assert not changes.keys() - fields.keys()
    return fields | changes


def publish(suite: Suite, by: Account, slug: str = "penguins", **changes: Any) -> Receipt:
    """`publish` of the registry."""
    return suite.registry.publish(publication(slug, **changes), sender=by)  # type: ignore[no-any-return]


def seller(registry: Contract, id_: int) -> str:
    """Who earns by a purchase now, as the registry tells it."""
    *_, holder = registry.termsOf(id_, NATIVE)
    return str(holder)

"""Gas of the DatasetRegistry and the DatasetNFT."""

from typing import Any

from eth_utils import keccak

from cluster.testing.suite import NATIVE
from tests.gas.meter import CP, ETHER, USDC, Meter

LICENSE = b"CC-BY-4.0".ljust(32, b"\0")
URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/metadata.json"
REVIEW = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"


def content(seed: str) -> tuple[bytes, bytes]:
    """A commitment: binary CIDv1 (dag-pb, sha2-256) and hash of the manifest."""
    return b"\x01\x70\x12\x20" + keccak(text=seed), keccak(text=f"{seed} manifest")


def publication(slug: str, prices: list[tuple[Any, int]], free: bool = False) -> dict[str, Any]:
    return {
        "slug": slug,
        "content": content(slug),
        "uri": URI,
        "license": LICENSE,
        "royaltyBps": 500,
        "free": free,
        "prices": prices,
    }


def measure(meter: Meter) -> None:
    _publishing(meter)
    _changes(meter)
    _reviews(meter)
    _transfers(meter)


def _publishing(meter: Meter) -> None:
    registry, usdc, token = meter.suite.registry, meter.suite.usdc, meter.suite.token
    creator = meter.account("publisher")
    three = [(usdc, 25 * USDC), (NATIVE, ETHER // 100), (token, 250 * CP)]
    with meter.apart():
        meter("publish_free", registry.publish, publication("palmer-penguins", [], free=True), sender=creator)
        meter("publish_one_price_again", registry.publish, publication("iris-flowers", three[:1]), sender=creator)
    with meter.apart():
        meter("publish_one_price_first", registry.publish, publication("iris-flowers", three[:1]), sender=creator)
    with meter.apart():
        meter("publish_three_prices_first", registry.publish, publication("iris-flowers", three), sender=creator)


def _changes(meter: Meter) -> None:
    registry, usdc, admin = meter.suite.registry, meter.suite.usdc, meter.suite.admin
    creator = meter.account("publisher")
    with meter.apart():
        registry.publish(publication("iris-flowers", []), sender=creator)
        meter("add_version", registry.addVersion, 1, content("second"), URI, sender=creator)
        meter("set_metadata_uri", registry.setMetadataURI, 1, URI.replace("json", "yaml"), sender=creator)
        meter("set_price_first", registry.setPrice, 1, usdc, 25 * USDC, sender=creator)
        meter("set_price_again", registry.setPrice, 1, usdc, 30 * USDC, sender=creator)
        meter("set_price_none", registry.setPrice, 1, usdc, 0, sender=creator)
        meter("set_free", registry.setFree, 1, True, sender=creator)
        meter("set_listed_off", registry.setListed, 1, False, sender=creator)
        meter("set_listed_on", registry.setListed, 1, True, sender=creator)
        meter("delist", registry.delist, 1, 7, sender=admin)
        meter("reinstate", registry.reinstate, 1, sender=admin)


def _reviews(meter: Meter) -> None:
    suite = meter.suite
    creator, buyers = meter.account("publisher"), [meter.account(n) for n in ("critic", "second critic")]
    with meter.apart():
        suite.registry.publish(publication("iris-flowers", [(NATIVE, 1000)]), sender=creator)
        for buyer in buyers:
            suite.router.purchase(1, NATIVE, 1000, buyer, NATIVE, sender=buyer, value=1000)
        meter("review_first", suite.registry.review, 1, 5, REVIEW, sender=buyers[0])
        meter("review_second_buyer", suite.registry.review, 1, 4, REVIEW, sender=buyers[1])
        meter("review_again", suite.registry.review, 1, 3, REVIEW, sender=buyers[0])


def _transfers(meter: Meter) -> None:
    suite, nft = meter.suite, meter.suite.nft
    seller, agent, other = map(meter.account, ("publisher", "agent", "collector"))
    with meter.apart():
        for slug in ("one", "two", "three", "four"):
            suite.registry.publish(publication(slug, []), sender=seller)
        meter("nft_approve", nft.approve, agent, 1, sender=seller)
        meter("nft_set_approval_for_all", nft.setApprovalForAll, agent, True, sender=seller)
        meter("nft_transfer_first", nft.transferFrom, seller, other, 2, sender=seller)
        meter("nft_transfer_steady", nft.transferFrom, seller, other, 3, sender=seller)
        meter("nft_safe_transfer", nft.safeTransferFrom, seller, other, 4, sender=seller)
        meter("nft_safe_transfer_with_data", nft.safeTransferFrom, seller, other, 1, b"sold", sender=seller)

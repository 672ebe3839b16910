"""A protocol that people use: what an upgrade has to keep."""

from typing import Any

from eth_utils import keccak

from cluster.testing.suite import NATIVE, Suite

PRICE_USDC = 25_000_019
PRICE_ETH = 10**16 + 19
DATASETS = ("penguins", "irises", "whales")
PEOPLE = ("creator", "buyer", "referrer", "friend")


def publication(slug: str, prices: list[tuple[Any, int]], free: bool = False) -> dict[str, Any]:
    return {
        "slug": slug,
        "content": (b"\x01\x70\x12\x20" + keccak(text=slug), keccak(text=f"{slug} manifest")),
        "uri": f"ipfs://{slug}",
        "license": b"CC-BY-4.0".ljust(32, b"\0"),
        "royaltyBps": 500,
        "free": free,
        "prices": prices,
    }


def live(suite: Suite, minter: Any) -> None:
    """Datasets published, bought in USDC and native coin, reviewed; one share that could only be credited."""
    account = suite.chain.account
    creator, buyer, referrer, friend = map(account, PEOPLE)
    prices = [(suite.usdc, PRICE_USDC), (NATIVE, PRICE_ETH)]
    suite.registry.publish(publication(DATASETS[0], prices), sender=creator)
    suite.registry.publish(publication(DATASETS[1], [], free=True), sender=creator)
    suite.registry.publish(publication(DATASETS[2], prices), sender=creator)
    suite.nft.transferFrom(creator, friend, 3, sender=creator)
    suite.registry.addVersion(1, (b"\x01\x70\x12\x20" + keccak(b"2"), keccak(b"2m")), "ipfs://second", sender=creator)
    suite.usdc.mint(buyer, 10 * PRICE_USDC, sender=minter)
    suite.usdc.approve(suite.router, 2**255, sender=buyer)
    suite.chain.fund(buyer, 10**18)
    suite.router.purchase(1, suite.usdc, PRICE_USDC, buyer, referrer, sender=buyer)
    suite.router.purchase(1, NATIVE, PRICE_ETH, friend, NATIVE, sender=buyer, value=PRICE_ETH)
    suite.usdc.blacklist(friend, sender=minter)
    suite.router.purchase(3, suite.usdc, PRICE_USDC, buyer, NATIVE, sender=buyer)
    suite.registry.review(1, 4, "ipfs://review", sender=buyer)
    suite.registry.setListed(2, False, sender=creator)
    suite.token.transfer(buyer, 1_000, sender=suite.treasury)
    suite.token.delegate(buyer, sender=buyer)


def facts(suite: Suite) -> dict[str, Any]:
    """What every view says."""
    people = [suite.chain.account(name) for name in PEOPLE] + [suite.treasury]
    token, nft, registry, router = suite.token, suite.nft, suite.registry, suite.router
    found: dict[str, Any] = {
        "supply": token.totalSupply(),
        "minted": nft.totalMinted(),
        "treasury": router.treasury(),
        "router": registry.paymentRouter(),
        "authorities": [contract.authority() for contract in suite.protocol().values()],
        "names": [token.symbol(), nft.symbol()],
    }
    for person in people:
        found[f"CP of {person}"] = token.balanceOf(person), token.getVotes(person), token.nonces(person)
        found[f"datasets of {person}"] = nft.balanceOf(person)
    for id_, slug in enumerate(DATASETS, start=1):
        found[slug] = (
            registry.tokenIdOf(slug),
            registry.slugOf(id_),
            registry.listingOf(id_),
            nft.ownerOf(id_),
            nft.tokenURI(id_),
            nft.contentOf(id_),
            nft.provenanceOf(id_),
        )
        for person in people:
            found[f"{person} and {slug}"] = (
                registry.accessLevel(id_, person),
                registry.ratingOf(id_, person),
                router.hasPurchased(id_, person),
                router.paymentAddress(id_, person, NATIVE),
            )
        for currency in (NATIVE, suite.usdc, token):
            found[f"price of {slug} in {currency}"] = registry.priceOf(id_, currency)
    for currency in (NATIVE, suite.usdc, token):
        found[f"money in {currency}"] = (
            router.isCurrencyAccepted(currency),
            router.totalClaimable(currency),
            [router.claimable(currency, person) for person in people],
        )
    for currency in (suite.usdc, token):
        found[f"{currency} held"] = [currency.balanceOf(holder) for holder in (*people, router)]
    return found


def assert_lively(found: dict[str, Any]) -> None:
    """Facts that were all zero would be easy to keep."""
    assert found["minted"] == 3
    assert found["buyer and penguins"][:3] == (2, 4, True)
    assert found["friend and penguins"][2]
    assert sum(any(value for value in entry[2]) for key, entry in found.items() if key.startswith("money in")) == 1

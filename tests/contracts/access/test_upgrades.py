"""What every upgradeable contract shares: born initialized, upgraded by the authority alone, keeping all it knows."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak, to_checksum_address

from cluster.chain.roles import FUNCTIONS
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import publish

IMPLEMENTATION_SLOT = int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1
PRICE = 1_000

CONSTRUCTOR: dict[str, Callable[[Suite], list[Any]]] = {
    "ClusterToken": lambda _: [],
    "DatasetNFT": lambda _: [],
    "DatasetRegistry": lambda suite: [suite.nft],
    "PaymentRouter": lambda suite: [suite.registry],
}
INITIALIZE: dict[str, Callable[[Suite], list[Any]]] = {
    "ClusterToken": lambda suite: [suite.admin, suite.admin],
    "DatasetNFT": lambda suite: [suite.admin],
    "DatasetRegistry": lambda suite: [suite.admin],
    "PaymentRouter": lambda suite: [suite.admin, suite.admin, []],
}


@pytest.fixture(params=list(FUNCTIONS))
def proxy(request: pytest.FixtureRequest, suite: Suite) -> Contract:
    return suite.protocol()[request.param]


@pytest.fixture
def next_version(chain: Chain, suite: Suite, proxy: Contract) -> Contract:
    return chain.deploy(f"{proxy.name}V2", *CONSTRUCTOR[proxy.name](suite), sender=suite.admin)


def implementation_of(chain: Chain, proxy: Contract) -> str:
    return to_checksum_address(chain.storage(proxy, IMPLEMENTATION_SLOT).to_bytes(20, "big"))


def test_initialize__on_the_proxy__reverts(suite: Suite, proxy: Contract) -> None:
    with reverts("InvalidInitialization"):
        proxy.initialize(*INITIALIZE[proxy.name](suite), sender=suite.admin)


def test_initialize__on_the_implementation__reverts(chain: Chain, suite: Suite, proxy: Contract) -> None:
    implementation = chain.at(proxy.name, implementation_of(chain, proxy))
    with reverts("InvalidInitialization"):
        implementation.initialize(*INITIALIZE[proxy.name](suite), sender=suite.admin)


def test_a_proxy_is_not_made_without_being_initialized(chain: Chain, suite: Suite, proxy: Contract) -> None:
    with reverts("ERC1967ProxyUninitialized"):
        chain.deploy("ClusterProxy", implementation_of(chain, proxy), b"", sender=suite.admin)


def test_an_upgrade__by_a_stranger__reverts(suite: Suite, proxy: Contract, next_version: Contract) -> None:
    for stranger in (Account("stranger"), suite.treasury):
        with reverts("AccessManagedUnauthorized", stranger):
            proxy.upgradeToAndCall(next_version, b"", sender=stranger)


def test_an_upgrade__of_the_implementation_itself__reverts(
    chain: Chain, suite: Suite, proxy: Contract, next_version: Contract
) -> None:
    implementation = chain.at(proxy.name, implementation_of(chain, proxy))
    with reverts("UUPSUnauthorizedCallContext"):
        implementation.upgradeToAndCall(next_version, b"", sender=suite.admin)


def test_an_upgrade__to_what_is_no_implementation__reverts(suite: Suite, proxy: Contract) -> None:
    with reverts("ERC1967InvalidImplementation", suite.usdc):
        proxy.upgradeToAndCall(suite.usdc, b"", sender=suite.admin)


def everything_known(suite: Suite, buyer: Account) -> dict[str, Any]:
    """What the views of all contracts say after some life."""
    token, nft, registry, router = suite.token, suite.nft, suite.registry, suite.router
    return {
        "balances": [token.balanceOf(account) for account in (buyer, suite.treasury)],
        "votes": token.getVotes(buyer),
        "permit": (token.nonces(buyer), token.allowance(buyer, suite.admin), token.DOMAIN_SEPARATOR()),
        "supply": (token.totalSupply(), token.symbol(), token.authority()),
        "token": (nft.ownerOf(1), nft.tokenURI(1), nft.contentOf(1), nft.provenanceOf(1), nft.totalMinted()),
        "dataset": (registry.slugOf(1), registry.tokenIdOf("penguins"), registry.listingOf(1), registry.nft()),
        "offer": (registry.priceOf(1, NATIVE), registry.termsOf(1, suite.usdc), registry.paymentRouter()),
        "access": (registry.accessLevel(1, buyer), registry.ratingOf(1, buyer), router.hasPurchased(1, buyer)),
        "router": (router.treasury(), router.isCurrencyAccepted(suite.usdc), router.paused(), router.registry()),
        "credit": (router.claimable(suite.usdc, suite.treasury), router.totalClaimable(suite.usdc)),
        "till": router.paymentAddress(1, buyer, NATIVE),
    }


def live(suite: Suite) -> Account:
    """Publishes, buys, reviews, votes, and leaves a credit behind."""
    creator, buyer = suite.chain.account("creator"), suite.chain.account("buyer")
    publish(suite, creator, prices=[(suite.usdc, PRICE), (NATIVE, PRICE)])
    suite.usdc.mint(buyer, PRICE, sender=suite.admin)
    suite.usdc.approve(suite.router, PRICE, sender=buyer)
    suite.usdc.blacklist(suite.treasury, sender=suite.admin)
    suite.router.purchase(1, suite.usdc, PRICE, buyer, NATIVE, sender=buyer)
    suite.registry.review(1, 4, "", sender=buyer)
    suite.token.transfer(buyer, PRICE, sender=suite.treasury)
    suite.token.delegate(buyer, sender=buyer)
    suite.token.approve(suite.admin, 5, sender=buyer)
    suite.router.pause(sender=suite.admin)
    return buyer


def test_an_upgrade_keeps_everything(chain: Chain, suite: Suite, proxy: Contract, next_version: Contract) -> None:
    buyer = live(suite)
    before = everything_known(suite, buyer)
    assert before["credit"][0] > 0
    call = next_version.setNote.calldata(77)
    receipt = proxy.upgradeToAndCall(next_version, call, sender=suite.admin)
    receipt.expect("Upgraded", implementation=next_version)
    assert implementation_of(chain, proxy) == next_version.address
    upgraded = chain.at(f"{proxy.name}V2", proxy.address)
    assert (upgraded.version2(), upgraded.noteOf()) == (2, 77)
    assert everything_known(suite, buyer) == before
    with reverts("InvalidInitialization"):
        proxy.initialize(*INITIALIZE[proxy.name](suite), sender=suite.admin)

"""What every upgradeable contract shares: born initialized, upgraded by the authority alone, keeping all it knows."""

from typing import Any

import pytest
from eth_utils import keccak, to_checksum_address

from cluster.chain.protocol import Parameters, constructor_args, initial_args
from cluster.chain.roles import FUNCTIONS
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.access import scene
from tests.contracts.models.world import World

IMPLEMENTATION_SLOT = int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1


def constructor(suite: Suite, contract: str) -> tuple[str, ...]:
    """What an implementation is made with."""
    known = {name: found.address for name, found in suite.protocol().items()}
    return constructor_args(contract, known | {"USDC": suite.usdc.address})


def initialize(suite: Suite, contract: str) -> tuple[Any, ...]:
    """What a proxy is initialized with, by somebody who wants to be all that an account can be."""
    nobody = suite.admin.address
    known = {"AccessManager": nobody, "USDC": suite.usdc.address, "ClusterToken": suite.token.address}
    return initial_args(contract, known, Parameters(nobody))


@pytest.fixture(params=list(FUNCTIONS))
def proxy(request: pytest.FixtureRequest, suite: Suite) -> Contract:
    return suite.protocol()[request.param]


@pytest.fixture
def next_version(chain: Chain, suite: Suite, proxy: Contract) -> Contract:
    return chain.deploy(f"{proxy.name}V2", *constructor(suite, proxy.name), sender=suite.admin)


def implementation_of(chain: Chain, proxy: Contract) -> str:
    return to_checksum_address(chain.storage(proxy, IMPLEMENTATION_SLOT).to_bytes(20, "big"))


def test_initialize__on_the_proxy__reverts(suite: Suite, proxy: Contract) -> None:
    with reverts("InvalidInitialization"):
        proxy.initialize(*initialize(suite, proxy.name), sender=suite.admin)


def test_initialize__on_the_implementation__reverts(chain: Chain, suite: Suite, proxy: Contract) -> None:
    implementation = chain.at(proxy.name, implementation_of(chain, proxy))
    with reverts("InvalidInitialization"):
        implementation.initialize(*initialize(suite, proxy.name), sender=suite.admin)


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
    operator = suite.chain.account("operator")
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
        "receipts": (suite.receipts.batchOf(buyer, 0), suite.receipts.batchCount(buyer)),
        "agent": (suite.identity.ownerOf(0), suite.identity.tokenURI(0), suite.identity.getAgentWallet(0)),
        "agents": (suite.identity.totalRegistered(), suite.identity.eip712Domain()),
        "feedback": (suite.reputation.readFeedback(0, buyer, 1), suite.reputation.getSummary(0, [buyer], "", "")),
        "validation": (suite.validation.getValidationStatus(scene.ROOT), suite.validation.getAgentValidations(0)),
        "task": (suite.activity.taskOf(1), suite.activity.taskCount()),
        "models": (suite.models.modelOf(1), suite.models.modelOf(2), suite.models.stackOf(1, 1)),
        "figures": (suite.models.figures(), suite.models.totalModels()),
        "stake": [suite.staking.positionOf(operator, account) for account in (operator, buyer)],
        "locks": (suite.staking.lockOf(operator, 1), suite.staking.slashableStake(operator)),
        "staking": (suite.staking.minOwnStake(), suite.staking.totalStaked(), suite.staking.uriOf(operator)),
        "reward": (suite.staking.unsettledX128(operator, buyer, suite.usdc), suite.staking.rewardCurrencies()),
        "member": (suite.members.membershipOf(buyer), suite.members.tierOf(buyer), suite.members.tiers()),
        "idle": (suite.idle.funds(), suite.idle.reserved(), suite.idle.rate(), suite.idle.weightOf(operator)),
        "settled": (suite.settlement.treasury(), suite.settlement.claimable(suite.usdc, World(suite).alice)),
        "inference till": suite.settlement.tillOf(1, 1, operator),
        "prepaid": (suite.prepaid.balanceOf(buyer, suite.usdc), suite.prepaid.paused()),
        "price": (suite.prices.feedOf(NATIVE), suite.prices.sequencerFeed()),
    }


def test_an_upgrade_keeps_everything(chain: Chain, suite: Suite, proxy: Contract, next_version: Contract) -> None:
    buyer = scene.live(suite)
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
        proxy.initialize(*initialize(suite, proxy.name), sender=suite.admin)

"""DatasetNFT: what a token knows about itself, and the standards it speaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.chain.roles import REGISTRY
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import LICENSE, ROYALTY_BPS, URI, content, publish

BPS = 10_000


def test_is_named(nft: Contract) -> None:
    assert (Method(nft, "name")(), nft.symbol()) == ("Cluster Dataset", "CLDATA")


def test_a_token_knows_where_it_comes_from(
    chain: Chain, nft: Contract, dataset: int, creator: Account, stranger: Account
) -> None:
    nft.transferFrom(creator, stranger, dataset, sender=creator)
    chain.mine(60)
    provenance = nft.provenanceOf(dataset)
    assert provenance.creator == creator.address
    assert provenance.createdAt == chain.time - 60
    assert (provenance.royaltyBps, provenance.version, provenance.license) == (ROYALTY_BPS, 1, LICENSE)
    assert nft.tokenURI(dataset) == URI


@pytest.mark.parametrize(
    ("interface", "id_"),
    [
        ("ERC-165", "01ffc9a7"),
        ("ERC-721", "80ac58cd"),
        ("ERC-721 metadata", "5b5e139f"),
        ("ERC-2981", "2a55205a"),
        ("ERC-4906", "49064906"),
    ],
)
def test_speaks_its_standards(nft: Contract, interface: str, id_: str) -> None:
    assert nft.supportsInterface(bytes.fromhex(id_)) is True


def test_speaks_no_others(nft: Contract) -> None:
    assert nft.supportsInterface(bytes.fromhex("ffffffff")) is False
    assert nft.supportsInterface(bytes.fromhex("780e9d63")) is False  # ERC-721 enumerable


@settings(max_examples=60)
@given(royalty_bps=st.integers(0, 1_000), sale=st.integers(0, 2**256 - 1) | st.integers(0, 100_000))
def test_the_royalty_is_a_share_of_any_sale_price_and_the_creators(
    chain: Chain, suite: Suite, royalty_bps: int, sale: int
) -> None:
    creator = Account("creator")
    with chain.isolated():
        publish(suite, creator, royaltyBps=royalty_bps)
        suite.nft.transferFrom(creator, Account("collector"), 1, sender=creator)
        assert suite.nft.royaltyInfo(1, sale) == (creator.address, sale * royalty_bps // BPS)


@pytest.mark.parametrize(
    ("view", "arguments"),
    [
        ("ownerOf", ()),
        ("tokenURI", ()),
        ("contentOf", ()),
        ("contentOfVersion", (1,)),
        ("provenanceOf", ()),
        ("royaltyInfo", (1,)),
    ],
)
def test_views__no_such_token__revert(nft: Contract, view: str, arguments: tuple[int, ...]) -> None:
    with reverts("ERC721NonexistentToken", 9):
        getattr(nft, view)(9, *arguments)


def test_only_the_registry_mints_and_changes(
    suite: Suite, nft: Contract, dataset: int, creator: Account, stranger: Account
) -> None:
    for caller in (creator, stranger, suite.admin):
        for method, arguments in (
            (nft.mint, (caller, content("fake"), URI, LICENSE, 0)),
            (nft.addVersion, (dataset, content("fake"), URI)),
            (nft.setMetadataURI, (dataset, URI)),
        ):
            with reverts("AccessManagedUnauthorized", caller):
                method(*arguments, sender=caller)


def test_even_the_registry_changes_only_what_exists(suite: Suite, nft: Contract) -> None:
    registry = suite.chain.account("somebody in the registry's place")
    suite.manager.grantRole(REGISTRY.id, registry, 0, sender=suite.admin)
    with reverts("ERC721NonexistentToken", 9):
        nft.addVersion(9, content("fake"), URI, sender=registry)
    with reverts("ERC721NonexistentToken", 9):
        nft.setMetadataURI(9, URI, sender=registry)
    with reverts("ERC721InvalidReceiver", NATIVE):
        nft.mint(NATIVE, content("fake"), URI, LICENSE, 0, sender=registry)


def test_who_minted_first_mints_alone(suite: Suite, nft: Contract, dataset: int, stranger: Account) -> None:
    """Another registry would sell what it is not told the holder of."""
    suite.manager.grantRole(REGISTRY.id, stranger, 0, sender=suite.admin)
    with reverts("NotRegistry", stranger, suite.registry):
        nft.mint(stranger, content("second"), URI, LICENSE, 0, sender=stranger)


def test_a_token_changes_hands_by_its_holder_or_whom_they_approved(
    nft: Contract, dataset: int, creator: Account, stranger: Account
) -> None:
    with reverts("ERC721InsufficientApproval", stranger, dataset):
        nft.transferFrom(creator, stranger, dataset, sender=stranger)
    nft.approve(stranger, dataset, sender=creator).expect("Approval", owner=creator, approved=stranger, tokenId=dataset)
    receipt = nft.transferFrom(creator, stranger, dataset, sender=stranger)
    receipt.expect("Transfer", **{"from": creator, "to": stranger, "tokenId": dataset})
    assert nft.ownerOf(dataset) == stranger.address
    assert nft.getApproved(dataset) == NATIVE


def test_a_safe_transfer__to_a_contract_that_takes_no_tokens__reverts(
    suite: Suite, nft: Contract, dataset: int, creator: Account
) -> None:
    with reverts("ERC721InvalidReceiver", suite.usdc):
        nft.safeTransferFrom(creator, suite.usdc, dataset, sender=creator)

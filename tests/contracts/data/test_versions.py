"""Versions and metadata of a dataset, changed by its holder through the registry."""

import pytest

from cluster.testing import Account, Chain, Contract, reverts
from tests.contracts.data.shop import URI, content


def test_a_version_is_added_and_the_earlier_ones_stay(
    chain: Chain, registry: Contract, nft: Contract, dataset: int, creator: Account
) -> None:
    published = chain.time
    chain.mine(60)
    cid, manifest_hash = content("second")
    receipt = registry.addVersion(dataset, (cid, manifest_hash), "ipfs://second", sender=creator)
    assert receipt.return_value == 2
    receipt.expect("VersionAdded", id=dataset, version=2, cid=cid, manifestHash=manifest_hash, uri="ipfs://second")
    receipt.expect("MetadataUpdate", _tokenId=dataset)
    assert len(receipt.events) == 2

    first, first_at = nft.contentOfVersion(dataset, 1)
    second, second_at = nft.contentOfVersion(dataset, 2)
    assert (first.cid, first.manifestHash, first_at) == (*content("penguins"), published)
    assert (second.cid, second.manifestHash, second_at) == (cid, manifest_hash, published + 60)
    assert nft.contentOf(dataset) == second
    assert nft.provenanceOf(dataset).version == 2
    assert nft.provenanceOf(dataset).createdAt == published
    assert nft.tokenURI(dataset) == "ipfs://second"


@pytest.mark.parametrize("version", [0, 2, 2**32 - 1])
def test_content_of_version__unknown__reverts(nft: Contract, dataset: int, version: int) -> None:
    with reverts("VersionUnknown", dataset, version):
        nft.contentOfVersion(dataset, version)


def test_add_version__invalid_content__reverts(registry: Contract, dataset: int, creator: Account) -> None:
    with reverts("InvalidCid", b"\x01"):
        registry.addVersion(dataset, (b"\x01", content("second")[1]), URI, sender=creator)
    with reverts("InvalidManifestHash"):
        registry.addVersion(dataset, (content("second")[0], bytes(32)), URI, sender=creator)


def test_the_metadata_uri_changes_without_a_version(
    registry: Contract, nft: Contract, dataset: int, creator: Account
) -> None:
    receipt = registry.setMetadataURI(dataset, "ipfs://other", sender=creator)
    receipt.expect("MetadataURISet", id=dataset, uri="ipfs://other")
    receipt.expect("MetadataUpdate", _tokenId=dataset)
    assert len(receipt.events) == 2
    assert nft.tokenURI(dataset) == "ipfs://other"
    assert nft.provenanceOf(dataset).version == 1

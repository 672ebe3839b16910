"""State is where ERC-7201 says that a namespace's is."""

import re

import pytest
from eth_utils import keccak

from cluster.chain.paths import root

SOURCES = {
    path.name: text
    for path in sorted((root() / "contracts").rglob("*.sol"))
    if ".cache" not in path.parts and "erc7201:" in (text := path.read_text())
}


def erc7201(namespace: str) -> str:
    inner = int.from_bytes(keccak(text=namespace), "big") - 1
    return f"0x{int.from_bytes(keccak(inner.to_bytes(32, 'big')), 'big') & ~0xFF:064x}"


def test_the_formula_is_the_standards() -> None:
    """The example of ERC-7201's text."""
    assert erc7201("example.main") == "0x183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500"


@pytest.mark.parametrize("source", SOURCES)
def test_a_namespace_lies_where_its_name_says(source: str) -> None:
    namespaces = re.findall(r"@custom:storage-location erc7201:([\w.]+)", SOURCES[source])
    locations = re.findall(r"LOCATION\s*=\s*(0x[0-9a-f]{64})", SOURCES[source])
    assert locations == [erc7201(namespace) for namespace in namespaces]


def test_no_two_contracts_share_a_namespace() -> None:
    namespaces = [name for text in SOURCES.values() for name in re.findall(r"erc7201:([\w.]+)", text)]
    assert {"cluster.storage.DatasetNFT", "cluster.storage.DatasetRegistry", "cluster.storage.PaymentRouter"} < set(
        namespaces
    )
    assert len(set(namespaces)) == len(namespaces)

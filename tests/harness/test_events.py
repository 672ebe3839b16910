"""Events of a receipt: by name, with their values, in order."""

import pytest
from eth_utils import keccak

from cluster.testing import Account, Chain, Contract
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.data.shop import publish
from tests.harness.assembly import creation_code_of


def test_an_event_has_its_values_by_name(usdc: Contract, alice: Account, bob: Account) -> None:
    receipt = usdc.mint(bob, 5, sender=alice)
    event = receipt.expect("Transfer", **{"from": NATIVE, "to": bob, "value": 5})
    assert (event.address, event.name, event.value, event.to) == (usdc.address, "Transfer", 5, bob.address)
    assert list(event.values) == ["from", "to", "value"]
    with pytest.raises(AttributeError, match="Transfer has no 'amount', only from, to, value"):
        _ = event.amount


def test_events_come_in_order_from_all_contracts(chain: Chain, alice: Account) -> None:
    suite = deploy_suite(chain)
    receipt = publish(suite, alice, prices=[(NATIVE, 1), (suite.usdc, 2)])
    assert [(event.name, event.address) for event in receipt.events] == [
        ("Transfer", suite.nft.address),
        ("DatasetMinted", suite.nft.address),
        ("VersionAdded", suite.nft.address),
        ("DatasetPublished", suite.registry.address),
        ("PriceSet", suite.registry.address),
        ("PriceSet", suite.registry.address),
    ]
    assert [event.price for event in receipt.named("PriceSet")] == [1, 2]
    # The same topic as an ERC-20's Transfer, with another third field.
    assert receipt.expect("Transfer").tokenId == 1


def test_expecting_other_values_fails_the_test(usdc: Contract, alice: Account, bob: Account) -> None:
    receipt = usdc.mint(bob, 5, sender=alice)
    with pytest.raises(AssertionError, match=r"Transfer: .*'value': \(5, 6\)"):
        receipt.expect("Transfer", value=6)


def test_expecting_one_of_several_or_of_none_fails_the_test(chain: Chain, alice: Account) -> None:
    suite = deploy_suite(chain)
    receipt = publish(suite, alice, prices=[(NATIVE, 1), (suite.usdc, 2)])
    for name in ("PriceSet", "PurchaseCompleted"):
        with pytest.raises(AssertionError, match=f"expected one {name}"):
            receipt.expect(name)


def test_a_log_that_nobody_knows_is_left_out(chain: Chain, alice: Account) -> None:
    without_topic, unknown_topic = bytes.fromhex("5f5fa0"), b"\x7f" + keccak(text="Unknown()") + bytes.fromhex("5f5fa1")
    address = chain.create(alice, creation_code_of(without_topic + unknown_topic))
    assert chain.transact(alice, address).events == []

"""A receipt is proved by its batch's root, and nothing else is."""

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from cluster.chain.roles import DRAWER
from cluster.testing import Chain, Contract, reverts
from cluster.testing.suite import Suite

TYPES = "(bytes32,address,uint256,uint32,address,uint256,uint32,uint32,uint64,uint48,bytes32,bytes32)"


@pytest.fixture
def registry(suite: Suite, chain: Chain) -> Contract:
    suite.grant(DRAWER.id, chain.account("prepaid"))
    return suite.receipts


def receipt(number: int) -> tuple[Any, ...]:
    account, operator = f"0x{number + 1:040x}", f"0x{number + 2:040x}"
    hashes = keccak(number.to_bytes(32)), keccak((number + 1).to_bytes(32))
    return (number.to_bytes(32), account, 3, 1, operator, 0, 12, 34, 56, 1_800_000_000, *hashes)


def leaf(of: tuple[Any, ...]) -> bytes:
    return keccak(keccak(encode([TYPES], [of])))


def pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def tree(leaves: list[bytes]) -> list[list[bytes]]:
    """Levels from the leaves to the root; an odd node moves up as it is."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = [pair(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        levels.append(pairs + ([level[-1]] if len(level) % 2 else []))
    return levels


def proof(levels: list[list[bytes]], index: int) -> list[bytes]:
    found = []
    for level in levels[:-1]:
        if (index ^ 1) < len(level):
            found.append(level[index ^ 1])
        index //= 2
    return found


def test_a_batch_is_anchored_told_and_shown(registry: Contract, chain: Chain) -> None:
    relay, root = chain.account("relay"), keccak(b"root")
    anchored = registry.anchor(root, 5, sender=relay)
    anchored.expect("ReceiptsAnchored", relay=relay, batch=1, root=root, count=5, paid=False)
    assert anchored.return_value == 1
    batch = registry.batchOf(relay, 1)
    assert (batch.root, batch.anchoredAt, batch.count, batch.paid) == (root, chain.time, 5, False)


def test_batches_are_counted_for_each_relay(registry: Contract, chain: Chain) -> None:
    one, other = chain.account("one"), chain.account("other")
    for number in (1, 2):
        assert registry.anchor(keccak(b"root"), 1, sender=one).return_value == number
    assert registry.anchor(keccak(b"root"), 1, sender=other).return_value == 1
    assert (registry.batchCount(one), registry.batchCount(other)) == (2, 1)


def test_only_the_prepaid_balances_mark_a_batch_as_paid(registry: Contract, chain: Chain) -> None:
    relay, prepaid = chain.account("relay"), chain.account("prepaid")
    with reverts("AccessManagedUnauthorized", relay):
        registry.anchorPaid(relay, keccak(b"root"), 1, sender=relay)
    anchored = registry.anchorPaid(relay, keccak(b"root"), 1, sender=prepaid)
    anchored.expect("ReceiptsAnchored", relay=relay, batch=1, paid=True)
    assert registry.batchOf(relay, 1).paid


@pytest.mark.parametrize(("root", "count"), [(bytes(32), 1), (keccak(b"root"), 0)])
def test_an_empty_batch__reverts(registry: Contract, chain: Chain, root: bytes, count: int) -> None:
    with reverts("InvalidBatch", root, count):
        registry.anchor(root, count, sender=chain.account("relay"))


def test_the_leaf_is_the_receipt_hashed_twice(registry: Contract) -> None:
    assert registry.leafOf(receipt(7)) == leaf(receipt(7))


@given(st.integers(1, 17), st.data())
def test_every_receipt_of_a_batch_is_proved_and_no_other(
    registry: Contract, chain: Chain, count: int, data: st.DataObject
) -> None:
    relay = chain.account("relay")
    levels = tree([leaf(receipt(n)) for n in range(count)])
    batch = registry.anchor(levels[-1][0], count, sender=relay).return_value
    index = data.draw(st.integers(0, count - 1))
    good = proof(levels, index)
    assert registry.proveReceipt(relay, batch, receipt(index), good)
    assert not registry.proveReceipt(relay, batch, receipt(count), good)
    assert not registry.proveReceipt(relay, batch + 1, receipt(index), good)
    assert not registry.proveReceipt(chain.account("other"), batch, receipt(index), good)
    field = data.draw(st.sampled_from([2, 3, 5, 6, 7, 8, 9]))
    changed = list(receipt(index))
    changed[field] += 1
    assert not registry.proveReceipt(relay, batch, tuple(changed), good)
    if good:
        assert not registry.proveReceipt(relay, batch, receipt(index), good[:-1])


def test_an_unknown_batch_proves_nothing(registry: Contract, chain: Chain) -> None:
    assert not registry.proveReceipt(chain.account("relay"), 1, receipt(0), [])

"""A receipt is proved by its batch's root, and nothing else is; and paid by a row that was drawn for its batch."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from cluster.chain.roles import DRAWER
from cluster.testing import Chain, Contract, reverts
from cluster.testing.suite import Suite
from tests.contracts.receipts.trees import NOTHING, Batch, Receipt, Row


@pytest.fixture
def registry(suite: Suite, chain: Chain) -> Contract:
    suite.grant(DRAWER.id, chain.account("prepaid"))
    return suite.receipts


def receipt(number: int) -> Receipt:
    account, operator = f"0x{number + 1:040x}", f"0x{number + 2:040x}"
    return Receipt(number.to_bytes(32), account, 3, 1, operator, 0)


def test_a_batch_is_anchored_told_and_shown(registry: Contract, chain: Chain) -> None:
    relay, root = chain.account("relay"), keccak(b"root")
    anchored = registry.anchor(root, 5, sender=relay)
    anchored.expect("ReceiptsAnchored", relay=relay, batch=1, root=root, count=5, paid=False)
    assert anchored.return_value == 1
    batch = registry.batchOf(relay, 1)
    assert tuple(vars(batch).values()) == (root, chain.time, 5, False, NOTHING)


def test_batches_are_counted_for_each_relay(registry: Contract, chain: Chain) -> None:
    one, other = chain.account("one"), chain.account("other")
    for number in (1, 2):
        assert registry.anchor(keccak(b"root"), 1, sender=one).return_value == number
    assert registry.anchor(keccak(b"root"), 1, sender=other).return_value == 1
    assert (registry.batchCount(one), registry.batchCount(other)) == (2, 1)


def test_only_the_prepaid_balances_mark_a_batch_as_paid(registry: Contract, chain: Chain) -> None:
    relay, prepaid = chain.account("relay"), chain.account("prepaid")
    with reverts("AccessManagedUnauthorized", relay):
        registry.anchorPaid(relay, keccak(b"root"), 1, keccak(b"rows"), sender=relay)
    anchored = registry.anchorPaid(relay, keccak(b"root"), 1, keccak(b"rows"), sender=prepaid)
    assert anchored.return_value == 1
    anchored.expect("ReceiptsAnchored", relay=relay, batch=1, paid=True)
    anchored.expect("PaymentsAnchored", relay=relay, batch=1, payments=keccak(b"rows"))
    batch = registry.batchOf(relay, 1)
    assert (batch.paid, batch.payments) == (True, keccak(b"rows"))


def test_a_batch_of_a_draw_that_drew_nothing_is_not_paid(registry: Contract, chain: Chain) -> None:
    relay, prepaid = chain.account("relay"), chain.account("prepaid")
    anchored = registry.anchorPaid(relay, keccak(b"root"), 1, NOTHING, sender=prepaid)
    anchored.expect("ReceiptsAnchored", relay=relay, batch=1, paid=False)
    assert not anchored.named("PaymentsAnchored")
    assert not registry.batchOf(relay, 1).paid


@pytest.mark.parametrize(("root", "count"), [(bytes(32), 1), (keccak(b"root"), 0)])
def test_an_empty_batch__reverts(registry: Contract, chain: Chain, root: bytes, count: int) -> None:
    with reverts("InvalidBatch", root, count):
        registry.anchor(root, count, sender=chain.account("relay"))


def test_leaves_are_hashed_twice(registry: Contract) -> None:
    assert registry.leafOf(receipt(7).values) == receipt(7).leaf
    row = Row(receipt(7).account, 3, 1, receipt(7).operator, 500)
    *what, amount = row.values
    assert registry.paymentLeafOf(9, *what, amount) == row.leaf(9)


@given(st.integers(1, 17), st.data())
def test_every_receipt_of_a_batch_is_proved_and_no_other(
    registry: Contract, chain: Chain, count: int, data: st.DataObject
) -> None:
    relay = chain.account("relay")
    tree = Batch(relay.address, 0, tuple(map(receipt, range(count))), ()).tree
    batch = registry.anchor(tree.root, count, sender=relay).return_value
    index = data.draw(st.integers(0, count - 1))
    good, one = tree.proof(index), receipt(index)
    assert registry.proveReceipt(relay, batch, one.values, good)
    assert not registry.proveReceipt(relay, batch, receipt(count).values, good)
    assert not registry.proveReceipt(relay, batch + 1, one.values, good)
    assert not registry.proveReceipt(chain.account("other"), batch, one.values, good)
    name = data.draw(st.sampled_from(["modelId", "version", "agent", "tokensIn", "tokensOut", "microDollars", "time"]))
    changed = replace(one, **{name: getattr(one, name) + 1})
    assert not registry.proveReceipt(relay, batch, changed.values, good)
    if good:
        assert not registry.proveReceipt(relay, batch, one.values, good[:-1])


def test_an_unknown_batch_proves_nothing(registry: Contract, chain: Chain) -> None:
    assert not registry.proveReceipt(chain.account("relay"), 1, receipt(0).values, [])


# Payment

amounts = st.integers(0, 3)
kinds = st.sampled_from([(f"0x{a:040x}", m, v, f"0x{o:040x}") for a, m, v, o in (4 * (1,), (2, 1, 1, 1), (1, 1, 1, 2))])
rows_of_a_draw = st.lists(
    st.one_of(st.none(), st.builds(lambda k, m: Row(*k, m), kinds, amounts)), min_size=1, max_size=9
)
receipts_of_a_batch = st.lists(
    st.builds(lambda k, m, i: Receipt(i.to_bytes(32), *k, 0, microDollars=m), kinds, amounts, st.integers(0, 9)),
    min_size=1,
    max_size=5,
)


@given(receipts_of_a_batch, rows_of_a_draw, st.data())
def test_a_receipt_is_paid_by_a_drawn_row_that_covers_it_and_by_no_other(
    registry: Contract, chain: Chain, receipts: list[Receipt], rows: list[Row | None], data: st.DataObject
) -> None:
    relay, prepaid = chain.account("relay"), chain.account("prepaid")
    said = Batch(relay.address, 0, tuple(receipts), tuple(rows))
    number = registry.anchorPaid(relay, said.root, len(receipts), said.payments, sender=prepaid).return_value
    batch = replace(said, number=number)
    position, row = data.draw(st.integers(0, len(receipts) - 1)), data.draw(st.integers(0, len(rows) - 1))
    assert registry.provePaidReceipt(batch.paid(position, row)) is batch.proves(position, row)


def paid_batch(registry: Contract, chain: Chain) -> Batch:
    """Two receipts, and two rows of which the first pays for both."""
    relay, prepaid = chain.account("relay"), chain.account("prepaid")
    one = receipt(1)
    rows = (Row(one.account, 3, 1, one.operator, 100), Row(one.account, 3, 1, one.operator, 10))
    said = Batch(relay.address, 0, (one, replace(one, requestId=b"2" * 32)), rows)
    number = registry.anchorPaid(relay, said.root, 2, said.payments, sender=prepaid).return_value
    return replace(said, number=number)


def test_a_receipt_is_not_paid_by_what_is_not_so(registry: Contract, chain: Chain) -> None:
    batch = paid_batch(registry, chain)
    assert registry.provePaidReceipt(batch.paid(0, 0))
    assert registry.provePaidReceipt(batch.paid(1, 0))
    relay, number, told, proof, row, amount, row_proof = batch.paid(0, 0)
    other = replace(batch.receipts[0], microDollars=57).values
    wrong: list[tuple[Any, ...]] = [
        (chain.account("other").address, number, told, proof, row, amount, row_proof),
        (relay, number + 1, told, proof, row, amount, row_proof),
        (relay, number, other, proof, row, amount, row_proof),
        (relay, number, told, [], row, amount, row_proof),
        (relay, number, told, proof, row + 1, amount, row_proof),
        (relay, number, told, proof, row, amount + 1, row_proof),
        (relay, number, told, proof, row, amount, []),
    ]
    for case in wrong:
        assert not registry.provePaidReceipt(case)


def test_a_receipt_is_not_paid_in_a_batch_for_which_nothing_was_drawn(registry: Contract, chain: Chain) -> None:
    """Neither in one that its relay anchored, nor where all rows were refused, whatever is said of a row."""
    relay, prepaid, paid = chain.account("relay"), chain.account("prepaid"), paid_batch(registry, chain)
    free = registry.anchor(paid.root, 2, sender=relay).return_value
    refused = registry.anchorPaid(relay, paid.root, 2, NOTHING, sender=prepaid).return_value
    for number in (free, refused):
        assert registry.proveReceipt(relay, number, paid.receipts[0].values, paid.tree.proof(0))
        assert not registry.provePaidReceipt(replace(paid, number=number).paid(0, 0))

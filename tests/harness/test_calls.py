"""Contracts as objects, by the names that ape compiled them under."""

from types import SimpleNamespace

import pytest

from cluster.chain.artifacts import ArtifactMissing
from cluster.testing import Account, Chain, Contract, InvalidTransaction, reverts
from cluster.testing.host import calls
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.data.shop import LICENSE, publication
from tests.contracts.payments.signing import NEVER
from tests.harness.assembly import creation_code_of


def test_a_view_gives_its_value(usdc: Contract) -> None:
    assert usdc.symbol() == "USDC"
    assert usdc.totalSupply() == 0


def test_a_transaction_gives_a_receipt_with_what_it_returned(usdc: Contract, alice: Account, bob: Account) -> None:
    usdc.mint(alice, 5, sender=alice)
    assert usdc.transfer(bob, 5, sender=alice).return_value is True
    assert usdc.mint(alice, 5, sender=alice).return_value is None


def test_accounts_and_contracts_are_given_as_they_are_and_come_back_as_addresses(
    usdc: Contract, alice: Account
) -> None:
    usdc.approve(usdc, 7, sender=alice)
    assert usdc.allowance(alice, usdc) == usdc.allowance(alice.address, usdc.address) == 7
    assert usdc.masterMinter() == alice.address


def test_structs_go_in_as_fields_and_come_out_with_their_names(chain: Chain, alice: Account) -> None:
    suite = deploy_suite(chain)
    prices = [{"currency": suite.usdc, "amount": 3}, (NATIVE, 4)]
    suite.registry.publish(publication("penguins", prices=prices), sender=alice)
    assert (suite.registry.priceOf(1, suite.usdc), suite.registry.priceOf(1, NATIVE)) == (3, 4)
    provenance = suite.nft.provenanceOf(1)
    assert isinstance(provenance, SimpleNamespace)
    assert (provenance.creator, provenance.license) == (alice.address, LICENSE)
    content, added_at = suite.nft.contentOfVersion(1, 1)
    assert (content.cid, added_at) == (suite.nft.contentOf(1).cid, chain.time)


def test_overloads_are_told_apart_by_their_number_of_arguments(usdc: Contract, alice: Account, bob: Account) -> None:
    fields = (alice, bob, 1, 0, NEVER, bytes(32))
    with reverts("ERC3009InvalidSignature"):
        usdc.transferWithAuthorization(*fields, b"", sender=bob)
    with reverts("ECDSAInvalidSignature"):
        usdc.transferWithAuthorization(*fields, 0, bytes(32), bytes(32), sender=bob)
    with pytest.raises(TypeError, match="transferWithAuthorization with 2 arguments fits 0 of"):
        usdc.transferWithAuthorization(alice, bob, sender=bob)


def test_a_transaction_without_a_sender_is_a_mistake(usdc: Contract, bob: Account) -> None:
    with pytest.raises(TypeError, match="sender"):
        usdc.transfer(bob, 1)


def test_a_transaction_that_no_chain_would_take_is_a_mistake(
    chain: Chain, usdc: Contract, alice: Account, bob: Account
) -> None:
    with pytest.raises(InvalidTransaction, match="LackOfFund"):
        chain.transact(alice, bob, value=1)
    with pytest.raises(InvalidTransaction, match="RejectCallerWithCode"):
        usdc.transfer(bob, 0, sender=usdc)


def test_an_unknown_function_is_a_mistake(usdc: Contract) -> None:
    with pytest.raises(AttributeError, match="TestUSDC has no function 'burn'"):
        usdc.burn(1)


def test_an_unknown_contract_is_a_mistake(chain: Chain, alice: Account) -> None:
    with pytest.raises(ArtifactMissing, match="Nowhere is not compiled"):
        chain.deploy("Nowhere", sender=alice)


def test_a_view_changes_nothing_and_may_have_a_caller(chain: Chain, alice: Account) -> None:
    caller = creation_code_of(bytes.fromhex("335f5260205ff3"))  # returns msg.sender
    address = chain.create(alice, caller)
    assert chain.call(address, b"", sender=alice)[-20:].hex() == alice.address[2:].lower()
    writer = creation_code_of(bytes.fromhex("60015f55"))  # writes storage
    with reverts("Halt"):
        chain.call(chain.create(alice, writer), b"")


def test_an_account_is_the_same_by_the_same_name_everywhere(chain: Chain) -> None:
    assert chain.account("carol") == Chain().account("carol") == Account("carol")
    assert chain.account("carol").address != chain.account("dave").address


def test_transactions_and_deployments_are_counted_views_are_not(chain: Chain, usdc: Contract, alice: Account) -> None:
    before = calls.copy()
    usdc.mint(alice, 1, sender=alice)
    with reverts("ERC20InsufficientBalance"):
        usdc.transfer(alice, 2, sender=alice)
    usdc.balanceOf(alice)
    chain.deploy("FeeToken", sender=alice)
    assert calls - before == {"transact": 2, "changed": 1, "deploy": 1}

"""What is said of a revert, and what a test that expects one takes."""

import pytest
from eth_abi import encode

from cluster.testing import Account, Chain, Contract, Reverted, reverts
from tests.harness.assembly import creation_code_of, creation_code_that_reverts


def test_a_custom_error_is_told_with_its_values(usdc: Contract, alice: Account, bob: Account) -> None:
    with pytest.raises(Reverted) as caught:
        usdc.transfer(alice, 3, sender=bob)
    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.values == (bob.address, 0, 3)
    with reverts("ERC20InsufficientBalance", bob, 0, 3):
        usdc.transfer(alice, 3, sender=bob)


def test_an_error_of_a_contract_further_down_is_told_too(chain: Chain, usdc: Contract, alice: Account) -> None:
    wallet = chain.deploy("ContractWallet", alice, sender=alice)
    with reverts("NotMasterMinter", wallet):
        wallet.execute(usdc, 0, usdc.mint.calldata(alice, 1), sender=alice)


def test_an_error_of_a_constructor_is_told(alice: Account) -> None:
    with reverts("OnlyLocalChains", 1):
        Chain(chain_id=1).deploy("TestUSDC", "USD Coin", sender=alice)


@pytest.mark.parametrize(
    ("data", "name", "values"),
    [
        (bytes.fromhex("08c379a0") + encode(["string"], ["too late"]), "Error", ("too late",)),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]), "Panic", (0x11,)),
        (bytes.fromhex("deadbeef"), "0xdeadbeef", ()),
        (b"", "", ()),
    ],
    ids=["a reason", "a panic", "an error nobody knows", "nothing"],
)
def test_reverts_without_a_custom_error(
    chain: Chain, alice: Account, data: bytes, name: str, values: tuple[object, ...]
) -> None:
    with pytest.raises(Reverted) as caught:
        chain.create(alice, creation_code_that_reverts(data))
    assert (caught.value.name, caught.value.values, caught.value.data) == (name, values, data)


def test_a_machine_that_stops_is_told_why(chain: Chain, usdc: Contract, alice: Account) -> None:
    with reverts("Halt", "OutOfGas"):
        usdc.mint(alice, 1, sender=alice, gas=30_000)
    invalid = chain.create(alice, creation_code_of(b"\xfe"))
    with reverts("Halt", "InvalidFEOpcode"):
        chain.transact(alice, invalid)


def test_what_reverted_changed_nothing(chain: Chain, usdc: Contract, alice: Account, bob: Account) -> None:
    wallet = chain.deploy("ContractWallet", alice, sender=alice)
    chain.fund(alice, 5)
    with reverts("ERC20InsufficientBalance"):
        wallet.execute(usdc, 0, usdc.transfer.calldata(bob, 1), sender=alice, value=5)
    assert (chain.balance(alice), chain.balance(wallet)) == (5, 0)


def test_another_error_or_other_values_fail_the_test(usdc: Contract, alice: Account, bob: Account) -> None:
    for name, values in (("TokenPaused", ()), ("ERC20InsufficientBalance", (bob, 0, 4))):
        with pytest.raises(AssertionError, match=r"expected .* got ERC20InsufficientBalance"), reverts(name, *values):
            usdc.transfer(alice, 3, sender=bob)


def test_nothing_that_reverts_fails_the_test(usdc: Contract, alice: Account) -> None:
    with pytest.raises(AssertionError, match="nothing reverted"), reverts("TokenPaused"):
        usdc.mint(alice, 1, sender=alice)

"""ClusterToken as an ERC-20."""

from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.token.conftest import FUNDS

MAX_SUPPLY = 5_000_000_000 * 10**18


def test_is_named_cp_with_18_decimals(token: Contract) -> None:
    assert Method(token, "name")() == "Cluster Protocol"
    assert token.symbol() == "CP"
    assert token.decimals() == 18


def test_the_whole_supply_is_minted_to_the_treasury_once(suite: Suite, token: Contract) -> None:
    assert token.MAX_SUPPLY() == token.totalSupply() == token.balanceOf(suite.treasury) == MAX_SUPPLY
    assert not [name for name in token.codec.functions if "mint" in name.lower() or "burn" in name.lower()]


def test_initialize__no_treasury__reverts(chain: Chain, suite: Suite) -> None:
    with reverts("InvalidTreasury", NATIVE):
        chain.deploy_proxy("ClusterToken", [], [suite.manager, NATIVE], sender=suite.admin)


def test_transfer_moves_money(token: Contract, alice: Account, bob: Account) -> None:
    receipt = token.transfer(bob, 7, sender=alice)
    assert receipt.return_value is True
    receipt.expect("Transfer", **{"from": alice, "to": bob, "value": 7})
    assert [event.name for event in receipt.events] == ["Transfer"]
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (FUNDS - 7, 7)


def test_transfer__more_than_there_is__reverts(token: Contract, alice: Account, bob: Account) -> None:
    with reverts("ERC20InsufficientBalance", alice, FUNDS, FUNDS + 1):
        token.transfer(bob, FUNDS + 1, sender=alice)


def test_transfer__to_nobody__reverts(token: Contract, alice: Account) -> None:
    with reverts("ERC20InvalidReceiver", NATIVE):
        token.transfer(NATIVE, 1, sender=alice)


def test_an_allowance_is_used_up_by_what_is_taken(token: Contract, alice: Account, bob: Account) -> None:
    token.approve(bob, 10, sender=alice).expect("Approval", owner=alice, spender=bob, value=10)
    receipt = token.transferFrom(alice, bob, 4, sender=bob)
    receipt.expect("Transfer", **{"from": alice, "to": bob, "value": 4})
    assert token.allowance(alice, bob) == 6
    assert token.balanceOf(bob) == 4


def test_an_infinite_allowance_stays(token: Contract, alice: Account, bob: Account) -> None:
    token.approve(bob, 2**256 - 1, sender=alice)
    token.transferFrom(alice, bob, 4, sender=bob)
    assert token.allowance(alice, bob) == 2**256 - 1


def test_transfer_from__above_the_allowance__reverts(token: Contract, alice: Account, bob: Account) -> None:
    token.approve(bob, 3, sender=alice)
    with reverts("ERC20InsufficientAllowance", bob, 3, 4):
        token.transferFrom(alice, bob, 4, sender=bob)


def test_approve__nobody__reverts(token: Contract, alice: Account) -> None:
    with reverts("ERC20InvalidSpender", NATIVE):
        token.approve(NATIVE, 1, sender=alice)

"""TestUSDC, the stand-in for Circle's token; its EIP-3009 is tested with ClusterToken's."""

import pytest

from cluster.chain.eip3009 import Domain
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.contract import Method
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.payments.signing import LOCAL_CHAIN_ID, domain_of, permit_of
from tests.contracts.token.conftest import FUNDS


@pytest.fixture
def usdc(suite: Suite) -> Contract:
    return suite.usdc


@pytest.mark.parametrize("name", ["USD Coin", "USDC"])
def test_is_named_as_told_with_6_decimals(chain: Chain, suite: Suite, name: str) -> None:
    usdc = chain.deploy("TestUSDC", name, sender=suite.admin)
    assert (Method(usdc, "name")(), usdc.symbol(), usdc.decimals(), usdc.version()) == (name, "USDC", 6, "2")
    assert usdc.DOMAIN_SEPARATOR() == Domain(name, "2", LOCAL_CHAIN_ID, usdc.address).separator


@pytest.mark.parametrize("chain_id", [1, 8453, 42161])
def test_exists_on_local_chains_alone(chain_id: int) -> None:
    anyone = Account("anyone")
    with reverts("OnlyLocalChains", chain_id):
        Chain(chain_id).deploy("TestUSDC", "USD Coin", sender=anyone)
    Chain(1337).deploy("TestUSDC", "USD Coin", sender=anyone)


def test_only_the_master_minter_governs(usdc: Contract, suite: Suite, bob: Account) -> None:
    assert usdc.masterMinter() == suite.admin.address
    for method, arguments in (
        (usdc.mint, (bob, 1)),
        (usdc.blacklist, (suite.admin,)),
        (usdc.unBlacklist, (bob,)),
        (usdc.pause, ()),
        (usdc.unpause, ()),
    ):
        with reverts("NotMasterMinter", bob):
            method(*arguments, sender=bob)


def test_mint_makes_money(usdc: Contract, suite: Suite, alice: Account, bob: Account) -> None:
    receipt = usdc.mint(bob, 5, sender=suite.admin)
    receipt.expect("Transfer", **{"from": NATIVE, "to": bob, "value": 5})
    assert (usdc.balanceOf(bob), usdc.totalSupply()) == (5, FUNDS + 5)


def test_transfer__more_than_there_is__reverts(usdc: Contract, alice: Account, bob: Account) -> None:
    with reverts("ERC20InsufficientBalance", alice, FUNDS, FUNDS + 1):
        usdc.transfer(bob, FUNDS + 1, sender=alice)
    usdc.transfer(bob, FUNDS, sender=alice).expect("Transfer", **{"from": alice, "to": bob, "value": FUNDS})
    assert (usdc.balanceOf(alice), usdc.balanceOf(bob), usdc.totalSupply()) == (0, FUNDS, FUNDS)


def test_a_transfer_to_oneself_changes_nothing(usdc: Contract, alice: Account) -> None:
    usdc.transfer(alice, 5, sender=alice)
    assert (usdc.balanceOf(alice), usdc.totalSupply()) == (FUNDS, FUNDS)


def test_permit_sets_the_allowance(usdc: Contract, alice: Account, bob: Account) -> None:
    usdc.permit(alice, bob, *permit_of(domain_of(usdc), alice, bob, 9, nonce=0), sender=bob)
    assert usdc.allowance(alice, bob) == 9


def test_a_blacklisted_account_keeps_its_money_and_can_neither_send_nor_receive_it(
    usdc: Contract, suite: Suite, alice: Account, bob: Account
) -> None:
    usdc.blacklist(alice, sender=suite.admin).expect("Blacklisted", account=alice)
    assert usdc.isBlacklisted(alice) is True
    assert usdc.balanceOf(alice) == FUNDS
    with reverts("AccountBlacklisted", alice):
        usdc.transfer(bob, 1, sender=alice)
    with reverts("AccountBlacklisted", alice):
        usdc.mint(alice, 1, sender=suite.admin)
    usdc.unBlacklist(alice, sender=suite.admin).expect("UnBlacklisted", account=alice)
    assert usdc.isBlacklisted(alice) is False
    usdc.transfer(bob, 1, sender=alice)
    assert usdc.balanceOf(alice) == FUNDS - 1


def test_a_blacklisted_spender_takes_nothing(usdc: Contract, suite: Suite, alice: Account, bob: Account) -> None:
    usdc.approve(bob, 5, sender=alice)
    usdc.blacklist(bob, sender=suite.admin)
    with reverts("AccountBlacklisted", bob):
        usdc.transferFrom(alice, suite.treasury, 1, sender=bob)


def test_a_pause_stops_transfers_and_mints(usdc: Contract, suite: Suite, alice: Account, bob: Account) -> None:
    usdc.pause(sender=suite.admin).expect("Pause")
    assert usdc.paused() is True
    with reverts("TokenPaused"):
        usdc.transfer(bob, 1, sender=alice)
    with reverts("TokenPaused"):
        usdc.mint(bob, 1, sender=suite.admin)
    usdc.unpause(sender=suite.admin).expect("Unpause")
    usdc.transfer(bob, 1, sender=alice)
    assert usdc.balanceOf(bob) == 1

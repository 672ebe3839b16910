"""Native coin and tokens, in their smallest units."""

from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.data.shop import publish


def test_native_coin_is_given_sent_and_spent(chain: Chain, alice: Account, bob: Account) -> None:
    chain.fund(alice, 10)
    chain.transact(alice, bob, value=4)
    assert (chain.balance(alice), chain.balance(bob)) == (6, 4)


def test_gas_costs_nothing(chain: Chain, usdc: Contract, alice: Account) -> None:
    chain.fund(alice, 10)
    usdc.mint(alice, 1, sender=alice)
    assert chain.balance(alice) == 10


def test_a_call_brings_native_coin_along(chain: Chain, alice: Account, bob: Account) -> None:
    suite = deploy_suite(chain)
    publish(suite, alice, prices=[(NATIVE, 1_000)])
    chain.fund(bob, 1_000)
    suite.router.purchase(1, NATIVE, 1_000, bob, NATIVE, sender=bob, value=1_000)
    assert [chain.balance(account) for account in (bob, alice, suite.treasury)] == [0, 850, 150]


def test_a_contract_is_made_with_native_coin(chain: Chain, alice: Account, bob: Account) -> None:
    chain.fund(alice, 3)
    chain.deploy("ForcedSender", bob, sender=alice, value=3)
    assert (chain.balance(alice), chain.balance(bob)) == (0, 3)


def test_an_unwilling_receiver_keeps_the_coin_with_its_sender(chain: Chain, alice: Account) -> None:
    chain.fund(alice, 3)
    receiver = chain.deploy("RevertingReceiver", sender=alice)
    with reverts("Unwanted"):
        chain.transact(alice, receiver, value=3)
    assert chain.balance(alice) == 3


def test_token_balances_are_read_from_the_token(usdc: Contract, alice: Account, bob: Account) -> None:
    usdc.mint(alice, 9, sender=alice)
    usdc.transfer(bob, 4, sender=alice)
    assert [usdc.balanceOf(account) for account in (alice, bob)] == [5, 4]

"""Time goes when it is told to; what happens in isolation has not happened."""

import pytest

from cluster.testing import Account, Chain, Contract
from cluster.testing.suite import deploy_suite
from tests.harness.assembly import creation_code_of

TIME_AND_BLOCK = bytes.fromhex("425f524360205260405ff3")
# Returns transient word 0, and sets it to 1.
TRANSIENT = bytes.fromhex("5f5c5f5260015f5d60205ff3")


def test_contracts_see_the_time_and_the_block_that_were_mined(chain: Chain, alice: Account) -> None:
    clock = chain.create(alice, creation_code_of(TIME_AND_BLOCK))

    def read() -> tuple[int, int]:
        words = chain.call(clock, b"")
        return int.from_bytes(words[:32], "big"), int.from_bytes(words[32:], "big")

    start, block = read()
    assert (start, block) == (chain.time, chain.block)
    chain.mine()
    assert read() == (start + 1, block + 1)
    chain.mine(seconds=86_400)
    assert read() == (start + 86_401, block + 2) == (chain.time, chain.block)


def test_isolation_undoes_state_balances_code_and_time(
    chain: Chain, usdc: Contract, alice: Account, bob: Account
) -> None:
    before = chain.time, chain.block
    with chain.isolated():
        usdc.mint(bob, 5, sender=alice)
        chain.fund(bob, 7)
        chain.mine(100)
        made = chain.deploy("FeeToken", sender=alice)
        assert (usdc.balanceOf(bob), chain.balance(bob), chain.code(made) != b"") == (5, 7, True)
    assert (usdc.balanceOf(bob), chain.balance(bob), chain.code(made)) == (0, 0, b"")
    assert (chain.time, chain.block) == before
    # The next contract gets the address that the undone one had.
    assert chain.deploy("FeeToken", sender=alice).address == made.address


def test_isolations_nest(chain: Chain, usdc: Contract, alice: Account, bob: Account) -> None:
    seen = []
    with chain.isolated():
        usdc.mint(bob, 1, sender=alice)
        for _ in range(2):
            with chain.isolated():
                usdc.mint(bob, 10, sender=alice)
                with chain.isolated():
                    usdc.mint(bob, 100, sender=alice)
                    seen.append(usdc.balanceOf(bob))
                seen.append(usdc.balanceOf(bob))
            seen.append(usdc.balanceOf(bob))
        usdc.mint(bob, 1, sender=alice)
        seen.append(usdc.balanceOf(bob))
    assert seen == [111, 11, 1, 111, 11, 1, 2]
    assert usdc.balanceOf(bob) == 0


def test_isolation_ends_however_it_ends(chain: Chain, usdc: Contract, alice: Account) -> None:
    def fail_after_minting() -> None:
        with chain.isolated():
            usdc.mint(alice, 5, sender=alice)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_minting()
    assert usdc.balanceOf(alice) == 0


def test_a_thousand_isolations_leave_nothing_behind(chain: Chain, alice: Account) -> None:
    suite = deploy_suite(chain)
    for _ in range(1_000):
        with chain.isolated():
            suite.usdc.mint(alice, 5, sender=suite.admin)
    assert suite.usdc.balanceOf(alice) == suite.usdc.totalSupply() == 0


def test_transient_storage_ends_with_its_transaction(chain: Chain, alice: Account) -> None:
    address = chain.create(alice, creation_code_of(TRANSIENT))
    assert [int.from_bytes(chain.transact(alice, address).return_value, "big") for _ in range(2)] == [0, 0]

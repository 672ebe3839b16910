"""Contract tests in-process: contract objects by name over pyrevm, thousands of transactions a second.

chain = Chain()
alice = chain.account("alice")
token = chain.deploy("TestUSDC", "USD Coin", sender=alice)
receipt = token.mint(alice, 5, sender=alice)
assert token.balanceOf(alice) == 5
with reverts("NotMasterMinter", chain.account("bob").address):
    token.mint(alice, 5, sender=chain.account("bob"))
"""

from cluster.testing.accounts import Account
from cluster.testing.chain import Chain
from cluster.testing.contract import Contract
from cluster.testing.receipt import Event, Receipt
from cluster.testing.reverts import InvalidTransaction, Reverted, reverts

__all__ = ["Account", "Chain", "Contract", "Event", "InvalidTransaction", "Receipt", "Reverted", "reverts"]

"""Measures calls as transactions on a node: what its receipts say they used."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cluster.chain.codec import signature_of
from cluster.testing.accounts import Account
from cluster.testing.anvil import AnvilChain
from cluster.testing.contract import Contract, Method
from cluster.testing.suite import Suite, deploy_suite

USDC = 10**6
CP = 10**18
ETHER = 10**18

# When the chain's clock starts, in unix seconds: the same for every run, and no zero byte for years.
START = 1_800_000_000

# Signatures are good for ever: a time that changed from run to run would change the cost of calldata.
ALWAYS = 0
NEVER = 2**47 - 1


@dataclass(frozen=True)
class Figure:
    """What one call used, in gas, the transaction's own 21,000 and its calldata included."""

    contract: str
    signature: str
    gas: int


class Meter:
    """Figures by name, and the contracts they are measured on."""

    def __init__(self, chain: AnvilChain) -> None:
        self.chain = chain
        self.suite: Suite = deploy_suite(chain)
        self.figures: dict[str, Figure] = {}

    def account(self, name: str) -> Account:
        """An account with native coin to spend."""
        account = self.chain.account(name)
        self.chain.fund(account, 100 * ETHER)
        return account

    def member(self, name: str, spender: Contract) -> Account:
        """An account with 1,000 CP that let `spender` take them."""
        account = self.account(name)
        self.suite.token.transfer(account, 1_000 * CP, sender=self.suite.treasury)
        self.suite.token.approve(spender, 2**256 - 1, sender=account)
        return account

    def now(self) -> int:
        """Time of the latest block, in unix seconds: not the same in every run, so no part of what is measured."""
        return int(self.chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Undoes what happens inside, so that no figure depends on the order of the figures."""
        before = self.chain.rpc("evm_snapshot")
        yield
        # Anvil tells a receipt before it has taken the transaction out of its pool, and one that is there when the
        # chain goes back may give the next one a nonce that is too high, which drops it.
        while any(int(count, 16) for count in self.chain.rpc("txpool_status").values()):
            time.sleep(0.001)
        self.chain.rpc("evm_revert", before)

    def __call__(self, name: str, method: Method, *args: Any, sender: Any, value: int = 0) -> None:
        """Sends the call and keeps its figure; a view too is sent as a transaction."""
        if name in self.figures:
            raise ValueError(f"{name} is measured twice")
        # A block of its own time: votes are checkpointed by it.
        self.chain.mine(10)
        function, contract = method.function(len(args)), method._contract
        receipt = self.chain.transact(sender, contract, function.calldata(args), value=value)
        assert receipt.gas_used is not None
        self.figures[name] = Figure(contract.name, signature_of(function.entry), receipt.gas_used)

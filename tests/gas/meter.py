"""Measures calls as transactions on a node: what its receipts say they used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cluster.chain.codec import signature_of
from cluster.testing.accounts import Account
from cluster.testing.anvil import AnvilChain
from cluster.testing.contract import Method
from cluster.testing.suite import Suite, deploy_suite

USDC = 10**6
CP = 10**18
ETHER = 10**18

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

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Undoes what happens inside, so that no figure depends on the order of the figures."""
        before = self.chain.rpc("evm_snapshot")
        yield
        self.chain.rpc("evm_revert", before)

    def __call__(self, name: str, method: Method, *args: Any, sender: Any, value: int = 0) -> None:
        """Sends the call and keeps its figure."""
        if name in self.figures:
            raise ValueError(f"{name} is measured twice")
        # A block of its own time: votes are checkpointed by it.
        self.chain.mine(10)
        receipt = method(*args, sender=sender, value=value)
        signature = signature_of(method.function(len(args)).entry)
        self.figures[name] = Figure(method._contract.name, signature, receipt.gas_used)

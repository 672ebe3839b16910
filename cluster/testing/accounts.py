"""Accounts with keys, the same in every run."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from eth_utils import keccak


@dataclass(frozen=True)
class Account:
    """An externally owned account that tests name after its part in the story."""

    name: str

    @cached_property
    def local(self) -> LocalAccount:
        """The key pair, derived from the name."""
        return _derive(self.name)

    @cached_property
    def address(self) -> str:
        """Checksummed address."""
        return self.local.address

    def sign_typed(self, typed_data: dict[str, Any]) -> bytes:
        """Signs EIP-712 data: 65 bytes r, s, v."""
        return bytes(self.local.sign_typed_data(full_message=typed_data).signature)

    def __str__(self) -> str:
        return self.name


@cache
def _derive(name: str) -> LocalAccount:
    account: LocalAccount = Keys.from_key(keccak(text=f"cluster test account {name}"))
    return account

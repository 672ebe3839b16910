"""Who is who on the local chain: anvil's accounts, whose keys everybody knows. Never use them anywhere else."""

from functools import cache

from eth_account import Account
from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
"""Anvil's and ape's default."""

PARTS = ("deployer", "creator", "buyer", "referrer", "facilitator", "operator")
"""Account 0 deploys, holds every role, is the treasury and mints test USDC; the facilitator pays gas for settlements;
the operator is paid for inference."""


@cache
def account(part: str) -> LocalAccount:
    """The account that plays a part."""
    Account.enable_unaudited_hdwallet_features()
    found: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{PARTS.index(part)}")
    return found

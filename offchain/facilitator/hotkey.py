"""The key that pays the gas of settlements. It holds no customers' money: payments go from payer to payee."""

import os
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_bytes

from offchain.facilitator.journal import Transaction
from offchain.service.errors import KeyUnusable


class HotKey:
    """Signs EIP-1559 transactions. Its `repr` shows the address only."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address: str = account.address

    @classmethod
    def load(cls, file: Path | None, variable: str | None) -> "HotKey":
        """From a file that only its owner can read, or from an environment variable. Raises `KeyUnusable`."""
        if file is not None:
            return cls._parse(_read(file), f"the file {file}")
        if variable is not None:
            found = os.environ.get(variable)
            if not found:
                raise KeyUnusable(f"the environment variable {variable} is not set; it should hold a private key")
            return cls._parse(found, f"the environment variable {variable}")
        raise KeyUnusable("no hot key: set settlement.key_file or settlement.key_env")

    @classmethod
    def _parse(cls, text: str, where: str) -> "HotKey":
        try:
            return cls(Account.from_key(bytes.fromhex(text.strip().removeprefix("0x"))))
        except Exception:
            # Whatever the library says could quote the key, so nothing of it goes on.
            raise KeyUnusable(f"{where} does not hold a private key: 64 hexadecimal digits") from None

    def sign(
        self, *, chain_id: int, nonce: int, to: str, data: bytes, gas: int, max_fee: int, max_tip: int
    ) -> Transaction:
        """A signed transaction; fees in wei a gas."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": chain_id,
                "nonce": nonce,
                "to": to_bytes(hexstr=to),
                "value": 0,
                "data": data,
                "gas": gas,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": max_tip,
            }
        )
        raw = bytes(signed.raw_transaction)
        return Transaction("0x" + keccak(raw).hex(), nonce, raw, max_fee, max_tip)

    def __repr__(self) -> str:
        return f"HotKey({self.address})"


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyUnusable(f"{file} can be read by others (mode {stat.S_IMODE(mode):o}); run: chmod 600 {file}")
        return file.read_text()
    except OSError as error:
        raise KeyUnusable(f"the key file {file} cannot be read: {error.strerror}") from error

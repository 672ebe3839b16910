"""The chain in the process: pyrevm with the contracts that ape compiled."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from cluster.chain.codec import plain
from cluster.testing.host import Host, calls
from cluster.testing.receipt import Event, Receipt
from cluster.testing.reverts import InvalidTransaction, Reverted

CHAIN_ID = 31337
START_S = 1_800_000_000
FAUCET = "0x00000000000000000000000000000000FA0CE700"
GAS_LIMIT = 30_000_000

_STOPPED = re.compile(r"^(Revert|Halt) \{ (?:gas_used: \d+, output: 0x([0-9a-f]*)|reason: (\w+))")


class Chain(Host):
    """An EVM with block time, accounts and snapshots.

    Between transactions transient storage is cleared; storage stays warm, so gas is not what a chain would charge
    (`cluster.testing.anvil.AnvilChain` tells that).
    """

    def __init__(self, chain_id: int = CHAIN_ID) -> None:
        super().__init__()
        self._evm = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)))
        self._evm.set_balance(FAUCET, 10**40)
        self.block = 1
        self.time = START_S
        self._set_block()

    def mine(self, seconds: int = 1) -> None:
        self.block += 1
        self.time += seconds
        self._set_block()

    def _set_block(self) -> None:
        self._evm.set_block_env(BlockEnv(number=self.block, timestamp=self.time, gas_limit=GAS_LIMIT * 100))

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Undoes all that happens inside. Blocks nest; the inner one ends first."""
        before = self._evm.snapshot(), self.block, self.time
        try:
            yield
        finally:
            checkpoint, self.block, self.time = before
            self._evm.revert(checkpoint)
            self._set_block()

    def fund(self, to: Any, amount: int) -> None:
        self._evm.message_call(FAUCET, plain(to), value=amount)

    def balance(self, of: Any) -> int:
        return int(self._evm.get_balance(plain(of)))

    def set_code(self, at: Any, code: bytes) -> None:
        self._evm.insert_account_info(plain(at), AccountInfo(nonce=1, code=code))

    def code(self, at: Any) -> bytes:
        return bytes(self._evm.get_code(plain(at)) or b"").rstrip(b"\0")

    def storage(self, at: Any, slot: int) -> int:
        """A storage word."""
        return int(self._evm.storage(plain(at), slot))

    def create(self, sender: Any, code: bytes, value: int = 0) -> str:
        self._evm.reset_transient_storage()
        try:
            return str(self._evm.deploy(plain(sender), code, value=value))
        except RuntimeError as error:
            raise self._stopped(error) from None

    def transact(self, sender: Any, to: Any, data: bytes = b"", value: int = 0, gas: int | None = None) -> Receipt:
        calls["transact"] += 1
        self._evm.reset_transient_storage()
        try:
            output = self._evm.message_call(plain(sender), plain(to), calldata=data, value=value, gas=gas or GAS_LIMIT)
        except RuntimeError as error:
            raise self._stopped(error) from None
        calls["changed"] += 1
        result = self._evm.result
        return Receipt(bytes(output), result.logs if result is not None else [], self._event)

    def call(self, to: Any, data: bytes, sender: Any = None) -> bytes:
        caller = plain(sender) if sender is not None else FAUCET
        try:
            return bytes(self._evm.message_call(caller, plain(to), calldata=data, is_static=True))
        except RuntimeError as error:
            raise self._stopped(error) from None

    def _event(self, log: Any) -> Event | None:
        topics, data = log.data
        return self.decode_log(log.address, topics, data)

    def _stopped(self, error: RuntimeError) -> Exception:
        stopped = _STOPPED.match(str(error))
        if stopped is None:
            return InvalidTransaction(str(error))
        if stopped[1] == "Halt":
            return Reverted("Halt", (stopped[3],))
        return self.reverted(bytes.fromhex(stopped[2]))

"""The chain in the process: pyrevm with the contracts that ape compiled."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eth_abi import decode, encode
from eth_utils import to_checksum_address
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from cluster.chain import artifacts
from cluster.testing.accounts import Account
from cluster.chain.codec import Codec, ErrorType, EventType, plain
from cluster.testing.contract import Contract
from cluster.testing.receipt import Event, Receipt
from cluster.testing.reverts import Reverted

CHAIN_ID = 31337
START_S = 1_800_000_000
FAUCET = "0x00000000000000000000000000000000FA0CE700"
GAS_LIMIT = 30_000_000

_STOPPED = re.compile(r"^(Revert|Halt) \{ (?:gas_used: \d+, output: 0x([0-9a-f]*)|reason: (\w+))")
_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")

# Transactions and deployments of all chains of this process: tests that promise a number of calls read it.
calls: Counter[str] = Counter()


class Chain:
    """An EVM with block time, accounts, snapshots, and contracts by their artifacts' names.

    Storage stays warm and transient storage is cleared from one transaction to the next.
    """

    def __init__(self) -> None:
        self._evm = EVM(env=Env(cfg=CfgEnv(chain_id=CHAIN_ID)))
        self._evm.set_balance(FAUCET, 10**40)
        self._errors: dict[bytes, ErrorType] = {}
        self._codecs: dict[str, Codec] = {}
        self._at: dict[str, Codec] = {}
        self._events: dict[bytes, EventType] = {}
        self.block = 1
        self.time = START_S
        self._set_block()

    # Time, snapshots, balances

    def mine(self, seconds: int = 1) -> None:
        """A new block, `seconds` after the last."""
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

    def account(self, name: str) -> Account:
        """The account of that name."""
        return Account(name)

    def fund(self, to: Any, amount: int) -> None:
        """Gives native coin, in wei."""
        self._evm.message_call(FAUCET, plain(to), value=amount)

    def balance(self, of: Any) -> int:
        """Native coin, in wei."""
        return int(self._evm.get_balance(plain(of)))

    def code(self, at: Any) -> bytes:
        """Deployed code, empty if there is none."""
        return bytes(self._evm.get_code(plain(at)) or b"").rstrip(b"\0")

    # Contracts

    def codec(self, name: str) -> Codec:
        """Codec of a compiled contract; its errors and events are known from then on."""
        if name not in self._codecs:
            codec = Codec(artifacts.load(name).abi)
            self._codecs[name] = codec
            self._errors.update(codec.errors)
            for topic, event in codec.events.items():
                self._events.setdefault(topic, event)
        return self._codecs[name]

    def at(self, name: str, address: str) -> Contract:
        """The contract at an address, taken for the compiled one of that name."""
        codec = self.codec(name)
        self._at[address.lower()] = codec
        return Contract(self, name, to_checksum_address(address), codec)

    def deploy(self, name: str, *args: Any, sender: Any, value: int = 0) -> Contract:
        """Deploys a compiled contract."""
        calls["deploy"] += 1
        artifact = artifacts.load(name)
        data = artifact.bytecode + encode(self.codec(name).constructor, [plain(arg) for arg in args])
        self._evm.reset_transient_storage()
        try:
            address = self._evm.deploy(plain(sender), data, value=value)
        except RuntimeError as error:
            raise self._reverted(error) from None
        return self.at(name, address)

    def deploy_proxy(self, name: str, constructor: Sequence[Any], initialize: Sequence[Any], sender: Any) -> Contract:
        """Deploys an implementation and a ClusterProxy that is initialized as it is made."""
        implementation = self.deploy(name, *constructor, sender=sender)
        data = implementation.initialize.calldata(*initialize)
        proxy = self.deploy("ClusterProxy", implementation, data, sender=sender)
        return self.at(name, proxy.address)

    # Calls

    def transact(self, sender: Any, to: Any, data: bytes = b"", value: int = 0, gas: int | None = None) -> Receipt:
        """Sends a transaction. Raises `Reverted`."""
        calls["transact"] += 1
        self._evm.reset_transient_storage()
        try:
            output = self._evm.message_call(
                plain(sender), plain(to), calldata=data, value=value, gas=gas or GAS_LIMIT
            )
        except RuntimeError as error:
            raise self._reverted(error) from None
        return Receipt(bytes(output), self._evm.result.logs, self._event)

    def call(self, to: Any, data: bytes, sender: Any = None) -> bytes:
        """Calls without changing anything. Raises `Reverted`."""
        try:
            return bytes(
                self._evm.message_call(
                    plain(sender) if sender is not None else FAUCET, plain(to), calldata=data, is_static=True
                )
            )
        except RuntimeError as error:
            raise self._reverted(error) from None

    def _event(self, log: Any) -> Event | None:
        topics, data = log.data
        if not topics:
            return None
        codec = self._at.get(log.address.lower())
        kind = (codec.events.get(topics[0]) if codec else None) or self._events.get(topics[0])
        if kind is None:
            return None
        return Event(to_checksum_address(log.address), kind.entry["name"], kind.values(topics, data))

    def _reverted(self, error: RuntimeError) -> Reverted:
        stopped = _STOPPED.match(str(error))
        if stopped is None:
            raise error
        if stopped[1] == "Halt":
            return Reverted("Halt", (stopped[3],))
        data = bytes.fromhex(stopped[2])
        selector, rest = data[:4], data[4:]
        if selector == _ERROR_STRING:
            return Reverted("Error", decode(["string"], rest), data)
        if selector == _PANIC:
            return Reverted("Panic", decode(["uint256"], rest), data)
        known = self._errors.get(selector)
        if known is not None:
            return Reverted(known.entry["name"], known.values(rest), data)
        return Reverted(f"0x{data.hex()}" if data else "", (), data)

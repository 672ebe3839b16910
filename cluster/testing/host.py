"""What every chain that carries contracts for a test offers: contracts by name, errors and events decoded."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

from eth_abi import decode, encode
from eth_utils import to_checksum_address

from cluster.chain import artifacts
from cluster.chain.codec import Codec, ErrorType, EventType, plain
from cluster.chain.words import checksummed
from cluster.testing.accounts import Account
from cluster.testing.contract import Contract
from cluster.testing.receipt import Event, Receipt
from cluster.testing.reverts import Reverted

_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")

# Transactions and deployments of all chains of this process: tests that promise a number of calls read it. "changed":
# transactions in the process that did not revert; machines compare nothing anew where there were none.
calls: Counter[str] = Counter()


class Host(ABC):
    """Contracts by their artifacts' names."""

    def __init__(self) -> None:
        self._errors: dict[bytes, ErrorType] = {}
        self._codecs: dict[str, Codec] = {}
        self._at: dict[str, Codec] = {}
        self._events: dict[bytes, EventType] = {}

    @abstractmethod
    def transact(self, sender: Any, to: Any, data: bytes = b"", value: int = 0, gas: int | None = None) -> Receipt:
        """Sends a transaction. Raises `Reverted`."""

    @abstractmethod
    def call(self, to: Any, data: bytes, sender: Any = None) -> bytes:
        """Calls without changing anything. Raises `Reverted`."""

    @abstractmethod
    def create(self, sender: Any, code: bytes, value: int = 0) -> str:
        """Creates a contract; gives its address. Raises `Reverted`."""

    @abstractmethod
    def mine(self, seconds: int = 1) -> None:
        """A new block, `seconds` after the last."""

    @abstractmethod
    def fund(self, to: Any, amount: int) -> None:
        """Gives native coin, in wei."""

    @abstractmethod
    def balance(self, of: Any) -> int:
        """Native coin, in wei."""

    @abstractmethod
    def code(self, at: Any) -> bytes:
        """Deployed code, empty if there is none."""

    @abstractmethod
    def set_code(self, at: Any, code: bytes) -> None:
        """Puts code at an address."""

    def account(self, name: str) -> Account:
        """The account of that name."""
        return Account(name)

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
        arguments = encode(self.codec(name).constructor, [plain(arg) for arg in args])
        return self.at(name, self.create(sender, artifacts.load(name).bytecode + arguments, value))

    def deploy_proxy(self, name: str, constructor: Sequence[Any], initialize: Sequence[Any], sender: Any) -> Contract:
        """Deploys an implementation and a ClusterProxy that is initialized as it is made."""
        implementation = self.deploy(name, *constructor, sender=sender)
        data = implementation.initialize.calldata(*initialize)
        proxy = self.deploy("ClusterProxy", implementation, data, sender=sender)
        return self.at(name, proxy.address)

    def place(self, name: str, address: str, *args: Any, sender: Any) -> Contract:
        """The code of a compiled contract at an address of choice, for contracts that the world knows by address.

        What its constructor wrote to storage is not there; immutables are.
        """
        self.set_code(address, self.code(self.deploy(name, *args, sender=sender)))
        return self.at(name, address)

    def decode_log(self, address: str, topics: Sequence[bytes], data: bytes) -> Event | None:
        """The event of a log, by the ABI of the contract at that address, else by any ABI known."""
        if not topics:
            return None
        codec = self._at.get(address.lower())
        kind = (codec.events.get(topics[0]) if codec else None) or self._events.get(topics[0])
        if kind is None:
            return None
        return Event(checksummed(address), kind.entry["name"], kind.values(topics, data))

    def reverted(self, data: bytes) -> Reverted:
        """What a revert with this data means."""
        selector, rest = data[:4], data[4:]
        if selector == _ERROR_STRING:
            return Reverted("Error", decode(["string"], rest), data)
        if selector == _PANIC:
            return Reverted("Panic", decode(["uint256"], rest), data)
        known = self._errors.get(selector)
        if known is not None:
            return Reverted(known.entry["name"], known.values(rest), data)
        return Reverted(f"0x{data.hex()}" if data else "", (), data)

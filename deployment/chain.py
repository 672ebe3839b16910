"""The chain as ape is connected to it: reading, encoding, signing, sending."""

import re
import time
from collections.abc import Sequence
from typing import Any

import ape
from ape.api import AccountAPI, ProviderAPI
from ape.exceptions import ApeException
from eth_utils import keccak, to_checksum_address
from ethpm_types import ContractType, MethodABI
from hexbytes import HexBytes
from msgspec import Struct

from deployment.errors import DeploymentError

POLL_S = 0.05
POLL_MAX_S = 2.0
WAIT_S = 600
"""Seconds that a transaction may take to be mined and confirmed."""

LOG_BLOCKS = 2_000
"""Blocks whose logs every node gives at once."""

IMPLEMENTATION_SLOT = int.from_bytes(keccak(text="eip1967.proxy.implementation")) - 1
"""ERC-1967."""

_CUSTOM_ERROR = re.compile(r"custom error 0x([0-9a-f]{8})")


class Reverted(DeploymentError):
    """A call or transaction was refused by a contract."""


class Signed(Struct, frozen=True):
    """A transaction ready to be sent."""

    hash: str
    raw: bytes


class Receipt(Struct, frozen=True):
    """A mined transaction. `gas` is in units of gas."""

    transaction: str
    succeeded: bool
    block: int
    gas: int
    address: str | None


def compile_all() -> dict[str, ContractType]:
    """Compiles what changed; contract types by name."""
    found = ape.project.load_contracts()
    return {name: container.contract_type for name, container in found.items()}


class Chain:
    """A connected chain and the account that signs on it."""

    def __init__(self, provider: ProviderAPI, account: AccountAPI, contracts: dict[str, ContractType]) -> None:
        self._provider = provider
        self._ecosystem = provider.network.ecosystem
        self._account = account
        self._contracts = contracts
        self.id: int = provider.chain_id
        self.sender: str = str(account.address)

    # Reading

    def block(self) -> int:
        return int(self._request("eth_blockNumber", []), 16)

    def now(self) -> int:
        """Unix seconds of the latest block."""
        return int(self._request("eth_getBlockByNumber", ["latest", False])["timestamp"], 16)

    def code(self, address: str) -> bytes:
        return bytes(HexBytes(self._request("eth_getCode", [address, "latest"])))

    def storage(self, address: str, slot: int) -> int:
        return int(self._request("eth_getStorageAt", [address, hex(slot), "latest"]), 16)

    def nonce(self, block: str = "latest") -> int:
        """Transactions of the signing account that are mined; with `pending`, also those that wait."""
        return int(self._request("eth_getTransactionCount", [self.sender, block]), 16)

    def implementation(self, proxy: str) -> str:
        """What a proxy delegates to."""
        return to_checksum_address(self.storage(proxy, IMPLEMENTATION_SLOT).to_bytes(32)[12:])

    def is_pending(self, transaction: str) -> bool:
        """Whether the node knows a transaction that is not mined yet."""
        found = self._request("eth_getTransactionByHash", [transaction])
        return found is not None and found.get("blockNumber") is None

    def receipt(self, transaction: str) -> Receipt | None:
        found = self._request("eth_getTransactionReceipt", [transaction])
        if found is None or found.get("blockNumber") is None:
            return None
        created = found.get("contractAddress")
        return Receipt(
            transaction=transaction,
            succeeded=int(found["status"], 16) == 1,
            block=int(found["blockNumber"], 16),
            gas=int(found["gasUsed"], 16),
            address=to_checksum_address(created) if created else None,
        )

    def logs(self, address: str, topics: Sequence[bytes], first: int) -> list[dict[str, Any]]:
        """Raw logs of a contract with any of these first topics, from a block on."""
        return self._logs(address, ["0x" + topic.hex() for topic in topics], first, self.block())

    def _logs(self, address: str, topics: list[str], first: int, last: int) -> list[dict[str, Any]]:
        wanted = {"address": address, "topics": [topics], "fromBlock": hex(first), "toBlock": hex(last)}
        try:
            found: list[dict[str, Any]] = self._request("eth_getLogs", [wanted])
        except ApeException:
            # A node that is asked for too much says so, each in its own words.
            if last - first < LOG_BLOCKS:
                raise
            middle = (first + last) // 2
            return self._logs(address, topics, first, middle) + self._logs(address, topics, middle + 1, last)
        return found

    def read(self, contract: str, address: str, method: str, *args: Any) -> Any:
        """Return value of a view function. Raises `Reverted`."""
        abi = self._method(contract, method, len(args))
        data = self._with_selector(abi, args)
        result = _plain(self._ecosystem.decode_returndata(abi, HexBytes(self.call(address, data))))
        return result[0] if len(result) == 1 else result

    def call(self, address: str, data: bytes) -> bytes:
        """What a call by the signing account would return. Raises `Reverted`."""
        return self._call(address, data)

    def created(self, initcode: bytes) -> bytes:
        """The code that a creation by the signing account would leave. Raises `Reverted`."""
        return self._call(None, initcode)

    def set_code(self, address: str, code: bytes) -> None:
        """Puts code at an address. Only local chains can."""
        self._request("anvil_setCode", [address, "0x" + code.hex()])

    # Encoding

    def encode(self, contract: str, method: str, *args: Any) -> bytes:
        """Calldata of a function."""
        return self._with_selector(self._method(contract, method, len(args)), args)

    def selectors(self, contract: str, method: str) -> list[bytes]:
        """Selectors of all functions of a name."""
        found = [bytes(self._ecosystem.get_method_selector(abi)) for abi in self._methods(contract, method)]
        if not found:
            raise DeploymentError(f"{contract} has no function {method}")
        return found

    def initcode(self, contract: str, *args: Any) -> bytes:
        """Creation code with constructor arguments."""
        contract_type = self._contract(contract)
        code = contract_type.deployment_bytecode
        bytecode = bytes(HexBytes(code.bytecode)) if code is not None and code.bytecode else b""
        if not bytecode:
            raise DeploymentError(f"{contract} has no bytecode: it is abstract or an interface")
        arguments = self._ecosystem.encode_calldata(contract_type.constructor, *args)
        return bytecode + bytes(arguments)

    # Sending

    def sign(self, to: str | None, data: bytes, nonce: int) -> Signed:
        """Signs a transaction. Raises `Reverted` if it would fail."""
        # Not left to the estimate of gas: where ape takes a network for a local one, it makes none.
        self._call(to, data)
        fields: dict[str, Any] = {"data": HexBytes(data), "nonce": nonce, "chain_id": self.id, "value": 0}
        if to is not None:
            fields["receiver"] = to
        try:
            prepared = self._account.prepare_transaction(self._ecosystem.create_transaction(**fields))
        except ApeException as error:
            raise Reverted(f"the transaction can't be sent: {error}") from error
        signed = self._account.sign_transaction(prepared)
        if signed is None:
            raise DeploymentError(f"{self.sender} did not sign")
        raw = bytes(signed.serialize_transaction())
        return Signed("0x" + keccak(raw).hex(), raw)

    def send(self, signed: Signed) -> None:
        """Hands a transaction to the node."""
        self._request("eth_sendRawTransaction", ["0x" + signed.raw.hex()])

    def wait(self, transaction: str, confirmations: int) -> Receipt:
        """The receipt, `confirmations` blocks deep. Raises `DeploymentError` after `WAIT_S` seconds."""
        pause = POLL_S
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            receipt = self.receipt(transaction)
            if receipt is not None and self.block() - receipt.block + 1 >= confirmations:
                return receipt
            time.sleep(pause)
            pause = min(pause * 2, POLL_MAX_S)
        raise DeploymentError(f"{transaction} was not confirmed within {WAIT_S} s; run the command again to go on")

    def _call(self, to: str | None, data: bytes) -> bytes:
        transaction = {"from": self.sender, "data": "0x" + data.hex()} | ({"to": to} if to else {})
        try:
            return bytes(HexBytes(self._request("eth_call", [transaction, "latest"])))
        except ApeException as error:
            what = f"a call to {to}" if to else "a creation"
            raise Reverted(f"{what} was refused: {self._reason(str(error))}") from error

    def _reason(self, text: str) -> str:
        """What a node said of a revert, with the error's name if it is one of our contracts'."""
        found = _CUSTOM_ERROR.search(text)
        if found is None:
            return text
        for contract_type in self._contracts.values():
            for error in contract_type.errors:
                if keccak(text=error.selector)[:4].hex() == found[1]:
                    return error.selector
        return text

    def _request(self, method: str, parameters: Sequence[Any]) -> Any:
        return self._provider.make_request(method, list(parameters))

    def _contract(self, name: str) -> ContractType:
        found = self._contracts.get(name)
        if found is None:
            raise DeploymentError(f"no contract {name}; compiled are: {', '.join(sorted(self._contracts))}")
        return found

    def _methods(self, contract: str, method: str) -> list[MethodABI]:
        return [abi for abi in self._contract(contract).methods if abi.name == method]

    def _method(self, contract: str, method: str, count: int) -> MethodABI:
        fitting = [abi for abi in self._methods(contract, method) if len(abi.inputs) == count]
        if len(fitting) != 1:
            raise DeploymentError(f"{contract} has {len(fitting)} functions {method} with {count} arguments, not one")
        return fitting[0]

    def _with_selector(self, abi: MethodABI, args: Sequence[Any]) -> bytes:
        return bytes(self._ecosystem.get_method_selector(abi)) + bytes(self._ecosystem.encode_calldata(abi, *args))


def _plain(value: Any) -> Any:
    """Integers as integers and structs as lists: ape gives both as classes of its own, which are no JSON."""
    if isinstance(value, int):
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, str | bytes):
        return value
    return [_plain(part) for part in value]

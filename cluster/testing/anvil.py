"""The same contract objects on a real node: an anvil that signs for everybody.

Slower than `Chain` by an order of magnitude (`bench/evm.py`); for what crosses processes, and for gas.
"""

import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec
from eth_utils import to_checksum_address

from cluster.chain.codec import plain
from cluster.testing.host import Host, calls
from cluster.testing.receipt import Event, Receipt

GAS_LIMIT = 20_000_000
TIMEOUT_S = 60

# Options that anvil needs to be used by this class.
OPTIONS = ("--auto-impersonate", "--hardfork", "cancun")


class NodeError(Exception):
    """The node answered with an error that is not a revert."""


class AnvilChain(Host):
    """A chain behind a URL. Every account can send, whether it has a key or not."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        parts = urlsplit(url)
        self._connection = HTTPConnection(str(parts.hostname), parts.port, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def rpc(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. Raises `NodeError`, or `Reverted` if that is what it says."""
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"content-type": "application/json"})
        answer = msgspec.json.decode(self._connection.getresponse().read())
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        data = error.get("data")
        if isinstance(data, str) and data.startswith("0x"):
            raise self.reverted(bytes.fromhex(data[2:]))
        raise NodeError(f"{method}: {error.get('message')}")

    def mine(self, seconds: int = 1) -> None:
        self.rpc("evm_increaseTime", hex(seconds))
        self.rpc("evm_mine")

    def fund(self, to: Any, amount: int) -> None:
        self.rpc("anvil_setBalance", plain(to), hex(self.balance(to) + amount))

    def balance(self, of: Any) -> int:
        return int(self.rpc("eth_getBalance", plain(of), "latest"), 16)

    def code(self, at: Any) -> bytes:
        return bytes.fromhex(self.rpc("eth_getCode", plain(at), "latest")[2:])

    def set_code(self, at: Any, code: bytes) -> None:
        self.rpc("anvil_setCode", plain(at), "0x" + code.hex())

    def create(self, sender: Any, code: bytes, value: int = 0) -> str:
        receipt = self._send({"from": plain(sender), "data": "0x" + code.hex(), "value": hex(value)})
        return to_checksum_address(receipt["contractAddress"])

    def transact(self, sender: Any, to: Any, data: bytes = b"", value: int = 0, gas: int | None = None) -> Receipt:
        calls["transact"] += 1
        transaction = {"from": plain(sender), "to": plain(to), "data": "0x" + data.hex(), "value": hex(value)}
        # Simulated first: a node tells why a call reverts, but not why a mined transaction did.
        output = self.rpc("eth_call", transaction, "latest")
        receipt = self._send(transaction, gas)
        return Receipt(
            bytes.fromhex(output[2:]),
            receipt["logs"],
            self._event,
            gas_used=int(receipt["gasUsed"], 16),
            transaction=receipt["transactionHash"],
        )

    def call(self, to: Any, data: bytes, sender: Any = None, block: str = "latest") -> bytes:
        transaction = {"to": plain(to), "data": "0x" + data.hex()}
        if sender is not None:
            transaction["from"] = plain(sender)
        return bytes.fromhex(self.rpc("eth_call", transaction, block)[2:])

    def _send(self, transaction: dict[str, str], gas: int | None = None) -> dict[str, Any]:
        if int(self.rpc("eth_getBalance", transaction["from"], "latest"), 16) < 10**20:
            self.rpc("anvil_setBalance", transaction["from"], hex(10**24))
        sent = self.rpc("eth_sendTransaction", {**transaction, "gas": hex(gas or GAS_LIMIT)})
        until = time.monotonic() + TIMEOUT_S
        receipt: dict[str, Any] | None = None
        while receipt is None and time.monotonic() < until:
            receipt = self.rpc("eth_getTransactionReceipt", sent)
        if receipt is None or receipt["status"] != "0x1":
            raise NodeError(f"transaction {sent} {'failed' if receipt else 'was not mined'}")
        return receipt

    def _event(self, log: Any) -> Event | None:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        return self.decode_log(log["address"], topics, bytes.fromhex(log["data"][2:]))

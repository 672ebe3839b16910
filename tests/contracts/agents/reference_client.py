"""An ERC-8004 client made for the reference contracts: web3.py, and the ABI of `reference_abi`.

It knows nothing of ours. Like the published clients it takes an agent's id from the first ERC-721 Transfer of the
receipt, and asks the contract for nothing but what the reference has.
"""

from collections.abc import Sequence
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import TxReceipt

from tests.contracts.agents.reference_abi import REGISTRIES, parse

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
GAS = 3_000_000


class Erc8004Client:
    """One account's view of the three registries."""

    def __init__(self, url: str, account: LocalAccount, identity: str, reputation: str, validation: str) -> None:
        self.web3 = Web3(HTTPProvider(url))
        self.account = account
        self.identity = self._contract(identity, "IdentityRegistry")
        self.reputation = self._contract(reputation, "ReputationRegistry")
        self.validation = self._contract(validation, "ValidationRegistry")

    def _contract(self, address: str, name: str) -> Contract:
        contract: Contract = self.web3.eth.contract(
            address=Web3.to_checksum_address(address), abi=parse(REGISTRIES[name])[0]
        )
        return contract

    def send(self, contract: Contract, signature: str, *args: Any) -> TxReceipt:
        """Signs and sends a call, and waits until it is mined; fails if it would revert."""
        call = contract.get_function_by_signature(signature)(*args)
        call.call({"from": self.account.address})
        transaction = call.build_transaction(
            {
                "from": self.account.address,
                "nonce": self.web3.eth.get_transaction_count(self.account.address),
                "gas": GAS,
                "gasPrice": self.web3.eth.gas_price,
            }
        )
        signed = self.account.sign_transaction(transaction)
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_raw_transaction(signed.raw_transaction))
        if receipt["status"] != 1:
            raise RuntimeError(f"{signature} failed")
        return receipt

    def logs(self, contract: Contract, event: str, receipt: TxReceipt) -> list[dict[str, Any]]:
        """Arguments of the events of a name, strictly by the reference's ABI."""
        topic = "0x" + contract.events[event]().topic.removeprefix("0x")
        kind = contract.events[event]()
        return [
            dict(kind.process_log(log)["args"])
            for log in receipt["logs"]
            if log["address"] == contract.address and log["topics"][0].to_0x_hex() == topic
        ]

    # --- identity

    def register(self, uri: str, metadata: Sequence[tuple[str, bytes]] = ()) -> int:
        """Registers an agent."""
        if metadata:
            receipt = self.send(self.identity, "register(string,(string,bytes)[])", uri, list(metadata))
        else:
            receipt = self.send(self.identity, "register(string)", uri)
        transfer = next(
            log for log in receipt["logs"] if len(log["topics"]) == 4 and log["topics"][0].to_0x_hex() == TRANSFER
        )
        return int.from_bytes(transfer["topics"][3], "big")

    def wallet_signature(self, signer: LocalAccount, agent_id: int, wallet: str, deadline: int) -> bytes:
        """A new wallet's consent."""
        fields = [("agentId", "uint256"), ("newWallet", "address"), ("owner", "address"), ("deadline", "uint256")]
        signed = signer.sign_typed_data(
            domain_data={
                "name": "ERC8004IdentityRegistry",
                "version": "1",
                "chainId": self.web3.eth.chain_id,
                "verifyingContract": self.identity.address,
            },
            message_types={"AgentWalletSet": [{"name": name, "type": kind} for name, kind in fields]},
            message_data={
                "agentId": agent_id,
                "newWallet": wallet,
                "owner": self.identity.functions.ownerOf(agent_id).call(),
                "deadline": deadline,
            },
        )
        return bytes(signed.signature)

    def set_wallet(self, agent_id: int, wallet: str, signer: LocalAccount, ahead: int = 240) -> TxReceipt:
        """Rotates the wallet; `signer` signs for it, be it its key or its owner's."""
        deadline = self.web3.eth.get_block("latest")["timestamp"] + ahead
        signature = self.wallet_signature(signer, agent_id, wallet, deadline)
        return self.send(
            self.identity, "setAgentWallet(uint256,address,uint256,bytes)", agent_id, wallet, deadline, signature
        )

    def wallet(self, agent_id: int) -> tuple[str, bytes]:
        """The wallet, by both ways to ask."""
        return (
            self.identity.functions.getAgentWallet(agent_id).call(),
            self.identity.functions.getMetadata(agent_id, "agentWallet").call(),
        )

"""The contracts as a dApp uses them: web3.py over the deployment manifest."""

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract.contract import Contract, ContractFunction
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

from cluster.chain.codec import Codec
from cluster.chain.eip3009 import Domain
from cluster.chain.manifest import Manifest
from cluster.demo.errors import NotAsTold

TIMEOUT_S = 30
POLL_S = 0.02


class Chain:
    """Contracts by name, and transactions signed here."""

    def __init__(self, url: str, manifest: Manifest) -> None:
        self.web3 = Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": TIMEOUT_S}))
        self._manifest = manifest

    def contract(self, name: str) -> Contract:
        """The deployed contract of that name."""
        deployed = self._manifest.contract(name)
        address = self.web3.to_checksum_address(deployed.address)
        return self.web3.eth.contract(address=address, abi=deployed.abi)

    def send(self, sender: LocalAccount, call: ContractFunction) -> TxReceipt:
        """Signs a call, sends it, waits for it. Raises web3's errors, and `NotAsTold`."""
        nonce = self.web3.eth.get_transaction_count(sender.address)
        try:
            transaction = call.build_transaction({"from": sender.address, "nonce": nonce})
        except ContractCustomError as error:
            raise NotAsTold(f"{call.fn_name} was refused: {self._error(str(error.data))}") from error
        raw = sender.sign_transaction(transaction).raw_transaction  # type: ignore[arg-type]
        sent = self.web3.eth.send_raw_transaction(raw)
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, TIMEOUT_S, POLL_S)
        if receipt["status"] != 1:
            raise NotAsTold(f"{call.fn_name} failed: {receipt['transactionHash'].to_0x_hex()}")
        return receipt

    def _error(self, data: str) -> str:
        """A custom error by name and values; as the data it came with if no contract of ours has it."""
        raw = bytes.fromhex(data[2:])
        for deployed in self._manifest.contracts.values():
            known = Codec(deployed.abi).errors.get(raw[:4])
            if known is not None:
                return f"{known.entry['name']}{known.values(raw[4:])}"
        return data

    def usdc(self, who: str) -> int:
        """Balance in micro-dollars."""
        balance: int = self.contract("USDC").functions.balanceOf(who).call()
        return balance

    def usdc_domain(self) -> Domain:
        """EIP-712 domain of USDC, as the token itself tells it."""
        token = self.contract("USDC")
        name, version = token.functions.name().call(), token.functions.version().call()
        return Domain(name, version, self.web3.eth.chain_id, token.address)

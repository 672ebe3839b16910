"""The contracts of the agents, and those that payments to them are proved by, deployed on a chain; and what tests do
with them again and again.
"""

from dataclasses import dataclass
from typing import Any

from cluster.testing import Account, Contract, Receipt
from cluster.testing.contract import Method
from cluster.testing.host import Host
from cluster.testing.suite import Suite, deploy_suite
from tests.contracts.receipts.trees import Batch, Row
from tests.contracts.receipts.trees import Receipt as Served

REGISTRIES = ("IdentityRegistry", "ReputationRegistry", "ValidationRegistry", "AgentActivity")
NOBODY = "0x0000000000000000000000000000000000000000"
LOCAL_CHAIN_ID = 31337
MINUTE = 60

_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_WALLET = (("agentId", "uint256"), ("newWallet", "address"), ("owner", "address"), ("deadline", "uint256"))


@dataclass(frozen=True)
class Agents:
    """The contracts under one authority; `admin` holds the upgrader role without a delay."""

    suite: Suite

    @property
    def chain(self) -> Host:
        return self.suite.chain

    @property
    def admin(self) -> Account:
        return self.suite.admin

    @property
    def manager(self) -> Contract:
        return self.suite.manager

    @property
    def identity(self) -> Contract:
        return self.suite.identity

    @property
    def reputation(self) -> Contract:
        return self.suite.reputation

    @property
    def validation(self) -> Contract:
        return self.suite.validation

    @property
    def activity(self) -> Contract:
        return self.suite.activity

    @property
    def receipts(self) -> Contract:
        return self.suite.receipts

    @property
    def prepaid(self) -> Contract:
        return self.suite.prepaid

    def contracts(self) -> dict[str, Contract]:
        """The agents' four by name."""
        return {name: self.suite.contracts[name] for name in REGISTRIES}

    def prepay(self, account: Any, relays: list[Any]) -> None:
        """Deposits a thousand dollars, which these relays may draw."""
        usdc, amount = self.suite.usdc, 10**9
        usdc.mint(account, amount, sender=self.admin)
        usdc.approve(self.prepaid, amount, sender=account)
        self.prepaid.deposit(account, usdc, amount, sender=account)
        for relay in relays:
            self.prepaid.setGrant(relay, amount, 86_400, sender=account)

    def draw(self, relay: Any, receipts: list[Served], rows: list[Row]) -> Batch:
        """A relay draws for rows, and says that these were the receipts. What was refused is not in the batch."""
        said = Batch(relay.address, 0, tuple(receipts), ())
        usages = [row.values for row in rows]
        drawn = self.prepaid.draw(self.suite.usdc, usages, said.root, len(receipts), sender=relay)
        refused = {event.index for event in drawn.named("DrawRefused")}
        kept = tuple(None if n in refused or not row.microDollars else row for n, row in enumerate(rows))
        return Batch(relay.address, drawn.return_value[0], tuple(receipts), kept)

    def anchor(self, relay: Any, receipts: list[Served]) -> Batch:
        """A relay says that these were the receipts, and draws nothing."""
        said = Batch(relay.address, 0, tuple(receipts), ())
        number = self.receipts.anchor(said.root, len(receipts), sender=relay).return_value
        return Batch(relay.address, number, tuple(receipts), ())

    def register(self, owner: Any, uri: str = "ipfs://agent") -> int:
        """A new agent's id."""
        return int(act(owner, self.identity.register, uri).return_value)

    def give(
        self, client: Any, agent_id: int, value: int, decimals: int = 0, tag1: str = "", tag2: str = "", **more: Any
    ) -> Receipt:
        """Feedback with nothing more than value and tags."""
        return act(client, self.reputation.giveFeedback, agent_id, value, decimals, tag1, tag2, "", "", bytes(32))

    def wallet_message(self, agent_id: int, wallet: Any, owner: Any, deadline: int, **domain: Any) -> dict[str, Any]:
        """What a new wallet signs; keywords change the domain."""
        return {
            "primaryType": "AgentWalletSet",
            "types": {"EIP712Domain": _fields(_DOMAIN), "AgentWalletSet": _fields(_WALLET)},
            "domain": {
                "name": "ERC8004IdentityRegistry",
                "version": "1",
                "chainId": LOCAL_CHAIN_ID,
                "verifyingContract": self.identity.address,
            }
            | domain,
            "message": {
                "agentId": agent_id,
                "newWallet": wallet.address,
                "owner": owner.address,
                "deadline": deadline,
            },
        }


def _fields(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def act(account: Any, method: Method, *args: Any) -> Receipt:
    """A call by an account; contracts with an `execute` make it through that, and return what the call returned."""
    if isinstance(account, Contract):
        receipt: Receipt = account.execute(
            method._contract, 0, method.calldata(*args), sender=method._contract.chain.account("anyone")
        )
        receipt.return_value = method.function(len(args)).result(receipt.return_value)
        return receipt
    return method(*args, sender=account)  # type: ignore[no-any-return]


def deploy_agents(chain: Host) -> Agents:
    """Deploys the contracts, and those they know, as the deployment does."""
    return Agents(deploy_suite(chain))

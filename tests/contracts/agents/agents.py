"""The four contracts of the agents, deployed on a chain, and what tests do with them again and again."""

from dataclasses import dataclass
from typing import Any

from cluster.testing import Account, Contract, Receipt
from cluster.testing.contract import Method
from cluster.testing.host import Host
from cluster.testing.suite import deploy_suite

NOBODY = "0x0000000000000000000000000000000000000000"
LOCAL_CHAIN_ID = 31337
MINUTE = 60

_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_WALLET = (("agentId", "uint256"), ("newWallet", "address"), ("owner", "address"), ("deadline", "uint256"))


@dataclass(frozen=True)
class Agents:
    """The contracts under one authority; `admin` holds the upgrader role without a delay."""

    chain: Host
    admin: Account
    manager: Contract
    identity: Contract
    reputation: Contract
    validation: Contract
    activity: Contract

    def contracts(self) -> dict[str, Contract]:
        """All four by name."""
        return {c.name: c for c in (self.identity, self.reputation, self.validation, self.activity)}

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
    """Deploys the contracts as the deployment does."""
    suite = deploy_suite(chain)
    agents = suite.identity, suite.reputation, suite.validation, suite.activity
    return Agents(chain, suite.admin, suite.manager, *agents)

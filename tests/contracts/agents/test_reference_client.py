"""A client that was made for the reference contracts works against ours as it is, on a real node."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import keccak
from web3.exceptions import ContractCustomError

from cluster.chain import anvil, artifacts
from cluster.chain.codec import signature_of
from cluster.testing.anvil import OPTIONS, AnvilChain
from tests.contracts.agents.agents import NOBODY, Agents, deploy_agents
from tests.contracts.agents.reference_abi import REGISTRIES, TOPICS, parse
from tests.contracts.agents.reference_client import Erc8004Client

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
HASH = keccak(text="content")


@pytest.mark.parametrize("name", REGISTRIES)
def test_the_abi_is_the_references(name: str) -> None:
    """Selectors, return types, mutability, topics and what is indexed; ours may have more functions, not other ones."""
    abi, selectors = parse(REGISTRIES[name])
    ours = {(e["type"], signature_of(e)): e for e in artifacts.load(name).abi if e["type"] in ("function", "event")}
    assert len(selectors) == sum(entry["type"] == "function" for entry in abi)
    for entry in abi:
        signature = signature_of(entry)
        mine = ours[entry["type"], signature]
        if entry["type"] == "event":
            topic = TOPICS.get(entry["name"])
            assert topic in (None, keccak(text=signature).hex())
            assert [(p["type"], p["indexed"]) for p in mine["inputs"]] == [
                (p["type"], p["indexed"]) for p in entry["inputs"]
            ]
        else:
            assert keccak(text=signature)[:4].hex() == selectors[signature]
            assert [p["type"] for p in mine["outputs"]] == [p["type"] for p in entry["outputs"]]
            assert (mine["stateMutability"] in ("view", "pure")) == (entry["stateMutability"] == "view")


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[str, Agents]]:
    with anvil.running(options=OPTIONS) as url:
        chain = AnvilChain(url)
        yield url, deploy_agents(chain)
        chain.close()


class People:
    """Clients of the story, each with money for gas."""

    def __init__(self, url: str, agents: Agents) -> None:
        self._url, self.agents = url, agents

    def __getattr__(self, name: str) -> Erc8004Client:
        account = self.agents.chain.account(f"reference {name}")
        self.agents.chain.fund(account, 10**20)
        client = Erc8004Client(self._url, account.local, *(self.agents.contracts()[n].address for n in REGISTRIES))
        self.__dict__[name] = client
        return client


@pytest.fixture
def people(node: tuple[str, Agents]) -> People:
    return People(*node)


def raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def refused(client: Erc8004Client, contract: Any, signature: str, *args: Any) -> None:
    with pytest.raises(ContractCustomError):
        client.send(contract, signature, *args)


def test_an_agent_is_registered_described_and_sold(people: People) -> None:
    owner, buyer = people.owner, people.buyer
    identity = owner.identity
    assert identity.functions.getVersion().call() == "2.0.0"
    first = owner.register(URI)
    agent = owner.register(URI, [("agentName", b"penguin"), ("category", b"birds")])
    assert agent == first + 1
    assert identity.functions.tokenURI(agent).call() == URI
    assert identity.functions.getMetadata(agent, "agentName").call() == b"penguin"
    assert owner.wallet(agent) == (owner.account.address, raw(owner.account.address))

    receipt = owner.send(identity, "register()")
    names = [log["topics"][0].hex() for log in receipt["logs"]]
    assert names == [
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        TOPICS["Registered"],
        TOPICS["MetadataSet"],
    ]
    assert owner.logs(identity, "Registered", receipt) == [
        {"agentId": agent + 1, "agentURI": "", "owner": owner.account.address}
    ]

    receipt = owner.send(identity, "setAgentURI(uint256,string)", agent, "https://new")
    assert owner.logs(identity, "URIUpdated", receipt)[0]["newURI"] == "https://new"
    receipt = owner.send(identity, "setMetadata(uint256,string,bytes)", agent, "agentName", b"seal")
    said = owner.logs(identity, "MetadataSet", receipt)[0]
    assert (said["metadataKey"], said["metadataValue"]) == ("agentName", b"seal")
    for key, who in (("agentWallet", owner), ("agentName", buyer)):
        refused(who, identity, "setMetadata(uint256,string,bytes)", agent, key, b"x")

    transfer = "transferFrom(address,address,uint256)"
    owner.send(identity, transfer, owner.account.address, buyer.account.address, agent)
    assert owner.wallet(agent) == (NOBODY, b"")
    assert identity.functions.isAuthorizedOrOwner(buyer.account.address, agent).call() is True
    assert identity.functions.isAuthorizedOrOwner(owner.account.address, agent).call() is False
    buyer.send(identity, transfer, buyer.account.address, owner.account.address, agent)
    assert owner.wallet(agent) == (NOBODY, b"")


def test_a_wallet_is_rotated(people: People) -> None:
    owner, wallet, stranger = people.owner, people.wallet.account, people.stranger
    agent = owner.register(URI)
    contract = people.agents.chain.deploy("ContractWallet", wallet.address, sender=people.agents.admin).address
    signers: dict[str, LocalAccount] = {wallet.address: wallet, contract: wallet}
    for address, signer in signers.items():
        receipt = owner.set_wallet(agent, address, signer)
        said = owner.logs(owner.identity, "MetadataSet", receipt)
        assert [(entry["metadataKey"], entry["metadataValue"]) for entry in said] == [("agentWallet", raw(address))]
        assert owner.wallet(agent) == (address, raw(address))
    for who, signer, ahead in ((owner, stranger.account, 240), (stranger, wallet, 200), (owner, wallet, 1000)):
        with pytest.raises(ContractCustomError):
            who.set_wallet(agent, wallet.address, signer, ahead)
    refused(stranger, owner.identity, "unsetAgentWallet(uint256)", agent)
    owner.send(owner.identity, "unsetAgentWallet(uint256)", agent)
    assert owner.wallet(agent) == (NOBODY, b"")


def test_feedback_is_given_answered_and_taken_back(people: People) -> None:
    owner, client, other = people.owner, people.client, people.other
    reputation = client.reputation
    assert reputation.functions.getIdentityRegistry().call() == client.identity.address
    agent = owner.register(URI)
    me, them = client.account.address, other.account.address
    give = "giveFeedback(uint256,int128,uint8,string,string,string,string,bytes32)"
    for value, decimals, tag1, tag2 in ((87, 0, "starred", ""), (9977, 2, "uptime", "30d"), (-32, 1, "yield", "day")):
        receipt = client.send(reputation, give, agent, value, decimals, tag1, tag2, "https://agent", URI, HASH)
        [said] = client.logs(reputation, "NewFeedback", receipt)
        assert said.pop("indexedTag1") == keccak(text=tag1)
        assert list(said.values()) == [
            agent,
            me,
            said["feedbackIndex"],
            value,
            decimals,
            tag1,
            tag2,
            "https://agent",
            URI,
            HASH,
        ]
    other.send(reputation, give, agent, 50, 0, "starred", "", "", "", bytes(32))
    refused(owner, reputation, give, agent, 100, 0, "", "", "", "", bytes(32))
    refused(client, reputation, give, agent, 100, 19, "", "", "", "", bytes(32))

    view = reputation.functions
    assert view.getClients(agent).call() == [me, them]
    assert view.getLastIndex(agent, me).call() == 3
    assert view.readFeedback(agent, me, 2).call() == [9977, 2, "uptime", "30d", False]
    assert view.getSummary(agent, [me, them], "starred", "").call() == [2, 68, 0]
    assert view.getSummary(agent, [me, them], "", "").call() == [4, 58, 0]
    with pytest.raises(ContractCustomError):
        view.getSummary(agent, [], "", "").call()

    receipt = client.send(reputation, "revokeFeedback(uint256,uint64)", agent, 3)
    assert client.logs(reputation, "FeedbackRevoked", receipt)[0]["feedbackIndex"] == 3
    refused(client, reputation, "revokeFeedback(uint256,uint64)", agent, 3)
    assert view.readAllFeedback(agent, [], "", "", False).call() == [
        [me, me, them],
        [1, 2, 1],
        [87, 9977, 50],
        [0, 2, 0],
        ["starred", "uptime", "starred"],
        ["", "30d", ""],
        [False, False, False],
    ]
    respond = "appendResponse(uint256,address,uint64,string,bytes32)"
    receipt = owner.send(reputation, respond, agent, me, 1, URI, HASH)
    assert owner.logs(reputation, "ResponseAppended", receipt)[0]["responder"] == owner.account.address
    refused(owner, reputation, respond, agent, me, 1, "", HASH)
    assert view.getResponseCount(agent, me, 1, [owner.account.address]).call() == 1
    assert view.getResponseCount(agent, NOBODY, 0, []).call() == 1


def test_a_validation_is_asked_for_and_answered(people: People) -> None:
    owner, validator, stranger = people.owner, people.validator, people.stranger
    validation = owner.validation
    assert validation.functions.getIdentityRegistry().call() == owner.identity.address
    agent = owner.register(URI)
    judge = validator.account.address
    ask = "validationRequest(address,uint256,string,bytes32)"
    answer = "validationResponse(bytes32,uint8,string,bytes32,string)"
    receipt = owner.send(validation, ask, judge, agent, URI, HASH)
    [said] = owner.logs(validation, "ValidationRequest", receipt)
    assert said == {"validatorAddress": judge, "agentId": agent, "requestURI": URI, "requestHash": HASH}
    refused(owner, validation, ask, judge, agent, URI, HASH)
    refused(stranger, validation, ask, judge, agent, URI, keccak(text="another"))
    status = validation.functions.getValidationStatus(HASH).call()
    assert status[:5] == [judge, agent, 0, bytes(32), ""]
    for response, tag in ((40, "soft"), (100, "hard")):
        receipt = validator.send(validation, answer, HASH, response, URI, HASH, tag)
        [said] = owner.logs(validation, "ValidationResponse", receipt)
        assert (said["response"], said["tag"], said["requestHash"]) == (response, tag, HASH)
        assert validation.functions.getValidationStatus(HASH).call()[:5] == [judge, agent, response, HASH, tag]
    refused(stranger, validation, answer, HASH, 1, URI, HASH, "")
    refused(validator, validation, answer, HASH, 101, URI, HASH, "")
    assert validation.functions.getSummary(agent, [judge], "hard").call() == [1, 100]
    assert validation.functions.getSummary(agent, [], "").call() == [1, 100]
    assert validation.functions.getAgentValidations(agent).call() == [HASH]
    assert validation.functions.getValidatorRequests(judge).call() == [HASH]

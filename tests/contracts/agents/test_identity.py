"""Registering agents, their URIs and metadata, and who may write."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak

from cluster.testing import Account, reverts
from cluster.testing.contract import Method
from tests.contracts.agents.agents import NOBODY, Agents, act

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
WALLET_KEY = keccak(text="agentWallet")

# Everything that takes write access: (function, arguments after the agent's id).
WRITES: dict[str, tuple[Any, ...]] = {
    "setAgentURI": ("ipfs://new",),
    "setMetadata": ("name", b"penguin"),
    "unsetAgentWallet": (),
}


def packed(account: Any) -> bytes:
    return bytes.fromhex(account.address[2:])


# --- registering


def test_ids_start_at_zero_and_go_up_by_one(agents: Agents, owner: Account, stranger: Account) -> None:
    assert agents.identity.totalRegistered() == 0
    assert [agents.register(account) for account in (owner, stranger, owner)] == [0, 1, 2]
    assert agents.identity.totalRegistered() == 3
    assert [agents.identity.ownerOf(id_) for id_ in range(3)] == [owner.address, stranger.address, owner.address]


def test_registering_emits_in_the_order_of_the_reference(agents: Agents, owner: Account) -> None:
    entries = [("name", b"penguin"), ("name", b"seal"), ("empty", b"")]
    receipt = agents.identity.register(URI, entries, sender=owner)
    assert [event.name for event in receipt.events] == [
        "Transfer",
        "MetadataUpdate",
        "Registered",
        *["MetadataSet"] * 4,
    ]
    receipt.expect("Transfer", **{"from": NOBODY}, to=owner, tokenId=0)
    receipt.expect("MetadataUpdate", _tokenId=0)
    receipt.expect("Registered", agentId=0, agentURI=URI, owner=owner)
    said = [(e.indexedMetadataKey, e.metadataKey, e.metadataValue) for e in receipt.named("MetadataSet")]
    assert said == [
        (WALLET_KEY, "agentWallet", packed(owner)),
        *((keccak(text=key), key, value) for key, value in entries),
    ]
    assert all(event.agentId == 0 for event in receipt.named("MetadataSet"))
    assert agents.identity.getMetadata(0, "name") == b"seal"
    assert agents.identity.getMetadata(0, "empty") == b""


@pytest.mark.parametrize("uri", [None, "", URI, "x" * 31, "x" * 32, "é" * 100])
def test_an_agent_has_the_uri_it_was_registered_with(agents: Agents, owner: Account, uri: str | None) -> None:
    args = () if uri is None else (uri,)
    receipt = agents.identity.register(*args, sender=owner)
    assert receipt.return_value == 0
    receipt.expect("Registered", agentId=0, agentURI=uri or "", owner=owner)
    receipt.expect("MetadataSet", agentId=0, metadataKey="agentWallet", metadataValue=packed(owner))
    assert agents.identity.tokenURI(0) == (uri or "")
    assert agents.identity.getAgentWallet(0) == owner.address


def test_registering_with_the_reserved_key_reverts(agents: Agents, owner: Account) -> None:
    with reverts("ReservedKey", "agentWallet"):
        agents.identity.register(URI, [("name", b""), ("agentWallet", packed(owner))], sender=owner)
    agents.identity.register(URI, [("agentwallet", b"1"), ("agentWallet ", b"2")], sender=owner)


def test_a_receiver_is_called_when_all_is_set(agents: Agents) -> None:
    contract = agents.chain.deploy("AgentOwner", sender=agents.admin)
    act(contract, agents.identity.register, URI, [("name", b"penguin")])
    assert contract.seenURI() == URI
    assert contract.seenWallet() == contract.address
    assert contract.seenMetadata() == b"penguin"
    assert agents.identity.ownerOf(0) == contract.address


@pytest.mark.parametrize("arguments", [(), (URI,), (URI, [("name", b"penguin")])])
def test_a_contract_that_takes_no_tokens_registers_nothing(agents: Agents, arguments: tuple[Any, ...]) -> None:
    contract = agents.chain.deploy("ContractWallet", agents.admin, sender=agents.admin)
    with reverts("ERC721InvalidReceiver", contract):
        act(contract, agents.identity.register, *arguments)
    assert agents.identity.totalRegistered() == 0


def test_a_receiver_can_register_again_from_its_callback(agents: Agents) -> None:
    contract = agents.chain.deploy("AgentOwner", sender=agents.admin)
    contract.arm(agents.identity, agents.identity.register.calldata("second"), sender=agents.admin)
    act(contract, agents.identity.register, "first")
    assert contract.reentered() is True
    assert [agents.identity.tokenURI(id_) for id_ in (0, 1)] == ["first", "second"]
    assert agents.identity.totalRegistered() == 2


def test_a_receiver_can_give_the_agent_away_from_its_callback(agents: Agents, stranger: Account) -> None:
    contract = agents.chain.deploy("AgentOwner", sender=agents.admin)
    move = agents.identity.transferFrom.calldata(contract, stranger, 0)
    contract.arm(agents.identity, move, sender=agents.admin)
    act(contract, agents.identity.register, URI, [("name", b"penguin")])
    assert contract.reentered() is True
    assert agents.identity.ownerOf(0) == stranger.address
    assert agents.identity.getAgentWallet(0) == NOBODY
    assert agents.identity.getMetadata(0, "name") == b"penguin"


# --- who may write


def writers(agents: Agents, owner: Account) -> dict[str, Account]:
    operator, approved = agents.chain.account("operator"), agents.chain.account("approved")
    agents.identity.setApprovalForAll(operator, True, sender=owner)
    agents.identity.approve(approved, 0, sender=owner)
    return {"owner": owner, "operator": operator, "approved": approved}


@pytest.mark.parametrize("who", ["owner", "operator", "approved"])
@pytest.mark.parametrize("function", WRITES)
def test_owner_operator_and_approved_may_write(agents: Agents, owner: Account, who: str, function: str) -> None:
    agents.register(owner)
    getattr(agents.identity, function)(0, *WRITES[function], sender=writers(agents, owner)[who])


@pytest.mark.parametrize("function", WRITES)
def test_nobody_else_may_write(agents: Agents, owner: Account, stranger: Account, function: str) -> None:
    agents.register(owner)
    agents.register(stranger)
    write: Method = getattr(agents.identity, function)
    with reverts("NotAuthorized", 0, stranger):
        write(0, *WRITES[function], sender=stranger)
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    with reverts("NotAuthorized", 0, owner):
        write(0, *WRITES[function], sender=owner)


@pytest.mark.parametrize("function", WRITES)
def test_an_agent_that_does_not_exist_cannot_be_written(agents: Agents, owner: Account, function: str) -> None:
    with reverts("ERC721NonexistentToken", 0):
        getattr(agents.identity, function)(0, *WRITES[function], sender=owner)


def test_is_authorized_or_owner(agents: Agents, owner: Account, stranger: Account) -> None:
    agents.register(owner)
    allowed = writers(agents, owner)
    ask: Callable[..., bool] = agents.identity.isAuthorizedOrOwner
    assert all(ask(account, 0) for account in allowed.values())
    assert not ask(stranger, 0)
    assert not ask(NOBODY, 0)
    agents.identity.setApprovalForAll(allowed["operator"], False, sender=owner)
    assert not ask(allowed["operator"], 0)
    with reverts("ERC721NonexistentToken", 1):
        ask(owner, 1)


# --- URI and metadata


def test_the_uri_changes(agents: Agents, owner: Account) -> None:
    agents.register(owner, URI)
    operator = agents.chain.account("operator")
    agents.identity.setApprovalForAll(operator, True, sender=owner)
    receipt = agents.identity.setAgentURI(0, "ipfs://new", sender=operator)
    receipt.expect("URIUpdated", agentId=0, newURI="ipfs://new", updatedBy=operator)
    receipt.expect("MetadataUpdate", _tokenId=0)
    assert agents.identity.tokenURI(0) == "ipfs://new"


@pytest.mark.parametrize("key", ["name", "", "k" * 100, "agentwallet"])
@pytest.mark.parametrize("value", [b"penguin", b"", b"\0" * 100])
def test_metadata_is_what_was_set_last(agents: Agents, owner: Account, key: str, value: bytes) -> None:
    agents.register(owner)
    agents.register(owner)
    agents.identity.setMetadata(0, key, b"before", sender=owner)
    receipt = agents.identity.setMetadata(0, key, value, sender=owner)
    receipt.expect("MetadataSet", agentId=0, indexedMetadataKey=keccak(text=key), metadataKey=key, metadataValue=value)
    assert agents.identity.getMetadata(0, key) == value
    assert agents.identity.getMetadata(1, key) == b""


def test_the_wallet_is_not_set_as_metadata(agents: Agents, owner: Account) -> None:
    agents.register(owner)
    with reverts("ReservedKey", "agentWallet"):
        agents.identity.setMetadata(0, "agentWallet", packed(owner), sender=owner)


def test_metadata_stays_with_a_sold_agent(agents: Agents, owner: Account, stranger: Account) -> None:
    agents.register(owner, URI)
    agents.identity.setMetadata(0, "name", b"penguin", sender=owner)
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    assert agents.identity.getMetadata(0, "name") == b"penguin"
    assert agents.identity.tokenURI(0) == URI


# --- what it says of itself


def test_names_version_and_interfaces(agents: Agents) -> None:
    identity = agents.identity
    assert (Method(identity, "name")(), identity.symbol(), identity.getVersion()) == (
        "AgentIdentity",
        "AGENT",
        "2.0.0",
    )
    supported = {
        name: identity.supportsInterface(bytes.fromhex(name))
        for name in ("01ffc9a7", "80ac58cd", "5b5e139f", "49064906", "ffffffff")
    }
    assert supported == {
        "01ffc9a7": True,
        "80ac58cd": True,
        "5b5e139f": True,
        "49064906": True,
        "ffffffff": False,
    }
    fields, name, version, chain_id, contract, salt, extensions = identity.eip712Domain()
    assert (fields, name, version, chain_id, contract) == (
        b"\x0f",
        "ERC8004IdentityRegistry",
        "1",
        31337,
        identity.address,
    )
    assert (salt, extensions) == (bytes(32), [])


def test_an_agent_that_does_not_exist_has_nothing(agents: Agents) -> None:
    assert agents.identity.getAgentWallet(0) == NOBODY
    assert agents.identity.getMetadata(0, "agentWallet") == b""
    assert agents.identity.getMetadata(0, "name") == b""
    with reverts("ERC721NonexistentToken", 0):
        agents.identity.tokenURI(0)

"""Giving feedback, taking it back, responding to it, and reading it all."""

from typing import Any

import pytest
from eth_utils import keccak

from cluster.testing import Account, reverts
from tests.contracts.agents.agents import NOBODY, Agents
from tests.contracts.agents.summary import MAX_DECIMALS, MAX_VALUE

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
HASH = keccak(text="feedback")
FULL = ("quality", "speed", "https://agent.example/api", URI, HASH)

# Around the 30 bytes that a slot holds of both tags, and beyond anything a slot holds.
TAG_LENGTHS = [
    (0, 0),
    (7, 5),
    (0, 30),
    (30, 0),
    (15, 15),
    (29, 1),
    (1, 29),
    (15, 16),
    (0, 31),
    (31, 0),
    (32, 32),
    (255, 0),
    (0, 255),
    (255, 255),
    (300, 700),
]


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account) -> int:
    """Agent 0 of the owner."""
    return agents.register(owner)


def tag(length: int, letter: str) -> str:
    return letter * length


# --- giving


def test_feedback_is_kept_and_emitted(agents: Agents, client: Account) -> None:
    receipt = agents.reputation.giveFeedback(0, -8750, 2, *FULL, sender=client)
    receipt.expect(
        "NewFeedback",
        agentId=0,
        clientAddress=client,
        feedbackIndex=1,
        value=-8750,
        valueDecimals=2,
        indexedTag1=keccak(text="quality"),
        tag1="quality",
        tag2="speed",
        endpoint="https://agent.example/api",
        feedbackURI=URI,
        feedbackHash=HASH,
    )
    assert agents.reputation.readFeedback(0, client, 1) == (-8750, 2, "quality", "speed", False)
    assert agents.reputation.getLastIndex(0, client) == 1


def test_feedback_is_numbered_by_agent_and_client(
    agents: Agents, owner: Account, client: Account, stranger: Account
) -> None:
    agents.register(owner)
    for agent_id, account, index in ((0, client, 1), (0, client, 2), (0, stranger, 1), (1, client, 1), (0, client, 3)):
        agents.give(account, agent_id, 5).expect("NewFeedback", feedbackIndex=index)
        assert agents.reputation.getLastIndex(agent_id, account) == index
    assert agents.reputation.getClients(0) == [client.address, stranger.address]
    assert agents.reputation.getClients(1) == [client.address]


@pytest.mark.parametrize(("length1", "length2"), TAG_LENGTHS)
def test_tags_of_any_length_come_back(agents: Agents, client: Account, length1: int, length2: int) -> None:
    tags = tag(length1, "a"), tag(length2, "b")
    agents.give(client, 0, 7, 1, *tags)
    agents.give(client, 0, 8, 1, *reversed(tags))
    assert agents.reputation.readFeedback(0, client, 1) == (7, 1, *tags, False)
    assert agents.reputation.readFeedback(0, client, 2) == (8, 1, *reversed(tags), False)


def test_tags_are_bytes_not_characters(agents: Agents, client: Account) -> None:
    tags = "é" * 8, "\0" * 14
    agents.give(client, 0, 7, 1, *tags)
    assert agents.reputation.readFeedback(0, client, 1)[2:4] == tags


@pytest.mark.parametrize("value", [0, 1, -1, MAX_VALUE, -MAX_VALUE])
@pytest.mark.parametrize("decimals", [0, 1, MAX_DECIMALS])
def test_values_up_to_the_bounds_are_taken(agents: Agents, client: Account, value: int, decimals: int) -> None:
    agents.give(client, 0, value, decimals)
    assert agents.reputation.readFeedback(0, client, 1)[:2] == (value, decimals)
    assert agents.reputation.getSummary(0, [client], "", "") == (1, value, decimals)


@pytest.mark.parametrize("value", [MAX_VALUE + 1, -MAX_VALUE - 1, 2**127 - 1, -(2**127)])
def test_values_beyond_the_bounds_revert(agents: Agents, client: Account, value: int) -> None:
    with reverts("ValueOutOfRange", value, MAX_VALUE):
        agents.give(client, 0, value)


@pytest.mark.parametrize("decimals", [19, 255])
def test_too_many_decimals_revert(agents: Agents, client: Account, decimals: int) -> None:
    with reverts("TooManyDecimals", decimals, MAX_DECIMALS):
        agents.give(client, 0, 1, decimals)


@pytest.mark.parametrize("who", ["owner", "operator", "approved"])
def test_agents_do_not_praise_themselves(agents: Agents, owner: Account, who: str) -> None:
    account = agents.chain.account(who)
    agents.identity.setApprovalForAll(agents.chain.account("operator"), True, sender=owner)
    agents.identity.approve(agents.chain.account("approved"), 0, sender=owner)
    with reverts("SelfFeedback", 0, account):
        agents.give(account, 0, 100)


def test_a_former_owner_may_give_feedback_and_the_new_one_may_not(
    agents: Agents, owner: Account, stranger: Account
) -> None:
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    agents.give(owner, 0, 1)
    with reverts("SelfFeedback", 0, stranger):
        agents.give(stranger, 0, 1)


def test_an_agent_that_does_not_exist_gets_no_feedback(agents: Agents, client: Account) -> None:
    with reverts("ERC721NonexistentToken", 1):
        agents.give(client, 1, 1)


# --- taking back


def test_revoked_feedback_is_marked_and_no_longer_counts(agents: Agents, client: Account) -> None:
    agents.give(client, 0, 10)
    agents.give(client, 0, 20)
    receipt = agents.reputation.revokeFeedback(0, 1, sender=client)
    receipt.expect("FeedbackRevoked", agentId=0, clientAddress=client, feedbackIndex=1)
    assert [agents.reputation.readFeedback(0, client, index)[4] for index in (1, 2)] == [True, False]
    assert agents.reputation.getSummary(0, [client], "", "") == (1, 20, 0)
    assert agents.reputation.getLastIndex(0, client) == 2
    assert agents.reputation.getClients(0) == [client.address]


def test_feedback_is_revoked_once(agents: Agents, client: Account) -> None:
    agents.give(client, 0, 10)
    agents.reputation.revokeFeedback(0, 1, sender=client)
    with reverts("AlreadyRevoked", 0, client, 1):
        agents.reputation.revokeFeedback(0, 1, sender=client)


@pytest.mark.parametrize("index", [0, 2, 2**64 - 1])
def test_feedback_that_was_not_given_is_not_there(agents: Agents, client: Account, index: int) -> None:
    agents.give(client, 0, 10)
    unknown = ("FeedbackUnknown", 0, client, index, 1)
    with reverts(*unknown):
        agents.reputation.revokeFeedback(0, index, sender=client)
    with reverts(*unknown):
        agents.reputation.readFeedback(0, client, index)
    with reverts(*unknown):
        agents.reputation.appendResponse(0, client, index, URI, HASH, sender=client)


def test_others_cannot_revoke_it(agents: Agents, owner: Account, client: Account, stranger: Account) -> None:
    agents.give(client, 0, 10)
    for account in (owner, stranger):
        with reverts("FeedbackUnknown", 0, account, 1, 0):
            agents.reputation.revokeFeedback(0, 1, sender=account)


# --- responding


def test_anybody_responds_and_responses_are_counted(
    agents: Agents, owner: Account, client: Account, stranger: Account
) -> None:
    other = agents.chain.account("second client")
    for account in (client, client, other):
        agents.give(account, 0, 1)
    responses = [(client, 1, owner), (client, 1, owner), (client, 1, stranger), (client, 2, owner), (other, 1, client)]
    for account, index, responder in responses:
        receipt = agents.reputation.appendResponse(0, account, index, URI, HASH, sender=responder)
        receipt.expect(
            "ResponseAppended",
            agentId=0,
            clientAddress=account,
            feedbackIndex=index,
            responder=responder,
            responseURI=URI,
            responseHash=HASH,
        )

    def count(account: Any, index: int, *responders: Account) -> int:
        return int(agents.reputation.getResponseCount(0, account, index, list(responders)))

    assert [count(client, index) for index in (0, 1, 2, 3)] == [4, 3, 1, 0]
    assert count(other, 1) == 1
    assert count(NOBODY, 0) == count(NOBODY, 7) == 5
    assert count(client, 1, owner) == 2
    assert count(client, 1, owner, stranger) == 3
    assert count(client, 1, owner, owner) == 4
    assert count(client, 0, owner) == 3
    assert count(NOBODY, 0, owner) == 3
    assert count(NOBODY, 0, client) == 1
    assert count(client, 1, agents.admin) == 0


def test_a_response_needs_a_uri(agents: Agents, client: Account) -> None:
    agents.give(client, 0, 1)
    with reverts("EmptyResponseURI"):
        agents.reputation.appendResponse(0, client, 1, "", HASH, sender=client)


def test_revoked_feedback_can_be_responded_to(agents: Agents, owner: Account, client: Account) -> None:
    agents.give(client, 0, 1, 3, "tag")
    agents.reputation.revokeFeedback(0, 1, sender=client)
    agents.reputation.appendResponse(0, client, 1, URI, HASH, sender=owner)
    assert agents.reputation.getResponseCount(0, client, 1, []) == 1
    assert agents.reputation.readFeedback(0, client, 1) == (1, 3, "tag", "", True)


# --- reading


def given(agents: Agents, client: Account, other: Account) -> None:
    """Five: client 1 to 3, the second revoked; other 1 and 2."""
    for account, value, tags in (
        (client, 1, ("a", "x")),
        (client, 2, ("a", "y")),
        (other, 3, ("a", "x")),
        (client, 4, ("b", "x")),
        (other, 5, ("long" * 20, "x")),
    ):
        agents.give(account, 0, value, value, *tags)
    agents.reputation.revokeFeedback(0, 2, sender=client)


def test_all_feedback_in_columns(agents: Agents, client: Account, stranger: Account) -> None:
    given(agents, client, stranger)
    read = agents.reputation.readAllFeedback
    c, s = client.address, stranger.address
    long = "long" * 20
    everything = read(0, [], "", "", True)
    assert everything == (
        [c, c, c, s, s],
        [1, 2, 3, 1, 2],
        [1, 2, 4, 3, 5],
        [1, 2, 4, 3, 5],
        ["a", "a", "b", "a", long],
        ["x", "y", "x", "x", "x"],
        [False, True, False, False, False],
    )

    def values(*args: Any) -> list[int]:
        return list(read(0, *args)[2])

    assert values([], "", "", False) == [1, 4, 3, 5]
    assert values([stranger, client], "", "", True) == [3, 5, 1, 2, 4]
    assert values([client, client], "b", "", False) == [4, 4]
    assert values([], "a", "", False) == [1, 3]
    assert values([], "a", "", True) == [1, 2, 3]
    assert values([], "", "x", False) == [1, 4, 3, 5]
    assert values([], "a", "y", True) == [2]
    assert values([], "a", "y", False) == []
    assert values([], long, "", False) == [5]
    assert values([], long, "y", False) == []
    assert values([agents.admin], "", "", True) == []


def test_pages_of_feedback(agents: Agents, owner: Account, client: Account, stranger: Account) -> None:
    given(agents, client, stranger)
    agents.reputation.appendResponse(0, client, 2, URI, HASH, sender=owner)

    def page(offset: int, limit: int) -> list[tuple[Any, ...]]:
        return [tuple(vars(row).values()) for row in agents.reputation.readFeedbackPage(0, client, offset, limit)]

    rows = [(1, 1, 1, False, 0, 0, "a", "x"), (2, 2, 2, True, 1, 0, "a", "y"), (3, 4, 4, False, 0, 0, "b", "x")]
    assert page(0, 10) == rows
    assert [page(n, 1) for n in range(4)] == [[row] for row in rows] + [[]]
    assert page(1, 2**256 - 1) == rows[1:]
    assert page(2**256 - 1, 2**256 - 1) == page(3, 1) == page(0, 0) == []


def test_pages_of_clients(agents: Agents, client: Account, stranger: Account) -> None:
    given(agents, client, stranger)
    both = [client.address, stranger.address]
    assert agents.reputation.getClientCount(0) == 2
    assert agents.reputation.getClientCount(1) == 0
    assert agents.reputation.getClientsPage(0, 0, 2**256 - 1) == both
    assert [agents.reputation.getClientsPage(0, n, 1) for n in range(3)] == [both[:1], both[1:], []]
    assert agents.reputation.getClientsPage(0, 2**256 - 1, 1) == []


def test_what_it_says_of_itself(agents: Agents) -> None:
    assert agents.reputation.getIdentityRegistry() == agents.identity.address
    assert agents.reputation.getReceiptRegistry() == agents.receipts.address
    assert agents.reputation.getVersion() == "2.0.0"

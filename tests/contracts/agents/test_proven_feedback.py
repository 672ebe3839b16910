"""Feedback backed by the receipt of a payment: what proves, what does not, and the sums of what is proven."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils import keccak

from cluster.testing import Account, reverts
from tests.contracts.agents.agents import NOBODY, Agents
from tests.contracts.receipts.trees import Batch, Receipt, Row

AGENT = 0
MODEL, VERSION = 3, 1


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account) -> int:
    """Agent 0 of the owner."""
    return agents.register(owner)


@pytest.fixture
def relay(agents: Agents) -> Account:
    """Who served it, and may draw from the client."""
    return agents.chain.account("relay")


@pytest.fixture(autouse=True)
def prepaid(agents: Agents, client: Account, relay: Account) -> None:
    agents.prepay(client, [relay])


def served(agents: Agents, client: Any, number: int = 0, **different: Any) -> Receipt:
    """A request of agent 0, at the client's cost."""
    operator = agents.chain.account("operator").address
    same = Receipt(keccak(number.to_bytes(2)), client.address, MODEL, VERSION, operator, AGENT + 1, microDollars=10)
    return replace(same, **different)


def row(agents: Agents, client: Any, micro_dollars: int = 10) -> Row:
    return Row(client.address, MODEL, VERSION, agents.chain.account("operator").address, micro_dollars)


def prove(agents: Agents, client: Any, paid: tuple[Any, ...], index: int = 1, agent_id: int = AGENT) -> Any:
    return agents.reputation.proveFeedback(agent_id, index, paid, sender=client)


def summary(agents: Agents, *clients: Account, tags: tuple[str, str] = ("", "")) -> Any:
    return agents.reputation.getProvenSummary(AGENT, list(clients), *tags)


def test_a_receipt_that_was_paid_backs_feedback(agents: Agents, client: Account, relay: Account) -> None:
    agents.give(client, AGENT, 87, 1, "quality")
    agents.give(client, AGENT, 20)
    assert summary(agents, client) == (0, 0, 0)
    batch = agents.draw(relay, [served(agents, client)], [row(agents, client)])
    assert agents.receipts.batchOf(relay, 1).payments == batch.payments
    leaf = batch.receipts[0].leaf
    assert not agents.reputation.isReceiptUsed(leaf)
    prove(agents, client, batch.paid(0, 0)).expect(
        "FeedbackProven",
        agentId=AGENT,
        clientAddress=client,
        feedbackIndex=1,
        receipt=leaf,
        relay=relay,
        batch=1,
        row=0,
        microDollars=10,
    )
    assert agents.reputation.isReceiptUsed(leaf)
    assert agents.reputation.getUsedPayment(relay, 1, 0) == 10
    assert summary(agents, client) == (1, 87, 1)
    assert agents.reputation.getProvenTotal(AGENT) == (1, 87, 1, 10)
    assert [page.paid for page in agents.reputation.readFeedbackPage(AGENT, client, 0, 9)] == [10, 0]
    assert agents.reputation.getSummary(AGENT, [client], "", "") == (2, 14, 0)


def test_revoking_takes_it_out_of_every_sum_and_the_receipt_stays_used(
    agents: Agents, client: Account, relay: Account
) -> None:
    for value in (10, 40):
        agents.give(client, AGENT, value, 0, "a")
    batch = agents.draw(
        relay, [served(agents, client), served(agents, client, 1, microDollars=7)], [row(agents, client, 17)]
    )
    prove(agents, client, batch.paid(0, 0))
    prove(agents, client, batch.paid(1, 0), index=2)
    assert agents.reputation.getProvenTotal(AGENT) == (2, 25, 0, 17)
    agents.reputation.revokeFeedback(AGENT, 1, sender=client)
    assert summary(agents, client) == summary(agents, client, tags=("a", "")) == (1, 40, 0)
    assert agents.reputation.getProvenTotal(AGENT) == (1, 40, 0, 7)
    assert agents.reputation.getUsedPayment(relay, 1, 0) == 17
    agents.give(client, AGENT, 10)
    with reverts("ReceiptUsed", batch.receipts[0].leaf):
        prove(agents, client, batch.paid(0, 0), index=3)
    with reverts("AlreadyRevoked", AGENT, client, 1):
        prove(agents, client, batch.paid(0, 0))


def test_one_receipt_backs_one_feedback(agents: Agents, client: Account, relay: Account) -> None:
    """Whatever else it is anchored and paid with."""
    for value in (10, 20):
        agents.give(client, AGENT, value)
    receipt = served(agents, client)
    batch = agents.draw(relay, [receipt], [row(agents, client), row(agents, client)])
    again = agents.draw(relay, [receipt], [row(agents, client)])
    prove(agents, client, batch.paid(0, 0))
    for paid in (batch.paid(0, 0), batch.paid(0, 1), again.paid(0, 0)):
        with reverts("ReceiptUsed", receipt.leaf):
            prove(agents, client, paid, index=2)


def test_one_feedback_is_backed_once(agents: Agents, client: Account, relay: Account) -> None:
    agents.give(client, AGENT, 10)
    batch = agents.draw(relay, [served(agents, client), served(agents, client, 1)], [row(agents, client, 20)])
    prove(agents, client, batch.paid(0, 0))
    with reverts("AlreadyProven", AGENT, client, 1):
        prove(agents, client, batch.paid(1, 0))


def test_receipts_that_were_written_for_one_payment_prove_no_more_than_it(
    agents: Agents, client: Account, relay: Account
) -> None:
    for value in (10, 20, 30):
        agents.give(client, AGENT, value)
    receipts = [served(agents, client, n, microDollars=m) for n, m in enumerate((10, 15, 6))]
    batch = agents.draw(relay, receipts, [row(agents, client, 25), row(agents, client, 5)])
    prove(agents, client, batch.paid(0, 0))
    prove(agents, client, batch.paid(1, 0), index=2)
    with reverts("PaymentUsedUp", relay, 1, 0, 6, 0):
        prove(agents, client, batch.paid(2, 0), index=3)
    with reverts("PaymentNotProven", relay, 1, receipts[2].requestId):
        prove(agents, client, batch.paid(2, 1), index=3)


@pytest.mark.parametrize("what", ["anchored", "refused", "nothing", "another's", "cheaper", "another model"])
def test_a_receipt_that_nobody_paid_proves_nothing(
    agents: Agents, client: Account, stranger: Account, relay: Account, what: str
) -> None:
    """A relay writes what it likes into a batch; a row of the client's, for this, must have been drawn with it."""
    agents.give(client, AGENT, 10)
    receipt, good = served(agents, client), row(agents, client)
    agents.prepay(stranger, [relay])
    rows = {
        "refused": [replace(good, microDollars=2 * 10**9)],
        "nothing": [],
        "another's": [row(agents, stranger)],
        "cheaper": [row(agents, client, 9)],
        "another model": [replace(good, modelId=MODEL + 1)],
    }
    batch = agents.anchor(relay, [receipt]) if what == "anchored" else agents.draw(relay, [receipt], rows[what])
    assert agents.receipts.proveReceipt(relay, 1, receipt.values, [])
    pretended = Batch(batch.relay, batch.number, batch.receipts, (good,))
    for paid in (batch.paid(0, 0), pretended.paid(0, 0)):
        with reverts("PaymentNotProven", relay, 1, receipt.requestId):
            prove(agents, client, paid)


def test_what_was_free_proves_nothing(agents: Agents, client: Account, relay: Account) -> None:
    agents.give(client, AGENT, 10)
    receipt = served(agents, client, microDollars=0)
    batch = agents.draw(relay, [receipt], [row(agents, client)])
    with reverts("PaymentNotProven", relay, 1, receipt.requestId):
        prove(agents, client, batch.paid(0, 0))


@pytest.mark.parametrize("account", ["stranger", "nobody"])
def test_a_receipt_of_another_account_proves_nothing(
    agents: Agents, client: Account, stranger: Account, relay: Account, account: str
) -> None:
    agents.prepay(stranger, [relay])
    agents.give(client, AGENT, 10)
    at = {"stranger": stranger.address, "nobody": NOBODY}[account]
    receipt = served(agents, client, account=at)
    batch = agents.draw(relay, [receipt], [row(agents, client), row(agents, stranger)])
    for number in (0, 1):
        with reverts("ReceiptOfAnotherAccount", at, client):
            prove(agents, client, batch.paid(0, number))


@pytest.mark.parametrize(("agent_id", "agent"), [(0, 0), (0, 2), (1, 1), (1, 0)])
def test_a_receipt_of_another_agent_or_of_none_proves_nothing(
    agents: Agents, owner: Account, client: Account, relay: Account, agent_id: int, agent: int
) -> None:
    """Receipts name agents by 1 + id, so the first agent is not 'none'."""
    agents.register(owner)
    agents.give(client, agent_id, 10)
    batch = agents.draw(relay, [served(agents, client, agent=agent)], [row(agents, client)])
    with reverts("ReceiptOfAnotherAgent", agent, agent_id + 1):
        prove(agents, client, batch.paid(0, 0), agent_id=agent_id)


@pytest.mark.parametrize("role", ["owner", "operator", "approved", "wallet"])
def test_who_has_become_the_agents_own_proves_nothing(
    agents: Agents, owner: Account, client: Account, relay: Account, role: str
) -> None:
    """Its wallet may give feedback, as in the reference; but what that pays is the agent's own consumption."""
    agents.give(client, AGENT, 10)
    batch = agents.draw(relay, [served(agents, client)], [row(agents, client)])
    identity = agents.identity
    if role == "owner":
        identity.transferFrom(owner, client, AGENT, sender=owner)
        identity.unsetAgentWallet(AGENT, sender=client)
    elif role == "operator":
        identity.setApprovalForAll(client, True, sender=owner)
    elif role == "approved":
        identity.approve(client, AGENT, sender=owner)
    else:
        deadline = int(agents.chain.time) + 60
        message = agents.wallet_message(AGENT, client, owner, deadline)
        signature = client.local.sign_typed_data(full_message=message).signature
        identity.setAgentWallet(AGENT, client, deadline, signature, sender=owner)
    with reverts("SelfFeedback", AGENT, client):
        prove(agents, client, batch.paid(0, 0))


@pytest.mark.parametrize("index", [0, 2])
def test_feedback_that_was_not_given_is_not_proven(agents: Agents, client: Account, relay: Account, index: int) -> None:
    agents.give(client, AGENT, 10)
    batch = agents.draw(relay, [served(agents, client)], [row(agents, client)])
    with reverts("FeedbackUnknown", AGENT, client, index, 1):
        prove(agents, client, batch.paid(0, 0), index=index)


def test_the_summary_is_of_proven_feedback_by_client_and_tag(
    agents: Agents, client: Account, stranger: Account, relay: Account
) -> None:
    agents.prepay(stranger, [relay])
    said = [(client, 10, "a"), (client, 20, "b"), (client, 99, "a"), (stranger, 40, "a"), (stranger, 99, "b")]
    for account, value, tag in said:
        agents.give(account, AGENT, value, 0, tag)
    proven = [(client, 1), (client, 2), (stranger, 1)]
    receipts = [served(agents, account, n) for n, (account, _) in enumerate(proven)]
    batch = agents.draw(relay, receipts, [row(agents, client, 20), row(agents, stranger)])
    for position, (account, index) in enumerate(proven):
        prove(agents, account, batch.paid(position, int(account is stranger)), index=index)
    assert summary(agents, client) == (2, 15, 0)
    assert summary(agents, client, stranger) == (3, 23, 0)
    assert summary(agents, client, client) == (4, 15, 0)
    assert summary(agents, client, stranger, tags=("a", "")) == (2, 25, 0)
    assert summary(agents, client, stranger, tags=("b", "")) == (1, 20, 0)
    assert agents.reputation.getProvenTotal(AGENT) == (3, 23, 0, 30)
    assert agents.reputation.getProvenTotal(7) == (0, 0, 0, 0)
    with reverts("NoClients"):
        summary(agents)

"""`getSummary` of feedback: right for any feedback, by tag and without, and never a revert."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cluster.testing import Account, Chain, reverts
from tests.contracts.agents.agents import Agents, deploy_agents
from tests.contracts.agents.summary import MAX_DECIMALS, MAX_VALUE, mean

TAGS = ("", "a", "aa", "b", "a" * 31)

values = st.one_of(
    st.integers(-MAX_VALUE, MAX_VALUE), st.sampled_from((0, 1, -1, MAX_VALUE, -MAX_VALUE)), st.integers(-100, 100)
)
decimals = st.one_of(st.integers(0, MAX_DECIMALS), st.sampled_from((0, 2, MAX_DECIMALS)))
# client, value, decimals, tags, revoked
feedback = st.tuples(
    st.integers(0, 2),
    values,
    decimals,
    st.sampled_from(TAGS),
    st.sampled_from(TAGS),
    st.sampled_from((False, False, True)),
)


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account) -> int:
    """Agent 0 of the owner."""
    return agents.register(owner)


def test_it_needs_clients(agents: Agents) -> None:
    with reverts("NoClients"):
        agents.reputation.getSummary(0, [], "", "")


def test_without_feedback_it_is_nothing(agents: Agents, client: Account) -> None:
    assert agents.reputation.getSummary(0, [client], "", "") == (0, 0, 0)
    assert agents.reputation.getSummary(7, [client], "a", "b") == (0, 0, 0)
    agents.give(client, 0, 5, 7)
    agents.reputation.revokeFeedback(0, 1, sender=client)
    assert agents.reputation.getSummary(0, [client], "", "") == (0, 0, 0)


def test_it_truncates_towards_zero(agents: Agents, client: Account, stranger: Account) -> None:
    for account, sign in ((client, 1), (stranger, -1)):
        for value in (1, 1, 0):
            agents.give(account, 0, sign * value)
        assert agents.reputation.getSummary(0, [account], "", "") == (3, 0, 0)
        agents.give(account, 0, sign * 5)
        assert agents.reputation.getSummary(0, [account], "", "") == (4, sign, 0)


def test_it_reports_the_most_frequent_decimals_and_of_several_the_lowest(agents: Agents, client: Account) -> None:
    agents.give(client, 0, 15, 1)
    assert agents.reputation.getSummary(0, [client], "", "") == (1, 15, 1)
    agents.give(client, 0, 10**18, 18)
    assert agents.reputation.getSummary(0, [client], "", "") == (2, 12, 1)
    agents.give(client, 0, 2 * 10**18, 18)
    assert agents.reputation.getSummary(0, [client], "", "") == (3, 1_500_000_000_000_000_000, 18)
    agents.reputation.revokeFeedback(0, 3, sender=client)
    assert agents.reputation.getSummary(0, [client], "", "") == (2, 12, 1)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_mean_that_does_not_fit_is_given_at_fewer_decimals(agents: Agents, client: Account, sign: int) -> None:
    """A third of 1e38 needs 56 digits at 18 decimals; an int128 holds 38."""
    agents.give(client, 0, sign * MAX_VALUE, 0)
    agents.give(client, 0, 0, 18)
    agents.give(client, 0, 0, 18)
    assert agents.reputation.getSummary(0, [client], "", "") == (3, sign * (MAX_VALUE // 3), 0)
    agents.give(client, 0, sign * -MAX_VALUE, 0)
    agents.give(client, 0, 10**20, 18)
    agents.give(client, 0, 10**20, 18)
    assert agents.reputation.getSummary(0, [client], "", "") == (6, 2 * 10**20 // 6, 18)


def test_a_client_named_twice_counts_twice(agents: Agents, client: Account, stranger: Account) -> None:
    agents.give(client, 0, 10, 0, "a")
    agents.give(stranger, 0, 40, 0, "a")
    for tag in ("", "a"):
        assert agents.reputation.getSummary(0, [client, client, stranger], tag, "") == (3, 20, 0)


def test_every_number_of_decimals_is_counted_apart(chain: Chain, agents: Agents, client: Account) -> None:
    for number in range(MAX_DECIMALS + 1):
        agents.give(client, 0, 10**number, number)
    assert agents.reputation.getSummary(0, [client], "", "") == (19, 1, 0)
    for number in range(MAX_DECIMALS + 1):
        with chain.isolated():
            agents.give(client, 0, 10**number, number)
            assert agents.reputation.getSummary(0, [client], "", "") == (20, 10**number, number)
            agents.reputation.revokeFeedback(0, number + 1, sender=client)
            assert agents.reputation.getSummary(0, [client], "", "") == (19, 1, 0)


_deployed: list[Agents] = []


@settings(max_examples=60)
@given(given=st.lists(feedback, max_size=12), listed=st.lists(st.integers(0, 3), min_size=1, max_size=5))
@example(given=[(0, MAX_VALUE, 0, "", "", False)] * 2 + [(0, MAX_VALUE, 18, "", "", False)] * 3, listed=[0])
@example(given=[(0, MAX_VALUE, 0, "", "", False), (1, -MAX_VALUE, 0, "", "", False)], listed=[0, 1])
def test_it_is_what_exact_arithmetic_says(given: list[tuple[Any, ...]], listed: list[int]) -> None:
    if not _deployed:
        _deployed.append(deploy_agents(Chain()))
        _deployed[0].register(_deployed[0].chain.account("owner"))
    agents = _deployed[0]
    chain = agents.chain
    assert isinstance(chain, Chain)
    clients = [chain.account(f"client {number}") for number in range(4)]
    with chain.isolated():
        for number, value, decimals, tag1, tag2, revoked in given:
            agents.give(clients[number], 0, value, decimals, tag1, tag2)
            if revoked:
                index = agents.reputation.getLastIndex(0, clients[number])
                agents.reputation.revokeFeedback(0, index, sender=clients[number])
        accounts = [clients[number] for number in listed]
        for wanted1 in TAGS:
            for wanted2 in TAGS[:3]:
                expected = mean(
                    (value, decimals)
                    for who in listed
                    for number, value, decimals, tag1, tag2, revoked in given
                    if number == who and not revoked and wanted1 in ("", tag1) and wanted2 in ("", tag2)
                )
                assert agents.reputation.getSummary(0, accounts, wanted1, wanted2) == expected

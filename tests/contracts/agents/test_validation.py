"""Asking validators, their answers, and what becomes of a hash that others used before."""

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import Account, Chain, reverts
from tests.contracts.agents.agents import NOBODY, Agents, deploy_agents

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
HASH = keccak(text="request")
ANSWER = keccak(text="response")
SCOPED = keccak(text="cluster.scopedRequest")[:8]


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account, stranger: Account) -> None:
    """Agent 0 of the owner, 1 of the stranger, 2 of the owner."""
    for account in (owner, stranger, owner):
        agents.register(account)


def ask(agents: Agents, owner: Account, validator: Any, agent_id: int = 0, hash_: bytes = HASH) -> bytes:
    """Makes a request; gives its key."""
    receipt = agents.validation.validationRequest(validator, agent_id, URI, hash_, sender=owner)
    key = receipt.named("ValidationRequest")[0].requestHash
    assert isinstance(key, bytes)
    return key


def answer(agents: Agents, validator: Account, key: bytes, response: int, tag: str = "") -> None:
    agents.validation.validationResponse(key, response, "", ANSWER, tag, sender=validator)


def scoped(agent_id: int, validator: Account, hash_: bytes) -> bytes:
    digest = keccak(encode(["uint256", "address", "bytes32"], [agent_id, validator.address, hash_]))
    return SCOPED + digest[8:]


# --- asking


def test_a_request_is_kept_and_emitted(chain: Chain, agents: Agents, owner: Account, validator: Account) -> None:
    receipt = agents.validation.validationRequest(validator, 0, URI, HASH, sender=owner)
    assert [event.name for event in receipt.events] == ["ValidationRequest"]
    receipt.expect("ValidationRequest", validatorAddress=validator, agentId=0, requestURI=URI, requestHash=HASH)
    status = (validator.address, 0, 0, bytes(32), "", chain.time)
    assert agents.validation.getValidationStatus(HASH) == status
    assert agents.validation.isPending(HASH) is True
    assert agents.validation.getAgentValidations(0) == [HASH]
    assert agents.validation.getValidatorRequests(validator) == [HASH]
    assert agents.validation.getSummary(0, [], "") == (0, 0)


@pytest.mark.parametrize("who", ["owner", "operator", "approved"])
def test_owner_operator_and_approved_may_ask(agents: Agents, owner: Account, validator: Account, who: str) -> None:
    agents.identity.setApprovalForAll(agents.chain.account("operator"), True, sender=owner)
    agents.identity.approve(agents.chain.account("approved"), 0, sender=owner)
    assert ask(agents, agents.chain.account(who), validator) == HASH


def test_nobody_else_may_ask(agents: Agents, stranger: Account, validator: Account) -> None:
    for account in (stranger, validator):
        with reverts("NotAuthorized", 0, account):
            ask(agents, account, validator)


def test_an_agent_that_does_not_exist_cannot_ask(agents: Agents, owner: Account, validator: Account) -> None:
    with reverts("ERC721NonexistentToken", 9):
        ask(agents, owner, validator, agent_id=9)


def test_nobody_is_no_validator(agents: Agents, owner: Account) -> None:
    with reverts("InvalidValidator", NOBODY):
        ask(agents, owner, NOBODY)


def test_an_agent_uses_a_hash_once(agents: Agents, owner: Account, validator: Account) -> None:
    ask(agents, owner, validator)
    for other in (validator, agents.chain.account("second validator")):
        with reverts("RequestExists", HASH, 0):
            ask(agents, owner, other)


# --- a hash that others used before


def test_a_hash_cannot_be_used_up_by_a_stranger(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    assert ask(agents, stranger, validator, agent_id=1) == HASH
    receipt = agents.validation.validationRequest(validator, 0, URI, HASH, sender=owner)
    key = scoped(0, validator, HASH)
    assert agents.validation.scopedHash(0, validator, HASH) == key
    assert [event.name for event in receipt.events] == ["RequestScoped", "ValidationRequest"]
    receipt.expect("RequestScoped", requestHash=HASH, key=key, agentId=0)
    receipt.expect("ValidationRequest", validatorAddress=validator, agentId=0, requestURI=URI, requestHash=key)
    assert agents.validation.getAgentValidations(0) == [key]
    assert agents.validation.getAgentValidations(1) == [HASH]
    assert agents.validation.getValidatorRequests(validator) == [HASH, key]
    with reverts("RequestExists", HASH, 0):
        ask(agents, owner, validator)


def test_each_of_two_requests_under_one_hash_has_its_own_answer(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    theirs = ask(agents, stranger, validator, agent_id=1)
    ours = ask(agents, owner, validator)
    answer(agents, validator, ours, 90, "ours")
    assert agents.validation.isPending(theirs) is True
    answer(agents, validator, theirs, 10, "theirs")
    assert agents.validation.getValidationStatus(ours)[1:5] == (0, 90, ANSWER, "ours")
    assert agents.validation.getValidationStatus(theirs)[1:5] == (1, 10, ANSWER, "theirs")
    assert agents.validation.getSummary(0, [], "") == (1, 90)
    assert agents.validation.getSummary(1, [], "") == (1, 10)


def test_a_scoped_key_cannot_be_used_up_either(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    """The stranger uses the hash, and the key that the owner's request would get then."""
    ours = scoped(0, validator, HASH)
    ask(agents, stranger, validator, agent_id=1)
    assert ask(agents, stranger, validator, agent_id=1, hash_=ours) == scoped(1, validator, ours)
    assert ask(agents, owner, validator) == ours
    assert agents.validation.getValidationStatus(ours)[1] == 0
    with reverts("RequestExists", ours, 1):
        ask(agents, stranger, validator, agent_id=1, hash_=ours)
    with reverts("RequestExists", ours, 0):
        ask(agents, owner, validator, hash_=ours)


def test_an_agent_whose_hash_was_used_may_ask_several_validators(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    second = agents.chain.account("second validator")
    ask(agents, stranger, validator, agent_id=1)
    assert ask(agents, owner, validator) == scoped(0, validator, HASH)
    assert ask(agents, owner, second) == scoped(0, second, HASH)
    assert ask(agents, owner, validator, agent_id=2) == scoped(2, validator, HASH)


def test_the_key_of_a_request_can_be_asked_for(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    key_of = agents.validation.keyOf
    ask(agents, stranger, validator, agent_id=1)
    ours = ask(agents, owner, validator)
    assert key_of(1, validator, HASH) == HASH
    assert key_of(0, validator, HASH) == ours
    assert key_of(0, validator, ours) == ours
    for unknown in ((2, validator, HASH), (0, stranger, HASH), (0, validator, ANSWER), (0, NOBODY, ANSWER)):
        with reverts("RequestUnknown", unknown[2]):
            key_of(*unknown)


# --- answering


def test_an_answer_is_kept_and_emitted(chain: Chain, agents: Agents, owner: Account, validator: Account) -> None:
    key = ask(agents, owner, validator, agent_id=2)
    chain.mine(100)
    receipt = agents.validation.validationResponse(key, 87, URI, ANSWER, "soundness", sender=validator)
    receipt.expect(
        "ValidationResponse",
        validatorAddress=validator,
        agentId=2,
        requestHash=key,
        response=87,
        responseURI=URI,
        responseHash=ANSWER,
        tag="soundness",
    )
    assert agents.validation.getValidationStatus(key) == (validator.address, 2, 87, ANSWER, "soundness", chain.time)
    assert agents.validation.isPending(key) is False


def test_an_answer_of_zero_is_told_from_none(agents: Agents, owner: Account, validator: Account) -> None:
    key = ask(agents, owner, validator)
    assert agents.validation.getSummary(0, [], "") == (0, 0)
    answer(agents, validator, key, 0)
    assert agents.validation.isPending(key) is False
    assert agents.validation.getValidationStatus(key)[2] == 0
    assert agents.validation.getSummary(0, [], "") == (1, 0)


def test_the_last_answer_counts(agents: Agents, owner: Account, validator: Account) -> None:
    key = ask(agents, owner, validator)
    for response in (0, 100, 40, 40, 0, 7):
        answer(agents, validator, key, response, f"tag {response}")
        assert agents.validation.getSummary(0, [], "") == (1, response)
        assert agents.validation.getSummary(0, [validator], f"tag {response}") == (1, response)
    assert agents.validation.getSummary(0, [], "tag 40") == (0, 0)


@pytest.mark.parametrize("response", [101, 254, 255])
def test_an_answer_beyond_100_reverts(agents: Agents, owner: Account, validator: Account, response: int) -> None:
    key = ask(agents, owner, validator)
    answer(agents, validator, key, 100)
    with reverts("ResponseOutOfRange", response, 100):
        answer(agents, validator, key, response)


def test_only_the_validator_that_was_asked_answers(
    agents: Agents, owner: Account, stranger: Account, validator: Account
) -> None:
    key = ask(agents, owner, validator)
    for account in (owner, stranger):
        with reverts("NotValidator", key, account, validator):
            answer(agents, account, key, 1)


def test_what_was_not_asked_is_not_known(agents: Agents, validator: Account) -> None:
    with reverts("RequestUnknown", HASH):
        answer(agents, validator, HASH, 1)
    for view in (agents.validation.getValidationStatus, agents.validation.isPending):
        with reverts("RequestUnknown", HASH):
            view(HASH)


def test_requests_go_with_a_sold_agent(agents: Agents, owner: Account, stranger: Account, validator: Account) -> None:
    key = ask(agents, owner, validator)
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    answer(agents, validator, key, 60)
    assert agents.validation.getSummary(0, [validator], "") == (1, 60)
    with reverts("RequestExists", HASH, 0):
        ask(agents, stranger, validator)


# --- reading


def test_pages(agents: Agents, owner: Account, validator: Account) -> None:
    keys = [ask(agents, owner, validator, hash_=keccak(text=str(n))) for n in range(3)]
    validation = agents.validation
    assert validation.getAgentValidationCount(0) == validation.getValidatorRequestCount(validator) == 3
    assert validation.getAgentValidationCount(1) == validation.getValidatorRequestCount(owner) == 0
    for page, of in ((validation.getAgentValidationsPage, 0), (validation.getValidatorRequestsPage, validator)):
        assert page(of, 0, 2**256 - 1) == keys
        assert [page(of, n, 2) for n in range(4)] == [keys[:2], keys[1:], keys[2:], []]
        assert page(of, 2**256 - 1, 2**256 - 1) == []


def test_what_it_says_of_itself(agents: Agents) -> None:
    assert agents.validation.getIdentityRegistry() == agents.identity.address
    assert agents.validation.getVersion() == "2.0.0"


_deployed: list[Agents] = []
VALIDATORS = 3
TAGS = ("", "a", "b", "c" * 40)


@settings(max_examples=40)
@given(
    requests=st.lists(st.tuples(st.integers(0, 1), st.integers(0, VALIDATORS - 1)), max_size=6),
    answers=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100), st.sampled_from(TAGS)), max_size=12),
    listed=st.lists(st.integers(0, VALIDATORS), max_size=4),
)
def test_a_summary_is_what_going_through_all_answers_says(
    requests: list[tuple[int, int]], answers: list[tuple[int, int, str]], listed: list[int]
) -> None:
    if not _deployed:
        _deployed.append(deploy_agents(Chain()))
    agents = _deployed[0]
    chain = agents.chain
    assert isinstance(chain, Chain)
    owner = chain.account("owner")
    validators = [chain.account(f"validator {number}") for number in range(VALIDATORS + 1)]
    with chain.isolated():
        for _ in range(2):
            agents.register(owner)
        keys = [
            ask(agents, owner, validators[validator], agent_id, keccak(text=str(n)))
            for n, (agent_id, validator) in enumerate(requests)
        ]
        last: dict[int, tuple[int, str]] = {}
        for n, response, tag in answers:
            if n < len(keys):
                answer(agents, validators[requests[n][1]], keys[n], response, tag)
                last[n] = response, tag
        accounts = [validators[number] for number in listed]
        for agent_id in range(2):
            for wanted in TAGS:
                found = [
                    response
                    for n, (response, tag) in last.items()
                    if requests[n][0] == agent_id and (not listed or requests[n][1] in listed) and wanted in ("", tag)
                ]
                expected = (len(found), sum(found) // len(found)) if found else (0, 0)
                assert agents.validation.getSummary(agent_id, accounts, wanted) == expected

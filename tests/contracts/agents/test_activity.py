"""The task ledger: who opens, logs and closes, and which steps can be proved."""

from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import Account, Chain, reverts
from tests.contracts.agents.agents import MINUTE, NOBODY, Agents, deploy_agents
from tests.contracts.agents.merkle import Tree, leaf, node

INPUT, OUTPUT = keccak(text="input"), keccak(text="output")
ROOT = keccak(text="root")


@pytest.fixture(autouse=True)
def registered(agents: Agents, owner: Account, stranger: Account) -> None:
    """Agent 0 of the owner, 1 of the stranger."""
    for account in (owner, stranger):
        agents.register(account)


def steps(task: int, first: int, count: int) -> tuple[list[bytes], Tree]:
    hashes = [keccak(text=f"step {task} {step}") for step in range(first, first + count)]
    return hashes, Tree([leaf(task, first + n, hash_) for n, hash_ in enumerate(hashes)])


def allowed(agents: Agents, owner: Account) -> dict[str, Account]:
    """Who may act for agent 0, each in one way only."""
    accounts = {"owner": owner} | {name: agents.chain.account(name) for name in ("operator", "approved", "wallet")}
    agents.identity.setApprovalForAll(accounts["operator"], True, sender=owner)
    agents.identity.approve(accounts["approved"], 0, sender=owner)
    assert isinstance(agents.chain, Chain)
    deadline = agents.chain.time + MINUTE
    signature = accounts["wallet"].sign_typed(agents.wallet_message(0, accounts["wallet"], owner, deadline))
    agents.identity.setAgentWallet(0, accounts["wallet"], deadline, signature, sender=owner)
    return accounts


# --- a task's life


def test_a_task_from_opening_to_closing(chain: Chain, agents: Agents, owner: Account) -> None:
    activity = agents.activity
    opened = chain.time
    receipt = activity.openTask(0, 0, INPUT, sender=owner)
    assert receipt.return_value == 1
    receipt.expect("TaskOpened", task=1, agentId=0, parentTask=0, inputHash=INPUT, by=owner)
    chain.mine(10)
    for batch, (first, count) in enumerate([(0, 3), (3, 1)]):
        receipt = activity.logSteps(1, ROOT, count, sender=owner)
        assert receipt.return_value == batch
        receipt.expect("StepsLogged", task=1, batch=batch, merkleRoot=ROOT, firstStep=first, count=count, by=owner)
        logged = vars(activity.batchOf(1, batch))
        assert logged == {"merkleRoot": ROOT, "firstStep": first, "count": count, "loggedAt": opened + 10}
    before = vars(activity.taskOf(1))
    assert before == {
        "agentId": 0,
        "parent": 0,
        "openedAt": opened,
        "closedAt": 0,
        "batches": 2,
        "steps": 4,
        "inputHash": INPUT,
        "outputHash": bytes(32),
    }
    chain.mine(10)
    activity.closeTask(1, OUTPUT, sender=owner).expect("TaskClosed", task=1, agentId=0, outputHash=OUTPUT, by=owner)
    assert vars(activity.taskOf(1)) == before | {"closedAt": opened + 20, "outputHash": OUTPUT}


def test_tasks_are_numbered_from_one(agents: Agents, owner: Account, stranger: Account) -> None:
    assert agents.activity.taskCount() == 0
    assert agents.activity.openTask(0, 0, INPUT, sender=owner).return_value == 1
    assert agents.activity.openTask(1, 0, INPUT, sender=stranger).return_value == 2
    assert agents.activity.taskCount() == 2


def test_a_closed_task_stays_as_it_is(agents: Agents, owner: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.activity.closeTask(1, bytes(32), sender=owner)
    closed = agents.activity.taskOf(1).closedAt
    with reverts("TaskNotOpen", 1, closed):
        agents.activity.closeTask(1, OUTPUT, sender=owner)
    with reverts("TaskNotOpen", 1, closed):
        agents.activity.logSteps(1, ROOT, 1, sender=owner)
    with reverts("TaskNotOpen", 1, closed):
        agents.activity.openTask(0, 1, INPUT, sender=owner)


# --- parents


def test_a_child_names_an_open_task_of_any_agent(agents: Agents, owner: Account, stranger: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.activity.openTask(1, 1, INPUT, sender=stranger).expect("TaskOpened", task=2, agentId=1, parentTask=1)
    agents.activity.openTask(0, 2, INPUT, sender=owner)
    assert [agents.activity.taskOf(task).parent for task in (1, 2, 3)] == [0, 1, 2]


def test_a_parent_closes_before_its_children(agents: Agents, owner: Account, stranger: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.activity.openTask(1, 1, INPUT, sender=stranger)
    agents.activity.closeTask(1, OUTPUT, sender=owner)
    agents.activity.logSteps(2, ROOT, 1, sender=stranger)
    agents.activity.closeTask(2, OUTPUT, sender=stranger)


@pytest.mark.parametrize("parent", [1, 2**64, 2**256 - 1])
def test_a_parent_must_exist(agents: Agents, owner: Account, parent: int) -> None:
    with reverts("TaskUnknown", parent):
        agents.activity.openTask(0, parent, INPUT, sender=owner)


# --- who may act


@pytest.mark.parametrize("who", ["owner", "operator", "approved", "wallet"])
def test_owner_operator_approved_and_wallet_may_act(agents: Agents, owner: Account, who: str) -> None:
    account = allowed(agents, owner)[who]
    assert agents.activity.mayAct(account, 0) is True
    agents.activity.openTask(0, 0, INPUT, sender=account)
    agents.activity.logSteps(1, ROOT, 1, sender=account)
    agents.activity.closeTask(1, OUTPUT, sender=account)


def test_nobody_else_may_act(agents: Agents, owner: Account, stranger: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    assert agents.activity.mayAct(stranger, 0) is False
    for call in (
        lambda: agents.activity.openTask(0, 0, INPUT, sender=stranger),
        lambda: agents.activity.logSteps(1, ROOT, 1, sender=stranger),
        lambda: agents.activity.closeTask(1, OUTPUT, sender=stranger),
    ):
        with reverts("NotAgent", 0, stranger):
            call()


def test_the_zero_address_acts_for_nobody(agents: Agents, owner: Account) -> None:
    agents.identity.unsetAgentWallet(0, sender=owner)
    assert agents.identity.getAgentWallet(0) == NOBODY
    assert agents.activity.mayAct(NOBODY, 0) is False


def test_open_tasks_go_with_a_sold_agent(agents: Agents, owner: Account, stranger: Account) -> None:
    wallet = allowed(agents, owner)["wallet"]
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.identity.transferFrom(owner, stranger, 0, sender=owner)
    for account in (owner, wallet):
        with reverts("NotAgent", 0, account):
            agents.activity.closeTask(1, OUTPUT, sender=account)
    agents.activity.closeTask(1, OUTPUT, sender=stranger)


def test_an_agent_that_does_not_exist_has_no_tasks(agents: Agents, owner: Account) -> None:
    with reverts("ERC721NonexistentToken", 9):
        agents.activity.openTask(9, 0, INPUT, sender=owner)
    with reverts("ERC721NonexistentToken", 9):
        agents.activity.mayAct(owner, 9)


# --- steps


@pytest.mark.parametrize(("root", "count"), [(bytes(32), 1), (ROOT, 0), (bytes(32), 0)])
def test_a_batch_has_a_root_and_steps(agents: Agents, owner: Account, root: bytes, count: int) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    with reverts("EmptyBatch", root, count):
        agents.activity.logSteps(1, root, count, sender=owner)


def test_a_task_has_less_than_2_to_the_64_steps(agents: Agents, owner: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.activity.logSteps(1, ROOT, 2, sender=owner)
    with reverts("TooManySteps", 2, 2**64 - 2):
        agents.activity.logSteps(1, ROOT, 2**64 - 2, sender=owner)
    agents.activity.logSteps(1, ROOT, 2**64 - 3, sender=owner)
    assert agents.activity.taskOf(1).steps == 2**64 - 1


@pytest.mark.parametrize("task", [0, 2, 2**256 - 1])
def test_what_was_not_opened_is_not_known(agents: Agents, owner: Account, task: int) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    for call in (
        lambda: agents.activity.logSteps(task, ROOT, 1, sender=owner),
        lambda: agents.activity.closeTask(task, OUTPUT, sender=owner),
        lambda: agents.activity.taskOf(task),
        lambda: agents.activity.batchOf(task, 0),
        lambda: agents.activity.proveStep(task, 0, 0, INPUT, []),
    ):
        with reverts("TaskUnknown", task):
            call()


def test_what_was_not_logged_is_not_known(agents: Agents, owner: Account) -> None:
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    agents.activity.logSteps(1, ROOT, 1, sender=owner)
    for batch in (1, 2**256 - 1):
        with reverts("BatchUnknown", 1, batch):
            agents.activity.batchOf(1, batch)
        with reverts("BatchUnknown", 1, batch):
            agents.activity.proveStep(1, batch, 0, INPUT, [])


def test_only_steps_of_the_batch_can_be_proved(agents: Agents, owner: Account) -> None:
    """The tree has more leaves than the batch says it has steps."""
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    hashes, tree = steps(1, 0, 6)
    agents.activity.logSteps(1, keccak(text="first"), 2, sender=owner)
    agents.activity.logSteps(1, tree.root, 2, sender=owner)
    proved = [agents.activity.proveStep(1, 1, step, hashes[step], tree.proof(step)) for step in range(6)]
    assert proved == [False, False, True, True, False, False]


def test_an_inner_node_is_no_step(agents: Agents, owner: Account) -> None:
    """A step hashed once could be made of the two hashes below a node."""
    agents.activity.openTask(0, 0, INPUT, sender=owner)
    _, tree = steps(1, 0, 4)
    agents.activity.logSteps(1, tree.root, 4, sender=owner)
    inner = tree.levels[1]
    assert node(*inner) == tree.root
    for step in range(4):
        for candidate in (*inner, *tree.levels[0], tree.root):
            for proof in ([], [inner[0]], [inner[1]], tree.proof(step)):
                assert agents.activity.proveStep(1, 0, step, candidate, proof) is False


def test_a_log_of_one_task_proves_nothing_of_another(agents: Agents, owner: Account) -> None:
    hashes, tree = steps(1, 0, 3)
    for _ in range(2):
        task = agents.activity.openTask(0, 0, INPUT, sender=owner).return_value
        agents.activity.logSteps(task, tree.root, 3, sender=owner)
    assert agents.activity.proveStep(1, 0, 1, hashes[1], tree.proof(1)) is True
    assert agents.activity.proveStep(2, 0, 1, hashes[1], tree.proof(1)) is False


def test_the_leaf_is_hashed_twice(agents: Agents) -> None:
    assert agents.activity.stepLeaf(3, 5, INPUT) == leaf(3, 5, INPUT)
    assert agents.activity.identityRegistry() == agents.identity.address


_deployed: list[Agents] = []


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3), data=st.data())
def test_every_step_is_proved_and_no_other(sizes: list[int], data: Any) -> None:
    if not _deployed:
        _deployed.append(deploy_agents(Chain()))
        _deployed[0].register(_deployed[0].chain.account("owner"))
    agents, owner = _deployed[0], _deployed[0].chain.account("owner")
    chain = agents.chain
    assert isinstance(chain, Chain)
    prove = agents.activity.proveStep
    with chain.isolated():
        agents.activity.openTask(0, 0, INPUT, sender=owner)
        first = 0
        for batch, count in enumerate(sizes):
            hashes, tree = steps(1, first, count)
            agents.activity.logSteps(1, tree.root, count, sender=owner)
            for position, hash_ in enumerate(hashes):
                assert prove(1, batch, first + position, hash_, tree.proof(position))
            position = data.draw(st.integers(0, count - 1))
            step, hash_, proof = first + position, hashes[position], tree.proof(position)
            other = data.draw(st.integers(0, 2**64 - 1))
            assert other == step or not prove(1, batch, other, hash_, proof)
            assert not prove(1, batch, step, OUTPUT, proof)
            assert not prove(1, batch, step, hash_, [*proof, OUTPUT])
            if proof:
                assert not prove(1, batch, step, hash_, proof[:-1])
            first += count

"""Upgrades: only by the authority, and with everything that was there; initializing once."""

from typing import Any

import pytest
from eth_utils import keccak

from cluster.chain.protocol import constructor_args
from cluster.chain.roles import TWO_DAYS, UPGRADER
from cluster.testing import Account, Contract, reverts
from tests.contracts.agents.agents import REGISTRIES, Agents


def implementation(agents: Agents, name: str) -> Contract:
    known = {other: contract.address for other, contract in agents.suite.contracts.items()}
    return agents.chain.deploy(name, *constructor_args(name, known), sender=agents.admin)


@pytest.mark.parametrize("name", REGISTRIES)
def test_nobody_but_the_upgrader_upgrades(agents: Agents, stranger: Account, name: str) -> None:
    contract, new = agents.contracts()[name], implementation(agents, name)
    with reverts("AccessManagedUnauthorized", stranger):
        contract.upgradeToAndCall(new, b"", sender=stranger)
    contract.upgradeToAndCall(new, b"", sender=agents.admin).expect("Upgraded", implementation=new)


@pytest.mark.parametrize("name", REGISTRIES)
def test_an_upgrade_waits_for_the_delay(agents: Agents, stranger: Account, name: str) -> None:
    contract, new = agents.contracts()[name], implementation(agents, name)
    agents.manager.grantRole(UPGRADER.id, stranger, TWO_DAYS, sender=agents.admin)
    data = contract.upgradeToAndCall.calldata(new, b"")
    operation = agents.manager.hashOperation(stranger, contract, data)
    with reverts("AccessManagerNotScheduled", operation):
        contract.upgradeToAndCall(new, b"", sender=stranger)
    agents.manager.schedule(contract, data, 0, sender=stranger)
    agents.chain.mine(TWO_DAYS - 1)
    with reverts("AccessManagerNotReady", operation):
        contract.upgradeToAndCall(new, b"", sender=stranger)
    agents.chain.mine(1)
    contract.upgradeToAndCall(new, b"", sender=stranger)


@pytest.mark.parametrize("name", REGISTRIES)
def test_it_is_initialized_once_and_an_implementation_never(agents: Agents, stranger: Account, name: str) -> None:
    for contract in (agents.contracts()[name], implementation(agents, name)):
        with reverts("InvalidInitialization"):
            contract.initialize(stranger, sender=stranger)


def everything(agents: Agents, owner: Account, client: Account, validator: Account) -> list[Any]:
    """What all contracts say of agent 0."""
    identity, reputation, validation, activity = agents.contracts().values()
    task = vars(activity.taskOf(1))
    return [
        (identity.ownerOf(0), identity.tokenURI(0), identity.getAgentWallet(0), identity.getMetadata(0, "name")),
        (identity.totalRegistered(), identity.isAuthorizedOrOwner(client, 0), identity.eip712Domain()),
        reputation.readAllFeedback(0, [], "", "", True),
        reputation.getSummary(0, [client], "", ""),
        reputation.getResponseCount(0, client, 1, [owner]),
        (validation.getValidationStatus(keccak(text="request")), validation.getSummary(0, [validator], "")),
        (validation.getAgentValidations(0), validation.getValidatorRequests(validator)),
        (task, vars(activity.batchOf(1, 0)), activity.taskCount()),
    ]


def test_an_upgrade_keeps_everything(agents: Agents, owner: Account, client: Account, validator: Account) -> None:
    request = keccak(text="request")
    agents.identity.register("ipfs://agent", [("name", b"penguin")], sender=owner)
    agents.give(client, 0, -5, 3, "short", "long" * 20)
    agents.reputation.appendResponse(0, client, 1, "ipfs://response", request, sender=owner)
    agents.validation.validationRequest(validator, 0, "ipfs://request", request, sender=owner)
    agents.validation.validationResponse(request, 70, "", request, "tag", sender=validator)
    agents.activity.openTask(0, 0, request, sender=owner)
    agents.activity.logSteps(1, request, 3, sender=owner)
    before = everything(agents, owner, client, validator)
    for name, contract in agents.contracts().items():
        contract.upgradeToAndCall(implementation(agents, name), b"", sender=agents.admin)
    assert everything(agents, owner, client, validator) == before
    assert agents.register(owner) == 1
    agents.give(client, 0, 1)
    assert agents.reputation.getLastIndex(0, client) == 2

"""Holders of CP who propose and vote, and the way of a proposal to its execution."""

from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from cluster.chain.roles import DAY, ROLES, TWO_DAYS
from cluster.testing import Account, Chain, Contract, Receipt
from cluster.testing.suite import Suite

CP = 10**18
SETTINGS = {
    "votingDelay": DAY,
    "votingPeriod": 5 * DAY,
    "baseDelay": 3 * DAY,
    "proposalThreshold": 1_000_000 * CP,
    "quorumPercent": 4,
}
QUORUM = 200_000_000 * CP
AGAINST, FOR, ABSTAIN = range(3)
PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, _EXPIRED, EXECUTED = range(8)


@dataclass(frozen=True)
class Proposal:
    """Calls (target, value in wei, calldata), and why."""

    calls: tuple[tuple[Any, int, bytes], ...]
    description: str

    @property
    def actions(self) -> tuple[list[Any], list[int], list[bytes]]:
        targets, values, calldatas = zip(*self.calls, strict=True)
        return list(targets), list(values), list(calldatas)

    @property
    def hashed(self) -> tuple[list[Any], list[int], list[bytes], bytes]:
        """Arguments of `queue`, `execute` and `cancel`."""
        return *self.actions, keccak(text=self.description)


def proposal(*calls: tuple[Any, bytes], description: str = "why not") -> Proposal:
    return Proposal(tuple((target, 0, data) for target, data in calls), description)


@dataclass
class Parliament:
    """A governor, and two accounts with votes: `whale` with a quorum's, `minnow` with a proposer's."""

    suite: Suite
    chain: Chain
    governor: Contract
    whale: Account
    minnow: Account

    def id(self, what: Proposal) -> int:
        return int(self.governor.hashProposal(*what.hashed))

    def propose(self, what: Proposal) -> int:
        """Proposes, and lets the voting delay pass."""
        receipt = self.governor.propose(*what.actions, what.description, sender=self.minnow)
        self.chain.mine(self.governor.votingDelay() + 1)
        return int(receipt.return_value)

    def pass_(self, what: Proposal) -> int:
        """Proposes and votes for it; the vote is over."""
        id_ = self.propose(what)
        self.governor.castVote(id_, FOR, sender=self.whale)
        self.chain.mine(self.governor.votingPeriod())
        return id_

    def queue(self, what: Proposal) -> int:
        """Passes and queues; gives when it can be executed, in unix seconds."""
        id_ = self.pass_(what)
        self.governor.queue(*what.hashed, sender=self.minnow)
        return int(self.governor.proposalEta(id_))

    def enact(self, what: Proposal) -> Receipt:
        """All the way."""
        self.chain.mine(self.queue(what) - self.chain.time)
        receipt: Receipt = self.governor.execute(*what.hashed, sender=self.minnow)
        return receipt


def deploy_governor(suite: Suite, **changed: int) -> Contract:
    return suite.chain.deploy(
        "ClusterGovernor", suite.token, suite.manager, {**SETTINGS, **changed}, sender=suite.admin
    )


def elect(suite: Suite) -> Parliament:
    """A governor that holds no role yet."""
    chain = suite.chain
    assert isinstance(chain, Chain)
    whale, minnow = chain.account("whale"), chain.account("minnow")
    for voter, votes in ((whale, QUORUM), (minnow, SETTINGS["proposalThreshold"])):
        suite.token.transfer(voter, votes, sender=suite.treasury)
        suite.token.delegate(voter, sender=voter)
    chain.mine()
    return Parliament(suite, chain, deploy_governor(suite), whale, minnow)


def hand_over(parliament: Parliament) -> None:
    """The admin, who deployed everything, gives the governor all that it holds, and keeps the guardian only."""
    suite, governor = parliament.suite, parliament.governor
    manager, admin = suite.manager, suite.admin
    for role in (1, 2):
        manager.grantRole(role, governor, TWO_DAYS, sender=admin)
    manager.grantRole(5, suite.chain.account("guardian"), 0, sender=admin)
    for role in ROLES[1:]:
        manager.renounceRole(role.id, admin, sender=admin)
    manager.grantRole(0, governor, TWO_DAYS, sender=admin)
    manager.renounceRole(0, admin, sender=admin)

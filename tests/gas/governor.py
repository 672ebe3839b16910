"""Gas of the ClusterGovernor: one restricted call of the router's from proposal to execution.

`first`: nobody voted on the proposal yet. `again`: somebody did.
"""

from typing import Any

from cluster.chain.roles import DAY, PARAMETERS, TWO_DAYS
from cluster.testing import Account, Contract
from tests.contracts.access.voting import FOR, QUORUM, SETTINGS, Proposal, deploy_governor, proposal
from tests.contracts.payments.signing import domain_of, typed
from tests.gas.data import REVIEW
from tests.gas.meter import Meter

REASON = "It is better for all who sell datasets."
PARAMS = b"\x01" * 32
VOTERS = ("first voter", "voter", "reasoning voter", "particular voter", "signing voter", "particular signing voter")


def measure(meter: Meter) -> None:
    suite = meter.suite
    with meter.apart():
        governor = deploy_governor(suite)
        suite.manager.grantRole(PARAMETERS.id, governor, TWO_DAYS, sender=suite.admin)
        voters = [meter.account(name) for name in VOTERS]
        for voter in voters:
            suite.token.transfer(voter, QUORUM, sender=suite.treasury)
            suite.token.delegate(voter, sender=voter)
        meter.chain.mine()
        change = proposal(
            (suite.router, suite.router.setTreasury.calldata(meter.account("new treasury"))), description=REVIEW
        )
        with meter.apart():
            governor.propose(*change.actions, change.description, sender=voters[0])
            meter("proposal_cancel", governor.cancel, *change.hashed, sender=voters[0])
        _to_execution(meter, governor, change, voters)


def _to_execution(meter: Meter, governor: Contract, change: Proposal, voters: list[Account]) -> None:
    proposer = voters[0]
    meter("proposal_propose", governor.propose, *change.actions, change.description, sender=proposer)
    meter.chain.mine(SETTINGS["votingDelay"])
    _votes(meter, governor, governor.hashProposal(*change.hashed), voters)
    meter.chain.mine(SETTINGS["votingPeriod"])
    meter("proposal_queue", governor.queue, *change.hashed, sender=proposer)
    meter.chain.mine(SETTINGS["baseDelay"] + DAY)
    meter("proposal_execute", governor.execute, *change.hashed, sender=proposer)


def _votes(meter: Meter, governor: Contract, id_: int, voters: list[Account]) -> None:
    first, second, reasoning, particular, signing, both = voters
    relayer = meter.account("relayer")
    meter("vote_first", governor.castVote, id_, FOR, sender=first)
    meter("vote_again", governor.castVote, id_, FOR, sender=second)
    meter("vote_with_reason", governor.castVoteWithReason, id_, FOR, REASON, sender=reasoning)
    plain = (id_, FOR, REASON, PARAMS)
    meter("vote_with_reason_and_params", governor.castVoteWithReasonAndParams, *plain, sender=particular)
    signature = _ballot(governor, signing, "Ballot", id_)
    meter("vote_by_signature", governor.castVoteBySig, id_, FOR, signing, signature, sender=relayer)
    signature = _ballot(governor, both, "ExtendedBallot", id_, reason=REASON, params=PARAMS)
    signed = (id_, FOR, both, REASON, PARAMS, signature)
    name = "vote_with_reason_and_params_by_signature"
    meter(name, governor.castVoteWithReasonAndParamsBySig, *signed, sender=relayer)


def _ballot(governor: Contract, voter: Account, kind: str, id_: int, **more: Any) -> bytes:
    """A vote's signature."""
    message = {"proposalId": id_, "support": FOR, "voter": voter.address, "nonce": 0}
    data = typed(domain_of(governor), kind, message)
    data["types"][kind][1]["type"] = "uint8"
    for field, value in more.items():
        data["types"][kind].append({"name": field, "type": "string" if isinstance(value, str) else "bytes"})
        data["message"][field] = value
    return voter.sign_typed(data)

"""ClusterGovernor: holders of CP propose, vote, wait and execute; what they decide goes through the AccessManager."""

from typing import Any

import pytest
from eth_utils import to_checksum_address

from cluster.chain import artifacts
from cluster.chain.roles import DAY, FUNCTIONS, GUARDIAN, TWO_DAYS, UPGRADER
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.contract import Method
from cluster.testing.suite import Suite
from tests.contracts.access.test_roles import CALLS, RESTRICTED, populated
from tests.contracts.access.test_upgrades import constructor, implementation_of
from tests.contracts.access.voting import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    CANCELED,
    CP,
    DEFEATED,
    EXECUTED,
    FOR,
    PENDING,
    QUEUED,
    QUORUM,
    SETTINGS,
    SUCCEEDED,
    Parliament,
    Proposal,
    deploy_governor,
    elect,
    hand_over,
    proposal,
)
from tests.contracts.payments.signing import domain_of, typed

__all__ = ["populated"]

STRANGER = Account("stranger")
MAX_CODE = 24_576
WEEK = 7 * DAY

# Setting → its number, least and greatest value, the function that changes it, the one that reads it.
BOUNDS: dict[str, tuple[int, int, int, str, str]] = {
    "votingDelay": (0, 3_600, 14 * DAY, "setVotingDelay", "votingDelay"),
    "votingPeriod": (1, DAY, 30 * DAY, "setVotingPeriod", "votingPeriod"),
    "baseDelay": (2, DAY, 30 * DAY, "setBaseDelaySeconds", "baseDelaySeconds"),
    "proposalThreshold": (3, CP, 50_000_000 * CP, "setProposalThreshold", "proposalThreshold"),
    "quorumPercent": (4, 1, 50, "updateQuorumNumerator", "quorumNumerator"),
}


@pytest.fixture
def parliament(suite: Suite) -> Parliament:
    """A governor that holds all of the deployer's roles."""
    made = elect(suite)
    hand_over(made)
    return made


@pytest.fixture
def governor(parliament: Parliament) -> Contract:
    return parliament.governor


@pytest.fixture
def new_treasury(suite: Suite) -> Proposal:
    return proposal((suite.router, suite.router.setTreasury.calldata(STRANGER)))


def upgrade(suite: Suite, name: str = "DatasetNFT") -> tuple[Contract, bytes]:
    proxy = suite.protocol()[name]
    code = suite.chain.deploy(f"{name}V2", *constructor(suite, name), sender=STRANGER)
    return proxy, proxy.upgradeToAndCall.calldata(code, b"")


def ballot(governor: Contract, voter: Account, id_: int, support: int, nonce: int = 0) -> bytes:
    """A vote's signature."""
    message = {"proposalId": id_, "support": support, "voter": voter.address, "nonce": nonce}
    data = typed(domain_of(governor), "Ballot", message)
    data["types"]["Ballot"][1]["type"] = "uint8"
    return voter.sign_typed(data)


# What it is made with


def test_it_fits_a_block_of_code() -> None:
    assert 0 < len(artifacts.load("ClusterGovernor").runtime) < MAX_CODE


def test_it_counts_votes_of_cp_by_the_second(suite: Suite, chain: Chain, governor: Contract) -> None:
    assert (governor.token(), governor.accessManager()) == (suite.token.address, suite.manager.address)
    assert (Method(governor, "name")(), governor.version()) == ("ClusterGovernor", "1")
    assert (governor.clock(), governor.CLOCK_MODE()) == (chain.time, "mode=timestamp")
    assert governor.COUNTING_MODE() == "support=bravo&quorum=for,abstain"
    chain.mine()
    assert governor.quorum(chain.time - 1) == QUORUM


@pytest.mark.parametrize("setting", BOUNDS)
def test_a_setting_is_taken_at_its_bounds_and_refused_beyond(suite: Suite, setting: str) -> None:
    number, least, greatest, _, read = BOUNDS[setting]
    for value in (least, greatest):
        assert getattr(deploy_governor(suite, **{setting: value}), read)() == value
    for value in (least - 1, greatest + 1):
        with reverts("SettingOutOfBounds", number, value, least, greatest):
            deploy_governor(suite, **{setting: value})


@pytest.mark.parametrize("setting", BOUNDS)
def test_a_vote_changes_a_setting_within_its_bounds_and_nobody_else_does(
    parliament: Parliament, governor: Contract, setting: str
) -> None:
    number, least, greatest, write, read = BOUNDS[setting]
    for nobody in (STRANGER, parliament.whale, parliament.suite.admin):
        with reverts("GovernorOnlyExecutor", nobody):
            getattr(governor, write)(greatest, sender=nobody)
    change = getattr(governor, write).calldata
    for value in (least - 1, greatest + 1):
        with reverts("SettingOutOfBounds", number, value, least, greatest):
            parliament.enact(proposal((governor, change(value))))
    parliament.enact(proposal((governor, change(greatest))))
    assert getattr(governor, read)() == greatest


# Proposing


def test_propose__needs_the_threshold_of_votes_a_second_ago(
    suite: Suite, chain: Chain, parliament: Parliament, new_treasury: Proposal
) -> None:
    threshold = SETTINGS["proposalThreshold"]
    proposer = chain.account("proposer")
    suite.token.delegate(proposer, sender=proposer)
    suite.token.transfer(proposer, threshold - 1, sender=suite.treasury)
    chain.mine()
    propose, arguments = parliament.governor.propose, (*new_treasury.actions, new_treasury.description)
    with reverts("GovernorInsufficientProposerVotes", proposer, threshold - 1, threshold):
        propose(*arguments, sender=proposer)
    suite.token.transfer(proposer, 1, sender=suite.treasury)
    with reverts("GovernorInsufficientProposerVotes", proposer, threshold - 1, threshold):
        propose(*arguments, sender=proposer)
    chain.mine()
    propose(*arguments, sender=proposer).expect(
        "ProposalCreated",
        proposalId=parliament.id(new_treasury),
        proposer=proposer,
        targets=[suite.router.address],
        values=[0],
        calldatas=list(new_treasury.actions[2]),
        voteStart=chain.time + DAY,
        voteEnd=chain.time + 6 * DAY,
        description="why not",
    )


def test_propose__the_same_twice__reverts(parliament: Parliament, new_treasury: Proposal) -> None:
    id_ = parliament.propose(new_treasury)
    with reverts("GovernorUnexpectedProposalState", id_, ACTIVE, bytes(32)):
        parliament.propose(new_treasury)


def test_a_proposal_that_names_its_proposer_is_nobody_elses_to_make(
    parliament: Parliament, new_treasury: Proposal
) -> None:
    mine = Proposal(new_treasury.calls, f"better treasury #proposer={parliament.minnow.address}")
    with reverts("GovernorRestrictedProposer", parliament.whale):
        parliament.governor.propose(*mine.actions, mine.description, sender=parliament.whale)
    parliament.propose(mine)


def test_the_proposer_alone_takes_a_proposal_back_and_only_before_the_vote(
    chain: Chain, parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    governor.propose(*new_treasury.actions, "why not", sender=parliament.minnow)
    id_ = parliament.id(new_treasury)
    with reverts("GovernorUnableToCancel", id_, STRANGER):
        governor.cancel(*new_treasury.hashed, sender=STRANGER)
    with chain.isolated():
        chain.mine(DAY + 1)
        with reverts("GovernorUnableToCancel", id_, parliament.minnow):
            governor.cancel(*new_treasury.hashed, sender=parliament.minnow)
    governor.cancel(*new_treasury.hashed, sender=parliament.minnow).expect("ProposalCanceled", proposalId=id_)
    assert governor.state(id_) == CANCELED


# Voting


def test_votes_are_taken_in_their_time_only(
    chain: Chain, parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    governor.propose(*new_treasury.actions, "why not", sender=parliament.minnow)
    id_, active = parliament.id(new_treasury), (1 << ACTIVE).to_bytes(32)
    chain.mine(DAY)
    with reverts("GovernorUnexpectedProposalState", id_, PENDING, active):
        governor.castVote(id_, FOR, sender=parliament.whale)
    chain.mine(1)
    with chain.isolated():
        chain.mine(5 * DAY - 1)
        assert governor.state(id_) == ACTIVE
        governor.castVoteWithReason(id_, FOR, "yes", sender=parliament.whale).expect(
            "VoteCast", voter=parliament.whale, proposalId=id_, support=FOR, weight=QUORUM, reason="yes"
        )
        with reverts("GovernorAlreadyCastVote", parliament.whale):
            governor.castVote(id_, FOR, sender=parliament.whale)
    chain.mine(5 * DAY)
    with reverts("GovernorUnexpectedProposalState", id_, DEFEATED, active):
        governor.castVote(id_, FOR, sender=parliament.whale)


def test_votes_that_moved_after_the_snapshot_count_where_they_were(
    suite: Suite, parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    id_ = parliament.propose(new_treasury)
    buyer = suite.chain.account("buyer")
    suite.token.delegate(buyer, sender=buyer)
    suite.token.transfer(buyer, QUORUM, sender=parliament.whale)
    parliament.chain.mine()
    governor.castVote(id_, FOR, sender=buyer).expect("VoteCast", weight=0)
    governor.castVote(id_, AGAINST, sender=parliament.whale).expect("VoteCast", weight=QUORUM)
    assert governor.proposalVotes(id_) == (QUORUM, 0, 0)


def test_a_vote_by_signature_counts_once_and_for_its_signer(
    parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    id_, whale, minnow = parliament.propose(new_treasury), parliament.whale, parliament.minnow
    signature = ballot(governor, whale, id_, FOR)
    for support, voter, signed in (
        (AGAINST, whale, signature),
        (FOR, minnow, signature),
        (FOR, whale, ballot(governor, minnow, id_, FOR)),
        (FOR, whale, ballot(governor, whale, id_ + 1, FOR)),
    ):
        with reverts("GovernorInvalidSignature", voter):
            governor.castVoteBySig(id_, support, voter, signed, sender=STRANGER)
    governor.castVoteBySig(id_, FOR, whale, signature, sender=STRANGER).expect("VoteCast", voter=whale, weight=QUORUM)
    assert (governor.hasVoted(id_, whale), governor.nonces(whale)) == (True, 1)
    with reverts("GovernorInvalidSignature", whale):
        governor.castVoteBySig(id_, FOR, whale, signature, sender=STRANGER)
    with reverts("GovernorAlreadyCastVote", whale):
        governor.castVoteBySig(id_, FOR, whale, ballot(governor, whale, id_, FOR, nonce=1), sender=STRANGER)
    assert governor.proposalVotes(id_) == (0, QUORUM, 0)


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ({FOR: QUORUM}, SUCCEEDED),
        ({FOR: QUORUM - 1}, DEFEATED),
        ({FOR: 1, ABSTAIN: QUORUM - 1}, SUCCEEDED),
        ({ABSTAIN: QUORUM}, DEFEATED),
        ({FOR: QUORUM, AGAINST: QUORUM - 1}, SUCCEEDED),
        ({FOR: QUORUM, AGAINST: QUORUM}, DEFEATED),
        ({FOR: QUORUM - 1, AGAINST: 1}, DEFEATED),
        ({}, DEFEATED),
    ],
)
def test_a_proposal_passes_with_a_quorum_and_more_votes_for_than_against(
    suite: Suite, parliament: Parliament, governor: Contract, new_treasury: Proposal, votes: Any, outcome: int
) -> None:
    voters = {support: suite.chain.account(f"voter {support}") for support in votes}
    for support, voter in voters.items():
        suite.token.transfer(voter, votes[support], sender=suite.treasury)
        suite.token.delegate(voter, sender=voter)
    id_ = parliament.propose(new_treasury)
    for support, voter in voters.items():
        governor.castVote(id_, support, sender=voter)
    parliament.chain.mine(5 * DAY)
    assert governor.state(id_) == outcome
    if outcome == DEFEATED:
        with reverts("GovernorUnexpectedProposalState", id_, DEFEATED, (1 << SUCCEEDED).to_bytes(32)):
            governor.queue(*new_treasury.hashed, sender=STRANGER)
        with reverts("GovernorUnexpectedProposalState", id_, DEFEATED, (1 << QUEUED).to_bytes(32)):
            governor.execute(*new_treasury.hashed, sender=STRANGER)


# From the vote to its effect


def test_a_parameter_changes_by_vote_after_its_wait_and_once(
    suite: Suite, chain: Chain, parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    id_ = parliament.pass_(new_treasury)
    assert governor.proposalNeedsQueuing(id_)
    assert governor.proposalExecutionPlan(id_) == (3 * DAY, [True], [True])
    chain.mine(10 * DAY)
    with reverts("GovernorUnexpectedProposalState", id_, SUCCEEDED, (1 << QUEUED).to_bytes(32)):
        governor.execute(*new_treasury.hashed, sender=STRANGER)
    eta = chain.time + 3 * DAY
    queued = governor.queue(*new_treasury.hashed, sender=STRANGER)
    queued.expect("ProposalQueued", proposalId=id_, etaSeconds=eta)
    queued.expect("OperationScheduled", schedule=eta, caller=governor, target=suite.router)
    chain.mine(3 * DAY - 1)
    with reverts("GovernorUnmetDelay", id_, eta):
        governor.execute(*new_treasury.hashed, sender=parliament.whale)
    chain.mine(1)
    done = governor.execute(*new_treasury.hashed, sender=STRANGER)
    done.expect("ProposalExecuted", proposalId=id_)
    done.expect("TreasurySet", treasury=STRANGER)
    assert (suite.router.treasury(), governor.state(id_)) == (STRANGER.address, EXECUTED)
    with reverts("GovernorUnexpectedProposalState", id_, EXECUTED, (1 << QUEUED).to_bytes(32)):
        governor.execute(*new_treasury.hashed, sender=STRANGER)


def test_the_longer_of_both_delays_is_waited(suite: Suite, chain: Chain) -> None:
    """The manager's two days, where the governor itself would wait a day."""
    parliament = elect(suite)
    parliament.governor = deploy_governor(suite, baseDelay=DAY)
    hand_over(parliament)
    eta = parliament.queue(proposal((suite.router, suite.router.setTreasury.calldata(STRANGER))))
    assert eta == chain.time + TWO_DAYS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_upgrade_by_vote_waits_for_the_managers_delay(
    suite: Suite, chain: Chain, parliament: Parliament, name: str
) -> None:
    proxy, call = upgrade(suite, name)
    before = implementation_of(chain, proxy)
    what = proposal((proxy, call))
    eta = parliament.queue(what)
    operation = suite.manager.hashOperation(parliament.governor, proxy, call)
    assert suite.manager.getSchedule(operation) == eta == chain.time + 3 * DAY
    chain.mine(3 * DAY)
    parliament.governor.execute(*what.hashed, sender=STRANGER).expect("Upgraded")
    assert implementation_of(chain, proxy) == to_checksum_address(call[16:36]) != before
    assert chain.at(f"{name}V2", proxy.address).version2() == 2


def test_a_guardian_cancels_an_upgrade_and_the_rest_of_its_proposal_with_it(
    suite: Suite, chain: Chain, parliament: Parliament, governor: Contract
) -> None:
    proxy, call = upgrade(suite)
    treasury = suite.router.setTreasury.calldata(STRANGER)
    what = proposal((suite.router, treasury), (proxy, call))
    before = implementation_of(chain, proxy), suite.router.treasury()
    chain.mine(parliament.queue(what) - chain.time)
    for nobody in (STRANGER, parliament.whale, suite.admin):
        with reverts("AccessManagerUnauthorizedCancel", nobody, governor, proxy, call[:4]):
            suite.manager.cancel(governor, proxy, call, sender=nobody)
    suite.manager.cancel(governor, proxy, call, sender=chain.account("guardian")).expect("OperationCanceled")
    with reverts("AccessManagerNotScheduled", suite.manager.hashOperation(governor, proxy, call)):
        governor.execute(*what.hashed, sender=STRANGER)
    assert (implementation_of(chain, proxy), suite.router.treasury()) == before
    alone = proposal((suite.router, treasury), description="the treasury alone")
    operation = suite.manager.hashOperation(governor, suite.router, treasury)
    with chain.isolated(), reverts("AccessManagerAlreadyScheduled", operation):
        parliament.queue(alone)
    suite.manager.cancel(governor, suite.router, treasury, sender=chain.account("guardian"))
    parliament.enact(alone)
    assert suite.router.treasury() == STRANGER.address


def test_what_is_scheduled_by_somebody_else_meanwhile_does_not_pass_for_the_proposals(
    suite: Suite, chain: Chain, parliament: Parliament, governor: Contract
) -> None:
    """Canceled by the guardian and passed again: the first proposal stays canceled."""
    call = suite.router.setTreasury.calldata(STRANGER)
    first, second = (proposal((suite.router, call), description=text) for text in ("first", "second"))
    parliament.queue(first)
    suite.manager.cancel(governor, suite.router, call, sender=chain.account("guardian"))
    chain.mine(parliament.queue(second) - chain.time)
    with reverts("GovernorMismatchedNonce", parliament.id(first), 1, 2):
        governor.execute(*first.hashed, sender=STRANGER)
    governor.execute(*second.hashed, sender=STRANGER)


def test_the_guardian_has_no_say_in_its_own_dismissal(suite: Suite, chain: Chain, parliament: Parliament) -> None:
    guardian = chain.account("guardian")
    call = suite.manager.revokeRole.calldata(GUARDIAN.id, guardian)
    what = proposal((suite.manager, call))
    chain.mine(parliament.queue(what) - chain.time)
    with reverts("AccessManagerUnauthorizedCancel", guardian, parliament.governor, suite.manager, call[:4]):
        suite.manager.cancel(parliament.governor, suite.manager, call, sender=guardian)
    parliament.governor.execute(*what.hashed, sender=STRANGER)
    assert suite.manager.hasRole(GUARDIAN.id, guardian) == (False, 0)


def test_what_nobody_executes_within_a_week_has_to_be_voted_again(
    suite: Suite, chain: Chain, parliament: Parliament, governor: Contract, new_treasury: Proposal
) -> None:
    eta = parliament.queue(new_treasury)
    chain.mine(eta - chain.time + WEEK)
    operation = suite.manager.hashOperation(governor, suite.router, new_treasury.calls[0][2])
    with reverts("AccessManagerExpired", operation):
        governor.execute(*new_treasury.hashed, sender=STRANGER)
    parliament.enact(Proposal(new_treasury.calls, "again"))
    assert suite.router.treasury() == STRANGER.address


def test_a_call_that_the_governor_may_not_make_fails(suite: Suite, chain: Chain) -> None:
    """It holds no role: the manager does not ask it to wait, and the router refuses it."""
    parliament = elect(suite)
    what = proposal((suite.router, suite.router.setTreasury.calldata(STRANGER)))
    with reverts("AccessManagedUnauthorized", parliament.governor):
        parliament.enact(what)
    assert parliament.governor.proposalExecutionPlan(parliament.id(what)) == (3 * DAY, [False], [False])


# What is nobody's in particular


def test_an_admin_governor_spends_what_is_its_own(suite: Suite, chain: Chain, parliament: Parliament) -> None:
    """Called through the manager, each of these would be the manager's to spend, which has nothing."""
    governor = parliament.governor
    suite.usdc.mint(governor, 5, sender=suite.admin)
    suite.token.transfer(governor, 7, sender=suite.treasury)
    chain.fund(governor, 9)
    what = Proposal(
        (
            (suite.usdc, 0, suite.usdc.transfer.calldata(STRANGER, 5)),
            (suite.token, 0, suite.token.transfer.calldata(STRANGER, 7)),
            (STRANGER, 9, b""),
        ),
        "wages",
    )
    id_ = parliament.propose(what)
    assert governor.proposalExecutionPlan(id_) == (3 * DAY, [False] * 3, [False] * 3)
    parliament.governor.castVote(id_, FOR, sender=parliament.whale)
    chain.mine(5 * DAY)
    governor.queue(*what.hashed, sender=STRANGER)
    with reverts("GovernorUnmetDelay", id_, chain.time + 3 * DAY):
        governor.execute(*what.hashed, sender=STRANGER)
    chain.mine(3 * DAY)
    governor.execute(*what.hashed, sender=STRANGER)
    assert (suite.usdc.balanceOf(STRANGER), suite.token.balanceOf(STRANGER), chain.balance(STRANGER)) == (5, 7, 9)


def test_what_goes_through_the_manager(suite: Suite, governor: Contract) -> None:
    for name, roles in FUNCTIONS.items():
        for function in (function for functions in roles.values() for function in functions):
            assert not _ignored(governor, suite.protocol()[name], function)
    for function in ("grantRole", "setTargetFunctionRole", "setTargetClosed", "updateAuthority"):
        assert not _ignored(governor, suite.manager, function)
    for contract, function in ((suite.token, "approve"), (suite.usdc, "approve"), (suite.router, "claim")):
        assert _ignored(governor, contract, function)
    assert _ignored(governor, governor, "setVotingDelay")


def test_a_vote_calls_a_restricted_function_past_the_manager_if_it_says_so(
    suite: Suite, parliament: Parliament, governor: Contract
) -> None:
    selector = suite.router.setTreasury.function(1).selector
    with reverts("GovernorOnlyExecutor", STRANGER):
        governor.setAccessManagerIgnored(suite.router, [selector], True, sender=STRANGER)
    parliament.enact(proposal((governor, governor.setAccessManagerIgnored.calldata(suite.router, [selector], True))))
    assert _ignored(governor, suite.router, "setTreasury")


def _ignored(governor: Contract, contract: Contract, function: str) -> bool:
    selectors = [f.selector for f in contract.codec.functions[function]]
    answers = {governor.isAccessManagerIgnored(contract, selector) for selector in selectors}
    assert len(answers) == 1
    return bool(answers.pop())


# The governor as admin


@pytest.mark.parametrize(("contract", "function"), CALLS)
@pytest.mark.usefixtures("populated")
def test_after_the_hand_over_the_deployer_calls_nothing(suite: Suite, contract: str, function: str) -> None:
    hand_over(elect(suite))
    target = suite.protocol()[contract]
    with reverts("AccessManagedUnauthorized", suite.admin):
        getattr(target, function)(*RESTRICTED[contract][function](suite), sender=suite.admin)


@pytest.mark.usefixtures("parliament")
def test_after_the_hand_over_the_deployer_administers_and_upgrades_nothing(suite: Suite) -> None:
    manager, deployer = suite.manager, suite.admin
    administration: dict[str, tuple[Any, ...]] = {
        "labelRole": (UPGRADER.id, "MINE"),
        "grantRole": (UPGRADER.id, deployer, 0),
        "revokeRole": (UPGRADER.id, suite.treasury),
        "setRoleAdmin": (UPGRADER.id, GUARDIAN.id),
        "setRoleGuardian": (UPGRADER.id, GUARDIAN.id),
        "setGrantDelay": (UPGRADER.id, 0),
        "setTargetFunctionRole": (suite.router, [b"\1\2\3\4"], UPGRADER.id),
        "setTargetAdminDelay": (suite.router, 0),
        "setTargetClosed": (suite.router, True),
        "updateAuthority": (suite.router, deployer),
    }
    for function, args in administration.items():
        with reverts("AccessManagerUnauthorizedAccount", deployer, 0):
            getattr(manager, function)(*args, sender=deployer)
        call = getattr(manager, function).calldata(*args)
        with reverts("AccessManagerUnauthorizedCall", deployer, manager, call[:4]):
            manager.schedule(manager, call, 0, sender=deployer)
    for name in FUNCTIONS:
        proxy, call = upgrade(suite, name)
        with reverts("AccessManagedUnauthorized", deployer):
            suite.chain.transact(deployer, proxy, call)
        with reverts("AccessManagerUnauthorizedCall", deployer, proxy, call[:4]):
            manager.schedule(proxy, call, 0, sender=deployer)


def test_the_governor_administers_and_another_takes_its_place(
    suite: Suite, chain: Chain, parliament: Parliament, governor: Contract
) -> None:
    manager, successor = suite.manager, deploy_governor(suite, quorumPercent=10)
    grants = [(manager, manager.grantRole.calldata(role, successor, TWO_DAYS)) for role in (0, 1, 2)]
    revokes = [(manager, manager.revokeRole.calldata(role, governor)) for role in (1, 2, 0)]
    parliament.enact(proposal(*grants, *revokes))
    for role in (0, 1, 2):
        assert manager.hasRole(role, successor) == (True, TWO_DAYS)
        assert manager.hasRole(role, governor) == (False, 0)
    parliament.governor = successor
    suite.token.transfer(parliament.whale, QUORUM * 2, sender=suite.treasury)
    chain.mine()
    parliament.enact(proposal((suite.router, suite.router.setTreasury.calldata(STRANGER))))
    assert suite.router.treasury() == STRANGER.address


def test_who_may_call_what_changes_by_vote(suite: Suite, parliament: Parliament) -> None:
    manager, selector = suite.manager, suite.router.pause.function(0).selector
    what = proposal((manager, manager.setTargetFunctionRole.calldata(suite.router, [selector], UPGRADER.id)))
    parliament.enact(what)
    assert manager.getTargetFunctionRole(suite.router, selector) == UPGRADER.id

"""What roles may do to the market, within which bounds, and what nobody may; the roots of models; outcomes."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.market.bazaar import (
    CP,
    DAY,
    HOUR,
    NO_SALT,
    RESULT,
    ROOTS,
    SETTINGS,
    Bazaar,
)

RESTRICTED: dict[str, Callable[[Bazaar], tuple[Any, ...]]] = {
    "setModule": lambda b: (1, b.module),
    "setParameters": lambda _: (SETTINGS,),
    "rescueSurplus": lambda b: (b.usdc, b.anyone, 0),
    "pause": lambda _: (),
    "unpause": lambda _: (),
    "upgradeToAndCall": lambda b: (b.market, b""),
}


@pytest.mark.parametrize("function", RESTRICTED)
def test_strangers_may_not(bazaar: Bazaar, function: str) -> None:
    for stranger in (bazaar.owen, bazaar.anyone):
        with reverts("AccessManagedUnauthorized", stranger):
            getattr(bazaar.market, function)(*RESTRICTED[function](bazaar), sender=stranger)


@pytest.mark.parametrize("name", ["market", "roots", "outcomes"])
def test_each_is_initialized_once_and_its_implementation_never(bazaar: Bazaar, name: str) -> None:
    contract = getattr(bazaar, name)
    args = (bazaar.admin, SETTINGS) if name == "market" else (bazaar.admin,)
    with reverts("InvalidInitialization"):
        contract.initialize(*args, sender=bazaar.admin)
    known: dict[str, tuple[Any, ...]] = {
        "market": (bazaar.staking, bazaar.settlement, bazaar.roots, bazaar.suite.router),
        "roots": (bazaar.suite.models,),
        "outcomes": (bazaar.market, bazaar.suite.validation),
    }
    bare = bazaar.chain.deploy(contract.name, *known[name], sender=bazaar.admin)
    with reverts("InvalidInitialization"):
        bare.initialize(*args, sender=bazaar.admin)


FIGURES = ("minBond", "challengeBond", "receiptSlash", "revealTime", "answerTime", "receiptLifetime")
BOUNDS = {
    "minBond": (1, 2**96 - 1),
    "challengeBond": (1, 10_000 * CP),
    "receiptSlash": (20 * CP, 2**96 - 1),
    "revealTime": (60, DAY),
    "answerTime": (600, 3 * DAY),
    "receiptLifetime": (HOUR, 13 * DAY),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_stays_within_its_bounds(bazaar: Bazaar, figure: str) -> None:
    low, high = BOUNDS[figure]

    def settings(value: int) -> tuple[int, ...]:
        changed = dict(zip(FIGURES, SETTINGS, strict=True)) | {figure: value}
        if figure == "challengeBond":
            changed["receiptSlash"] = 4 * 10_000 * CP + 4
        return tuple(changed.values())

    for value in (low, high):
        bazaar.market.setParameters(settings(value), sender=bazaar.admin).expect("ParametersSet")
        assert tuple(vars(bazaar.market.parameters()).values()) == settings(value)
    with reverts("OutOfBounds", low - 1, low, high):
        bazaar.market.setParameters(settings(low - 1), sender=bazaar.admin)
    if high < 2**96 - 1:
        with reverts("OutOfBounds", high + 1, low, high):
            bazaar.market.setParameters(settings(high + 1), sender=bazaar.admin)


def test_receipts_never_live_longer_than_stake_thaws(bazaar: Bazaar) -> None:
    assert BOUNDS["receiptLifetime"][1] < bazaar.staking.THAWING_PERIOD()


def test_a_module_is_set_for_its_own_tier(bazaar: Bazaar) -> None:
    with reverts("TierMismatch", 3, 1):
        bazaar.market.setModule(3, bazaar.module, sender=bazaar.admin)
    bazaar.market.setModule(1, NATIVE, sender=bazaar.admin).expect("ModuleSet", tier=1, module=NATIVE)
    with reverts("NoModule", 1):
        bazaar.create()
    with reverts("NoModule", 1):
        bazaar.call()


def test_its_constants(bazaar: Bazaar) -> None:
    market = bazaar.market
    assert (market.MAX_ACCEPT_TIME(), market.MAX_COMPUTE_TIME()) == (30 * DAY, 7 * DAY)
    assert (market.MAX_WINDOW(), market.MAX_DISPUTE_TIME(), market.ESCALATION_TIME()) == (30 * DAY, 14 * DAY, 3 * DAY)
    assert market.MAX_CHALLENGER_BOND() == 10_000 * CP


def test_the_owner_fixes_what_a_version_computes_once(bazaar: Bazaar) -> None:
    roots, model, tara = bazaar.roots, bazaar.model, bazaar.tara
    assert roots.models() == bazaar.suite.models.address
    assert tuple(vars(roots.rootsOf(model, 1)).values()) == ROOTS
    assert roots.commitmentOf(ROOTS) == keccak(encode(["bytes32"] * 3, ROOTS))
    with reverts("AlreadyFixed", model, 1):
        roots.fixRoots(model, 1, ROOTS, sender=tara)
    for version in (0, 2):
        with reverts("VersionUnknown", model, version):
            roots.fixRoots(model, version, ROOTS, sender=tara)
    with reverts("NoRoots", model, 2):
        roots.rootsOf(model, 2)
    bazaar.suite.models.reprice(model, 1, bazaar.usdc, (2, 2), sender=tara)
    with reverts("NotModelOwner", model, bazaar.owen, tara):
        roots.fixRoots(model, 2, ROOTS, sender=bazaar.owen)
    for missing in range(3):
        with reverts("MissingRoot"):
            roots.fixRoots(model, 2, (*ROOTS[:missing], NO_SALT, *ROOTS[missing + 1 :]), sender=tara)
    receipt = roots.fixRoots(model, 2, ROOTS, sender=tara)
    receipt.expect("RootsFixed", modelId=model, version=2, commitment=roots.commitmentOf(ROOTS))
    assert roots.hasRoots(model, 2)


def job_for_agent(bazaar: Bazaar, refuted: bool = False) -> tuple[int, int]:
    """A job that ended, whose operator named its agent and whose agent asked for the outcome: (job, agent)."""
    agent = int(bazaar.suite.identity.register("ipfs://agent", sender=bazaar.owen).return_value)
    job = bazaar.revealed(agent=agent + 1)
    bazaar.suite.validation.validationRequest(
        bazaar.outcomes, agent, "ipfs://job", bazaar.outcomes.requestHash(job), sender=bazaar.owen
    )
    if refuted:
        bazaar.refute(job)
    else:
        bazaar.after_window()
        bazaar.market.settle(job, sender=bazaar.anyone)
    return job, agent


@pytest.mark.parametrize(("refuted", "response"), [(False, 100), (True, 0)])
def test_the_outcome_stands_in_the_validation_registry(bazaar: Bazaar, refuted: bool, response: int) -> None:
    job, agent = job_for_agent(bazaar, refuted)
    told = bazaar.outcomes.report(job, sender=bazaar.anyone)
    told.expect("OutcomeReported", jobId=job, agentId=agent, response=response)
    told.expect("ValidationResponse", validatorAddress=bazaar.outcomes, agentId=agent, response=response)
    key = bazaar.suite.validation.keyOf(agent, bazaar.outcomes, bazaar.outcomes.requestHash(job))
    validator, of, answered, claim, tag, _ = bazaar.suite.validation.getValidationStatus(key)
    assert (validator, of, answered, tag) == (bazaar.outcomes.address, agent, response, "proof-of-compute")
    assert claim == bazaar.market.jobOf(job).commitment
    assert bazaar.suite.validation.getSummary(agent, [bazaar.outcomes], "") == (1, response)


def test_nothing_is_reported_without_an_agent_a_verdict_or_a_request(bazaar: Bazaar) -> None:
    job = bazaar.revealed(agent=1)
    with reverts("NothingToReport", job):
        bazaar.outcomes.report(job, sender=bazaar.anyone)
    bazaar.after_window()
    bazaar.market.settle(job, sender=bazaar.anyone)
    with reverts("RequestUnknown"):
        bazaar.outcomes.report(job, sender=bazaar.anyone)
    anonymous = bazaar.revealed()
    bazaar.after_window()
    bazaar.market.settle(anonymous, sender=bazaar.anyone)
    with reverts("NothingToReport", anonymous):
        bazaar.outcomes.report(anonymous, sender=bazaar.anyone)
    expired = bazaar.accepted(agent=1)
    bazaar.chain.mine(DAY)
    bazaar.market.claimTimeout(expired, sender=bazaar.anyone)
    with reverts("NothingToReport", expired):
        bazaar.outcomes.report(expired, sender=bazaar.anyone)


def test_an_agent_can_not_have_the_outcome_of_a_job_whose_operator_did_not_name_it(bazaar: Bazaar) -> None:
    job, _ = job_for_agent(bazaar)
    stranger = int(bazaar.suite.identity.register("ipfs://other", sender=bazaar.olga).return_value)
    bazaar.suite.validation.validationRequest(
        bazaar.outcomes, stranger, "ipfs://job", bazaar.outcomes.requestHash(job), sender=bazaar.olga
    )
    bazaar.outcomes.report(job, sender=bazaar.anyone)
    assert bazaar.suite.validation.getSummary(stranger, [], "") == (0, 0)
    assert RESULT[0] != NO_SALT

"""No call gets dearer unnoticed, and no call is missing from the report."""

import pytest

from bench.gas import PAGE, accepted, measure, page
from bench.settlement import FIGURES
from cluster.chain import artifacts
from cluster.chain.codec import Codec, signature_of
from cluster.chain.protocol import CHANNELS, GOVERNOR
from cluster.chain.roles import FUNCTIONS
from tests.gas.identity import URI
from tests.gas.limits import LIMITS
from tests.gas.meter import Figure

ACCEPT = "run `make bench-gas` and commit what it wrote, if the change is worth it"
# Called by a proxy's constructor, by the AccessManager, and by the DatasetNFT.
NOT_A_USERS = {"initialize", "setAuthority", "holderChanged"}
# Called by the governor itself, after a vote, and by tokens that it is sent.
THE_GOVERNORS = {
    "relay",
    "setVotingDelay",
    "setVotingPeriod",
    "setBaseDelaySeconds",
    "setProposalThreshold",
    "updateQuorumNumerator",
    "setAccessManagerIgnored",
    "onERC721Received",
    "onERC1155Received",
    "onERC1155BatchReceived",
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return measure()


def test_no_call_uses_over_one_percent_more_than_committed(figures: dict[str, Figure]) -> None:
    committed = accepted()
    dearer = [
        f"{name}: {figure.gas:,}, committed {committed[name]:,}"
        for name, figure in figures.items()
        if name in committed and figure.gas * 100 > committed[name] * 101
    ]
    assert not dearer, "\n".join([*dearer, ACCEPT])


@pytest.mark.parametrize("what", LIMITS)
def test_no_call_uses_more_than_its_limit(figures: dict[str, Figure], what: str) -> None:
    limit = LIMITS[what]
    assert limit.of(figures[limit.figure].gas) <= limit.gas


def test_the_committed_report_has_exactly_the_calls_that_are_measured(figures: dict[str, Figure]) -> None:
    assert set(accepted()) == set(figures), ACCEPT


def test_the_page_shows_the_committed_figures(figures: dict[str, Figure]) -> None:
    assert PAGE.read_text() == page(figures, accepted()), ACCEPT


def test_agents_are_registered_with_a_uri_as_long_as_the_limit_is_for() -> None:
    assert len(URI) == 66


@pytest.mark.parametrize("contract", [*FUNCTIONS, CHANNELS, GOVERNOR])
def test_every_function_that_users_call_is_measured(figures: dict[str, Figure], contract: str) -> None:
    not_a_users = NOT_A_USERS | (THE_GOVERNORS if contract == GOVERNOR else set())
    restricted = {function for functions in FUNCTIONS.get(contract, {}).values() for function in functions}
    called = {
        signature_of(function.entry)
        for name, overloads in Codec(artifacts.load(contract).abi).functions.items()
        for function in overloads
        if not function.reads_only and name not in restricted | not_a_users
    }
    measured = {figure.signature for figure in figures.values() if figure.contract == contract}
    assert called <= measured, f"not measured: {sorted(called - measured)}"


def test_the_report_of_settlement_has_figures_that_are_measured(figures: dict[str, Figure]) -> None:
    assert set(FIGURES.values()) <= set(figures)


def test_figures_are_the_same_in_every_run(figures: dict[str, Figure]) -> None:
    assert measure() == figures

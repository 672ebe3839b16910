"""Who may call what: the table of `cluster.chain.roles`, as the contracts enforce it."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from cluster.chain.roles import FUNCTIONS, GUARDIAN, MODERATOR, ROLES, TWO_DAYS, UPGRADER
from cluster.testing import Account, Chain, Contract, reverts
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.access import scene
from tests.contracts.data.shop import LICENSE, URI, content, publish

CONTRACTS = tuple(FUNCTIONS)
STRANGER = Account("stranger")

PAUSE: dict[str, Callable[[Suite], tuple[Any, ...]]] = {"pause": lambda _: (), "unpause": lambda _: ()}

# Every restricted function, called so that nothing but the caller can be wrong.
RESTRICTED: dict[str, dict[str, Callable[[Suite], tuple[Any, ...]]]] = {
    "ClusterToken": {},
    "DatasetNFT": {
        "mint": lambda _: (STRANGER, content("new"), URI, LICENSE, 0),
        "addVersion": lambda _: (1, content("new"), URI),
        "setMetadataURI": lambda _: (1, URI),
    },
    "DatasetRegistry": {
        "setPaymentRouter": lambda suite: (suite.router,),
        "delist": lambda _: (1, 1),
        "reinstate": lambda _: (2,),
    },
    "PaymentRouter": {
        "setTreasury": lambda _: (STRANGER,),
        "setCurrency": lambda suite: (suite.usdc, True),
        "rescueSurplus": lambda _: (NATIVE, STRANGER, 0),
        **PAUSE,
    },
    "ReceiptRegistry": {"anchorPaid": lambda _: (STRANGER, scene.ROOT, 1, scene.ROOT)},
    "IdentityRegistry": {},
    "ReputationRegistry": {},
    "ValidationRegistry": {},
    "AgentActivity": {},
    "ModelRegistry": {
        "setFigures": lambda _: (scene.MOVED,),
        "delist": lambda _: (1, 1),
        "reinstate": lambda _: (2,),
    },
    "OperatorStaking": {
        "setMinOwnStake": lambda _: (1,),
        "rescueSurplus": lambda _: (NATIVE, STRANGER, 0),
        **PAUSE,
        "lock": lambda suite: (suite.chain.account("operator"), 1),
        "lockDisputed": lambda suite: (suite.chain.account("operator"), 1),
        "unlock": lambda suite: (suite.chain.account("operator"), 1),
        "slash": lambda suite: (suite.chain.account("operator"), 2, 1, STRANGER),
    },
    "MemberStaking": {
        "setTiers": lambda _: (scene.TIERS,),
        "setCooldown": lambda _: (1,),
        "rescueSurplus": lambda _: (STRANGER, 0),
        **PAUSE,
    },
    "IdleIncentives": {
        "setRate": lambda _: (1,),
        "setClassWeight": lambda _: (1, 1),
        "setCapacityClass": lambda suite: (suite.chain.account("operator"), 1),
        "rescueSurplus": lambda _: (STRANGER, 0),
        "openChallenge": lambda _: (),
        **PAUSE,
    },
    "InferenceSettlement": {
        "setTreasury": lambda _: (STRANGER,),
        "rescueSurplus": lambda _: (NATIVE, STRANGER, 0),
    },
    "PriceFeeds": {
        "setFeed": lambda suite: (NATIVE, scene.price(suite, suite.usdc.address)),
        "setSequencerFeed": lambda suite: (suite.usdc, 1),
    },
    "PrepaidBalances": PAUSE,
}
CALLS = [(contract, function) for contract, functions in RESTRICTED.items() for function in functions]


@pytest.fixture
def populated(suite: Suite) -> None:
    """Datasets and models 1, and 2 which are delisted; an operator with locks."""
    for slug in ("first", "second"):
        publish(suite, suite.chain.account("creator"), slug)
    suite.registry.delist(2, 1, sender=suite.admin)
    scene.make_models(suite)
    scene.operate(suite)


def test_the_table_lists_every_restricted_function() -> None:
    listed = {name: {f for functions in roles.values() for f in functions} for name, roles in FUNCTIONS.items()}
    assert listed == {name: {*functions, "upgradeToAndCall"} for name, functions in RESTRICTED.items()}


@pytest.mark.parametrize(("contract", "function"), CALLS)
@pytest.mark.usefixtures("populated")
def test_a_stranger_is_refused(suite: Suite, contract: str, function: str) -> None:
    target = suite.protocol()[contract]
    with reverts("AccessManagedUnauthorized", STRANGER):
        getattr(target, function)(*RESTRICTED[contract][function](suite), sender=STRANGER)


@pytest.mark.parametrize(("contract", "function"), CALLS)
@pytest.mark.usefixtures("populated")
def test_the_role_of_the_table_opens_the_function_and_no_other_does(
    suite: Suite, chain: Chain, contract: str, function: str
) -> None:
    target = suite.protocol()[contract]
    opening = next(role for role, functions in FUNCTIONS[contract].items() if function in functions)
    if function == "unpause":
        target.pause(sender=suite.admin)
    for role in ROLES:
        holder = chain.account(f"holder of {role.name}")
        suite.grant(role.id, holder)
        if role is not opening:
            with reverts("AccessManagedUnauthorized", holder):
                getattr(target, function)(*RESTRICTED[contract][function](suite), sender=holder)
    holder = chain.account(f"holder of {opening.name}")
    # The role opens `mint`, and then whoever minted first mints alone.
    refused = reverts("NotRegistry", holder, suite.registry) if function == "mint" else nullcontext()
    with refused:
        getattr(target, function)(*RESTRICTED[contract][function](suite), sender=holder)


def test_a_role_that_is_taken_away_is_gone(suite: Suite) -> None:
    moderator = suite.chain.account("moderator")
    publish(suite, moderator)
    suite.manager.grantRole(MODERATOR.id, moderator, 0, sender=suite.admin)
    suite.registry.delist(1, 1, sender=moderator)
    suite.manager.revokeRole(MODERATOR.id, moderator, sender=suite.admin)
    with reverts("AccessManagedUnauthorized", moderator):
        suite.registry.reinstate(1, sender=moderator)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_nobody_but_the_authority_changes_the_authority(suite: Suite, chain: Chain, contract: str) -> None:
    target = suite.protocol()[contract]
    assert target.authority() == suite.manager.address
    for caller in (STRANGER, suite.admin):
        with reverts("AccessManagedUnauthorized", caller):
            target.setAuthority(suite.manager, sender=caller)
    successor = chain.deploy("ClusterAccessManager", suite.admin, sender=suite.admin)
    suite.manager.updateAuthority(target, successor, sender=suite.admin)
    assert target.authority() == successor.address


def test_a_guardian_cancels_what_a_role_with_a_delay_scheduled(suite: Suite, chain: Chain) -> None:
    manager, token, upgrader = suite.manager, suite.token, chain.account("upgrader")
    manager.grantRole(UPGRADER.id, upgrader, TWO_DAYS, sender=suite.admin)
    guardian = chain.account("guardian")
    manager.grantRole(GUARDIAN.id, guardian, 0, sender=suite.admin)
    upgrade = upgrade_of(token, chain.deploy("ClusterTokenV2", sender=upgrader))
    operation = manager.hashOperation(upgrader, token, upgrade)
    manager.schedule(token, upgrade, 0, sender=upgrader)
    with reverts("AccessManagerUnauthorizedCancel"):
        manager.cancel(upgrader, token, upgrade, sender=STRANGER)
    manager.cancel(upgrader, token, upgrade, sender=guardian)
    chain.mine(TWO_DAYS)
    with reverts("AccessManagerNotScheduled", operation):
        manager.execute(token, upgrade, sender=upgrader)


def upgrade_of(proxy: Contract, implementation: Contract) -> bytes:
    return proxy.upgradeToAndCall.calldata(implementation, b"")

"""In the process: each proxy keeps its state across an upgrade, and takes none from who may not."""

import pytest

from cluster.testing import Chain, reverts
from cluster.testing.suite import Suite, deploy_suite
from deployment.contracts import constructor_args, initial_args
from tests.deployment.life import assert_lively, facts, live

CONTRACTS = ("ClusterToken", "DatasetNFT", "DatasetRegistry", "PaymentRouter")


@pytest.fixture(scope="module")
def suite() -> Suite:
    suite = deploy_suite(Chain())
    live(suite, suite.admin)
    return suite


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_proxy_keeps_its_state_across_an_upgrade_and_refuses_a_stranger_s(suite: Suite, name: str) -> None:
    chain, proxy = suite.chain, suite.protocol()[name]
    addresses = {contract: found.address for contract, found in suite.protocol().items()}
    addresses |= {"AccessManager": suite.manager.address, "USDC": suite.usdc.address}
    implementation = chain.deploy(f"{name}V2", *constructor_args(name, addresses), sender=suite.admin)
    before = facts(suite)
    assert_lively(before)
    stranger = chain.account("stranger")
    with reverts("AccessManagedUnauthorized", stranger):
        proxy.upgradeToAndCall(implementation, b"", sender=stranger)
    proxy.upgradeToAndCall(implementation, b"", sender=suite.admin)
    assert facts(suite) == before
    upgraded = chain.at(f"{name}V2", proxy.address)
    assert upgraded.version2() == 2
    with reverts("InvalidInitialization"):
        implementation.initialize(*initial_args(name, addresses, stranger.address), sender=stranger)

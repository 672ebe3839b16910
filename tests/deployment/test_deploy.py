"""What a deployment leaves on the chain and on record, and how it notices what is not as it should be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_utils import keccak

from cluster.chain import artifacts, manifest
from cluster.chain.protocol import NATIVE, PROXIED, Parameters, initial_args
from cluster.chain.roles import ADMIN, FUNCTIONS, ROLES, TWO_DAYS
from cluster.testing.reverts import reverts
from deployment import code, layout
from deployment.errors import DeploymentError, NothingToDo
from deployment.progress import Progress, ProgressFile
from tests.deployment.conftest import CHAIN_ID, World
from tests.deployment.life import PRICE_ETH, PRICE_USDC, publication

MAX_CODE_BYTES = 24_576
"""EIP-170."""

PLACED = {"BatchSettlement", "ERC3009DepositCollector"}
"""Where x402's clients look for them, so that no transaction created them there."""

DEPLOYED = {"AccessManager", "USDC", "TestFeed0", "ClusterGovernor", *PLACED, *FUNCTIONS}


def deploy(world: World, folder: Path | None = None) -> manifest.Manifest:
    from deployment.deploy import deploy

    return deploy(world.node.signed_by("deployer"), world.node.config(), folder or world.folder, quiet=True)


def test_the_manifest_says_what_is_on_the_chain(world: World) -> None:
    found, chain = world.manifest, world.node.signed_by("deployer")
    assert (found.chain_id, found.network, found.complete) == (CHAIN_ID, "test", True)
    assert found.deployer == world.node.address("deployer")
    assert set(found.contracts) == DEPLOYED
    assert found.roles == {role.name: role.id for role in ROLES}
    assert found.parameters["treasury"] == world.node.address("treasury")
    assert found.parameters["currencies"] == [NATIVE, world.address("USDC"), world.address("ClusterToken")]
    sources = {"AccessManager": "ClusterAccessManager", "USDC": "TestUSDC", "TestFeed0": "TestFeed"}
    for name, deployed in found.contracts.items():
        assert code.hash_of(chain.code(deployed.address)) == deployed.code_hash
        assert deployed.abi == artifacts.load(sources.get(name, name)).abi
        if name in PLACED:
            continue
        receipt = world.node.anvil.rpc("eth_getTransactionReceipt", deployed.transaction)
        assert int(receipt["blockNumber"], 16) == deployed.block
        assert int(receipt["contractAddress"], 16) == int(deployed.address, 16)
    for name in FUNCTIONS:
        deployed = found.contract(name)
        assert chain.implementation(deployed.address) == deployed.implementation
        assert code.hash_of(chain.code(str(deployed.implementation))) == deployed.implementation_code_hash
        assert code.matches(artifacts.load(name).runtime, chain.code(str(deployed.implementation)))
    recorded = layout.load_record(world.folder, CHAIN_ID)
    assert {name: entry.implementation for name, entry in recorded.items()} == {
        name: found.contract(name).implementation for name in FUNCTIONS
    }


def test_nothing_of_the_deployment_is_left_beside_its_record(world: World) -> None:
    assert {path.name for path in world.folder.iterdir()} == {f"{CHAIN_ID}.json", f"{CHAIN_ID}.layouts.json"}


def test_a_live_deployment_is_not_deployed_over(world: World) -> None:
    sent = world.node.signed_by("deployer").nonce()
    before = world.manifest
    with pytest.raises(NothingToDo, match=f"router {world.address('PaymentRouter')}.*ape run upgrade") as error:
        deploy(world)
    assert error.value.exit_code == 3
    assert world.node.signed_by("deployer").nonce() == sent
    assert world.manifest == before


def test_roles_delays_and_guardians_are_those_of_the_table(world: World) -> None:
    manager, node = world.suite().manager, world.node
    holder = {role.name: node.address(role.name.lower()) for role in ROLES if role.contract is None}
    holder |= {role.name: world.address(str(role.contract)) for role in ROLES if role.contract in PROXIED}
    ids = {role.name: role.id for role in ROLES}
    for role in ROLES:
        for name, account in holder.items():
            is_member, delay = manager.hasRole(role.id, account)
            assert (is_member, delay) == (name == role.name, role.delay if name == role.name else 0), (role, name)
        assert manager.hasRole(role.id, node.address("deployer")) == (False, 0)
        assert manager.getRoleGuardian(role.id) == (ids[role.guardian] if role.guardian else ADMIN.id)


def test_every_restricted_function_is_open_to_its_role_and_no_other(world: World) -> None:
    suite = world.suite()
    for name, contract in suite.protocol().items():
        opened = {function: role for role, names in FUNCTIONS[name].items() for function in names}
        for function, overloads in contract.codec.functions.items():
            for each in overloads:
                found = suite.manager.getTargetFunctionRole(contract, each.selector)
                assert found == opened.get(function, ADMIN).id, (name, function)


def test_changes_to_who_may_do_what_are_delayed(world: World) -> None:
    """The delays that were set take effect after the manager's own minimum of five days."""
    world.node.anvil.mine(5 * 86_400 + 1)
    manager = world.suite().manager
    for name in FUNCTIONS:
        assert manager.getTargetAdminDelay(world.address(name)) == TWO_DAYS
    for role in ROLES:
        assert manager.getRoleGrantDelay(role.id) == (TWO_DAYS if role is ADMIN or role.delay else 0)


def test_nobody_can_initialize_a_proxy_again_nor_an_implementation(world: World) -> None:
    node, found = world.node, world.manifest
    addresses = {name: deployed.address for name, deployed in found.contracts.items()}
    stranger = node.anvil.account("stranger")
    for name in FUNCTIONS:
        deployed = found.contract(name)
        for address in (deployed.address, deployed.implementation):
            contract = node.anvil.at(name, str(address))
            with reverts("InvalidInitialization"):
                contract.initialize(*initial_args(name, addresses, Parameters(stranger.address)), sender=stranger)


def test_a_stranger_can_not_upgrade(world: World) -> None:
    stranger = world.node.anvil.account("stranger")
    for name, contract in world.suite().protocol().items():
        implementation = world.manifest.contract(name).implementation
        with reverts("AccessManagedUnauthorized", stranger):
            contract.upgradeToAndCall(implementation, b"", sender=stranger)


def test_contracts_are_small_enough_to_be_deployed() -> None:
    sizes = {
        name: len(artifacts.load(name).runtime) for name in (*FUNCTIONS, "ClusterAccessManager", "ClusterProxy", "Till")
    }
    assert all(0 < size <= MAX_CODE_BYTES for size in sizes.values()), sizes


def test_publish_buy_and_split_through_ape(world: World) -> None:
    """The way a person at ape's console would."""
    import ape

    def at(name: str) -> Any:
        deployed = world.manifest.contract(name)
        return ape.Contract(deployed.address, abi=deployed.abi)

    creator, buyer, referrer, deployer = (
        ape.accounts.test_accounts[9],
        *(world.node.account(name) for name in ("moderator", "pauser", "deployer")),
    )
    registry, router, usdc = at("DatasetRegistry"), at("PaymentRouter"), at("USDC")
    terms = publication("palmer-penguins", [(usdc.address, PRICE_USDC), (NATIVE, PRICE_ETH)])
    registry.publish(tuple(terms.values()), sender=creator)
    id_ = registry.tokenIdOf("palmer-penguins")
    usdc.mint(buyer, PRICE_USDC, sender=deployer)
    usdc.approve(router, PRICE_USDC, sender=buyer)
    receipt = router.purchase(id_, usdc, PRICE_USDC, buyer, referrer, sender=buyer)
    treasury = world.node.address("treasury")
    shares = [usdc.balanceOf(account) for account in (creator, treasury, referrer)]
    assert shares == [PRICE_USDC - 2_500_001 - 1_250_000, 2_500_001, 1_250_000]
    (bought,) = receipt.decode_logs(router.PurchaseCompleted)
    assert (bought.id, bought.price, [bought.toHolder, bought.toTreasury, bought.toReferrer]) == (
        id_,
        PRICE_USDC,
        shares,
    )
    assert registry.accessLevel(id_, buyer) == 2
    assert registry.canDownload(id_, buyer)
    assert usdc.balanceOf(router) == 0


def checks(world: World) -> list[str]:
    """What `ape run check` finds wrong now."""
    from deployment.check import check
    from deployment.office import Office

    office = Office(world.node.signed_by("deployer"), 1, world.folder, quiet=True)
    return [fact.what for fact in check(office, world.node.config()).wrong]


def _revoke_pauser(world: World) -> None:
    _as_admin(world, "revokeRole", 3, world.node.address("pauser"))


def _open_pause_to_all(world: World) -> None:
    selector = keccak(text="pause()")[:4]
    _as_admin(world, "setTargetFunctionRole", world.address("PaymentRouter"), [selector], 2**64 - 1)


def _deployer_keeps_moderator(world: World) -> None:
    _as_admin(world, "grantRole", 4, world.node.address("deployer"), 0)


def _no_guardian(world: World) -> None:
    _as_admin(world, "setRoleGuardian", 1, 0)


def _as_admin(world: World, method: str, *args: Any) -> None:
    """Through the admin's delay, as it would come about."""
    manager, admin = world.suite().manager, world.node.account("admin")
    call = getattr(manager, method).calldata(*args)
    manager.schedule(manager, call, 0, sender=admin)
    world.node.anvil.mine(TWO_DAYS + 1)
    manager.execute(manager, call, sender=admin)


def _other_treasury(world: World) -> None:
    router, holder = world.suite().router, world.node.account("parameters")
    call = router.setTreasury.calldata(world.node.address("deployer"))
    world.suite().manager.schedule(router, call, 0, sender=holder)
    world.node.anvil.mine(TWO_DAYS + 1)
    world.suite().manager.execute(router, call, sender=holder)


def _other_code(world: World) -> None:
    world.node.anvil.rpc("anvil_setCode", world.manifest.contract("DatasetNFT").implementation, "0x6000")


def _other_implementation(world: World) -> None:
    from deployment.chain import IMPLEMENTATION_SLOT

    word = "0x" + world.address("USDC")[2:].rjust(64, "0")
    world.node.anvil.rpc("anvil_setStorageAt", world.address("DatasetNFT"), hex(IMPLEMENTATION_SLOT), word)


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (_revoke_pauser, "AccessManager: grantRole(3, "),
        (_open_pause_to_all, "AccessManager: setTargetFunctionRole("),
        (_deployer_keeps_moderator, "AccessManager: deployer does not hold MODERATOR"),
        (_no_guardian, "AccessManager: setRoleGuardian(1, 5)"),
        (_other_treasury, "PaymentRouter: treasury"),
        (_other_code, "DatasetNFT: implementation's code"),
        (_other_implementation, "DatasetNFT: implementation"),
    ],
)
def test_verification_names_what_is_wrong(world: World, break_it: Callable[[World], None], named: str) -> None:
    assert checks(world) == []
    break_it(world)
    if break_it in (_other_code, _other_implementation):
        # The contract does not answer any more, so only what is read of its code can be asked.
        from deployment import verify

        found = verify.check_code(world.node.signed_by("deployer"), world.manifest)
        wrong = [check.what for check in found if not check.ok]
    else:
        wrong = checks(world)
    assert any(what.startswith(named) for what in wrong), wrong


def test_a_manifest_of_another_chain_s_deployment_is_replaced_on_a_local_chain_only(
    world: World, tmp_path: Path
) -> None:
    """A local chain forgets; a public one never, so there the record or the node must be wrong."""
    from deployment.deploy import deploy as run

    known = world.manifest
    elsewhere = {**known.contracts, "USDC": msgspec.structs.replace(known.contract("USDC"), code_hash="0x" + "11" * 32)}
    manifest.save(msgspec.structs.replace(known, contracts=elsewhere), world.folder / f"{CHAIN_ID}.json")
    chain = world.node.signed_by("deployer")
    public = msgspec.structs.replace(world.node.config(), local=False, usdc=world.address("USDC"))
    sent = chain.nonce()
    with pytest.raises(DeploymentError, match="records a deployment that this node does not show: USDC: code"):
        run(chain, public, world.folder, quiet=True)
    assert chain.nonce() == sent
    leftover = world.folder / f"{CHAIN_ID}.upgrade-DatasetNFT.partial.json"
    ProgressFile(leftover).write(Progress(CHAIN_ID, chain.sender))
    replaced = deploy(world)
    assert replaced.contract("PaymentRouter").address != known.contract("PaymentRouter").address
    assert not leftover.exists()


def test_a_chain_without_a_real_usdc_is_refused_before_anything_is_sent(world: World, tmp_path: Path) -> None:
    from deployment.deploy import deploy as run

    chain = world.node.signed_by("deployer")
    sent = chain.nonce()
    for wrong in (world.node.address("treasury"), world.address("DatasetNFT")):
        public = msgspec.structs.replace(world.node.config(), local=False, usdc=wrong)
        with pytest.raises(DeploymentError, match="USDC: has 6 decimals: no, should be yes"):
            run(chain, public, tmp_path / "none", quiet=True)
    assert chain.nonce() == sent


def test_feeds_and_channels_that_are_not_there_are_refused_before_anything_is_sent(
    world: World, tmp_path: Path
) -> None:
    from deployment.config import Channels, Sequencer
    from deployment.deploy import deploy as run

    chain, usual, nobody = world.node.signed_by("deployer"), world.node.config(), world.node.address("treasury")
    sent = chain.nonce()
    feed = msgspec.structs.replace(usual.feeds[0], primary=nobody)
    wrong = {
        "there is a feed at": {"feeds": (feed,), "channels": None},
        "BatchSettlement: there is code at": {"feeds": (), "channels": Channels(nobody, nobody)},
        f"there is a feed at {world.address('USDC')}": {"feeds": (), "sequencer": Sequencer(world.address("USDC"), 60)},
    }
    for sentence, given in wrong.items():
        public = msgspec.structs.replace(usual, local=False, usdc=world.address("USDC"), **given)
        with pytest.raises(DeploymentError, match=sentence):
            run(chain, public, tmp_path / "none", quiet=True)
    assert chain.nonce() == sent


def test_where_the_world_has_no_channels_and_no_test_feed_is_wanted_ours_are_deployed(
    world: World, tmp_path: Path
) -> None:
    """As on a public chain: another's USDC, feeds of others, a sequencer, channels of our own."""
    from deployment.config import Sequencer
    from deployment.deploy import deploy as run

    chain, usual = world.node.signed_by("deployer"), world.node.config()
    source = world.address("TestFeed0")
    public = msgspec.structs.replace(
        usual,
        local=False,
        usdc=world.address("USDC"),
        channels=None,
        feeds=(msgspec.structs.replace(usual.feeds[0], primary=source),),
        sequencer=Sequencer(source, 60),
    )
    found = run(chain, public, tmp_path / "public", quiet=True)
    settlement, collector = found.contract("BatchSettlement"), found.contract("ERC3009DepositCollector")
    assert settlement.transaction != collector.transaction != ""
    assert chain.read("ERC3009DepositCollector", collector.address, "BATCH_SETTLEMENT") == settlement.address
    assert chain.read("PriceFeeds", found.contract("PriceFeeds").address, "sequencerFeed") == [source, 60]
    assert "TestFeed0" not in found.contracts

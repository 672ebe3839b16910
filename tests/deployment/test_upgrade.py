"""An upgrade is checked, scheduled, waits, and keeps everything; whoever may not, can't."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster.chain import artifacts
from cluster.chain.roles import TWO_DAYS
from deployment import code, layout
from deployment.errors import DeploymentError, NothingToDo
from tests.deployment.conftest import CHAIN_ID, World
from tests.deployment.life import assert_lively, facts, live

CONTRACTS = ("ClusterToken", "DatasetNFT", "DatasetRegistry", "PaymentRouter")


def upgrade(world: World, contract: str, who: str = "upgrader") -> Any:
    """The command's logic, as a fresh run of it would begin."""
    from deployment.upgrade import Upgrade

    return Upgrade(world.node.signed_by(who), 1, world.folder, contract, "status", quiet=True)


@pytest.fixture
def lively(world: World) -> World:
    live(world.suite(), world.node.account("deployer"))
    return world


@pytest.mark.parametrize("contract", CONTRACTS)
def test_an_upgrade_waits_for_its_delay_and_keeps_everything(lively: World, contract: str) -> None:
    world, node = lively, lively.node
    suite = world.suite()
    before, first = facts(suite), world.manifest.contract(contract)
    assert_lively(before)

    status = upgrade(world, contract).schedule(f"{contract}V2")
    assert status.state == "scheduled"
    assert status.ready_at >= node.signed_by("deployer").now() + TWO_DAYS - 60
    with pytest.raises(NothingToDo, match="an upgrade is scheduled already"):
        upgrade(world, contract).schedule(f"{contract}V2")

    with pytest.raises(DeploymentError, match=r"it is \d+ s too early"):
        upgrade(world, contract).execute()
    node.anvil.mine(TWO_DAYS - 60)
    with pytest.raises(DeploymentError, match=r"it is \d+ s too early"):
        upgrade(world, contract).execute()
    assert world.manifest.contract(contract) == first
    node.anvil.mine(61)
    assert upgrade(world, contract).status().state == "ready"

    done = upgrade(world, contract).execute()
    assert (done.state, done.implementation) == ("none", status.next_implementation)
    assert facts(suite) == before
    upgraded = node.anvil.at(f"{contract}V2", first.address)
    assert upgraded.version2() == 2
    upgraded.setNote(7, sender=node.account("deployer"))
    assert upgraded.noteOf() == 7

    now = world.manifest.contract(contract)
    assert (now.address, now.block, now.code_hash) == (first.address, first.block, first.code_hash)
    assert now.implementation == done.implementation
    assert now.abi == artifacts.load(f"{contract}V2").abi
    assert code.hash_of(node.signed_by("deployer").code(done.implementation)) == now.implementation_code_hash
    (past,) = now.history
    assert (past.address, past.code_hash) == (first.implementation, first.implementation_code_hash)
    receipt = node.anvil.rpc("eth_getTransactionReceipt", past.replaced_by_transaction)
    assert int(receipt["blockNumber"], 16) == past.replaced_at_block > first.block
    recorded = layout.load_record(world.folder, CHAIN_ID)[contract]
    assert recorded.implementation == done.implementation
    assert "erc7201:cluster.storage.Upgraded" in recorded.layout["namespaces"]
    assert not list(world.folder.glob("*.partial.json"))


def test_an_upgrade_that_would_corrupt_storage_is_refused_before_anything_is_sent(world: World) -> None:
    """As though the code that runs kept two of the router's fields the other way round."""
    record = layout.load_record(world.folder, CHAIN_ID)
    fields = record["PaymentRouter"].layout["namespaces"]["erc7201:cluster.storage.PaymentRouter"]
    first, second = fields[-2:]
    fields[-2:] = [{**second, "slot": first["slot"]}, {**first, "slot": second["slot"]}]
    layout.save_record(record, world.folder, CHAIN_ID)
    sent = world.node.signed_by("upgrader").nonce()
    with pytest.raises(DeploymentError, match="PaymentRouterV2 does not keep what PaymentRouter has in storage"):
        upgrade(world, "PaymentRouter").schedule("PaymentRouterV2")
    assert world.node.signed_by("upgrader").nonce() == sent


def test_without_a_record_of_the_layout_there_is_no_upgrade(world: World) -> None:
    layout.record_path(world.folder, CHAIN_ID).unlink()
    with pytest.raises(DeploymentError, match="nothing shows what an upgrade would have to keep"):
        upgrade(world, "DatasetNFT").schedule("DatasetNFTV2")


def test_a_guardian_cancels_and_what_was_canceled_can_not_be_executed(world: World) -> None:
    scheduled = upgrade(world, "DatasetNFT").schedule("DatasetNFTV2")
    with pytest.raises(DeploymentError, match=r"was refused: AccessManagerUnauthorizedCancel\("):
        upgrade(world, "DatasetNFT", "pauser").cancel()
    assert upgrade(world, "DatasetNFT", "guardian").cancel().state == "prepared"
    world.node.anvil.mine(TWO_DAYS + 60)
    with pytest.raises(DeploymentError, match="nothing is scheduled"):
        upgrade(world, "DatasetNFT").execute()
    with pytest.raises(NothingToDo, match="nothing is scheduled"):
        upgrade(world, "DatasetNFT", "guardian").cancel()
    again = upgrade(world, "DatasetNFT").schedule("DatasetNFTV2")
    assert (again.state, again.next_implementation) == ("scheduled", scheduled.next_implementation)


def test_only_a_holder_of_upgrader_schedules(world: World) -> None:
    deployer = world.node.address("deployer")
    sent = world.node.signed_by("deployer").nonce()
    with pytest.raises(DeploymentError, match=f"{deployer} may not upgrade DatasetNFT"):
        upgrade(world, "DatasetNFT", "deployer").schedule("DatasetNFTV2")
    assert world.node.signed_by("deployer").nonce() == sent


def test_a_multisig_is_told_what_to_send_and_its_upgrade_is_put_on_record(world: World) -> None:
    """The multisig holds UPGRADER; whoever runs the command deploys the code, and holds nothing."""
    node, multisig = world.node, world.node.address("upgrader")
    prepared = upgrade(world, "DatasetNFT", "deployer").schedule("DatasetNFTV2", proposer=multisig)
    assert (prepared.state, prepared.next_call.sender) == ("prepared", multisig)

    def send(call: Any) -> None:
        node.anvil.transact(call.sender, call.to, bytes.fromhex(call.data[2:]))

    send(prepared.next_call)
    scheduled = upgrade(world, "DatasetNFT", "deployer").status()
    assert (scheduled.state, scheduled.next_call) == ("scheduled", None)
    node.anvil.mine(TWO_DAYS + 60)
    send(upgrade(world, "DatasetNFT", "deployer").status().next_call)
    done = upgrade(world, "DatasetNFT", "deployer").status()
    assert (done.state, done.implementation) == ("none", prepared.next_implementation)
    assert world.manifest.contract("DatasetNFT").implementation == prepared.next_implementation


def test_the_proposer_alone_executes_and_what_a_killed_run_executed_is_recorded_by_the_next(world: World) -> None:
    upgrade(world, "DatasetNFT").schedule("DatasetNFTV2")
    world.node.anvil.mine(TWO_DAYS + 60)
    with pytest.raises(DeploymentError, match="who scheduled it, can execute it"):
        upgrade(world, "DatasetNFT", "deployer").execute()
    files = {path: path.read_bytes() for path in world.folder.iterdir()}
    upgrade(world, "DatasetNFT").execute()
    executed = world.manifest.contract("DatasetNFT").implementation
    for path, content in files.items():
        path.write_bytes(content)
    assert upgrade(world, "DatasetNFT").status().state == "none"
    found = world.manifest.contract("DatasetNFT")
    assert found.implementation == executed
    assert len(found.history) == 1


def test_code_that_runs_already_is_nothing_to_do(world: World) -> None:
    with pytest.raises(NothingToDo, match="ClusterToken runs the code of ClusterToken already"):
        upgrade(world, "ClusterToken").schedule("ClusterToken")


def test_what_is_no_implementation_is_refused(world: World) -> None:
    with pytest.raises(DeploymentError, match="FeeToken must not run behind a proxy"):
        upgrade(world, "ClusterToken").schedule("FeeToken")
    with pytest.raises(DeploymentError, match="'ClusterProxy' is not upgradeable"):
        upgrade(world, "ClusterProxy")


def test_a_manifest_that_is_not_the_chain_s_stops_the_command(world: World) -> None:
    manifest = world.manifest
    other = msgspec.structs.replace(
        manifest.contract("DatasetNFT"), implementation=manifest.contract("ClusterToken").implementation
    )
    path: Path = world.folder / f"{CHAIN_ID}.json"
    path.write_bytes(
        msgspec.json.encode(msgspec.structs.replace(manifest, contracts={**manifest.contracts, "DatasetNFT": other}))
    )
    with pytest.raises(DeploymentError, match=r"DatasetNFT: implementation: .*, should be") as error:
        upgrade(world, "DatasetNFT")
    assert error.value.exit_code == 4

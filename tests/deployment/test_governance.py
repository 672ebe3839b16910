"""Governance by the commands, on a node: the admin role handed to a governor, which upgrades by vote."""

from typing import Any

import pytest

from cluster.chain.roles import ADMIN, DAY, ROLES, STAKE_KEEPER, TWO_DAYS
from deployment.config import HOLDERS
from tests.deployment.conftest import World
from tests.deployment.console import Console
from tools import roles_page

DEAD = "0x000000000000000000000000000000000000dEaD"


@pytest.fixture
def console(world: World) -> Console:
    return Console(world)


def later(world: World, seconds: int) -> None:
    world.node.anvil.mine(seconds + 60)


def test_a_governor_takes_over_and_upgrades_by_vote_and_a_guardian_stops_another_upgrade(
    world: World, console: Console
) -> None:
    suite = world.suite()
    governor = world.address("ClusterGovernor")
    assert "`--another` deploys its successor" in console.run("deployer", "governance deploy", code=3)
    assert console.json("treasury", "governance delegate") == {"delegate": world.node.address("treasury")}

    # The roles change hands, each change after the admin's delay.
    granted = console.json("admin", "roles grant UPGRADER", governor)
    assert (granted["state"], granted["target"]) == ("scheduled", suite.manager.address)
    assert "scheduled already" in console.run("admin", "roles grant UPGRADER", governor, code=3)
    assert console.json("admin", "roles handover", "--to", governor)["state"] == "scheduled"
    later(world, TWO_DAYS)
    assert console.json("admin", "roles grant UPGRADER", governor)["state"] == "done"
    assert console.json("admin", "roles handover", "--to", governor)["state"] == "done"
    assert "handed over" in console.run("admin", "roles handover", "--to", governor, code=3)
    rows = {row["role"]: row for row in console.json("deployer", "roles list")}
    (admin,) = rows["ADMIN"]["holders"]
    assert (admin["account"], admin["delay"], admin["name"]) == (governor, TWO_DAYS, "ClusterGovernor")
    assert {holder["account"] for holder in rows["UPGRADER"]["holders"]} == {governor, world.node.address("upgrader")}
    for former in ("admin", "deployer"):
        message = console.run(former, "roles grant UPGRADER", world.node.address(former), code=1)
        assert "may not do this" in message

    # An upgrade, from its preparation to the record of it.
    prepared = console.json(
        "deployer", "upgrade PaymentRouter --schedule --source PaymentRouterV2 --proposer", governor
    )
    assert prepared["state"] == "prepared"
    message = console.run("deployer", "governance propose --upgrade PaymentRouter --description", "Refunds", code=1)
    assert "has 0 votes and needs 1,000,000" in message
    made = console.json("treasury", "governance propose --upgrade PaymentRouter --description", "Refunds")
    id_, short = made["id"], made["id"][:10]
    assert made["state"] == "pending"
    assert "proposed already" in console.run(
        "treasury", "governance propose --upgrade PaymentRouter --description", "Refunds", code=3
    )
    assert "not while it is pending" in console.run("treasury", f"governance vote {short} for", code=1)
    later(world, DAY)
    assert "had no votes when" in console.run("deployer", f"governance vote {short} for", code=1)
    voted = console.json("treasury", f"governance vote {short} for", "--reason", "overdue")
    assert (voted["state"], voted["votesFor"]) == ("active", str(suite.token.balanceOf(suite.treasury)))
    assert "has voted" in console.run("treasury", f"governance vote {short} for", code=3)
    assert "not while it is active" in console.run("deployer", f"governance queue {short}", code=1)
    later(world, 5 * DAY)
    assert console.json("deployer", f"governance queue {short}")["state"] == "queued"
    assert console.json("deployer", "upgrade PaymentRouter")["state"] == "scheduled"
    assert "not while it is queued" in console.run("deployer", f"governance execute {short}", code=1)
    later(world, TWO_DAYS)
    assert console.json("deployer", "governance status", short)["state"] == "ready"
    shown = console.run("deployer", "governance status")
    for part in (
        "ready",
        "Refunds",
        "CP for 5,000,000,000, against 0, abstain 0; quorum 200,000,000",
        "can be executed",
    ):
        assert part in shown
    assert console.json("deployer", f"governance execute {short}")["state"] == "executed"
    assert "done already" in console.run("deployer", f"governance execute {short}", code=3)
    router = world.manifest.contract("PaymentRouter")
    assert world.node.anvil.at("PaymentRouterV2", router.address).version2() == 2
    assert router.implementation == prepared["nextImplementation"]
    (past,) = router.history
    receipt = world.node.anvil.rpc("eth_getTransactionReceipt", past.replaced_by_transaction)
    assert int(receipt["blockNumber"], 16) == past.replaced_at_block
    assert receipt["to"] == governor.lower()

    # Another one, which a guardian cancels.
    console.run("deployer", "upgrade DatasetNFT --schedule --source DatasetNFTV2 --proposer", governor)
    other = console.json("treasury", "governance propose --upgrade DatasetNFT --description", "Theft")["id"][:10]
    later(world, DAY)
    console.run("treasury", f"governance vote {other} for")
    later(world, 5 * DAY)
    console.run("treasury", f"governance queue {other}")
    assert "sign with a guardian" in console.run("treasury", f"governance cancel {other}", code=1)
    assert console.json("guardian", f"governance cancel {other}")["state"] == "vetoed"
    later(world, TWO_DAYS)
    assert "not while it is vetoed" in console.run("treasury", f"governance execute {other}", code=1)
    assert [status["state"] for status in console.json("deployer", "governance status")] == ["executed", "vetoed"]
    assert console.json("deployer", "governance status", id_)["id"] == id_
    assert not list(world.folder.glob("*.call-*.partial.json"))


def test_any_call_is_proposed_and_taken_back_before_the_vote(world: World, console: Console) -> None:
    suite = world.suite()
    console.run("deployer", "governance deploy --another --quorum 5 --threshold 2")
    assert world.manifest.parameters["governor"]["quorumNumerator"] == "5"
    console.run("treasury", "governance delegate")
    world.node.anvil.mine()
    call = f"{suite.router.address}:{suite.router.setTreasury.calldata(DEAD).hex()}"
    made = console.json("treasury", "governance propose --call", call, "--call", f"{DEAD}::5", "--description", "Burn")
    assert [(part["target"], part["value"]) for part in made["calls"]] == [(suite.router.address, "0"), (DEAD, "5")]
    assert "nothing is proposed" in console.run("treasury", "governance propose --description", "What?", code=1)
    assert "fits no proposal" in console.run("treasury", "governance vote 0xffffffffffff for", code=1)
    assert console.json("treasury", "governance cancel", made["id"])["state"] == "canceled"


def test_the_admin_role_is_not_handed_to_whoever_could_not_use_it(world: World, console: Console) -> None:
    suite, node = world.suite(), world.node
    manager, deployer = suite.manager, node.account("deployer")
    for to, why in (
        (suite.token.address, "is the ClusterToken of this deployment"),
        (suite.manager.address, "is the AccessManager of this deployment"),
        ("0x" + "00" * 20, "there is no contract at"),
        (DEAD, "there is no contract at"),
        (node.address("admin"), "is the account that hands over"),
    ):
        assert why in console.run("admin", "roles handover --to", to, code=1)
    zero = "0x" + "00" * 20
    assert "nobody has the zero address" in console.run("admin", "roles handover --keyed --to", zero, code=1)
    assert "is not an admin" in console.run("deployer", "roles handover --to", DEAD, code=1)
    first = {
        "votingDelay": DAY,
        "votingPeriod": DAY,
        "baseDelay": DAY,
        "proposalThreshold": 10**18,
        "quorumPercent": 1,
    }
    foreign = node.anvil.deploy("ClusterGovernor", suite.token, deployer, first, sender=deployer)
    assert "another token or AccessManager" in console.run("admin", "roles handover --to", foreign.address, code=1)
    governor = node.anvil.deploy("ClusterGovernor", suite.token, manager, first, sender=deployer).address
    later(world, 5 * DAY)  # until the delays that the deployment set are in force
    hasty = console.run("admin", "roles handover --delay 86400 --to", governor, code=1)
    assert "the governor could not change who may call what, which waits 172800 s" in hasty
    assert "is the only admin" in console.run("admin", "roles revoke ADMIN", node.address("admin"), code=1)

    # A new admin waits for the grant's own delay; until then the old one stays.
    heir = node.address("pauser")
    console.run("admin", "roles handover --keyed --to", heir)
    later(world, TWO_DAYS)
    assert "becomes admin at" in console.run("admin", "roles handover --keyed --to", heir, code=3)
    assert "is the only admin" in console.run("admin", "roles revoke ADMIN", node.address("admin"), code=1)
    later(world, TWO_DAYS)
    console.run("admin", "roles handover --keyed --to", heir)
    assert manager.hasRole(ADMIN.id, node.account("admin")) == (False, 0)
    assert manager.hasRole(ADMIN.id, node.account("pauser")) == (True, TWO_DAYS)


def test_roles_are_given_and_taken_by_a_multisig_that_is_told_what_to_send(world: World, console: Console) -> None:
    admin, someone = world.node.address("admin"), world.node.address("treasury")

    def step(command: str) -> None:
        call = console.json("deployer", f"roles {command} PAUSER {someone} --as {admin}")["nextCall"]
        assert call["sender"] == admin
        world.node.anvil.transact(admin, call["to"], bytes.fromhex(call["data"][2:]))

    for command, holds in (("grant", True), ("revoke", False)):
        step(command)
        assert "scheduled already" in console.run("deployer", f"roles {command} PAUSER {someone} --as {admin}", code=3)
        later(world, TWO_DAYS)
        step(command)
        assert world.suite().manager.hasRole(3, someone)[0] is holds
        console.run("deployer", f"roles {command} PAUSER {someone} --as {admin}", code=3)


def test_a_governor_whose_deployment_was_interrupted_is_deployed_once(
    world: World, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    sent, first = world.node.signed_by("deployer").nonce(), world.address("ClusterGovernor")
    with monkeypatch.context() as patched:
        patched.setattr("cluster.chain.manifest.save", interrupt)
        console.run("deployer", "governance deploy --another", code=1)
    assert world.address("ClusterGovernor") == first
    assert "done before" in console.run("deployer", "governance deploy --another")
    assert world.node.signed_by("deployer").nonce() == sent + 1
    second = world.address("ClusterGovernor")
    assert second != first
    assert console.json("deployer", "governance deploy --another")["ClusterGovernor"] not in (first, second)


def test_events_are_read_in_parts_from_a_node_that_gives_few_blocks_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ape.exceptions import ProviderError

    from deployment import events

    chain, manager = world.node.signed_by("deployer"), world.address("AccessManager")
    whole = events.read(chain, "ClusterAccessManager", manager, ("RoleGranted",), 0)
    assert {event.values["roleId"] for event in whole} == {role.id for role in ROLES if role is not STAKE_KEEPER}
    asked, request = [], chain._request

    def few(method: str, parameters: Any) -> Any:
        if method == "eth_getLogs":
            blocks = int(parameters[0]["toBlock"], 16) - int(parameters[0]["fromBlock"], 16) + 1
            asked.append(blocks)
            if blocks > 3:
                raise ProviderError("more than 3 blocks")
        return request(method, parameters)

    monkeypatch.setattr(chain, "_request", few)
    with pytest.raises(ProviderError):
        events.read(chain, "ClusterAccessManager", manager, ("RoleGranted",), 0)
    monkeypatch.setattr("deployment.chain.LOG_BLOCKS", 3)
    assert events.read(chain, "ClusterAccessManager", manager, ("RoleGranted",), 0) == whole
    assert max(asked) > 3


def test_a_pauser_pauses_at_once(world: World, console: Console) -> None:
    router = world.suite().router
    assert "may not do this" in console.run("admin", "pause PaymentRouter", code=1)
    assert console.json("pauser", "pause PaymentRouter")["state"] == "done"
    assert router.paused()
    assert "paused already" in console.run("pauser", "pause PaymentRouter", code=3)
    console.run("pauser", "pause PaymentRouter --unpause")
    assert not router.paused()
    told = console.json("admin", "pause PaymentRouter --as", world.node.address("pauser"))["nextCall"]
    assert told["to"] == router.address
    assert not router.paused()


def test_the_page_of_roles_is_what_the_chain_says(world: World, console: Console) -> None:
    lines = roles_page.PAGE.read_text().splitlines()
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]
    page = {cell[0]: cell for cell in cells if len(cell) == 5 and cell[1].isdecimal()}
    opened = {(cell[0], cell[1]): set(cell[2].replace("`", "").split(", ")) for cell in cells if len(cell) == 3}
    assert "UPGRADER (1), guardian GUARDIAN\n  held by 0x" in console.run("deployer", "roles list")
    rows = console.json("deployer", "roles list")
    assert set(page) == {row["role"] for row in rows} == {role.name for role in ROLES}
    contracts = {deployed.address: name for name, deployed in world.manifest.contracts.items()}
    functions: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        _, id_, _, waits, guardian = page[row["role"]]
        assert (id_, guardian) == (str(row["id"]), row["guardian"])
        if row["role"] == STAKE_KEEPER.name:
            assert row["holders"] == []
        else:
            (holder,) = row["holders"]
            assert waits == ("2 days" if holder["delay"] == TWO_DAYS else "not" if holder["delay"] == 0 else "?")
            if row["role"].lower() in HOLDERS:
                assert holder["account"] == world.node.address(row["role"].lower())
            else:
                assert contracts[holder["account"]] == holder["name"]
        for function in row["functions"]:
            contract, _, signature = function.partition(".")
            functions.setdefault((contract, row["role"]), set()).add(signature.partition("(")[0])
    assert functions == {key: value for key, value in opened.items() if key[0] != "contract" and key[0][0] != "-"}

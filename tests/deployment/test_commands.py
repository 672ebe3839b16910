"""The commands as processes: their output, exit codes, and a deployment that is killed again and again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import randrange

from cluster.chain import anvil
from cluster.chain.manifest import load
from cluster.testing.anvil import AnvilChain
from tests.deployment.gate import Rule, gate

APE = str(Path(sys.executable).with_name("ape"))
TIMEOUT_S = 120
TRANSACTIONS = 46
"""Of a whole deployment on a local chain: ten contracts and two calls (nobody to hand the admin role over to)."""


def command(name: str, url: str, folder: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [APE, "run", name, *options, "--network", "cluster:local", "--deployments", str(folder)],
        env={**os.environ, "CLUSTER_LOCAL_RPC": url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(name: str, url: str, folder: Path, *options: str, code: int = 0) -> tuple[str, str]:
    """Output and messages of a command that ends with that exit code."""
    process = command(name, url, folder, *options)
    output, messages = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, messages
    return output, messages


def kill_at(url: str, folder: Path, rule: Rule) -> None:
    """Runs a deployment until the rule shuts the gate, and kills it there."""
    with gate(url, rule) as (made, through):
        process = command("deploy", through, folder)
        assert made.shut.wait(TIMEOUT_S), process.communicate()[1] if process.poll() is not None else "never shut"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL


def sends(number: int, side: str) -> Rule:
    """At the n-th transaction of the run: on record and not sent, or sent and not known to be."""
    return lambda method, count: side if (method, count) == ("eth_sendRawTransaction", number) else None


def test_a_deployment_killed_again_and_again_deploys_each_contract_once(tmp_path: Path) -> None:
    anywhere = randrange(1, 300)
    with anvil.running() as url:
        node = AnvilChain(url)
        kill_at(url, tmp_path, sends(2, "before"))
        assert transactions(node) == 1
        kill_at(url, tmp_path, sends(3, "after"))
        assert transactions(node) == 4
        kill_at(url, tmp_path, lambda method, count: "after" if (method, count) == ("any", anywhere) else None)
        assert not (tmp_path / "31337.json").exists(), f"killed at request {anywhere}"
        output, messages = run("deploy", url, tmp_path, "--json")
        assert "going on with an interrupted deployment" in messages
        assert transactions(node) == TRANSACTIONS, f"killed at request {anywhere}"
        found = load(tmp_path / "31337.json")
        assert json.loads(output) == json.loads((tmp_path / "31337.json").read_text())
        parts = [d.address for d in found.contracts.values() if d.transaction]
        parts += [str(d.implementation) for d in found.contracts.values() if d.implementation]
        # The channels' contracts are copied from two more to where the world knows them.
        assert len(created(node)) == len(parts) + 2
        assert set(created(node)) > {address.lower() for address in parts}
        assert not (tmp_path / "31337.partial.json").exists()

        output, messages = run("deploy", url, tmp_path, "--json", code=3)
        assert output == ""
        assert "has a live deployment" in messages
        assert transactions(node) == TRANSACTIONS

        status, _ = run("upgrade", url, tmp_path, "DatasetNFT", "--json")
        assert json.loads(status) == {
            "contract": "DatasetNFT",
            "proxy": found.contract("DatasetNFT").address,
            "implementation": found.contract("DatasetNFT").implementation,
            "state": "none",
        }

        output, _ = run("check", url, tmp_path, "--json")
        assert all(contract["wrong"] == 0 for contract in json.loads(output)["contracts"])
        governor = found.contract("ClusterGovernor").address
        output, _ = run("roles", url, tmp_path, "handover", "--to", governor)
        assert output == f"ADMIN handed over to {governor}: done\n"
        output, messages = run("roles", url, tmp_path, "grant", "PAUSER", governor, code=1)
        assert (output, "may not do this" in messages) == ("", True)
        node.close()


def transactions(node: AnvilChain) -> int:
    """Mined transactions of the deployer."""
    deployer = node.rpc("eth_accounts")[0]
    return int(node.rpc("eth_getTransactionCount", deployer, "latest"), 16)


def created(node: AnvilChain) -> list[str]:
    """Every contract that a transaction created, sorted."""
    found = []
    for number in range(1, int(node.rpc("eth_blockNumber"), 16) + 1):
        for sent in node.rpc("eth_getBlockByNumber", hex(number), False)["transactions"]:
            receipt = node.rpc("eth_getTransactionReceipt", sent)
            if receipt["contractAddress"]:
                found.append(receipt["contractAddress"].lower())
    return sorted(found)


def test_a_command_without_a_node_says_so(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{anvil.free_port()}"
    output, messages = run("deploy", url, tmp_path, code=1)
    assert (output, messages) == ("", f"No (supported) node found on '{url}'.\n")

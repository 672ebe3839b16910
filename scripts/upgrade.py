"""`ape run upgrade`: upgrades one contract through the AccessManager's delay."""

from pathlib import Path

import click
import msgspec
from ape.api import ProviderAPI

from cluster.chain.roles import FUNCTIONS
from deployment import config
from deployment.command import (
    Address,
    Command,
    Hex,
    account_option,
    config_option,
    connect,
    deployments_option,
    folder_of,
)
from deployment.progress import exclusive
from deployment.upgrade import Status, Upgrade


@click.command(cls=Command)
@click.argument("contract", type=click.Choice(tuple(FUNCTIONS)))
@click.option(
    "--schedule", "action", flag_value="schedule", help="Check and deploy the new code, schedule the upgrade."
)
@click.option("--execute", "action", flag_value="execute", help="Upgrade, after the delay.")
@click.option(
    "--cancel", "action", flag_value="cancel", help="Cancel what is scheduled: for the proposer or a guardian."
)
@click.option(
    "--status", "action", flag_value="status", default="status", help="Say where the upgrade stands. [default]"
)
@click.option("--source", help="Compiled contract with the new code. [default: CONTRACT itself]")
@click.option("--data", type=Hex(), default="", help="Call that the proxy makes to itself when upgraded, in hex.")
@click.option(
    "--proposer",
    type=Address(),
    help="Holder of UPGRADER that schedules and executes elsewhere: a multisig, which is told what to send, or the "
    "governor, see `ape run governance`. [default: the signing account]",
)
@account_option
@config_option
@deployments_option
@click.option("--json", "as_json", is_flag=True, help="Print the status to stdout as JSON.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def cli(
    provider: ProviderAPI,
    contract: str,
    action: str,
    source: str | None,
    data: bytes,
    proposer: str | None,
    alias: str | None,
    config_path: Path,
    deployments: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Upgrade CONTRACT's code: --schedule it, wait for the delay (2 days), --execute it.

    The new code must keep the storage layout that the running one has, be UUPS and safe behind a proxy. An interrupted
    command goes on when it is run again. Exit codes: 0 done, 1 failed or refused, 3 nothing to do, 4 the chain is not
    as it should be.

    \b
    Examples:
      ape run upgrade PaymentRouter --schedule --network base:mainnet --account upgrader
      ape run upgrade PaymentRouter --status --network base:mainnet --account upgrader
      ape run upgrade PaymentRouter --execute --network base:mainnet --account upgrader
      ape run upgrade PaymentRouter --cancel --network base:mainnet --account guardian
    """
    chain = connect(provider, alias)
    folder = folder_of(deployments)
    with exclusive(folder):
        upgrade = Upgrade(chain, config.confirmations(chain.id, config_path), folder, contract, action, quiet)
        status = _act(upgrade, action, source or contract, data, proposer)
    if as_json:
        click.echo(msgspec.json.encode(status))
    else:
        click.echo(status)


def _act(upgrade: Upgrade, action: str, source: str, data: bytes, proposer: str | None) -> Status:
    match action:
        case "schedule":
            return upgrade.schedule(source, data, proposer)
        case "execute":
            return upgrade.execute()
        case "cancel":
            return upgrade.cancel()
    return upgrade.status()

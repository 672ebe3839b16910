"""Deploys the protocol: `ape run deploy --network cluster:local`."""

import json
import sys
import time

import click
from ape import accounts, project
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, network_option
from ape.logging import LogLevel, logger

from cluster.chain import manifest as manifests
from cluster.chain.manifest import ManifestError
from deployment.config import LOCAL_CHAIN_IDS, ConfigError
from deployment.deploy import Refused, Wrong, deploy
from deployment.sender import DeploymentStuck


def deployer(alias: str | None, chain_id: int) -> AccountAPI:
    """The account that deploys: by alias, or the first test account of a local chain."""
    if alias is not None:
        found: AccountAPI = accounts.load(alias)
        return found
    if chain_id in LOCAL_CHAIN_IDS:
        first: AccountAPI = accounts.test_accounts[0]
        return first
    raise click.UsageError("name the deploying account: --account ALIAS (`ape accounts list` shows them)")


@click.command(cls=ConnectedProviderCommand)
@network_option()
@click.option("--account", "alias", help="Alias of the deploying account; on a local chain the first test account.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON, and nothing else, on stdout.")
def cli(provider: ProviderAPI, alias: str | None, as_json: bool) -> None:
    """Deploy the protocol and write deployments/<chainId>.json.

    Refuses to run twice over a live deployment; an interrupted one goes on where it stopped.

    \b
    Examples:
      ape run deploy --network ethereum:local:foundry
      CLUSTER_LOCAL_RPC=http://127.0.0.1:9000 ape run deploy --network cluster:local
      ape run deploy --network base:sepolia --account deployer
    """
    started = time.monotonic()

    def report(what: str, gas: int) -> None:
        click.echo(f"{time.monotonic() - started:6.1f} s  {gas:>10,} gas  {what}", err=True)

    logger.set_level(LogLevel.WARNING)  # what is sent is reported here, line by line
    account = deployer(alias, provider.chain_id)
    network = f"{provider.network.ecosystem.name}:{provider.network.name}"
    try:
        manifest = deploy(project, provider, account, network, report)
    except (ConfigError, ManifestError, Refused) as error:
        click.echo(f"not deployed: {error}", err=True)
        sys.exit(3)
    except (DeploymentStuck, Wrong) as error:
        click.echo(f"not complete: {error}", err=True)
        sys.exit(4)
    path = manifests.path_of(manifest.chain_id)
    if as_json:
        click.echo(json.dumps(json.loads(path.read_text())))
        return
    for name, contract in manifest.contracts.items():
        click.echo(f"{name:16} {contract.address}")
    click.echo(f"wrote {path.name} after {time.monotonic() - started:.1f} s", err=True)

"""`ape run deploy`: deploys the protocol."""

from pathlib import Path

import click
from ape.api import ProviderAPI

from cluster.chain.manifest import encode
from deployment import config
from deployment.command import (
    Command,
    account_option,
    config_option,
    connect,
    deployments_option,
    folder_of,
)
from deployment.deploy import deploy


@click.command(cls=Command)
@account_option
@config_option
@deployments_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest to stdout.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def cli(
    provider: ProviderAPI,
    alias: str | None,
    config_path: Path,
    deployments: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Deploy the protocol, or go on with a deployment that was interrupted.

    Writes deployments/<chainId>.json, which everything else reads. Refuses to deploy twice. Exit codes: 0
    deployed, 1 failed, 3 a live deployment is on record, 4 the chain is not as it should be afterwards.

    \b
    Examples:
      ape run deploy --network cluster:local
      ape run deploy --network base:sepolia --account deployer --config ours.toml
    """
    chain = connect(provider, alias)
    chosen = config.load(chain.id, chain.sender, config_path)
    manifest = deploy(chain, chosen, folder_of(deployments), quiet)
    if as_json:
        click.echo(encode(manifest))

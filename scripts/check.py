"""`ape run check`: proves that a deployment is right."""

import click

from deployment.check import check
from deployment.command import Command, Shared, shared_options


@click.command(cls=Command)
@shared_options
def cli(shared: Shared) -> None:
    """Compare a live deployment with manifest, configuration and sources.

    Reads code, implementations, roles, delays and parameters back from the chain and shows them; sends nothing. What
    was changed on purpose since the deployment belongs into the configuration. Exit codes: 0 all is right, 1 it could
    not be checked, 4 something is not as it should be, and the lines at the end say what.

    \b
    Examples:
      ape run check --network cluster:local
      ape run check --json --network base:mainnet --account anybody --config ours.toml
    """
    with shared.office() as office:
        report = check(office, shared.config(office))
        shared.show(report)
    if report.wrong:
        raise SystemExit(4)

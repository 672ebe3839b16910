"""`ape run pause`: stops new money from coming into a contract, at once."""

import click

from cluster.chain.roles import FUNCTIONS, PAUSER
from deployment.command import Command, Shared, holder_option, shared_options
from deployment.pause import pause

PAUSABLE = tuple(name for name, opened in FUNCTIONS.items() if "pause" in opened.get(PAUSER, ()))


@click.command(cls=Command)
@click.argument("contract", type=click.Choice(PAUSABLE))
@click.option("--unpause", is_flag=True, help="Let money in again.")
@holder_option
@shared_options
def cli(shared: Shared, contract: str, unpause: bool, holder: str | None) -> None:
    """Pause CONTRACT, or --unpause it. What is somebody's can be taken out all the while.

    Exit codes: 0 done, 1 failed or refused, 3 it is so already, 4 the chain is not as it should be.

    \b
    Examples:
      ape run pause PaymentRouter --network base:mainnet --account pauser
      ape run pause PaymentRouter --unpause --network base:mainnet --account pauser
    """
    with shared.office() as office:
        shared.show(pause(office, contract, unpause, holder))

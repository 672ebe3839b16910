"""`ape run roles`: who may do what on a live deployment."""

import click

from cluster.chain.roles import ROLES
from deployment.command import Address, Command, Shared, holder_option, shared_options
from deployment.roles import Roles, role_of

role_argument = click.argument("role", type=click.Choice([role.name for role in ROLES]))
account_argument = click.argument("account", type=Address())


@click.group()
def cli() -> None:
    """Show, give and take roles of the AccessManager, or hand the admin role over.

    Where the admin's calls are delayed, a command schedules what it is for, and does it when it is run again after the
    delay. Exit codes: 0 done or scheduled, 1 failed or refused, 3 nothing to do (any more, or yet), 4 the chain is not
    as it should be.

    \b
    Examples:
      ape run roles list --network base:mainnet --account anybody
      ape run roles grant PAUSER 0x… --network base:mainnet --account admin
      ape run roles revoke PAUSER 0x… --network base:mainnet --account admin
      ape run roles handover --to 0x… --network base:mainnet --account admin
    """


@cli.command("list", cls=Command)
@shared_options
def show(shared: Shared) -> None:
    """Show each role by the chain's word: holders, delays, guardian, functions it opens.

    \b
    Example:
      ape run roles list --json --network base:mainnet --account anybody
    """
    with shared.office() as office:
        shared.show(Roles(office).table())


@cli.command(cls=Command)
@role_argument
@account_argument
@click.option("--delay", type=int, help="Seconds that each call of the holder waits. [default: the role's]")
@holder_option
@shared_options
def grant(shared: Shared, role: str, account: str, delay: int | None, holder: str | None) -> None:
    """Give ROLE to ACCOUNT.

    \b
    Examples:
      ape run roles grant UPGRADER 0x… --network base:mainnet --account admin
      ape run roles grant UPGRADER 0x… --as <multisig> --network base:mainnet --account anybody
    """
    chosen = role_of(role)
    with shared.office() as office:
        shared.show(Roles(office).grant(chosen, account, chosen.delay if delay is None else delay, holder))


@cli.command(cls=Command)
@role_argument
@account_argument
@holder_option
@shared_options
def revoke(shared: Shared, role: str, account: str, holder: str | None) -> None:
    """Take ROLE from ACCOUNT. The last admin stays.

    \b
    Example:
      ape run roles revoke UPGRADER 0x… --network base:mainnet --account admin
    """
    with shared.office() as office:
        shared.show(Roles(office).revoke(role_of(role), account, holder))


@cli.command(cls=Command)
@click.option("--to", type=Address(), required=True, help="The new admin: a governor or a multisig.")
@click.option("--delay", type=int, help="Seconds that each of its calls waits. [default: the old admin's]")
@click.option("--keyed", is_flag=True, help="It is an account with a key, not a contract, and somebody has the key.")
@shared_options
def handover(shared: Shared, to: str, delay: int | None, keyed: bool) -> None:
    """Give the admin role to another, and take it from the signing account once the other one holds it.

    Refuses whoever could not use it. Run it again after each delay that it names, until it says that it is done.

    \b
    Examples:
      ape run roles handover --to <governor> --network base:mainnet --account admin
      ape run roles handover --to <multisig> --delay 172800 --network base:mainnet --account admin
    """
    with shared.office() as office:
        shared.show(Roles(office).handover(to, delay, keyed))

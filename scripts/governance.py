"""`ape run governance`: proposals to the governor, from the idea to its execution."""

import click

from deployment.command import Address, Command, Hex, Shared, shared_options
from deployment.config import Governor
from deployment.errors import DeploymentError
from deployment.governance import SUPPORT, Call, Governance
from deployment.governor import NAME
from deployment.governor import deploy as deploy_governor

FIRST = Governor()
DAY = 86_400


class _Calldata(click.ParamType):
    """`address:calldata` or `address:calldata:wei`."""

    name = "to:data[:wei]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Call:
        to, _, rest = value.partition(":")
        data, _, wei = rest.partition(":")
        if wei and not wei.isdecimal():
            self.fail("what follows the second colon is no number of wei", param, ctx)
        return Call(Address().convert(to, param, ctx), "0x" + Hex().convert(data, param, ctx).hex(), wei or "0")


proposal = click.argument("proposal")
governor_option = click.option("--governor", type=Address(), help="Another governor than the manifest's.")


@click.group()
def cli() -> None:
    """Holders of CP decide: propose, vote, queue, wait, execute.

    Exit codes: 0 done, 1 failed or refused, 3 nothing to do (any more, or yet), 4 the chain is not as it should be.
    A PROPOSAL is named by its id, in decimal or hex, or the first digits of that in hex: 0x3fa2.

    \b
    Examples:
      ape run governance delegate --network base:mainnet --account voter
      ape run upgrade PaymentRouter --schedule --proposer <governor> --network base:mainnet --account anybody
      ape run governance propose --upgrade PaymentRouter --description "Refunds" --network base:mainnet --account voter
      ape run governance vote 0x3fa2 for --network base:mainnet --account voter
      ape run governance queue 0x3fa2 --network base:mainnet --account anybody
      ape run governance execute 0x3fa2 --network base:mainnet --account anybody
    """


@cli.command(cls=Command)
@click.option("--voting-delay", default=FIRST.voting_delay, show_default=True, help="Seconds from proposal to vote.")
@click.option("--voting-period", default=FIRST.voting_period, show_default=True, help="Seconds of the vote.")
@click.option("--base-delay", default=FIRST.base_delay, show_default=True, help="Least seconds from queue to execute.")
@click.option("--threshold", default=FIRST.proposal_threshold_cp, show_default=True, help="CP needed to propose.")
@click.option("--quorum", default=FIRST.quorum_percent, show_default=True, help="Percent of all CP that have to vote.")
@click.option("--another", is_flag=True, help="Deploy a successor to the governor that is there.")
@shared_options
def deploy(
    shared: Shared,
    voting_delay: int,
    voting_period: int,
    base_delay: int,
    threshold: int,
    quorum: int,
    another: bool,
) -> None:
    """Deploy the governor and put it into the manifest. It holds no role until it is given one.

    \b
    Example:
      ape run governance deploy --quorum 6 --another --network base:sepolia --account deployer
    """
    settings = Governor(voting_delay, voting_period, base_delay, threshold, quorum)
    with shared.office() as office:
        shared.show({NAME: deploy_governor(office, settings, another).address})


@cli.command(cls=Command)
@click.option("--to", type=Address(), help="Who votes with it. [default: the signing account]")
@shared_options
def delegate(shared: Shared, to: str | None) -> None:
    """Let the signing account's CP vote: by itself, or by somebody else. CP that nobody has delegated votes not.

    \b
    Example:
      ape run governance delegate --network base:mainnet --account voter
    """
    with shared.office() as office:
        shared.show({"delegate": Governance(office).delegate(to)})


@cli.command(cls=Command)
@click.option("--upgrade", help="Contract whose upgrade `ape run upgrade --schedule --proposer <governor>` prepared.")
@click.option("--call", "calls", type=_Calldata(), multiple=True, help="A call; may be given several times.")
@click.option("--description", required=True, help="What for; part of the proposal's id.")
@governor_option
@shared_options
def propose(
    shared: Shared, upgrade: str | None, calls: tuple[Call, ...], description: str, governor: str | None
) -> None:
    """Propose an upgrade, or any calls; all of them are made, or none.

    \b
    Examples:
      ape run governance propose --upgrade PaymentRouter --description "Refunds" --network base:mainnet --account voter
      ape run governance propose --call 0x…:0x… --description "Another treasury" --network base:mainnet --account voter
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        chosen = ([governance.upgrade_call(upgrade)] if upgrade else []) + list(calls)
        if not chosen:
            raise DeploymentError("nothing is proposed: --upgrade CONTRACT, or --call to:data")
        shared.show(governance.propose(chosen, description))


@cli.command(cls=Command)
@proposal
@click.argument("support", type=click.Choice(SUPPORT))
@click.option("--reason", default="", help="Why; stays on chain.")
@governor_option
@shared_options
def vote(shared: Shared, proposal: str, support: str, reason: str, governor: str | None) -> None:
    """Vote on PROPOSAL: against, for or abstain.

    \b
    Example:
      ape run governance vote 0x3fa2 for --reason "Overdue" --network base:mainnet --account voter
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        shared.show(governance.vote(governance.find(proposal), support, reason))


@cli.command(cls=Command)
@proposal
@governor_option
@shared_options
def queue(shared: Shared, proposal: str, governor: str | None) -> None:
    """Schedule the calls of PROPOSAL, which has passed. Anyone may.

    \b
    Example:
      ape run governance queue 0x3fa2 --network base:mainnet --account anybody
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        shared.show(governance.queue(governance.find(proposal)))


@cli.command(cls=Command)
@proposal
@governor_option
@shared_options
def execute(shared: Shared, proposal: str, governor: str | None) -> None:
    """Make the calls of PROPOSAL after its delay, within a week. Anyone may.

    \b
    Example:
      ape run governance execute 0x3fa2 --network base:mainnet --account anybody
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        shared.show(governance.execute(governance.find(proposal)))


@cli.command(cls=Command)
@proposal
@governor_option
@shared_options
def cancel(shared: Shared, proposal: str, governor: str | None) -> None:
    """Cancel PROPOSAL: its proposer before the vote, a guardian what of it is scheduled.

    \b
    Example:
      ape run governance cancel 0x3fa2 --network base:mainnet --account guardian
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        shared.show(governance.cancel(governance.find(proposal)))


@cli.command(cls=Command)
@click.argument("proposal", required=False)
@governor_option
@shared_options
def status(shared: Shared, proposal: str | None, governor: str | None) -> None:
    """Say where PROPOSAL stands, or all of them.

    \b
    Example:
      ape run governance status --network base:mainnet --account anybody
    """
    with shared.office() as office:
        governance = Governance(office, governor)
        shared.show(governance.status(governance.find(proposal)) if proposal else governance.all())

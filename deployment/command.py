"""What the commands in `scripts/` share: account, progress, errors, exit codes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ape
import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand
from ape.exceptions import AccountsError, ApeException
from ape.logging import ClickHandler

from cluster.chain.artifacts import ArtifactMissing
from cluster.chain.manifest import ManifestError
from cluster.chain.paths import deployments_folder
from deployment import config
from deployment.chain import Chain, compile_all
from deployment.errors import DeploymentError

LOCAL_CHAINS = (1337, 31337)

deployments_option = click.option(
    "--deployments",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the manifests. [default: deployments/ of the checkout]",
)
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=config.DEFAULT,
    help="Configuration by chain. [default: deployment/config.toml]",
)
account_option = click.option(
    "--account",
    "alias",
    help="ape account that signs (`ape accounts list`); its passphrase is asked for, or read from "
    "APE_ACCOUNTS_<alias>_PASSPHRASE. [default on local chains: the first test account]",
)


class Command(ConnectedProviderCommand):
    """An ape command whose stdout is for results alone, and whose errors are sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        _log_to_stderr("error" if ctx.params["quiet"] else None)
        with _plain_errors():
            return super().invoke(ctx)


def folder_of(deployments: Path | None) -> Path:
    """The folder that was asked for, or the checkout's."""
    return deployments or deployments_folder()


def connect(provider: ProviderAPI, alias: str | None) -> Chain:
    """Compiles what changed, unlocks the account. Raises `DeploymentError`."""
    account = _account(provider.chain_id, alias)
    return Chain(provider, account, compile_all())


def _account(chain_id: int, alias: str | None) -> AccountAPI:
    if alias is None:
        if chain_id not in LOCAL_CHAINS:
            raise DeploymentError(
                f"chain {chain_id} needs an account of yours: --account <alias>, see `ape accounts list`"
            )
        account: AccountAPI = ape.accounts.test_accounts[0]
        return account
    try:
        account = ape.accounts.load(alias)
        # A deployment signs a dozen transactions; the passphrase is asked for once.
        if hasattr(account, "set_autosign"):
            account.set_autosign(True)
    except (AccountsError, KeyError) as error:
        raise DeploymentError(f"account {alias!r} can't be used: {error}; see `ape accounts list`") from error
    return account


def _log_to_stderr(level: str | None) -> None:
    """What ape has to say is none of the results, which is where it would put it."""
    logger = logging.getLogger("ape")
    if level is not None:
        logger.setLevel(level.upper())
    for handler in logger.handlers:
        if isinstance(handler, ClickHandler):
            levels = ("debug", "info", "success", "warning", "error")
            handler.echo_kwargs = {key: {"err": True} for key in levels}


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turns what is expected to go wrong into a sentence and an exit code."""
    try:
        yield
    except DeploymentError as error:
        click.secho(str(error), fg="red" if error.exit_code == 1 else None, err=True)
        raise SystemExit(error.exit_code) from error
    except (ManifestError, ArtifactMissing, ApeException) as error:
        click.secho(str(error), fg="red", err=True)
        raise SystemExit(1) from error

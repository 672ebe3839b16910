"""What the commands in `scripts/` share: account, progress, errors, exit codes."""

import functools
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ape
import click
import msgspec
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand
from ape.exceptions import AccountsError, ApeException
from ape.logging import ClickHandler
from eth_utils import is_checksum_address

from cluster.chain.artifacts import ArtifactMissing
from cluster.chain.manifest import ManifestError
from cluster.chain.paths import deployments_folder
from deployment import config
from deployment.chain import Chain, compile_all
from deployment.errors import DeploymentError
from deployment.office import Office
from deployment.progress import exclusive

LOCAL_CHAINS = (1337, 31337)

_SHARED = {"alias", "config_path", "deployments", "as_json", "quiet"}


class Address(click.ParamType):
    """A checksummed address."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_checksum_address(value):
            self.fail("not a checksummed address", param, ctx)
        return str(value)


class Hex(click.ParamType):
    """Bytes in hex, with or without 0x."""

    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            self.fail("not hex", param, ctx)


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
    "APE_ACCOUNTS_<alias>_PASSPHRASE. On local chains TEST::0 to TEST::9 are the test accounts, and the first is the "
    "default.",
)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result to stdout as JSON.")
quiet_option = click.option("--quiet", is_flag=True, help="Show no progress.")
holder_option = click.option(
    "--as",
    "holder",
    type=Address(),
    help="Holder of the role that signs elsewhere, a multisig for instance; it is told what to send. [default: the "
    "signing account]",
)


class Command(ConnectedProviderCommand):
    """An ape command whose stdout is for results alone, and whose errors are sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        _log_to_stderr("error" if ctx.params["quiet"] else None)
        with _plain_errors():
            return super().invoke(ctx)


class Shared:
    """Options that commands on a live deployment share, and what they come to."""

    def __init__(self, provider: ProviderAPI, options: dict[str, Any]) -> None:
        self._provider = provider
        self._options = options

    @contextmanager
    def office(self) -> Iterator[Office]:
        """The deployment, held for this command alone."""
        chain = connect(self._provider, self._options["alias"])
        folder = folder_of(self._options["deployments"])
        with exclusive(folder):
            confirmations = config.confirmations(chain.id, self._options["config_path"])
            yield Office(chain, confirmations, folder, self._options["quiet"])

    def config(self, office: Office) -> config.Config:
        """What the deployment was given, or should have been."""
        return config.load(office.chain.id, office.manifest.deployer, self._options["config_path"])

    def show(self, result: Any) -> None:
        """Prints a result, or each of several, to stdout."""
        if self._options["as_json"]:
            click.echo(msgspec.json.encode(result))
        else:
            for one in result if isinstance(result, list) else [result]:
                click.echo(one)


def shared_options(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the shared options; it is called with `shared`, and its own."""

    @functools.wraps(function)
    def command(provider: ProviderAPI, **options: Any) -> None:
        own = {key: value for key, value in options.items() if key not in _SHARED}
        function(Shared(provider, options), **own)

    # ape looks at the signature to find out whether a command wants the provider.
    del command.__wrapped__
    for option in (quiet_option, json_option, deployments_option, config_option, account_option):
        command = option(command)
    return command


def folder_of(deployments: Path | None) -> Path:
    """The folder that was asked for, or the checkout's."""
    return deployments or deployments_folder()


def connect(provider: ProviderAPI, alias: str | None) -> Chain:
    """Compiles what changed, unlocks the account. Raises `DeploymentError`."""
    account = _account(provider.chain_id, alias)
    return Chain(provider, account, compile_all())


def _account(chain_id: int, alias: str | None) -> AccountAPI:
    account: AccountAPI
    if alias is None:
        if chain_id not in LOCAL_CHAINS:
            raise DeploymentError(
                f"chain {chain_id} needs an account of yours: --account <alias>, see `ape accounts list`"
            )
        account = ape.accounts.test_accounts[0]
        return account
    if chain_id in LOCAL_CHAINS and re.fullmatch(r"TEST::\d", alias):
        return ape.accounts.test_accounts[int(alias[-1])]
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

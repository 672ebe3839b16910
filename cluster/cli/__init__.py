"""The `cluster` command. Each subcommand's module is imported when it is called: no role needs another's packages."""

from importlib import import_module

import click

COMMANDS = {
    "compute": ("offchain.compute.__main__:main", "The integer model: build, serve, check, measure."),
    "dataset": ("cluster.cli.dataset:dataset", "Content identifiers and manifests of datasets."),
    "demo": ("cluster.cli.demo:demo", "Play the whole story on a local chain."),
    "facilitator": ("offchain.facilitator.__main__:main", "Settle x402 payments for others."),
    "index": ("indexer.cli:index", "Chain events to a database, and its REST API."),
    "models": ("offchain.models.__main__:main", "Serve a real chat model from installed weights."),
    "relay": ("offchain.relay.__main__:main", "Run the paid, OpenAI-compatible gateway."),
    "up": ("cluster.cli.stack:up", "Run the local stack until Ctrl-C."),
}
"""Name → where it is, and its line in the help."""

EXTRAS = {
    "compute": "compute",
    "demo": "demo",
    "facilitator": "relay",
    "index": "indexer",
    "models": "models",
    "relay": "relay",
    "up": "demo",
}
"""Name → the extra that brings what it imports."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            extra = EXTRAS.get(cmd_name)
            if extra is None:
                raise
            raise click.ClickException(
                f"`cluster {cmd_name}` needs the package {error.name}: pip install 'cluster-protocol[{extra}]'"
            ) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cluster-protocol")
def main() -> None:
    """Cluster Protocol: datasets, inference and payments enforced by contracts."""

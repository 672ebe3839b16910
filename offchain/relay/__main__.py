"""`cluster relay --config relay.toml`, or `python -m offchain.relay`"""

from pathlib import Path

import click

from offchain.relay.app import create_app
from offchain.relay.config import load_config
from offchain.service.serving import reporting, serve


@click.command()
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file, see offchain/relay/example.toml; CLUSTER_RELAY_* variables override it.",
)
@click.option("--check", "only_check", is_flag=True, help="Read the settings, say what is wrong, and end.")
def main(path: Path | None, only_check: bool) -> None:
    """Run the relay: OpenAI's API in front of your providers, paid by x402.

    \b
    Examples:
      cluster relay --config relay.toml
      cluster relay --config relay.toml --check
      CLUSTER_RELAY_PORT=9000 CLUSTER_RELAY_LIMITS__MAX_CONCURRENT=8 cluster relay --config relay.toml
    """

    def start() -> None:
        config = load_config(path)
        if only_check:
            click.echo("the settings are right")
        else:
            serve(create_app(config), config.host, config.port, "relay")

    reporting(start)


if __name__ == "__main__":
    main()

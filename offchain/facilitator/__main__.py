"""`cluster facilitator --config facilitator.toml`, or `python -m offchain.facilitator`"""

from pathlib import Path

import click

from offchain.facilitator.app import create_app, load_config
from offchain.service.serving import reporting, serve


@click.command()
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file; CLUSTER_FACILITATOR_* variables override it.",
)
def main(path: Path | None) -> None:
    """Run an x402 facilitator: it verifies EIP-3009 payments and settles them, paying the gas.

    Example: CLUSTER_FACILITATOR_PORT=8402 cluster facilitator --config facilitator.toml
    """

    def start() -> None:
        config = load_config(path)
        serve(create_app(config), config.host, config.port, "facilitator")

    reporting(start)


if __name__ == "__main__":
    main()

"""What a benchmark says: a table to read, and flat figures in build/bench/<topic>.json to compare."""

from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from cluster.chain.paths import root

OUT = root() / "build" / "bench"


def report(topic: str, title: str, figures: Mapping[str, int | float], rows: Sequence[Sequence[str]] = ()) -> None:
    """Prints `rows`, whose first one is the heading (the figures themselves if there are none), and writes `figures`.

    Names of figures end in their unit: `harness_transactions_per_s`, `purchase_usdc_gas`.
    """
    heading, *body = rows or [("figure", ""), *((name, f"{value:,}") for name, value in figures.items())]
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(heading):
        table.add_column(column, justify="left" if i == 0 else "right")
    for row in body:
        table.add_row(*row)
    Console().print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{topic}.json").write_bytes(msgspec.json.format(msgspec.json.encode(dict(figures))) + b"\n")

"""What a person sees while the demo runs: a spinner on a terminal, plain lines elsewhere. All of it on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cluster.demo.record import Entry, Record, dollars

WIDTH = 150


class Screen:
    """Progress, with the seconds since the start before each line."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._began = time.monotonic()
        self._in_words = False

    @property
    def is_terminal(self) -> bool:
        return self._console.is_terminal

    def chapter(self, title: str) -> None:
        """The story goes on with something else."""
        self._console.print(f"\n[bold]{escape(title)}[/bold]")

    def line(self, text: str) -> None:
        """Something is done."""
        self._end_words()
        seconds = time.monotonic() - self._began
        self._console.print(f"[dim]{seconds:6.1f} s[/dim]  [green]✓[/green] {escape(text)}", soft_wrap=True)

    def entry(self, entry: Entry) -> None:
        """An event of the story, with the money that moved."""
        money = f": {', '.join(map(str, entry.amounts))}" if entry.amounts else ""
        self.line(entry.what + money)

    def word(self, text: str) -> None:
        """A piece of the streamed answer, as it comes."""
        if not self._in_words:
            self._console.print("          [dim]│[/dim] ", end="")
        self._in_words = True
        self._console.print(escape(text.replace("\n", " ")), end="", soft_wrap=True)

    @contextmanager
    def doing(self, text: str) -> Iterator[None]:
        """Something that takes a while."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(escape(text)):
            yield

    def _end_words(self) -> None:
        if self._in_words:
            self._console.print()
            self._in_words = False


def table(record: Record) -> Table:
    """The whole story in rows."""
    shown = Table(title="What happened", title_justify="left", expand=False)
    shown.add_column("what", overflow="fold", ratio=3)
    shown.add_column("transaction", no_wrap=True)
    shown.add_column("gas", justify="right")
    shown.add_column("amounts", overflow="fold", ratio=2)
    shown.add_column("time", justify="right", no_wrap=True)
    for entry in record.entries:
        transaction = f"{entry.transaction[:10]}…{entry.transaction[-4:]}" if entry.transaction else ""
        gas = f"{entry.gas:,}" if entry.gas else ""
        amounts = "\n".join(map(str, entry.amounts))
        shown.add_row(escape(entry.what), transaction, gas, amounts, f"{entry.seconds:.2f} s")
    return shown


def indexed(record: Record) -> Table:
    """The same as the indexer tells it."""
    shown = Table(title="The same, from the indexer", title_justify="left", show_header=False)
    shown.add_column("fact")
    shown.add_column("value", overflow="fold")
    dataset = record.found["dataset"]
    shown.add_row(
        "dataset", f"#{dataset['id']} {dataset['slug']}, {dataset['license']}, sold {dataset['purchaseCount']} times"
    )
    shown.add_row("content", dataset["cid"])
    for purchase in record.found["purchases"]:
        shares = [dollars(int(purchase[key])) for key in ("price", "toHolder", "toTreasury", "toReferrer")]
        shown.add_row("purchase", "{} = {} holder + {} treasury + {} referrer".format(*shares))
    for earning in record.found["earnings"]["data"]:
        total = dollars(int(earning["total"]))
        shown.add_row("earnings", f"the creator, as {earning['role']}: {total} from {earning['count']} sales")
    for access in record.found["access"]:
        shown.add_row(
            "access", f"{access['account']} is {access['accessLevel']}, can download: {access['canDownload']}"
        )
    return shown


def summary(record: Record) -> None:
    """Both tables, on stdout."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(table(record))
    console.print(indexed(record))
    console.print(f"answer: {record.answer}", highlight=False, markup=False)

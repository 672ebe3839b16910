"""`cluster demo`: starts the stack, plays the story, shows the table."""

import sys
import time
from pathlib import Path

import click
import msgspec

from cluster.cli.stack import running_stack, stack_options, wait_for_interrupt
from cluster.demo.errors import NotAsTold
from cluster.demo.screen import Screen, summary
from cluster.demo.story import Story


@click.command()
@stack_options
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON on stdout, and end.")
@click.option("--exit", "end", is_flag=True, help="End after the story, on a terminal too.")
def demo(home: Path | None, free_ports: bool, as_json: bool, end: bool) -> None:
    """Play the whole story on a local chain: a dataset sold, an inference paid, everything indexed.

    On a terminal the stack stays up until Ctrl-C. Exit codes: 0 it went as told, 1 it did not, 3 the stack could not be
    started.

    \b
    Examples:
      cluster demo
      cluster demo --json --free-ports > story.json
    """
    screen = Screen()
    began = time.monotonic()
    screen.chapter("The stack")
    with running_stack(home, free_ports, screen.line, screen.doing("starting chain, contracts and services")) as stack:
        try:
            record = Story(stack, screen).play()
        except NotAsTold as error:
            raise click.ClickException(str(error)) from error
        record.seconds = time.monotonic() - began
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(record.plain()), indent=2))
        else:
            click.echo()
            summary(record)
        screen.line(f"the whole story took {record.seconds:.1f} s")
        if sys.stdout.isatty() and not end and not as_json:
            wait_for_interrupt(stack, screen.line)

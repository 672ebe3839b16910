"""`cluster up`, and what it shares with other commands that run the local stack."""

import functools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from cluster.chain.anvil import AnvilUnavailable
from cluster.stack.errors import StackError
from cluster.stack.ports import Ports
from cluster.stack.stack import Stack

P = ParamSpec("P")
T = TypeVar("T")

EXIT_STACK = 3
LOOK_EVERY_S = 0.5


def stack_options(command: Callable[P, T]) -> Callable[P, T]:
    """Where the stack's files and ports are."""
    home = click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for everything that is written. [default: build/stack, and deployments/ for the manifest]",
    )
    ports = click.option("--free-ports", is_flag=True, help="Take any free ports instead of 8545, 8400, 8401 and 8410.")
    return functools.wraps(command)(home(ports(command)))


@contextmanager
def running_stack(
    home: Path | None,
    free_ports: bool,
    say: Callable[[str], None],
    starting: AbstractContextManager[None] | None = None,
) -> Iterator[Stack]:
    """A running stack; what keeps it from running becomes a sentence and exit code 3, Ctrl-C becomes 130."""
    # Ended by a signal, the stack must still be stopped in order.
    signal.signal(signal.SIGTERM, _interrupt)
    deployments = home / "deployments" if home else None
    try:
        stack = Stack(home, Ports.free() if free_ports else Ports(), deployments, say)
        with starting or nullcontext():
            stack.__enter__()
        try:
            yield stack
        finally:
            stack.stop()
    except (StackError, AnvilUnavailable) as error:
        click.secho(f"error: {error}", fg="red", err=True)
        raise SystemExit(EXIT_STACK) from error
    except KeyboardInterrupt:
        click.echo("\nstopped", err=True)
        raise SystemExit(130) from None


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def wait_for_interrupt(stack: Stack, say: Callable[[str], None]) -> None:
    """Keeps the stack up until Ctrl-C. Raises `ServiceFailed` if a service ends before."""
    try:
        for name, url in stack.urls.items():
            say(f"{name:<8} {url}")
        say("Ctrl-C stops it")
        while True:
            for service in stack.services:
                service.require_running()
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        click.echo(err=True)


@click.command()
@stack_options
def up(home: Path | None, free_ports: bool) -> None:
    """Run chain, contracts, indexer, model server and relay on this machine, until Ctrl-C.

    \b
    Example:
      cluster up --free-ports
    """

    def say(text: str) -> None:
        click.echo(text, err=True)

    with running_stack(home, free_ports, say) as stack:
        wait_for_interrupt(stack, say)

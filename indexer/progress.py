"""Progress on stderr: a bar on a terminal, JSON lines otherwise."""

import json
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from indexer.sync import Status

EVERY_S = 1.0


class Progress:
    """Called with the indexer's status after each range. `to` is the block where it ends, if that is not the
    head.
    """

    def __init__(self, to: int | None = None) -> None:
        console = Console(stderr=True)
        self._to = to
        self._last = -EVERY_S
        self._told: str | None = None
        self._started = time.monotonic()
        self._bar = None
        if console.is_terminal:
            columns = (
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("blocks  {task.fields[rate]:,.0f} events/s"),
            )
            self._bar = Bar(TextColumn("indexing"), *columns, TimeRemainingColumn(), console=console)
            self._task = self._bar.add_task("indexing", total=None, rate=0.0)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, event: str, **values: object) -> None:
        """Something that happens once."""
        if self._bar:
            self._bar.console.print(event, *(str(value) for value in values.values()))
        else:
            print(json.dumps({"event": event, **values}), file=sys.stderr, flush=True)  # noqa: T201

    def __call__(self, status: Status) -> None:
        now = time.monotonic()
        if status.error != self._told and status.error is not None:
            self.say("waiting", reason=status.error)
        self._told = status.error
        head = status.indexed if status.head is None else status.head
        target = head if self._to is None else min(self._to, head)
        rate = status.logs / max(now - self._started, 0.001)
        if self._bar:
            self._bar.update(self._task, completed=status.indexed, total=target, rate=rate)
        elif now - self._last >= EVERY_S:
            self._last = now
            self.say("indexed", block=status.indexed, head=status.head, logs=status.logs, reorgs=status.reorgs)

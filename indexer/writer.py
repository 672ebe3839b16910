"""Applies ranges of the chain to the database, and takes them back."""

from collections.abc import Iterable

from indexer.chain import Position, Range, RawLog
from indexer.decoder import Decoder, UnreadableLog
from indexer.handlers import HANDLERS
from indexer.rows import Rows
from indexer.store import Store, WrongDatabase, by_block


class Writer:
    """The one that changes the database. `window` is how many blocks below the head the journal can undo."""

    def __init__(self, store: Store, decoder: Decoder, window: int) -> None:
        self._store = store
        self._decoder = decoder
        self._window = window
        self._rows = Rows(store)

    def apply(self, read: Range, head: int) -> None:
        """Logs, blocks, derived rows, journal and checkpoint, in one transaction."""
        store = self._store
        try:
            with store.transaction():
                if store.position() != read.after:
                    raise WrongDatabase(
                        f"{store.path} was changed by somebody else while block {read.last.block} was read"
                    )
                floor = max(store.undo_floor(), head - self._window)
                store.append(read.blocks, read.logs)
                times = {block.number: block.time for block in read.blocks}
                # What lies deeper than the window is never undone by the journal, so none is written for it.
                deep = [(log, times[log.block]) for log in read.logs if log.block <= floor]
                near = [(log, times[log.block]) for log in read.logs if log.block > floor]
                if deep:
                    store.at(deep[-1][0].block, False)
                    self._derive(deep)
                    self._rows.flush()
                for number, logs in by_block(near):
                    store.at(number, True)
                    self._derive(logs)
                    self._rows.flush()
                store.advance(read.last, floor)
        except BaseException:
            self._rows.forget()
            raise

    def roll_back(self, to: Position) -> bool:
        """Takes everything after a block back. Returns whether the journal sufficed; otherwise all derived
        rows were made anew from the raw logs.
        """
        store = self._store
        self._rows.forget()
        with store.transaction():
            journal = to.block >= store.undo_floor() and not store.stale()
            if journal:
                store.undo(to.block)
                store.truncate(to)
            else:
                store.truncate(to)
                self._replay(store.logs())
        return journal

    def rebuild(self, logs: Iterable[tuple[RawLog, int]] | None = None) -> None:
        """Makes all derived rows anew from the raw logs, the database's own or others, each with its block's time."""
        self._rows.forget()
        with self._store.transaction():
            self._replay(self._store.logs() if logs is None else logs)

    def _replay(self, all_logs: Iterable[tuple[RawLog, int]]) -> None:
        self._store.clear()
        try:
            for _, logs in by_block(all_logs):
                self._derive(logs)
                self._rows.flush()
        except BaseException:
            self._rows.forget()
            raise

    def _derive(self, logs: Iterable[tuple[RawLog, int]]) -> None:
        for log, time in logs:
            event = self._decoder.decode(log, time)
            if event is None:
                continue
            try:
                HANDLERS[event.contract][event.name](self._rows, event)
            except LookupError as error:
                raise UnreadableLog(
                    f"log {log.log_index} of block {log.block}, {event.contract}.{event.name}, can't follow the logs "
                    f"before it: {error}"
                ) from error

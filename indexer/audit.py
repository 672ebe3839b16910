"""Compares the database with the chain, three ways: the raw logs with the node's, every derived row with what the logs
say, and again with what the contracts' view functions answer at the indexed block.
"""

from collections.abc import Iterator
from functools import cache
from heapq import merge
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any

from cluster.chain.codec import Codec
from cluster.chain.events import EventDataError, values_of
from cluster.chain.manifest import Manifest
from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError
from indexer.chain import Position, RawLog
from indexer.decoder import Decoder, UnreadableLog
from indexer.reader import RangeTooLong, Reader
from indexer.store import Store
from indexer.sync import MAX_RANGE_BLOCKS
from indexer.views import agents, compute, inference, marketplace, models
from indexer.views.question import Call, Known
from indexer.writer import Writer

BATCH = 100
AREAS = (marketplace, agents, models, compute, inference)
# JSON-RPC's code for a call that reverted.
REVERTED = 3


class Audit:
    """Collects differences, each a sentence. `compared` says how many logs, rows and answers were looked at."""

    def __init__(self, store: Store, manifest: Manifest, rpc: Rpc) -> None:
        self._store = store
        self._db = store.db
        self._manifest = manifest
        self._rpc = rpc
        self._codec = cache(lambda contract: Codec(manifest.contract(contract).abi))
        self._reader = cache(
            lambda contract, function, count: values_of(
                self._codec(contract).function(function, count).entry["outputs"]
            )
        )
        self.compared = 0

    async def differences(self) -> list[str]:
        """What differs between the database and the chain at the indexed block. The database may be written to
        meanwhile: one snapshot of it is looked at.
        """
        self._db.execute("BEGIN")
        try:
            return [
                *await self.logs_unlike_the_chain(),
                *self.rows_unlike_the_logs(),
                *await self.rows_unlike_the_views(),
            ]
        finally:
            self._db.execute("ROLLBACK")

    async def logs_unlike_the_chain(self) -> list[str]:
        """Reads all logs again."""
        end = self._store.position()
        at = self._start()
        reader = Reader(self._rpc, list(Decoder(self._manifest).contracts.values()), 0, MAX_RANGE_BLOCKS)
        wrong: list[str] = []
        while end is not None and at.block < end.block:
            try:
                read = await reader.read(at, end.block)
            except RangeTooLong:
                continue
            known = self._db.execute(
                "SELECT block, log_index, address, tx, topics, data FROM log WHERE block > ? AND block <= ?",
                (at.block, read.last.block),
            )
            ours, theirs = {RawLog(*row) for row in known}, set(read.logs)
            for only, where in ((ours - theirs, "the database"), (theirs - ours, "the chain")):
                wrong += [f"log {log.log_index} of block {log.block} is so in {where} only" for log in sorted(only)]
            self.compared += len(ours | theirs)
            at = read.last
        return wrong

    def _start(self) -> Position:
        number, block_hash = self._db.execute("SELECT number, hash FROM block ORDER BY number LIMIT 1").fetchone()
        return Position(number, block_hash)

    def rows_unlike_the_logs(self) -> Iterator[str]:
        """Derives all rows from the raw logs again, aside, and compares."""
        # An empty name is a temporary file, to SQLite.
        derived = Store("")
        try:
            decoder = Decoder(self._manifest)
            derived.begin(self._manifest.chain_id, decoder.contracts, self._store.block(self._start().block))
            Writer(derived, decoder, 0).rebuild(self._store.logs())
            for table, key in self._store.keys.items():
                yield from self._unlike_rows(derived, table, key)
        except UnreadableLog as error:
            yield f"no rows follow from the logs in the database: {error}"
        finally:
            derived.close()

    def _unlike_rows(self, derived: Store, table: str, key: tuple[str, ...]) -> Iterator[str]:
        columns = self._store.columns(table)
        key_of = itemgetter(*(columns.index(name) for name in key))
        query = f"SELECT * FROM {table} ORDER BY {', '.join(key)}"  # noqa: S608 - names are of our own schema
        ours = ((key_of(row), 0, row) for row in self._db.execute(query))
        theirs = ((key_of(row), 1, row) for row in derived.db.execute(query))
        for _, group in groupby(merge(ours, theirs, key=itemgetter(0)), key=itemgetter(0)):
            rows = {side: dict(zip(columns, row, strict=True)) for _, side, row in group}
            self.compared += 1
            if rows.get(0) != rows.get(1):
                yield f"{table}: {rows.get(0, 'nothing')} in the database, {rows.get(1, 'nothing')} by its logs"

    async def rows_unlike_the_views(self) -> list[str]:
        """Asks for every value that a view tells."""
        (block,) = self._db.execute("SELECT block FROM checkpoint").fetchone()
        (header,) = await Reader(self._rpc, [], 0, 1).headers([block])
        if header is None:
            raise NodeUnreachable(f"the node has no block {block}, where the database ends")
        known = Known(self._db, self._manifest, header.time)
        wrong = []
        questions = chain.from_iterable(area.questions(known) for area in AREAS)
        while part := list(islice(questions, BATCH)):
            calls = [call for question in part for call in question.calls]
            answers = iter(
                await self._rpc.batch_with_errors(
                    [("eth_call", (self._request(call), hex(block))) for call in calls], kind=str
                )
            )
            for question in part:
                found = _together([self._found(call, next(answers)) for call in question.calls])
                if found != question.expected:
                    asked = " + ".join(map(str, question.calls))
                    wrong.append(f"{asked} is {found} on chain, {question.expected} in the database")
            self.compared += len(part)
        return wrong

    def _found(self, call: Call, answer: str | RpcError | None) -> Any:
        """What a view returned; that it reverted is an answer too."""
        if isinstance(answer, RpcError):
            if answer.code == REVERTED or "revert" in answer.message.lower():
                return "a revert"
            raise answer
        try:
            return self._reader(call.contract, call.function, len(call.args))(bytes.fromhex((answer or "")[2:]))
        except (EventDataError, ValueError) as error:
            raise NodeUnreachable(f"{call}: the node's answer can't be read: {error}") from error

    def _request(self, call: Call) -> dict[str, str]:
        data = self._codec(call.contract).function(call.function, len(call.args)).calldata(call.args)
        return {"to": self._manifest.contract(call.contract).address, "data": "0x" + data.hex()}


def _together(answers: list[Any]) -> Any:
    """The one answer, or the sum of several."""
    if len(answers) == 1:
        return answers[0]
    return "a revert" if "a revert" in answers else (sum(number for (number,) in answers),)

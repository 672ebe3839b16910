"""`cluster index`: run, backfill, status, verify, rewind."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from cluster.chain import manifest as manifests
from cluster.chain.manifest import Manifest, ManifestError
from cluster.chain.rpc import Rpc, RpcFailure
from indexer.audit import Audit
from indexer.decoder import Decoder, UnreadableLog
from indexer.progress import Progress
from indexer.reader import ChainMoved
from indexer.service import AddressInUse, listen, serve
from indexer.store import Store, WrongDatabase
from indexer.sync import POLL_S, WINDOW_BLOCKS, ChainReplaced, Indexer
from indexer.writer import Writer

DIFFERENT = 1
FAILED = 3
FAILURES = (
    AddressInUse,
    ChainMoved,
    ChainReplaced,
    ManifestError,
    OSError,
    RpcFailure,
    UnreadableLog,
    WrongDatabase,
    sqlite3.Error,
)


def _manifest(value: str) -> Manifest:
    return manifests.load(int(value) if value.isdecimal() else Path(value))


def _fail(error: Exception) -> NoReturn:
    click.echo(f"error: {error}", err=True)
    sys.exit(FAILED)


def _existing(database: Path, *, read_only: bool = True) -> Store:
    if not database.exists():
        raise WrongDatabase(f"no database at {database}; `cluster index run` makes one")
    return Store(database, read_only=read_only)


def _option(*names: str, **more: object) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(*names, show_default=True, **more)  # type: ignore[arg-type]


_manifest_option = _option("--manifest", default="31337", help="Deployment manifest: a chain id or a path.")
_rpc_option = _option(
    "--rpc",
    "rpc_urls",
    multiple=True,
    default=["http://127.0.0.1:8545"],
    help="Node's URL; repeat for failover.",
)
_db_option = _option(
    "--db",
    "database",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("build/index.db"),
    help="SQLite.",
)
_window_option = _option(
    "--window",
    type=click.IntRange(min=1),
    default=WINDOW_BLOCKS,
    help="Blocks below the head that a reorganization is undone in at once; deeper ones take a replay.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


@click.group()
def index() -> None:
    """Chain events to a database, and its REST API.

    Exit codes: 0 all right, 1 database and chain differ (verify), 2 wrong usage, 3 it could not be done.
    """


@index.command()
@_manifest_option
@_rpc_option
@_db_option
@_window_option
@_option(
    "--listen",
    "address",
    default="127.0.0.1:8410",
    help="Where the API listens, host:port; port 0: a free one.",
)
@_option(
    "--poll",
    "poll_s",
    type=click.FloatRange(0.05, 60),
    default=POLL_S,
    help="Seconds between looks at the head.",
)
def run(manifest: str, rpc_urls: tuple[str, ...], database: Path, window: int, address: str, poll_s: float) -> None:
    """Follow the chain and serve the API until interrupted.

    \b
    Example:
      cluster index run --manifest 31337 --rpc http://127.0.0.1:8545 --db build/index.db
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{address!r} is not host:port", param_hint="--listen")
    try:
        known = _manifest(manifest)
        database.parent.mkdir(parents=True, exist_ok=True)
        with listen(host.strip("[]"), int(port)) as listener, Progress() as progress:
            progress.say("listening", url=f"http://{host}:{listener.getsockname()[1]}")
            asyncio.run(
                serve(known, list(rpc_urls), database, listener, window=window, poll_s=poll_s, progress=progress)
            )
    except FAILURES as error:
        _fail(error)


@index.command()
@_manifest_option
@_rpc_option
@_db_option
@_window_option
@click.option("--to", type=click.IntRange(min=0), help="Last block to read; the head if not given.")
@_json_option
def backfill(
    manifest: str, rpc_urls: tuple[str, ...], database: Path, window: int, to: int | None, as_json: bool
) -> None:
    """Read the chain up to a block, and end.

    \b
    Example:
      cluster index backfill --manifest 8453 --rpc https://node.example --to 31000000
    """

    async def read() -> dict[str, int | None]:
        database.parent.mkdir(parents=True, exist_ok=True)
        store = Store(database)
        try:
            async with Rpc(list(rpc_urls)) as rpc:
                with Progress(to) as progress:
                    indexer = Indexer(store, _manifest(manifest), rpc, window=window, progress=progress)
                    await indexer.start()
                    await indexer.catch_up(to)
                return {
                    "block": indexer.status.indexed,
                    "head": indexer.status.head,
                    "logs": indexer.status.logs,
                }
        finally:
            store.close()

    try:
        done = asyncio.run(read())
    except FAILURES as error:
        _fail(error)
    click.echo(json.dumps(done) if as_json else f"indexed to block {done['block']:,}, {done['logs']:,} logs")


@index.command()
@_db_option
@_json_option
def status(database: Path, as_json: bool) -> None:
    """Say what a database holds.

    \b
    Example:
      cluster index status --db build/index.db --json
    """
    try:
        store = _existing(database)
        try:
            found = store.position()
            counts = store.counts()
        finally:
            store.close()
    except FAILURES as error:
        _fail(error)
    block = found.block if found else None
    if as_json:
        block_hash = "0x" + found.hash.hex() if found else None
        click.echo(json.dumps({"block": block, "hash": block_hash, "rows": counts}))
        return
    click.echo("nothing is indexed yet" if block is None else f"indexed to block {block:,}")
    for table, count in counts.items():
        click.echo(f"{count:>10,}  {table}")


@index.command()
@_manifest_option
@_rpc_option
@_db_option
@_json_option
def verify(manifest: str, rpc_urls: tuple[str, ...], database: Path, as_json: bool) -> None:
    """Compare the database with the chain; exit code 1 if they differ.

    All logs are read again and compared; all rows are derived from them again; and the contracts are asked at the
    indexed block for every value that they tell. Nothing is changed, and the indexer may run meanwhile. The node
    must still have the state of that block.

    \b
    Example:
      cluster index verify --manifest 8453 --rpc https://node.example --db build/index.db
    """

    async def audit() -> tuple[list[str], int]:
        store = _existing(database)
        try:
            async with Rpc(list(rpc_urls)) as rpc:
                known = _manifest(manifest)
                await Indexer(store, known, rpc).check()
                auditor = Audit(store, known, rpc)
                return await auditor.differences(), auditor.compared
        finally:
            store.close()

    try:
        differences, compared = asyncio.run(audit())
    except FAILURES as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps({"compared": compared, "differences": differences}))
    elif differences:
        click.echo("\n".join(differences))
    else:
        click.echo(f"the database says what the chain says ({compared:,} logs, rows and answers compared)")
    sys.exit(DIFFERENT if differences else 0)


@index.command()
@_manifest_option
@_db_option
@click.argument("block", type=click.IntRange(min=0))
@_json_option
def rewind(manifest: str, database: Path, block: int, as_json: bool) -> None:
    """Take everything after BLOCK back; the next run reads it again.

    It goes to the newest block at or before BLOCK whose hash is known. The indexer must not run meanwhile.

    \b
    Example:
      cluster index rewind --db build/index.db 1200
    """
    try:
        known = _manifest(manifest)
        store = _existing(database, read_only=False)
        try:
            decoder = Decoder(known)
            store.check(known.chain_id, decoder.contracts)
            to = next(store.positions(block), None)
            if to is None:
                raise WrongDatabase(f"{database} knows no block at or before {block:,}")
            journal = Writer(store, decoder, WINDOW_BLOCKS).roll_back(to)
        finally:
            store.close()
    except FAILURES as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps({"block": to.block, "journal": journal}))
        return
    how = "by the journal" if journal else "derived rows made anew from the raw logs"
    click.echo(f"back at block {to.block:,}, {how}")

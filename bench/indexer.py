"""Events a second from a node into SQLite, beside the node's own `eth_getLogs` and web3.py's, in the same run.

    python -m bench.indexer

The protocol's own mix of events on a local anvil: purchases with their splits, token transfers, publications, versions,
reviews. Ours writes raw logs, block headers, derived rows, journal and checkpoint; the others store nothing.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from web3 import Web3

from bench.report import report
from cluster.chain import anvil
from cluster.chain.manifest import Manifest
from cluster.chain.rpc import Rpc
from cluster.testing.anvil import OPTIONS, AnvilChain
from cluster.testing.suite import NATIVE, Suite, deploy_suite, manifest_of
from indexer.decoder import Decoder
from indexer.store import Store
from indexer.sync import Indexer

BLOCKS = 1_200
TRANSACTIONS = 20
DATASETS = 200
GETLOGS_RANGE = 50
# web3.py is slow enough to be measured on a part.
WEB3_BLOCKS = 120
ROUNDS = 3
GAS = 3_000_000
CID = bytes.fromhex("01551220")


class Load:
    """Fills a chain, many transactions a block."""

    def __init__(self, url: str) -> None:
        self.chain = AnvilChain(url)
        self.suite: Suite = deploy_suite(self.chain)
        self._random = Random(1)
        self._accounts = [self.chain.account(f"user {i}") for i in range(20)]
        self._published = 0
        for account in self._accounts:
            self.chain.fund(account, 10**24)
            self.suite.usdc.mint(account, 10**15, sender=self.suite.admin)
            self.suite.token.transfer(account, 10**24, sender=self.suite.treasury)
            for currency in (self.suite.usdc, self.suite.token):
                currency.approve(self.suite.router, 2**255, sender=account)
        self.chain.rpc("evm_setAutomine", False)

    def _publish(self) -> tuple[str, bytes, int]:
        self._published += 1
        word, suite = self._random.randbytes, self.suite
        prices = [(NATIVE, 1000), (suite.usdc.address, 1000), (suite.token.address, 1000)]
        content = (CID + word(32), word(32))
        what = (
            f"data-{self._published}",
            content,
            "ipfs://bafy/metadata.json",
            b"MIT".ljust(32, b"\0"),
            500,
            False,
            prices,
        )
        return suite.registry.address, suite.registry.publish.calldata(what), 0

    def _any(self) -> tuple[str, bytes, int]:
        random, suite = self._random, self.suite
        id_ = random.randint(1, DATASETS)
        kind = random.random()
        if kind < 0.6:
            # For somebody who has never bought anything: every purchase succeeds.
            recipient = Web3.to_checksum_address(random.randbytes(20))
            currency = random.choice([NATIVE, suite.usdc.address, suite.token.address])
            referrer = random.choice([NATIVE, random.choice(self._accounts).address])
            calldata = suite.router.purchase.calldata(id_, currency, 1000, recipient, referrer)
            return suite.router.address, calldata, 1000 if currency == NATIVE else 0
        if kind < 0.9:
            return suite.token.address, suite.token.transfer.calldata(random.choice(self._accounts), 5), 0
        return self._publish()

    async def fill(self) -> None:
        """Datasets first, then blocks of everything."""
        async with Rpc(self.chain.url) as rpc:
            for _ in range(DATASETS // TRANSACTIONS):
                await rpc.batch(self._block(self._publish))
            for _ in range(BLOCKS):
                await rpc.batch(self._block(self._any))

    def _block(self, make: Callable[[], tuple[str, bytes, int]]) -> list[tuple[str, tuple[Any, ...]]]:
        calls: list[tuple[str, tuple[Any, ...]]] = []
        for to, data, value in (make() for _ in range(TRANSACTIONS)):
            sender = self._random.choice(self._accounts).address
            sent = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS)}
            calls.append(("eth_sendTransaction", (sent,)))
        return [*calls, ("evm_mine", ())]


def spans(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Ranges of blocks."""
    for start in range(first, last + 1, size):
        yield start, min(start + size - 1, last)


async def node_alone(url: str, manifest: Manifest, last: int) -> None:
    """What the node can do: all logs of the contracts, one request at a time, thrown away."""
    addresses = list(Decoder(manifest).contracts.values())
    async with aiohttp.ClientSession() as session:
        for first, end in spans(1, last, GETLOGS_RANGE):
            query = {"fromBlock": hex(first), "toBlock": hex(end), "address": addresses}
            body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [query]}
            async with session.post(url, json=body) as response:
                await response.read()


async def ours(url: str, manifest: Manifest, database: Path) -> int:
    """Everything into a new database; gives the number of logs."""
    store = Store(database)
    async with Rpc(url) as rpc:
        indexer = Indexer(store, manifest, rpc)
        await indexer.start()
        await indexer.catch_up()
    store.close()
    return indexer.status.logs


def web3(url: str, manifest: Manifest, last: int) -> int:
    """The same events by `contract.events.X.get_logs`, decoded and thrown away; gives their number."""
    client = Web3(Web3.HTTPProvider(url))
    count = 0
    for name in Decoder(manifest).contracts:
        deployed = manifest.contract(name)
        events: Any = client.eth.contract(address=deployed.address, abi=deployed.abi).events  # type: ignore[call-overload]
        for first, end in spans(last - WEB3_BLOCKS + 1, last, GETLOGS_RANGE):
            for event in events:
                count += len(event().get_logs(from_block=first, to_block=end))
    return count


def main() -> None:
    options = (*OPTIONS, "--gas-limit", "1000000000")
    with anvil.running(options=options) as url, tempfile.TemporaryDirectory() as folder:
        load = Load(url)
        asyncio.run(load.fill())
        manifest = manifest_of(load.suite, 31337, "local")
        last = int(load.chain.rpc("eth_blockNumber"), 16)
        load.chain.close()
        count = 0
        node_s = sqlite_s = sqlite_cpu_s = float("inf")
        for turn in range(ROUNDS):
            begin = time.perf_counter()
            asyncio.run(node_alone(url, manifest, last))
            node_s = min(node_s, time.perf_counter() - begin)
            begin, cpu = time.perf_counter(), time.process_time()
            count = asyncio.run(ours(url, manifest, Path(folder) / f"{turn}.db"))
            sqlite_s = min(sqlite_s, time.perf_counter() - begin)
            sqlite_cpu_s = min(sqlite_cpu_s, time.process_time() - cpu)
        begin = time.perf_counter()
        web3_per_s = web3(url, manifest, last) / (time.perf_counter() - begin)
    figures = {
        "events_per_s_sqlite": round(count / sqlite_s),
        "events_per_cpu_s_sqlite": round(count / sqlite_cpu_s),
        "events_per_s_getlogs": round(count / node_s),
        "events_per_s_web3": round(web3_per_s),
        "ratio_getlogs_sqlite": round(node_s / sqlite_s, 3),
        "ratio_web3_sqlite": round(count / sqlite_s / web3_per_s, 1),
    }
    rows = [
        ("reader", "events/s", "ours to it"),
        (
            "cluster index backfill: logs, headers, derived rows, journal, SQLite",
            f"{figures['events_per_s_sqlite']:,}",
            "",
        ),
        (
            "eth_getLogs alone, nothing read",
            f"{figures['events_per_s_getlogs']:,}",
            f"{figures['ratio_getlogs_sqlite']}",
        ),
        (
            "web3.py contract.events.X.get_logs, no store",
            f"{figures['events_per_s_web3']:,}",
            f"{figures['ratio_web3_sqlite']}",
        ),
    ]
    report("indexer", f"{count:,} events in {last:,} blocks, best of {ROUNDS}; target 35,000 events/s", figures, rows)


if __name__ == "__main__":
    main()

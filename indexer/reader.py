"""Reads ranges of the chain so that what comes out is of one chain, or nothing comes out."""

from typing import Any

from cluster.chain.rpc import NodeUnreachable, Rpc, RpcError
from indexer.decoder import Decoder
from indexer.writer import Header, Range

BATCH = 100


class ChainMoved(Exception):
    """The chain was reorganized while it was read, or the node answered from two different views: read again."""


class MalformedAnswer(Exception):
    """The node's answer has not the form that the Ethereum JSON-RPC specification gives it."""


class Reader:
    """Reads blocks and logs, with a range that grows and shrinks with what the node accepts."""

    def __init__(self, rpc: Rpc, decoder: Decoder, max_range: int) -> None:
        self._rpc = rpc
        self._decoder = decoder
        self._max_range = max_range
        self.range = min(max_range, 64)

    async def head(self) -> int:
        """Number of the newest block."""
        return _number(await self._rpc.call("eth_blockNumber"))

    async def header(self, number: int) -> Header | None:
        """The block at a height, or None if the node has none there."""
        return _header(await self._rpc.call("eth_getBlockByNumber", hex(number), False))

    async def headers(self, numbers: list[int]) -> list[Header]:
        """Several blocks. Raises `ChainMoved` if the node lacks one."""
        found: list[Header] = []
        for start in range(0, len(numbers), BATCH):
            part = numbers[start : start + BATCH]
            answers = await self._rpc.batch([("eth_getBlockByNumber", (hex(n), False)) for n in part])
            for answer in answers:
                header = _header(answer)
                if header is None:
                    raise ChainMoved
                found.append(header)
        return found

    async def read(self, after: int, after_hash: bytes, head: int, window: int) -> Range:
        """Reads on from a block. Raises `ChainMoved`, `RpcError`, `NodeUnreachable`."""
        first, last = after + 1, min(after + self.range, head)
        try:
            raw = await self._rpc.call(
                "eth_getLogs",
                {"fromBlock": hex(first), "toBlock": hex(last), "address": self._decoder.addresses},
            )
        except (RpcError, NodeUnreachable):
            if self.range == 1:
                raise
            # Too many results, or too slow: nodes say so in many ways, and a smaller range helps in all of them.
            self.range = max(self.range // 4, 1)
            raise ChainMoved from None
        if not isinstance(raw, list):
            raise MalformedAnswer(f"eth_getLogs answered {type(raw).__name__}, not a list")
        with_logs = sorted({_number(log["blockNumber"]) for log in raw})
        # Near the head every block is looked at; further back only those with logs and the last of the range.
        near = range(max(first, head - 2 * window), last + 1)
        headers = {h.number: h for h in await self.headers(sorted({*with_logs, *near, last}))}
        self._check_links(headers, after, after_hash)
        logs = sorted(_log(log, headers) for log in raw)
        again = await self.header(last)
        before = await self.header(after)
        if again is None or again.hash != headers[last].hash or before is None or before.hash != after_hash:
            raise ChainMoved
        self.range = min(self.range * 2, self._max_range)
        return Range(
            last=headers[last],
            logs=logs,
            log_headers=[headers[n] for n in with_logs],
            recent=[headers[n] for n in near] or [headers[last]],
        )

    def _check_links(self, headers: dict[int, Header], after: int, after_hash: bytes) -> None:
        for number, header in headers.items():
            parent = after_hash if number == after + 1 else getattr(headers.get(number - 1), "hash", None)
            if parent is not None and header.parent != parent:
                raise ChainMoved


def _number(value: Any) -> int:
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise MalformedAnswer(f"expected a hexadecimal quantity, got {value!r}") from None


def _bytes(value: Any) -> bytes:
    try:
        return bytes.fromhex(value[2:])
    except (TypeError, ValueError):
        raise MalformedAnswer("expected hexadecimal data") from None


def _header(block: Any) -> Header | None:
    if block is None:
        return None
    try:
        return Header(
            _number(block["number"]), _bytes(block["hash"]), _bytes(block["parentHash"]), _number(block["timestamp"])
        )
    except (KeyError, TypeError):
        raise MalformedAnswer("a block lacks number, hash, parentHash or timestamp") from None


def _log(log: Any, headers: dict[int, Header]) -> tuple[Any, ...]:
    number = _number(log["blockNumber"])
    header = headers.get(number)
    if log.get("removed") or header is None or header.hash != _bytes(log["blockHash"]):
        raise ChainMoved
    return (
        number,
        _number(log["logIndex"]),
        _bytes(log["address"]),
        _bytes(log["transactionHash"]),
        b"".join(_bytes(topic) for topic in log["topics"]),
        _bytes(log["data"]),
        header.time,
    )

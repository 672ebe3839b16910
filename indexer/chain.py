"""What is read from the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Block(NamedTuple):
    """A block's place in the chain. `time` in unix seconds."""

    number: int
    hash: bytes
    parent: bytes
    time: int


class RawLog(NamedTuple):
    """A log as the chain has it. `topics` one after another, 32 bytes each."""

    block: int
    log_index: int
    address: bytes
    tx: bytes
    topics: bytes
    data: bytes


class Position(NamedTuple):
    """A block by number and hash."""

    block: int
    hash: bytes


@dataclass(frozen=True)
class Range:
    """What follows position `after`, up to and with block `last`: all logs in order, and the blocks to remember,
    which are those with logs and those near the head.
    """

    after: Position
    last: Position
    logs: Sequence[RawLog]
    blocks: Sequence[Block]

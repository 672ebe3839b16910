"""The two trees of a batch: of its receipts, made by a relay, and of the rows that were drawn, made by the chain."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from eth_utils import keccak

from cluster.chain.words import encoder
from tests.contracts.agents.merkle import Tree, node

RECEIPT = [
    *("bytes32", "address", "uint256", "uint32", "address", "uint256"),
    *("uint32", "uint32", "uint64", "uint48", "bytes32", "bytes32"),
]
ROW = ["uint256", "address", "uint256", "uint32", "address", "uint64"]
_RECEIPT, _ROW = encoder(RECEIPT), encoder(ROW)
NOTHING = bytes(32)


@dataclass(frozen=True)
class Receipt:
    """A served request, as `IReceiptRegistry.Receipt` has it."""

    requestId: bytes  # noqa: N815
    account: str
    modelId: int  # noqa: N815
    version: int
    operator: str
    agent: int
    tokensIn: int = 12  # noqa: N815
    tokensOut: int = 34  # noqa: N815
    microDollars: int = 56  # noqa: N815
    time: int = 1_800_000_000
    inputHash: bytes = keccak(b"input")  # noqa: N815
    outputHash: bytes = keccak(b"output")  # noqa: N815

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    @property
    def leaf(self) -> bytes:
        return keccak(keccak(_RECEIPT(self.values)))


@dataclass(frozen=True)
class Row:
    """A row of usage, as `IPrepaidBalances.Usage` has it."""

    account: str
    modelId: int  # noqa: N815
    version: int
    operator: str
    microDollars: int  # noqa: N815

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def leaf(self, number: int) -> bytes:
        """The leaf if it is row `number` of a draw."""
        *what, micro_dollars = self.values
        return keccak(keccak(_ROW([number, *what, micro_dollars])))

    def covers(self, receipt: Receipt) -> bool:
        return (
            (self.account, self.modelId, self.version, self.operator)
            == (receipt.account, receipt.modelId, receipt.version, receipt.operator)
        ) and 0 < receipt.microDollars <= self.microDollars


class Queue:
    """Two at a time are taken from the front of a queue of nodes, and their parent is put behind."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.nodes = list(leaves)
        self.count = len(leaves)
        for taken in range(0, 2 * (self.count - 1), 2):
            self.nodes.append(node(*self.nodes[taken : taken + 2]))

    @property
    def root(self) -> bytes:
        return self.nodes[-1]

    def proof(self, position: int) -> list[bytes]:
        """Siblings from the leaf to the root."""
        siblings = []
        while position < len(self.nodes) - 1:
            siblings.append(self.nodes[position ^ 1])
            position = self.count + position // 2
        return siblings


@dataclass(frozen=True)
class Batch:
    """A relay's batch: its receipts, and the rows of its draw, None for one that was refused."""

    relay: str
    number: int
    receipts: tuple[Receipt, ...]
    rows: tuple[Row | None, ...]

    @property
    def root(self) -> bytes:
        return self.tree.root

    @property
    def tree(self) -> Tree:
        return Tree([receipt.leaf for receipt in self.receipts])

    @property
    def drawn(self) -> Queue:
        return Queue([row.leaf(n) if row else NOTHING for n, row in enumerate(self.rows)])

    @property
    def payments(self) -> bytes:
        return self.drawn.root if any(self.rows) else NOTHING

    def paid(self, position: int, row: int, micro_dollars: int | None = None) -> tuple[Any, ...]:
        """A `PaidReceipt`: the receipt at a position and a row, or what is said of it."""
        drawn = self.rows[row] if row < len(self.rows) else None
        said = micro_dollars if micro_dollars is not None else drawn.microDollars if drawn else 0
        proof = self.drawn.proof(row) if row < len(self.rows) else []
        receipt = self.receipts[position]
        return (self.relay, self.number, receipt.values, self.tree.proof(position), row, said, proof)

    def proves(self, position: int, row: int) -> bool:
        """Whether that row paid for that receipt."""
        drawn = self.rows[row] if row < len(self.rows) else None
        return drawn is not None and drawn.covers(self.receipts[position])

"""Gas of fault proofs and of a whole game about withheld data, at SmolLM2-135M's widths and longest context.

    python -m bench.poc_gas

Whole transactions on anvil: the module called by the market's account, calldata priced as EIP-7623 does. All data are
random and have no zero byte, which costs most; what the market does with the verdict is not in it. Writes
build/bench/poc_gas.json; `bench.poc` takes `figures`.
"""

from random import Random

from bench.peers.disputes import PUBLISHED
from bench.report import report
from cluster.chain import anvil
from cluster.testing import Receipt
from cluster.testing.anvil import OPTIONS, AnvilChain
from offchain.compute import trees
from tests.contracts.trace import widths
from tests.contracts.trace.court import Court, game, proof
from tests.contracts.trace.sparse import Forger, Sparse

LIMITS = {"linear_576": 300_000, "linear_1536": 340_000, "game": 1_500_000}
ANY_KIND = 400_000
PLAYED = "attend"
"""The fault that the game ends with: the longest proof, in one of the deepest trees."""


def limit(name: str) -> int:
    return LIMITS.get(name, ANY_KIND)


def floor(calldata: bytes) -> int:
    """What a transaction costs at least (EIP-7623)."""
    zeros = calldata.count(0)
    return 21_000 + 10 * zeros + 40 * (len(calldata) - zeros)


class Meter:
    """Counts whole transactions."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, receipt: Receipt, calldata: bytes) -> None:
        self.total += max(int(receipt.gas_used or 0), floor(calldata))


def call(court: Court, meter: Meter, name: str, *args: object, sender: object) -> None:
    method = getattr(court.module, name)
    meter.add(method(*args, sender=sender), method.calldata(*args))


def of_proof(court: Court, name: str, job: int) -> int:
    """One transaction that refutes."""
    claim, fault = widths.forged(name, widths.claim(job))
    court.open(claim, job)
    meter = Meter()
    call(court, meter, "submit", job, court.carl, proof(claim, fault), sender=court.market)
    return meter.total


def of_game(court: Court, job: int) -> int:
    """All transactions of both parties, from the opening to the proof."""
    forger = Forger(Random("game"), widths.claim(job), widths.FAULTS[PLAYED], spreads=True)
    claim, fault = forger.forged()
    court.open(claim, job)
    meter = Meter()
    call(court, meter, "submit", job, court.carl, game(claim), sender=court.market)
    op = forger.run.op(fault.op)
    descend(court, meter, job, forger.op_roots, op.number)
    descend(court, meter, job, forger.op_trees[op.number], op.place(fault.row, fault.chunk))
    accused = fault.openings[0]
    call(court, meter, "revealLeaf", job, court.carl, accused.salt, accused.data, sender=court.operator)
    call(court, meter, "prove", job, proof(claim, fault), sender=court.carl)
    verdict, _ = court.status(job)
    if verdict != 2:
        raise SystemExit("the game did not refute")
    return meter.total


def descend(court: Court, meter: Meter, job: int, tree: Sparse, goal: int) -> None:
    level = tree.levels
    while level:
        down = min(4, level)
        shown = tree.shown(level, goal >> level)
        call(court, meter, "reveal", job, court.carl, shown, sender=court.operator)
        level -= down
        index = (goal >> level) % (1 << down)
        path = trees.path(trees.layers(shown, down), index)
        call(court, meter, "pick", job, index, shown[index], path, sender=court.carl)


def figures() -> dict[str, int]:
    """`gas_<kind>`, and `gas_game`."""
    with anvil.running(options=OPTIONS) as url:
        chain = AnvilChain(url)
        court = Court(chain)
        found = {f"gas_{name}": of_proof(court, name, job) for job, name in enumerate(widths.NAMES, 1)}
        found["gas_game"] = of_game(court, 1_000)
        chain.close()
    return found


def rows(found: dict[str, int]) -> list[tuple[str, ...]]:
    """To print: ours, then what others publish."""
    ours = [
        (name.removeprefix("gas_"), f"{gas:,}", f"{limit(name.removeprefix('gas_')):,}") for name, gas in found.items()
    ]
    others = [(f"{each.name}: {each.about}", each.moves, each.last_step) for each in PUBLISHED]
    return [
        ("gas of whole transactions", "found", "at most"),
        *ours,
        ("others, as published", "moves", "on chain"),
        *others,
    ]


def main() -> None:
    found = figures()
    report("poc_gas", "Fault proofs", found, rows(found))
    over = [name for name, gas in found.items() if gas > limit(name.removeprefix("gas_"))]
    if over:
        raise SystemExit(f"over the limit: {', '.join(over)}")


if __name__ == "__main__":
    main()

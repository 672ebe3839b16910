"""Gas of every user-facing call: real transactions through the proxies, on a local anvil.

    python -m bench.gas

Accepts what it finds: writes bench/gas.json, which `tests/gas` holds the contracts to, and docs/gas.md, which shows it;
and build/bench/gas.json as every benchmark does.
"""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import msgspec

from bench.report import report
from cluster.chain import anvil
from cluster.chain.paths import root
from cluster.testing.anvil import OPTIONS, AnvilChain
from tests.gas import data, payments, token
from tests.gas.meter import Figure, Meter

FIGURES = Path(__file__).with_name("gas.json")
PAGE = root() / "docs" / "gas.md"

# What others' contracts use for the nearest thing.
OURS = "purchase_usdc_referrer_steady"

LIMITS = {OURS: 110_000}
"""What calls may use at most; `tests/gas` holds them to it."""

OTHERS = {
    "Base commerce-payments, charge: one payment, no referrer, no access": 117_001,
    "Ocean Protocol, buy a dataset": 267_359,
    "0xSplits, push to three, without the payment": 81_122,
}

_HEAD = """# Gas

What each user-facing call uses, as `gasUsed` of a real transaction on anvil (Cancun): through the ERC-1967 proxies,
solc 0.8.37 with the optimizer's default of 200 runs, the transaction's own 21,000 and its calldata included. Written by
`make bench-gas` from the figures in [bench/gas.json](../bench/gas.json); `make test` fails when a call uses over 1 %
more than is written here.

- `first`: holder, treasury and referrer never had the currency, the buyer never bought anything. `steady`: all have,
  and did. `again`: the same call over what is there already.
- The buyer of a purchase has approved exactly its price, unless the name says `approved_more` or `approved_unlimited`.
- A payment by authorization opens a till of its own, a contract of 45 bytes: some 45,000 of its gas.
- USDC is the repository's `TestUSDC`. Circle's stands behind a proxy, whose cold reads add 4,700 or more to a
  transaction.
"""


def measure() -> dict[str, Figure]:
    """Figures by name, in the order of the page. The same in every run."""
    with anvil.running(options=(*OPTIONS, "--timestamp", "1800000000")) as url:
        chain = AnvilChain(url)
        meter = Meter(chain)
        for part in (payments, data, token):
            with meter.apart():
                part.measure(meter)
        chain.close()
    return meter.figures


def accepted() -> dict[str, int]:
    """The committed figures."""
    return msgspec.json.decode(FIGURES.read_bytes(), type=dict[str, int])


def comparison(ours: int) -> list[tuple[str, str, str]]:
    """Ours beside others', and the ratio."""
    rows = [("call", "gas", "ours is"), (f"`{OURS}`", f"{ours:,}", "")]
    return rows + [(name, f"{gas:,}", f"{100 * ours / gas:.0f} %") for name, gas in OTHERS.items()]


def limits(gas: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """What calls with a limit use, beside it."""
    rows = [("call", "gas", "at most")]
    return rows + [(f"`{name}`", f"{gas[name]:,}", f"{limit:,}") for name, limit in LIMITS.items()]


def page(figures: Mapping[str, Figure], gas: Mapping[str, int]) -> str:
    """docs/gas.md."""
    parts = [_HEAD, "## Limits", "", *_table(limits(gas)), ""]
    parts += ["## Beside others", "", *_table(comparison(gas[OURS])), ""]
    for contract, named in groupby(figures, key=lambda name: figures[name].contract):
        rows = [("what", "function", "gas")]
        rows += [(f"`{name}`", f"`{figures[name].signature.split('(')[0]}`", f"{gas[name]:,}") for name in named]
        parts += [f"## {contract}", "", *_table(rows), ""]
    return "\n".join(parts)


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    heading, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return [heading, "|---|---|---:|" if rows[0][1] != "gas" else "|---|---:|---:|", *body]


def main() -> None:
    figures = measure()
    gas = {name: figure.gas for name, figure in figures.items()}
    before = accepted() if FIGURES.exists() else {}
    FIGURES.write_bytes(msgspec.json.format(msgspec.json.encode(gas)) + b"\n")
    PAGE.write_text(page(figures, gas))
    changes = [("call", "gas", "before")]
    changes += [(n, f"{g:,}", f"{before[n]:,}" if before.get(n, g) != g else "") for n, g in gas.items()]
    report("gas", "gas of every user-facing call", gas, changes)
    report("gas", "limits", gas, limits(gas))
    report("gas", "beside others", gas, comparison(gas[OURS]))


if __name__ == "__main__":
    main()

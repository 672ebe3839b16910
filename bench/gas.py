"""Gas of every user-facing call: real transactions through the proxies, on a local anvil.

    python -m bench.gas

Accepts what it finds: writes bench/gas.json, which `tests/gas` holds the contracts to, and docs/gas.md, which shows it;
and build/bench/gas.json as every benchmark does.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import msgspec

from bench.report import report
from cluster.chain import anvil
from cluster.chain.paths import root
from cluster.testing.anvil import OPTIONS, AnvilChain
from tests.gas import (
    activity,
    channels,
    data,
    governor,
    identity,
    idle,
    members,
    models,
    payments,
    prepaid,
    receipts,
    reputation,
    settlement,
    staking,
    token,
    validation,
)
from tests.gas.limits import LIMITS
from tests.gas.meter import START, Figure, Meter

# In the order of the page.
PARTS = (
    *(payments, data, token),
    *(models, settlement, prepaid, channels, receipts),
    *(staking, members, idle),
    *(identity, reputation, validation, activity),
    governor,
)

FIGURES = Path(__file__).with_name("gas.json")
PAGE = root() / "docs" / "gas.md"

# What others' contracts use for the nearest thing.
OURS = "purchase_usdc_referrer_steady"
OTHERS = {
    "Base commerce-payments, charge: one payment, no referrer, no access": 117_001,
    "Ocean Protocol, buy a dataset": 267_359,
    "0xSplits, push to three, without the payment": 81_122,
}

_HEAD = """# Gas

What each user-facing call uses, as `gasUsed` of a real transaction on anvil (Cancun): through the ERC-1967 proxies
where a contract has one, solc 0.8.37 with the optimizer's default of 200 runs, the transaction's own 21,000 and its
calldata included. Written by `make bench-gas` from the figures in [bench/gas.json](../bench/gas.json); `make test`
fails when a call uses over 1 % more than is written here, or more than its limit.

`first`, `steady` and `again` tell what was there before the call, because the first write of a word of storage costs
17,100 more than the next: each contract's section says of what.
"""

# By contract: what the names of its figures do not say.
NOTES = {
    "PaymentRouter": """`first`: holder, treasury and referrer never had the currency, the buyer never bought anything.
`steady`: all have, and did. The buyer has approved exactly the price, unless the name says `approved_more` or
`approved_unlimited`. A payment by authorization opens a till of its own, a contract of 45 bytes: some 45,000 of its
gas. USDC is the repository's `TestUSDC`; Circle's stands behind a proxy, whose cold reads add 4,700 or more to a
transaction.""",
    "DatasetRegistry": "`first`: the creator's first dataset, price or review. `again`: one more, or in place of one.",
    "DatasetNFT": "`first`: the receiver had no dataset. `steady`: it had.",
    "ClusterToken": """`first`: the receiver had no CP, the spender no allowance, the delegator no delegate. `steady`,
`again`: they had.""",
    "ModelRegistry": """A version costs more with each row of its stack, of which there are at most 16. `first`: the
first model of its namespace.""",
    "InferenceSettlement": """`base`: the model has no stack. `tuned`: its owner and a dataset's holder share in each
fee. `funded`: the money came by draws from prepaid balances, not through a till. The operator has delegators. `first`:
the till has no code, nobody was ever owed or ever had the currency. `again`: it has, and they were.""",
    "PrepaidBalances": """`first`: the account had no balance in the currency, nor the tills drawn for any money.
`again`: they had. Rows are of an account, model and operator each; accounts of a draw with fewer accounts than rows
used two models of two operators.""",
    "BatchSettlement": """Not behind a proxy. Vouchers of a channel add up: the last one claims all its calls, so a
claim uses the same for 1 call and for 1,000. `first`: nothing was claimed of the channel yet, nor ever by its receiver.
A deposit includes what `ERC3009DepositCollector` uses.""",
    "ReceiptRegistry": "A batch costs the same however many receipts it has.",
    "OperatorStaking": """`first`: the account had no stake there, or the operator never earned in the currency.
`again`: it had, or did.""",
    "MemberStaking": "`first`: nobody had any stake.",
    "IdleIncentives": "`first`: the operators never earned CP. `again`: they did.",
    "IdentityRegistry": """`first`: nobody was registered before, the agent had no such entry, the receiver no agent.
`again`, `steady`: by the same owner, over what is there. The URI has 66 bytes.""",
    "ReputationRegistry": """`full`: every field is given. `first`: the agent had no feedback. `again`: from the same
client. `summary` is a view, measured as a transaction as all others: without a tag one client's costs the same however
much feedback there is; by tag each entry is read, and each client is. Feedback is proven by one of 100 receipts.""",
    "ValidationRegistry": "`first`: neither agent nor validator had a request or response. `again`: the same two have.",
    "AgentActivity": "A batch of steps costs the same however many steps it has.",
    "ClusterGovernor": """Not behind a proxy. The proposal is one call of the router's. `first`: nobody voted on it
yet.""",
    "TestUSDC": "What settling each call by itself would use: an EIP-3009 transfer to a till that has money already.",
}


def measure(parts: Sequence[ModuleType] = PARTS) -> dict[str, Figure]:
    """Figures by name, in the order of the page. The same in every run."""
    with anvil.running(options=(*OPTIONS, "--timestamp", str(START))) as url:
        chain = AnvilChain(url)
        meter = Meter(chain)
        for part in parts:
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


def limits(gas: Mapping[str, int]) -> list[tuple[str, str, str, str]]:
    """Figures beside their limits."""
    rows = [("what", "gas", "limit", "which is")]
    return rows + [
        (what, f"{limit.of(gas[limit.figure]):,}", f"{limit.gas:,}", limit.why) for what, limit in LIMITS.items()
    ]


def page(figures: Mapping[str, Figure], gas: Mapping[str, int]) -> str:
    """docs/gas.md."""
    contracts = list(dict.fromkeys(figure.contract for figure in figures.values()))
    links = " · ".join(f"[{contract}](#{contract.lower()})" for contract in contracts)
    contents = textwrap.fill(links, 120, break_long_words=False, break_on_hyphens=False)
    parts = [_HEAD, contents, "", "## Limits", "", *_table(limits(gas), numbers=(1, 2)), ""]
    parts += ["## Beside others", "", *_table(comparison(gas[OURS]), numbers=(1, 2)), ""]
    for contract in contracts:
        rows = [("what", "function", "gas")]
        rows += [
            (f"`{name}`", f"`{figure.signature.split('(')[0]}`", f"{gas[name]:,}")
            for name, figure in figures.items()
            if figure.contract == contract
        ]
        parts += [f"## {contract}", "", NOTES[contract], "", *_table(rows, numbers=(2,)), ""]
    return "\n".join(parts)


def _table(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> list[str]:
    """Columns of numbers to the right."""
    heading, *body = ["| " + " | ".join(row) + " |" for row in rows]
    rule = "".join("---:|" if column in numbers else "---|" for column in range(len(rows[0])))
    return [heading, f"|{rule}", *body]


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

"""What settling inference costs, in gas of real transactions on anvil: `python -m bench.settlement`.

The figures are those of `bench.gas`, beside the cost of settling each call by its own EIP-3009 transfer.
"""

from bench.gas import measure
from bench.report import report
from tests.gas import channels, prepaid, settlement
from tests.gas.channels import CALLS
from tests.gas.prepaid import CUSTOMERS, ROWS

TRANSFER = "gas_transfer_a_call"

# Here → in bench/gas.json.
FIGURES = {
    TRANSFER: "usdc_transfer_a_call",
    **{
        f"gas_{ours}_{when}": f"{measured}_{when}"
        for when in ("first", "again")
        for ours, measured in (
            (f"claim_{CALLS}_vouchers", f"channel_claim_{CALLS}_calls_by_signature"),
            ("settle_channel", "channel_settle"),
            (f"a_row_of_{ROWS}", f"prepaid_draw_{ROWS}_rows_{CUSTOMERS}_accounts"),
            (f"a_row_of_{ROWS}_of_{ROWS}_accounts", f"prepaid_draw_{ROWS}_rows_{ROWS}_accounts"),
            ("sweep_base", "sweep_base_usdc"),
            ("sweep_tuned", "sweep_tuned_usdc"),
            ("sweep_tuned_funded", "sweep_tuned_funded"),
        )
    },
}


def main() -> None:
    measured = measure((settlement, prepaid, channels))
    figures = {ours: measured[name].gas / (ROWS if "_a_row_" in ours else 1) for ours, name in FIGURES.items()}
    figures[f"gas_per_call_{CALLS}_vouchers"] = figures[f"gas_claim_{CALLS}_vouchers_again"] / CALLS
    heading = ("what", "gas", "of settling one call by its own EIP-3009 transfer")
    rows = [(name, f"{value:,.1f}", f"{value / figures[TRANSFER]:.3f}") for name, value in figures.items()]
    report("settlement", "Settling inference", figures, [heading, *rows])


if __name__ == "__main__":
    main()

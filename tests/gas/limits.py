"""What calls may use at most, in gas: limits that were set before the contracts were written, most of them by what
others' contracts use for the same.
"""

from dataclasses import dataclass

from tests.gas.channels import CALLS
from tests.gas.prepaid import CUSTOMERS, ROWS
from tests.gas.reputation import ENTRIES


@dataclass(frozen=True)
class Limit:
    """Gas that a figure stays within; that each row of it does, if it is of several."""

    figure: str
    gas: int
    why: str
    rows: int = 1

    def of(self, gas: int) -> int:
        """What of a figure the limit is for, rounded up."""
        return -(-gas // self.rows)


_ERC_8004 = "ERC-8004's reference"

LIMITS = {
    "purchase in USDC with a referrer, steady": Limit("purchase_usdc_referrer_steady", 110_000, "set"),
    "agent registered, URI of 66 bytes": Limit("agent_register_with_uri_first", 200_867, _ERC_8004),
    "feedback with every field, first": Limit("feedback_full_first", 197_132, _ERC_8004),
    "feedback with every field, again": Limit("feedback_full_again", 132_382, _ERC_8004),
    f"summary of {ENTRIES} entries of a client": Limit(
        f"summary_{ENTRIES}_entries", 60_000, f"set; {_ERC_8004}: 387,000"
    ),
    f"claim for {CALLS:,} calls, first": Limit(f"channel_claim_{CALLS}_calls_first", 120_000, "set, 120 a call"),
    f"claim for {CALLS:,} calls, again": Limit(f"channel_claim_{CALLS}_calls_again", 120_000, "set, 120 a call"),
    f"claim for {CALLS:,} calls, sent by anyone, first": Limit(
        f"channel_claim_{CALLS}_calls_by_signature_first", 120_000, "set, 120 a call"
    ),
    f"draw of {ROWS} rows of {CUSTOMERS} accounts, a row": Limit(
        f"prepaid_draw_{ROWS}_rows_{CUSTOMERS}_accounts_first", 35_000, "set for a row", ROWS
    ),
    f"draw of {ROWS} rows of {ROWS} accounts, a row": Limit(
        f"prepaid_draw_{ROWS}_rows_{ROWS}_accounts_first", 35_000, "set for a row", ROWS
    ),
}

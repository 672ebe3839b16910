"""Gas of the ReceiptRegistry: a batch costs the same however many receipts it has."""

from eth_utils import keccak

from tests.gas.meter import Meter

RECEIPTS = 1_000


def measure(meter: Meter) -> None:
    receipts, relay = meter.suite.receipts, meter.account("relay")
    with meter.apart():
        for when in ("first", "again"):
            meter(f"anchor_{RECEIPTS}_receipts_{when}", receipts.anchor, keccak(text=when), RECEIPTS, sender=relay)

"""Which logs prove that an authorization paid us."""

from typing import Any

import pytest

from cluster.chain.eip3009 import Authorization
from offchain.facilitator.evidence import TRANSFERRED, USED, paid_in

PAYER, US, OTHER = ("0x" + digit * 40 for digit in "123")
ASSET, OTHER_ASSET = ("0x" + digit * 40 for digit in "ab")
OURS, THEIRS = b"\x01" * 32, b"\x02" * 32
AUTHORIZATION = Authorization(PAYER, US, 500, 0, 1 << 40, OURS)


def topic(address: str) -> str:
    return "0x" + address[2:].rjust(64, "0")


def used(nonce: bytes = OURS, asset: str = ASSET) -> dict[str, Any]:
    return {"address": asset, "topics": [USED, topic(PAYER), "0x" + nonce.hex()], "data": "0x"}


def transfer(to: str = US, value: int = 500, asset: str = ASSET) -> dict[str, Any]:
    return {"address": asset, "topics": [TRANSFERRED, topic(PAYER), topic(to)], "data": f"0x{value:064x}"}


@pytest.mark.parametrize(
    ("logs", "paid"),
    [
        ([used(), transfer()], True),
        ([used(THEIRS), transfer(), used(), transfer()], True),
        ([used(asset=OTHER_ASSET), used(), transfer(OTHER, asset=OTHER_ASSET), transfer()], True),
        ([], False),
        ([transfer()], False),
        ([used()], False),
        ([used(), transfer(OTHER)], False),
        ([used(), transfer(value=499)], False),
        ([used(asset=OTHER_ASSET), transfer(asset=OTHER_ASSET)], False),
        # One nonce spent on somebody else, beside a payment to us that was made for another request.
        ([used(), transfer(OTHER), used(THEIRS), transfer()], False),
        ([used(THEIRS), transfer(), used(), transfer(OTHER)], False),
    ],
)
def test_only_the_transfer_that_this_authorization_made_counts(logs: list[dict[str, Any]], paid: bool) -> None:
    assert paid_in(logs, ASSET, AUTHORIZATION) is paid

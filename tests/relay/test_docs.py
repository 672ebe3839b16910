"""docs/relay.md says what the code does."""

import re
from pathlib import Path

from offchain.facilitator.errors import REFUSALS
from offchain.relay.errors import CODES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "relay.md").read_text()


def test_the_tables_of_codes_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    states = {"settling", "settled", "serving", "served", "failed"}
    expected = {code: str(status) for code, status in CODES.items()} | REFUSALS
    assert {code: told for code, told in rows.items() if code not in states} == expected


def test_every_code_that_is_raised_is_in_a_table() -> None:
    raised = set()
    for source in (ROOT / "offchain").rglob("*.py"):
        text = source.read_text()
        raised |= set(re.findall(r'(?:ApiError|Refused|Unavailable)\(\s*"(\w+)"', text))
    assert raised - set(CODES) - set(REFUSALS) <= {"payment_refused_by_facilitator"}

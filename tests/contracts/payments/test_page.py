"""docs/contracts/PaymentRouter.md names tests and files that exist."""

import re
from pathlib import Path

from cluster.chain.paths import root

PAGE = root() / "docs" / "contracts" / "PaymentRouter.md"
TESTS = Path(__file__).parent


def test_every_link_and_every_named_test_is_there() -> None:
    text = PAGE.read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
    written = "".join(path.read_text() for path in TESTS.glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", text)
    assert named
    assert [name for name in named if f"def {name}(" not in written] == []

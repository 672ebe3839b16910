"""Each kind of bug, planted in a copy of a contract, is noticed by the test that is there for it."""

from itertools import groupby
from pathlib import Path

import pytest

from tests.tools.bugs import BUGS
from tools.mutants.planted import Bug, find


def _domain(bug: Bug) -> str:
    return bug.test.partition("/")[0]


BY_DOMAIN = {domain: list(bugs) for domain, bugs in groupby(sorted(BUGS, key=_domain), key=_domain)}


@pytest.mark.parametrize("domain", BY_DOMAIN)
def test_a_planted_bug_is_noticed(domain: str, tmp_path: Path) -> None:
    bugs = BY_DOMAIN[domain]
    found = dict(zip((bug.kind for bug in bugs), find(bugs, tmp_path), strict=True))
    assert {kind: one.without for kind, one in found.items() if one.without} == {}
    # A bug that already stops the set-up would show nothing about the test.
    assert [kind for kind, one in found.items() if "call" not in one.with_bug.values()] == []


def test_a_bug_is_planted_in_one_place_or_not_at_all() -> None:
    twice = Bug("twice", "token/ClusterToken.sol", {"signature": ""}, "token/test_erc20.py::test_x")
    with pytest.raises(ValueError, match="twice: stands"):
        twice.planted()

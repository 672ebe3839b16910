"""How deep JSON from outside may nest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offchain.service.nesting import MAX_DEPTH, TooDeep, check_depth

# Texts full of what could be taken for structure.
texts = st.text(st.sampled_from('[]{}"\\,:a'), max_size=20)


def deep(value: Any, depth: int, in_objects: bool) -> Any:
    for _ in range(depth):
        value = {"a": value} if in_objects else [value]
    return value


@given(texts, st.integers(0, 2 * MAX_DEPTH), st.booleans(), st.integers(1, 300))
def test_depth_counts_and_neither_width_nor_what_strings_say(
    text: str, depth: int, in_objects: bool, width: int
) -> None:
    data = json.dumps(deep([text] * width, depth, in_objects)).encode()
    if depth + 1 > MAX_DEPTH:
        with pytest.raises(TooDeep):
            check_depth(data)
    else:
        check_depth(data)


@given(st.binary(max_size=2000))
def test_anything_is_judged_without_another_error(data: bytes) -> None:
    try:
        check_depth(data * 20)
    except TooDeep:
        assert data.count(b"[") + data.count(b"{") > 0


def test_a_long_broken_string_takes_no_longer_than_it_is_long() -> None:
    """An unterminated string, and escapes without end: no backtracking."""
    check_depth(b"[" * MAX_DEPTH + b'"' + b"\\" * 1_000_001)
    with pytest.raises(TooDeep):
        check_depth(b'"' + b"\\\\" * 500_000 + b"[" * (MAX_DEPTH + 1))

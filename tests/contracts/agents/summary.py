"""The mean of feedback as the reference contracts define it, and ours where theirs fails: in exact fractions."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from math import trunc

MAX_VALUE = 10**38
MAX_DECIMALS = 18
INT128 = range(-(2**127), 2**127)


def mean(values: Iterable[tuple[int, int]]) -> tuple[int, int, int]:
    """(count, mean, decimals) of (value, decimals) pairs."""
    values = list(values)
    if not values:
        return 0, 0, 0
    frequency = Counter(decimals for _, decimals in values)
    decimals = min(frequency, key=lambda d: (-frequency[d], d))
    exact = sum(Fraction(value, 10**d) for value, d in values) / len(values)
    while trunc(exact * 10**decimals) not in INT128:
        decimals -= 1
    return len(values), trunc(exact * 10**decimals), decimals

"""The mean of feedback, as ReputationRegistry takes it."""

from collections import Counter
from collections.abc import Iterable

from indexer.handlers.reputation_registry import DECIMALS, scaled

LIMIT = 2**127


def summary(
    values: Iterable[tuple[int, int]], count: int = 0, total: int = 0, decimals: int = 0
) -> tuple[int, int, int]:
    """Count, mean truncated towards zero, and its decimals: those that most values have (of several the lowest), fewer
    where an int128 could not hold the mean. Of (value, decimals), or of a count and a sum at 18 decimals.
    """
    counts: Counter[int] = Counter()
    for value, places in values:
        counts[places] += 1
        total += scaled(value, places)
    if counts:
        count = counts.total()
        decimals = min(counts, key=lambda places: (-counts[places], places))
    if count == 0:
        return 0, 0, 0
    precise = _truncated(total, count)
    while True:
        mean = _truncated(precise, 10 ** (DECIMALS - decimals))
        if -LIMIT <= mean < LIMIT:
            return count, mean, decimals
        decimals -= 1


def _truncated(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)

"""One court for all; what a test does there is undone after it."""

from collections.abc import Iterator

import pytest

from tests.contracts.trace.court import Court


@pytest.fixture(scope="session")
def standing_court() -> Court:
    return Court()


@pytest.fixture
def court(standing_court: Court) -> Iterator[Court]:
    with standing_court.chain.isolated():
        yield standing_court

"""For any family tree, any datasets and any weights, the flattened rows are right to the millionth.

For longer, and other trees each time:
HYPOTHESIS_PROFILE=explore ATTRIBUTION_EXAMPLES=100000 pytest tests/contracts/models/test_attribution.py --timeout 0
"""

import os
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import reverts
from tests.contracts.models.reference import MAX_ROWS, PPM, Beneficiary, Refused, Row, flatten, shares
from tests.contracts.models.world import BASE, DERIVED, FIGURES, HOSTED, World

EXAMPLES = int(os.environ.get("ATTRIBUTION_EXAMPLES", "250"))
DATASETS = 20


@dataclass(frozen=True)
class Birth:
    """A model to be registered: `parent` counts back from the latest, further back than there are is none."""

    base: bool
    parent: int
    uses: list[tuple[int, int]]
    figures: tuple[int, int, int, int, int] | None


parts = st.tuples(st.integers(50_000, 900_000), st.integers(50_000, 900_000)).filter(lambda two: sum(two) <= 950_000)
figures = parts.map(lambda two: (0, 0, *two, PPM - sum(two)))
weight = st.sampled_from((1, 2, 3, 7, 999, 1_000)) | st.integers(1, 1_000)
uses = st.dictionaries(st.integers(1, DATASETS), weight, max_size=6).map(lambda found: sorted(found.items()))
many_uses = st.dictionaries(st.integers(1, DATASETS), weight, min_size=9, max_size=17).map(lambda f: sorted(f.items()))
births = st.builds(
    Birth,
    base=st.sampled_from((False,) * 9 + (True,)),
    parent=st.sampled_from((1, 1, 1, 1, 2, 3, 99)),
    uses=uses | uses | uses | many_uses,
    figures=st.none() | st.none() | figures,
)


@dataclass(frozen=True)
class Known:
    """What is known of a model that was registered."""

    rows: list[Row]
    exact: dict[Beneficiary, Fraction]
    depth: int


@settings(max_examples=EXAMPLES)
@given(family=st.lists(births, min_size=1, max_size=12))
def test_rows_are_the_exact_shares_to_the_millionth(world: World, family: list[Birth]) -> None:
    with world.chain.isolated():
        for number in range(DATASETS):
            world.dataset(f"data-{number}")
        known: dict[int, Known] = {}
        current = FIGURES
        for birth in family:
            if birth.figures is not None:
                current = birth.figures
                world.models.setFigures(current, sender=world.admin)
            grow(world, known, birth, current)
        for model, kin in known.items():
            assert world.rows(model) == kin.rows, "a registered stack changed"


def grow(world: World, known: dict[int, Known], birth: Birth, current: tuple[int, int, int, int, int]) -> None:
    """Registers one more model and holds its rows to the reference and to the exact shares."""
    model = len(known) + 1
    if birth.base:
        world.register(f"acme/{model}", BASE)
        known[model] = Known([], {}, 0)
        assert world.rows(model) == []
        return
    parent = known.get(model - birth.parent)
    kind, changes = (HOSTED, {}) if parent is None else (DERIVED, {"parent": (model - birth.parent, 1)})
    parent = parent or Known([], {}, 0)
    try:
        expected = flatten(model, birth.uses, parent.rows, current)
    except Refused as refused:
        with reverts(refused.name, *refused.values):
            world.register(f"acme/{model}", kind, datasets=birth.uses, **changes)
        return
    world.register(f"acme/{model}", kind, datasets=birth.uses, **changes)
    kin = Known(expected, shares(model, birth.uses, parent.exact, current), parent.depth + 1)
    known[model] = kin

    rows = world.rows(model)
    assert rows == kin.rows
    assert sum(ppm for _, _, ppm in rows) == PPM
    assert 1 <= len(rows) <= MAX_ROWS
    found = {(beneficiary, id_): ppm for beneficiary, id_, ppm in rows}
    assert len(found) == len(rows), "a beneficiary has two rows"
    assert all(found.values())
    assert sum(kin.exact.values()) == 1
    assert found.keys() <= kin.exact.keys()
    for beneficiary, share in kin.exact.items():
        assert abs(found.get(beneficiary, 0) - share * PPM) < kin.depth

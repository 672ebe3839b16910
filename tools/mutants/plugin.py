"""pytest plugin of mutation tests: state machines last and short, and no time spent on making a failure small."""

import os
from typing import Any

import hypothesis.stateful
import pytest
from hypothesis import Phase, settings

EXAMPLES = int(os.environ.get("MUTANTS_EXAMPLES", "12"))

_run = hypothesis.stateful.run_state_machine_as_test
_LAST = "run_state_machine_as_test"


def _shortly(factory: Any, *, settings: settings | None = None, **options: Any) -> None:
    how = hypothesis.settings(settings, max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
    _run(factory, settings=how, **options)
    pytest.skip("the promised number of calls is a matter of the whole run")


hypothesis.stateful.run_state_machine_as_test = _shortly  # type: ignore[assignment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: hasattr(item.module, _LAST))  # type: ignore[attr-defined]

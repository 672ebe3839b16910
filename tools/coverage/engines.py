"""The engines that the tests of a process make: they take larger contracts, and we know what probes they met."""

import sys
from functools import partial
from typing import Any

import pyrevm

from cluster.testing import chain
from tools.coverage.instrument import hit_in

# The list, the loop's variable and the argument of `getrefcount`.
_OURS = 3

_engines: list[Any] = []


def watch() -> None:
    """From now on. To be called before test modules are imported, since some make an engine then."""
    # Contracts with probes, or not optimized, are larger than a chain would take.
    chain.CfgEnv = partial(pyrevm.CfgEnv, limit_contract_code_size=1 << 20)  # type: ignore[attr-defined,assignment]
    chain.EVM = _engine  # type: ignore[attr-defined,assignment]


def count() -> int:
    """How many are known."""
    return len(_engines)


def hits() -> set[int]:
    """The probes that they met, in all their life. Forgets engines that nobody else knows any more."""
    found = set().union(*(hit_in(engine) for engine in _engines))
    _engines[:] = [engine for engine in _engines if sys.getrefcount(engine) > _OURS]
    return found


def _engine(*args: Any, **options: Any) -> Any:
    engine = pyrevm.EVM(*args, **options)
    _engines.append(engine)
    return engine

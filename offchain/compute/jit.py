"""Compiled functions. All of them work on integers, so the bits do not depend on the CPU they are compiled for."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compiled at its first call for the types it gets, kept on disk, without the interpreter's lock. Division by
    zero is not checked: callers see to it.
    """
    return cast("Callable[P, R]", numba.njit(nogil=True, cache=True, error_model="numpy")(function))

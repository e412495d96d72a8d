"""Why is growing a graph linear? Its nodes live on, and the cyclic collector would scan them in vain."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def without_collection(function: Callable[P, R]) -> Callable[P, R]:
    """Pause the cyclic garbage collector while a function builds a graph or a program.

    >>> without_collection(gc.isenabled)(), gc.isenabled()
    (False, True)
    """

    @functools.wraps(function)
    def paused(*args: P.args, **kwargs: P.kwargs) -> R:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if was_enabled:
                gc.enable()

    return paused

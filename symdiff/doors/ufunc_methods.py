"""What do ``np.add.reduce``, ``np.multiply.outer`` and their like mean? Other functions that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symdiff.doors.dispatching import dispatch, name_of
from symdiff.doors.indexing import accumulate
from symdiff.doors.places import located
from symdiff.doors.refused import noted
from symdiff.errors import UnknownFunction

REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
ACCUMULATIONS: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


def call_method(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Answer ``ufunc.reduce``, ``.accumulate``, ``.outer`` and ``.at``."""
    if method == "reduce" and ufunc in REDUCTIONS:
        return dispatch(REDUCTIONS[ufunc], inputs, {"axis": 0, **options})
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        return dispatch(ACCUMULATIONS[ufunc], inputs, {"axis": 0, **options})
    if method == "outer" and not options:
        left, right = inputs
        place = (..., *(np.newaxis for _ in range(np.ndim(right))))
        return dispatch(ufunc, (left[place] if np.ndim(left) else left, right), {})
    if method == "at" and ufunc in (np.add, np.subtract):
        return accumulate(inputs[0], ufunc, *inputs[1:])
    why = {"why": "symdiff has no rule for this method"}
    mend = "Write it with sums, products, slices and writes."
    raise noted(UnknownFunction(located(f"{name_of(ufunc)}.{method}", dict(why), mend)))

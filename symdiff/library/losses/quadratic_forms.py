"""Is a loss convex? Where its curvature v'Hv is proved equal to a sum of terms that are never negative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array
from symdiff.verdicts import Verdict


def curvature_is(
    squares: Callable[..., Any],
    second: Callable[..., Any],
    inputs: Mapping[str, str],
    domain: Mapping[str, Any] | None = None,
) -> Verdict:
    """Whether ``v'Hv`` is ``squares(*inputs, v)``, H being the Hessian that ``second`` multiplies with v."""

    @wraps(squares)
    def form(*args: Array) -> Array:
        return np.sum(args[-1] * second(*args))

    form.__name__ = "v'Hv"
    return check(form, squares, dict(inputs), of="value", domain=dict(domain or {}))

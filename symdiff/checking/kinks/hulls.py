"""Does a value lie in the convex hull of others? Least squares with weights that are positive and sum to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Numbers: TypeAlias = NDArray[np.float64]

CLOSE = 1e-7  # the numbers are limits to thirty digits and claims rounded to doubles


def nearest(groups: Sequence[Sequence[Numbers]], value: Numbers) -> tuple[Numbers, float]:
    """The point next to ``value`` in a sum of convex hulls, and how far outside it is, beside the numbers' size.

    >>> point, gap = nearest([[np.array([0.0, 1.0]), np.array([1.0, 0.0])]], np.array([1.0, 1.0]))
    >>> point.round(6).tolist(), gap > 0.1
    ([0.5, 0.5], True)
    """
    columns = [np.ravel(point) for group in groups for point in group]
    wanted = np.ravel(value)
    scale = 1 + max(float(np.max(np.abs(c), initial=0)) for c in (*columns, wanted))
    matrix = np.stack(columns, axis=1) / scale
    sums = np.zeros((len(groups), len(columns)))
    places = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    sums[places, np.arange(len(columns))] = _FIRM
    try:
        weights, _ = nnls(
            np.vstack([matrix, sums]), np.concatenate([wanted / scale, np.full(len(groups), _FIRM)])
        )
    except RuntimeError:  # no end in sight: nothing is known to lie outside
        return value, 0.0
    totals = np.bincount(places, weights, len(groups))
    point = matrix @ (weights / np.where(totals > 0, totals, 1)[places])
    return scale * point.reshape(value.shape), float(np.max(np.abs(point - wanted / scale), initial=0))


_FIRM = 1e3  # how much more the weights must sum to one than the point be near


def is_inside(points: Sequence[Numbers], value: Numbers) -> bool:
    """Whether a value is a weighted mean of some points, as far as doubles can tell."""
    if any(
        np.max(np.abs(p - value), initial=0) <= CLOSE * (1 + np.max(np.abs(p), initial=0)) for p in points
    ):
        return True
    return len(points) > 1 and nearest([points], value)[1] <= CLOSE

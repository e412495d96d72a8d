"""Which NumPy functions are short compositions of others? Polynomials, choices, grids, powers of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from symdiff.doors.dims import lengths
from symdiff.doors.dispatching import rule
from symdiff.doors.recording import Recording
from symdiff.doors.traced import Traced
from symdiff.ir.shapes import broadcast
from symdiff.ir.sizes import Shape


@rule(np.polyval)
def polyval(recording: Recording, p: Any, x: Any) -> Any:
    """Horner's rule, the highest power first."""
    return reduce(lambda value, coefficient: value * x + coefficient, p, np.zeros_like(x))


@rule(np.select, sequence=True)
def select(recording: Recording, condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = np.where(condition, choice, result)
    return result


@rule(np.append)
def append(recording: Recording, arr: Any, values: Any, axis: Any = None) -> Any:
    """Values at the end of a copy."""
    if axis is None:
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


@rule(np.broadcast_arrays, view=True)
def broadcast_arrays(recording: Recording, *args: Any, **_: Any) -> tuple[Any, ...]:
    """All arrays in one shape."""
    shape: Shape = broadcast(*(a.size_shape if isinstance(a, Traced) else np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, lengths(shape)) for a in args)


@rule(np.meshgrid)
def meshgrid(
    recording: Recording, *xi: Any, indexing: str = "xy", sparse: bool = False, **_: Any
) -> list[Any]:
    """The coordinates of a grid."""
    rank = len(xi)
    places = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else list(range(rank))
    axes = [
        np.reshape(x, [-1 if k == place else 1 for k in range(rank)])
        for x, place in zip(xi, places, strict=True)
    ]
    if sparse:
        return axes
    shape = tuple(np.size(xi[places.index(k)]) for k in range(rank))
    return [np.copy(np.broadcast_to(x, shape)) for x in axes]


@rule(np.linalg.multi_dot, sequence=True)
def multi_dot(recording: Recording, arrays: Sequence[Any], **_: Any) -> Any:
    """A product of several matrices."""
    return reduce(np.dot, arrays)


@rule(np.linalg.matrix_power)
def matrix_power(recording: Recording, a: Any, n: int) -> Any:
    """A matrix times itself; n is not negative."""
    if n < 0:
        raise TypeError(
            "matrix_power() got an unsupported argument n < 0: the inverse is not in the graph yet"
        )
    return reduce(np.matmul, [a] * n) if n else np.broadcast_to(np.eye(np.shape(a)[-1]), np.shape(a))


@rule(np.isscalar)
def isscalar(recording: Recording, element: Any) -> bool:
    """Whether it stands for a number that was passed in, or computed from such."""
    return isinstance(element, Traced) and not element.size_shape and element.origin == "inside"


@rule(np.iscomplexobj)
def iscomplexobj(recording: Recording, x: Any) -> bool:
    """Never: traced arrays are real."""
    return False


@rule(np.isrealobj)
def isrealobj(recording: Recording, x: Any) -> bool:
    """Always."""
    return True

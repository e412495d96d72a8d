"""Which NumPy calls carry out the moves and selections? Functions that the generated programs call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from symdiff.errors import ShapeError, explain

Array: TypeAlias = NDArray[Any]
Ints: TypeAlias = tuple[int, ...]
Spans: TypeAlias = tuple[tuple[int, int, int], ...]


def slices(spans: Spans) -> tuple[slice, ...]:
    """Python slices of ``(start, step, length)`` for each axis."""
    return tuple(_slice(*span) for span in spans)


def _slice(start: int, step: int, length: int) -> slice:
    end = start + step * length
    return slice(start, end if end >= 0 else None, step) if length else slice(0, 0)


def pad(x: Array, where: Any, out: Array) -> Array:
    """Zeros with ``x`` at some places."""
    out[...] = 0
    out[where] = x
    return out


def gather(x: Array, index: Array, axis: int) -> Array:
    """Entries along an axis."""
    return np.take(x, index, axis)


def scatter_add(x: Array, index: Array, axis: int, size: int) -> Array:
    """Add entries into zeros along an axis, at the places in ``index``."""
    lead, rest = x.shape[:axis], x.shape[axis + index.ndim :]
    rows = np.ascontiguousarray(np.moveaxis(x.reshape(*lead, index.size, *rest), axis, 0))
    places = np.where(index.ravel() < 0, index.ravel() + size, index.ravel())
    if (
        x.dtype == np.float64
        and rows.ndim == 1
        and (not places.size or 0 <= places.min() <= places.max() < size)
    ):
        return np.bincount(places, rows, size).astype(x.dtype, copy=False)
    result = np.zeros((size, *rows.shape[1:]), x.dtype)
    np.add.at(result, places, rows)
    return np.moveaxis(result, 0, axis)


def window(x: Array, axis: int, length: int) -> Array:
    """All windows along an axis, a view; the place in the window is the last axis."""
    return sliding_window_view(x, length, axis)


def fold(x: Array, axis: int, size: int) -> Array:
    """Add windows back into an axis."""
    shape = (*x.shape[:axis], size, *x.shape[axis + 1 : -1])
    result = np.zeros(shape, x.dtype)
    count = x.shape[axis]
    for place in range(x.shape[-1]):
        part: list[slice] = [slice(None)] * len(shape)
        part[axis] = slice(place, place + count)
        result[tuple(part)] += x[..., place]
    return result


def maximum(x: Array, axes: Ints, out: Array | None = None) -> Array:
    """The largest entry over some axes."""
    if not x.size and any(x.shape[axis] == 0 for axis in axes):
        facts: dict[str, object] = {"shape": x.shape, "axes": axes}
        raise ShapeError(explain("max", facts, "The maximum of no numbers is undefined: give a longer axis."))
    if x.ndim == 2 and axes == (1,) and x.shape[1] <= _SHORT < x.shape[0]:
        x, axes = np.ascontiguousarray(x.T), (0,)  # whole columns at a time
    return np.maximum.reduce(x, axis=axes, out=out)


_SHORT = 32


def argmax(x: Array, best: Array, axes: Ints, out: Array) -> Array:
    """1 where ``x`` reaches its maximum ``best`` over some axes, shared equally between ties."""
    won = x == best
    np.copyto(out, won)
    if np.count_nonzero(won) != best.size:
        count = np.add.reduce(out, axis=axes, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            np.divide(out, count, out=out)
    return out


def diagonal(x: Array, groups: Sequence[Ints]) -> Array:
    """A view with one axis for each group of axes: the entries whose positions in a group agree."""
    shape = tuple(x.shape[group[0]] for group in groups)
    strides = tuple(sum(x.strides[axis] for axis in group) for group in groups)
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def embed(x: Array, groups: Sequence[Ints], out: Array) -> Array:
    """Write ``x`` on a diagonal of ``out``; zeros elsewhere."""
    out[...] = 0
    diagonal(out, groups)[...] = x
    return out


def cumulate(x: Array, axis: int, backwards: bool, out: Array) -> Array:
    """Running sums along an axis."""
    if backwards:
        turned = (slice(None),) * axis + (slice(None, None, -1),)
        np.add.accumulate(x[turned], axis, out=out[turned])
        return out
    return np.add.accumulate(x, axis, out=out)

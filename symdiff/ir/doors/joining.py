"""How do functions that join, split, pad and repeat arrays act on nodes? Concatenations, slices and gathers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symdiff.errors import ShapeError, TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.dims import size
from symdiff.ir.dispatching import rule
from symdiff.ir.doors.reductions import one_axis
from symdiff.ir.doors.shaping import resized
from symdiff.ir.lifting import dtype_of, lift, promote, to_real
from symdiff.ir.ops import Span, table
from symdiff.ir.places import complain
from symdiff.ir.recording import Recording
from symdiff.ir.selecting import wrapped
from symdiff.ir.sizes import Size, concrete, normal, same_shape, text
from symdiff.ir.tensors import Tensor
from symdiff.ir.traced import BOOL


@rule(np.concatenate)
def concatenate(recording: Recording, arrays: Sequence[Any], axis: Any = 0, **_: Any) -> Tensor:
    """End to end along an axis."""
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    nodes = [lift(recording, a) for a in arrays]
    dtype = promote(*arrays)
    if dtype != BOOL:
        nodes = [to_real(recording, node) for node in nodes]
    shapes = [recording.store.shape(node) for node in nodes]
    place = one_axis(axis, len(shapes[0]))
    if any(len(s) != len(shapes[0]) or not same_shape(resized(s, place, 0), resized(shapes[0], place, 0)) for s in shapes):
        facts: dict[str, object] = {f"array{k}": text(s) for k, s in enumerate(shapes)}
        complain(ShapeError, f"np.concatenate(..., axis={axis})", facts, "All other axes must agree: reshape or transpose.")
    return Tensor(recording, alg.concatenate(recording.store, nodes, place), dtype)


@rule(np.stack)
def stack(recording: Recording, arrays: Sequence[Any], axis: Any = 0, **_: Any) -> Tensor:
    """Along a new axis."""
    items = list(arrays)
    place = one_axis(axis, np.ndim(items[0]) + 1)
    return concatenate(recording, [np.expand_dims(_dispatchable(recording, a), place) for a in items], place)


def _dispatchable(recording: Recording, value: Any) -> Any:
    """Lists and numbers as arrays, so that NumPy's functions accept them."""
    return value if isinstance(value, (Tensor, np.ndarray)) else Tensor(recording, lift(recording, value), dtype_of(value))


@rule(np.vstack)
def vstack(recording: Recording, tup: Sequence[Any], **_: Any) -> Tensor:
    """Rows below each other."""
    return concatenate(recording, [np.atleast_2d(_dispatchable(recording, a)) for a in tup], 0)


@rule(np.hstack)
def hstack(recording: Recording, tup: Sequence[Any], **_: Any) -> Tensor:
    """Columns beside each other."""
    items = [np.atleast_1d(_dispatchable(recording, a)) for a in tup]
    return concatenate(recording, items, 0 if np.ndim(items[0]) == 1 else 1)


@rule(np.column_stack)
def column_stack(recording: Recording, tup: Sequence[Any]) -> Tensor:
    """Vectors as columns."""
    items = [_dispatchable(recording, a) for a in tup]
    return concatenate(recording, [np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in items], 1)


@rule(np.split, np.array_split)
def split(recording: Recording, ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    """The parts of an axis; views."""
    place = one_axis(axis, np.ndim(ary))
    length = np.shape(ary)[place]
    if hasattr(indices_or_sections, "__index__"):
        total = size(length)
        count = indices_or_sections.__index__()
        (whole,) = concrete((total,), "np.split") if not isinstance(total, int) else (total,)
        sizes = [whole // count + (k < whole % count) for k in range(count)]
        bounds: list[Any] = [0, *np.cumsum(sizes).tolist()]
    else:
        bounds = [0, *indices_or_sections, length]
    front = (slice(None),) * place
    return [ary[(*front, slice(a, b))] for a, b in zip(bounds, bounds[1:], strict=False)]


def _split_evenly(recording: Recording, ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    length = np.shape(ary)[axis]
    if hasattr(indices_or_sections, "__index__") and length % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return split(recording, ary, indices_or_sections, axis)


rule(np.split)(_split_evenly)


@rule(np.pad)
def pad(recording: Recording, array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """Constants around an array."""
    if mode != "constant":
        complain(TracingError, "np.pad", {"mode": mode}, "Use mode='constant', or np.concatenate the parts.")
    node = lift(recording, array)
    shape = recording.store.shape(node)
    widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    spans = [Span(before, 1, n) for (before, _), n in zip(widths, shape, strict=True)]
    wide = tuple(normal(n + before + after) for (before, after), n in zip(widths, shape, strict=True))
    padded = Tensor(recording, alg.pad(recording.store, to_real(recording, node), spans, wide), dtype_of(array))
    if np.ndim(constant_values) == 0 and not isinstance(constant_values, Tensor) and constant_values == 0:
        return padded
    mask = np.pad(np.zeros(concrete(shape, "np.pad")), pad_width, constant_values=1)
    return padded + np.multiply(np.pad(np.zeros(mask.shape), 0) + mask, constant_values)


@rule(np.roll)
def roll(recording: Recording, a: Any, shift: Any, axis: Any = None) -> Any:
    """Entries moved along, those that fall off put back in front."""
    if axis is None:
        return np.reshape(roll(recording, np.ravel(a), shift, 0), np.shape(a))
    shifts, axes = np.broadcast_arrays(shift, axis)
    for step, place in zip(shifts.ravel().tolist(), axes.ravel().tolist(), strict=True):
        a = _rolled(recording, a, step, one_axis(place, np.ndim(a)))
    return a


def _rolled(recording: Recording, a: Any, step: int, axis: int) -> Any:
    length = np.shape(a)[axis]
    cut = -step % length if isinstance(length, int) else -step
    front = (slice(None),) * axis
    return np.copy(a) if cut == 0 else np.concatenate([a[(*front, slice(cut, None))], a[(*front, slice(0, cut))]], axis)


@rule(np.tile)
def tile(recording: Recording, A: Any, reps: Any) -> Any:
    """Copies beside each other: a broadcast along new axes, and a reshape."""
    counts = list(reps) if isinstance(reps, (tuple, list)) else [reps]
    rank = max(np.ndim(A), len(counts))
    counts = [1] * (rank - len(counts)) + counts
    own = (1,) * (rank - np.ndim(A)) + np.shape(A)
    apart = np.reshape(A, tuple(n for m in own for n in (1, m)))
    wide = np.broadcast_to(apart, tuple(n for c, m in zip(counts, own, strict=True) for n in (c, m)))
    return np.reshape(np.copy(wide), tuple(c * m for c, m in zip(counts, own, strict=True)))


@rule(np.repeat)
def repeat(recording: Recording, a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each entry several times."""
    if axis is None:
        a, axis = np.ravel(a), 0
    place = one_axis(axis, np.ndim(a))
    shape = np.shape(a)
    if np.ndim(repeats) == 0:
        wide = (*shape[: place + 1], repeats, *shape[place + 1 :])
        spread = np.broadcast_to(np.expand_dims(a, place + 1), wide)
        return np.reshape(np.copy(spread), (*shape[:place], shape[place] * repeats, *shape[place + 1 :]))
    return take(recording, a, np.repeat(np.arange(shape[place]), np.asarray(repeats)), place)


@rule(np.take)
def take(recording: Recording, a: Any, indices: Any, axis: Any = None, **_: Any) -> Any:
    """Entries along an axis at integer positions, constant or traced."""
    if axis is None:
        a, axis = np.ravel(a), 0
    store = recording.store
    node = lift(recording, a)
    place = one_axis(axis, len(store.shape(node)))
    if isinstance(indices, Tensor) and indices.value is None:
        if indices.dtype.kind not in "iu":
            indices.__index__()
        index = lift(recording, indices)
    else:
        index = store.add(table(wrapped(np.asarray(indices), store.shape(node)[place])))
    return Tensor(recording, alg.gather(store, node, index, place), dtype_of(a))


@rule(np.take_along_axis)
def take_along_axis(recording: Recording, arr: Any, indices: Any, axis: Any = -1) -> Any:
    """Entries along an axis, at other positions in each line."""
    place = one_axis(axis, np.ndim(arr))
    grids = np.meshgrid(*(np.arange(n) for n in np.shape(indices)), indexing="ij", sparse=True)
    return arr[tuple(indices if k == place else grid for k, grid in enumerate(grids))]


@rule(np.diff)
def diff(recording: Recording, a: Any, n: int = 1, axis: Any = -1) -> Any:
    """Differences of neighbours."""
    front = (slice(None),) * one_axis(axis, np.ndim(a))
    for _ in range(n):
        a = a[(*front, slice(1, None))] - a[(*front, slice(0, -1))]
    return a


@rule(np.lib.stride_tricks.sliding_window_view, view=True)
def sliding_window_view(recording: Recording, x: Any, window_shape: Any, axis: Any = None, **_: Any) -> Tensor:
    """All windows; their axes come last."""
    store = recording.store
    node = lift(recording, x)
    rank = len(store.shape(node))
    lengths_ = list(window_shape) if isinstance(window_shape, (tuple, list)) else [window_shape]
    axes = list(range(rank)) if axis is None else list(axis) if isinstance(axis, (tuple, list)) else [axis]
    for length, place in zip(lengths_, axes, strict=True):
        node = alg.window(store, node, one_axis(place, rank), length.__index__())
    return Tensor(recording, node, dtype_of(x))


@rule(np.diagonal, view=True)
def diagonal(recording: Recording, a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Tensor:
    """A diagonal of two axes, as the last axis."""
    store = recording.store
    node = lift(recording, a)
    shape = store.shape(node)
    first, second = one_axis(axis1, len(shape)), one_axis(axis2, len(shape))
    if offset or shape[first] != shape[second]:
        rows, columns = concrete((shape[first], shape[second]), "np.diagonal")
        length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
        spans = [alg.full_span(n) for n in shape]
        spans[first], spans[second] = Span(max(-offset, 0), 1, length), Span(max(offset, 0), 1, length)
        node = alg.slice_(store, node, spans)
    labels = [first if k == second else k for k in range(len(shape))]
    output = tuple(k for k in labels if k != first) + (first,)
    return Tensor(recording, alg.contract(store, [(node, tuple(labels))], output), dtype_of(a))


@rule(np.diag)
def diag(recording: Recording, v: Any, k: Any = 0) -> Any:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    if np.ndim(v) == 2:
        return np.diagonal(v, k)
    store = recording.store
    node = lift(recording, v)
    length: Size = store.shape(node)[0]
    square = alg.contract(store, [(node, (0,))], (0, 0))
    if k:
        wide = normal(length + abs(k))
        square = alg.pad(store, square, (Span(max(-k, 0), 1, length), Span(max(k, 0), 1, length)), (wide, wide))
    return Tensor(recording, square, dtype_of(v))


def _triangle(recording: Recording, m: Any, k: Any, lower: bool) -> Any:
    rows, columns = recording.store.shape(lift(recording, m))[-2:]
    node = alg.lower_triangle(recording.store, rows, columns, k if lower else k - 1)
    mask = Tensor(recording, node, BOOL)
    kept, dropped = (m, 0) if lower else (0, m)
    return np.where(np.broadcast_to(mask, np.shape(m)), kept, dropped)


@rule(np.tril)
def tril(recording: Recording, m: Any, k: Any = 0) -> Any:
    """The entries on and below a diagonal."""
    return _triangle(recording, m, k, True)


@rule(np.triu)
def triu(recording: Recording, m: Any, k: Any = 0) -> Any:
    """The entries on and above a diagonal."""
    return _triangle(recording, m, k, False)



"""How do functions that repeat, select and move entries act on nodes? Gathers, windows, diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.doors.dispatching import rule
from symdiff.doors.functions.reductions import one_axis
from symdiff.doors.lifting import dtype_of, lift
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.selecting import wrapped
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, INT
from symdiff.errors import MutationError, ShapeError
from symdiff.ir import algebra as alg
from symdiff.ir.ops import Span, table
from symdiff.ir.sizes import Size, concrete, normal, same, text


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
    return (
        np.copy(a)
        if cut == 0
        else np.concatenate([a[(*front, slice(cut, None))], a[(*front, slice(0, cut))]], axis)
    )


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
    return arr[_along(recording, arr, indices, axis)]


@rule(np.put_along_axis)
def put_along_axis(recording: Recording, arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Entries written along an axis, at another position in each line."""
    _require_own(arr, "np.put_along_axis")
    arr[_along(recording, arr, indices, axis)] = values


@rule(np.fill_diagonal)
def fill_diagonal(recording: Recording, a: Any, val: Any) -> None:
    """One value, or one for each place, written on the diagonal of a square matrix."""
    _require_own(a, "np.fill_diagonal")
    rows, *others = recording.store.shape(a.node(recording))
    if len(others) != 1 or not same(rows, others[0]):
        facts: dict[str, object] = {"a": text((rows, *others))}
        complain(ShapeError, "np.fill_diagonal", facts, "Give a square matrix, or write a[i, i] = v.")
    whole = isinstance(rows, int)
    places = np.arange(rows) if whole else Tensor(recording, alg.positions(recording.store, rows), INT)
    a[places, places] = val


@rule(np.copyto)
def copyto(recording: Recording, dst: Any, src: Any, *, where: Any = True) -> None:
    """All entries written, or those where a mask holds."""
    _require_own(dst, "np.copyto")
    dst[...] = src if where is True else np.where(where, src, dst)


def _require_own(array: Any, call: str) -> None:
    if not isinstance(array, Tensor):
        why = "it was not created inside the function"
        facts: dict[str, object] = {"array": type(array).__name__, "why": why}
        complain(MutationError, call, facts, "Create it inside: x = np.zeros(...).")


def _along(recording: Recording, arr: Any, indices: Any, axis: Any) -> tuple[Any, ...]:
    """The index of every axis: a count along each, but for the given positions."""
    store, shape = recording.store, recording.store.shape(lift(recording, arr))
    place = one_axis(axis, len(shape))
    found: list[Any] = []
    for k, size in enumerate(shape):
        others = [j for j in range(len(shape)) if j != k]
        if k == place:
            found.append(indices)
        elif isinstance(size, int):
            found.append(np.expand_dims(np.arange(size), others))
        else:
            counts = alg.insert_axes(store, alg.positions(store, size), others)
            found.append(Tensor(recording, counts, INT))
    return tuple(found)


@rule(np.diff)
def diff(recording: Recording, a: Any, n: int = 1, axis: Any = -1) -> Any:
    """Differences of neighbours."""
    front = (slice(None),) * one_axis(axis, np.ndim(a))
    for _ in range(n):
        a = a[(*front, slice(1, None))] - a[(*front, slice(0, -1))]
    return a


@rule(np.lib.stride_tricks.sliding_window_view, view=True)
def sliding_window_view(
    recording: Recording, x: Any, window_shape: Any, axis: Any = None, **_: Any
) -> Tensor:
    """All windows; their axes come last."""
    store = recording.store
    node = lift(recording, x)
    rank = len(store.shape(node))
    lengths_ = list(window_shape) if isinstance(window_shape, (tuple, list)) else [window_shape]
    axes = list(range(rank)) if axis is None else list(axis) if isinstance(axis, (tuple, list)) else [axis]
    for length, place in zip(lengths_, axes, strict=True):
        size = store.shape(node)[one_axis(place, rank)]
        if isinstance(size, int) and size < length.__index__():
            facts: dict[str, object] = {"window": length, "axis": size}
            complain(ShapeError, "sliding_window_view", facts, "Give a longer axis, or a shorter window.")
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
    output = (*(k for k in labels if k != first), first)
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
        square = alg.pad(
            store, square, (Span(max(-k, 0), 1, length), Span(max(k, 0), 1, length)), (wide, wide)
        )
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

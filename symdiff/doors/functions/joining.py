"""How do functions that join, split, pad and repeat arrays act on nodes? Concatenations and slices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from symdiff.doors.dims import size
from symdiff.doors.dispatching import rule
from symdiff.doors.functions.reductions import one_axis
from symdiff.doors.functions.shaping import resized
from symdiff.doors.lifting import dtype_of, lift, promote, to_real
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL
from symdiff.errors import ShapeError, TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.ops import Span
from symdiff.ir.sizes import concrete, normal, same_shape, text


@rule(np.concatenate, sequence=True)
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
    if any(
        len(s) != len(shapes[0]) or not same_shape(resized(s, place, 0), resized(shapes[0], place, 0))
        for s in shapes
    ):
        facts: dict[str, object] = {f"array{k}": text(s) for k, s in enumerate(shapes)}
        complain(
            ShapeError,
            f"np.concatenate(..., axis={axis})",
            facts,
            "All other axes must agree: reshape or transpose.",
        )
    return Tensor(recording, alg.concatenate(recording.store, nodes, place), dtype)


@rule(np.stack, sequence=True)
def stack(recording: Recording, arrays: Sequence[Any], axis: Any = 0, **_: Any) -> Tensor:
    """Along a new axis."""
    items = list(arrays)
    place = one_axis(axis, np.ndim(items[0]) + 1)
    return concatenate(recording, [np.expand_dims(_dispatchable(recording, a), place) for a in items], place)


def _dispatchable(recording: Recording, value: Any) -> Any:
    """Lists and numbers as arrays, so that NumPy's functions accept them."""
    return (
        value
        if isinstance(value, (Tensor, np.ndarray))
        else Tensor(recording, lift(recording, value), dtype_of(value))
    )


@rule(np.vstack, sequence=True)
def vstack(recording: Recording, tup: Sequence[Any], **_: Any) -> Tensor:
    """Rows below each other."""
    return concatenate(recording, [np.atleast_2d(_dispatchable(recording, a)) for a in tup], 0)


@rule(np.hstack, sequence=True)
def hstack(recording: Recording, tup: Sequence[Any], **_: Any) -> Tensor:
    """Columns beside each other."""
    items = [np.atleast_1d(_dispatchable(recording, a)) for a in tup]
    return concatenate(recording, items, 0 if np.ndim(items[0]) == 1 else 1)


@rule(np.column_stack, sequence=True)
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
        if not isinstance(total, int):
            bounds: list[Any] = [k * (length // count) for k in range(count + 1)]
        else:
            sizes = [total // count + (k < total % count) for k in range(count)]
            bounds = [0, *np.cumsum(sizes).tolist()]
    else:
        bounds = [0, *indices_or_sections, length]
    front = (slice(None),) * place
    return [ary[(*front, slice(a, b))] for a, b in pairwise(bounds)]


def _split_evenly(recording: Recording, ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    length = np.shape(ary)[axis]
    if hasattr(indices_or_sections, "__index__") and length % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return split(recording, ary, indices_or_sections, axis)


rule(np.split)(_split_evenly)


@rule(np.pad)
def pad(
    recording: Recording, array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0
) -> Any:
    """Constants around an array."""
    if mode != "constant":
        complain(TracingError, "np.pad", {"mode": mode}, "Use mode='constant', or np.concatenate the parts.")
    node = lift(recording, array)
    shape = recording.store.shape(node)
    widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    spans = [Span(before, 1, n) for (before, _), n in zip(widths, shape, strict=True)]
    wide = tuple(normal(n + before + after) for (before, after), n in zip(widths, shape, strict=True))
    padded = Tensor(
        recording, alg.pad(recording.store, to_real(recording, node), spans, wide), dtype_of(array)
    )
    if np.ndim(constant_values) == 0 and not isinstance(constant_values, Tensor) and constant_values == 0:
        return padded
    mask = np.pad(np.zeros(concrete(shape, "np.pad")), pad_width, constant_values=1)
    return padded + np.multiply(np.pad(np.zeros(mask.shape), 0) + mask, constant_values)

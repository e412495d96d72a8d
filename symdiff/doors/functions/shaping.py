"""How do functions that move entries act on nodes? Reshapes and permutations."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.doors.dims import Dim, size
from symdiff.doors.dispatching import rule
from symdiff.doors.functions.reductions import axes_of, one_axis
from symdiff.doors.lifting import dtype_of, lift
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.errors import ShapeError, TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.shapes import fits
from symdiff.ir.sizes import Shape, Size, normal, product, same, text


def shape_of(value: Any) -> Shape:
    """A shape as user code writes it: one size or several."""
    return tuple(size(n) for n in value) if isinstance(value, (tuple, list)) else (size(value),)


def require_c_order(order: Any) -> None:
    """Only row-major order."""
    if order not in ("C", "A", "K"):
        complain(TracingError, "an order of entries", {"order": order}, "Transpose first: x.T.reshape(...).")


@rule(np.reshape, view=True)
def reshape(recording: Recording, a: Any, shape: Any = None, order: Any = "C", **options: Any) -> Tensor:
    """The same entries under another shape; -1 stands for what is left."""
    require_c_order(order)
    node = lift(recording, a)
    own = recording.store.shape(node)
    wanted = list(shape_of(options.get("newshape") if shape is None else shape))
    if -1 in wanted:
        place = wanted.index(-1)
        wanted[place] = _left_over(own, product(wanted[:place] + wanted[place + 1 :]), wanted)
    if not same(product(own), product(wanted)):
        _cannot_reshape(own, tuple(wanted))
    return Tensor(recording, alg.reshape(recording.store, node, tuple(wanted)), dtype_of(a))


def _left_over(own: Shape, rest: Size, wanted: list[Size]) -> Size:
    total = product(own)
    if isinstance(total, int) and isinstance(rest, int):
        if rest == 0 or total % rest:
            _cannot_reshape(own, tuple(wanted))
        return total // rest
    return (
        size(Dim(total) // Dim(rest)) if not isinstance(total, int) else _cannot_reshape(own, tuple(wanted))
    )


def _cannot_reshape(own: Shape, wanted: Shape) -> Size:
    complain(
        ShapeError,
        "reshape",
        {"array": text(own), "shape": text(wanted)},
        "The numbers of entries must be equal; write a size that is split as a product such as 'h*dh'.",
    )


@rule(np.ravel, view=True)
def ravel(recording: Recording, a: Any, order: Any = "C") -> Tensor:
    """One axis."""
    require_c_order(order)
    node = lift(recording, a)
    flat = (product(recording.store.shape(node)),)
    return Tensor(recording, alg.reshape(recording.store, node, flat), dtype_of(a))


@rule(np.transpose, view=True)
def transpose(recording: Recording, a: Any, axes: Any = None) -> Tensor:
    """The axes in another order, reversed by default."""
    node = lift(recording, a)
    rank = len(recording.store.shape(node))
    order = range(rank)[::-1] if axes is None else [one_axis(k, rank) for k in axes]
    if sorted(order) != list(range(rank)):
        raise ValueError("axes don't match array")
    return Tensor(recording, alg.transpose(recording.store, node, tuple(order)), dtype_of(a))


@rule(np.swapaxes, view=True)
def swapaxes(recording: Recording, a: Any, axis1: Any, axis2: Any) -> Tensor:
    """Two axes exchanged."""
    rank = np.ndim(a)
    order = list(range(rank))
    first, second = one_axis(axis1, rank), one_axis(axis2, rank)
    order[first], order[second] = order[second], order[first]
    return transpose(recording, a, order)


@rule(np.moveaxis, view=True)
def moveaxis(recording: Recording, a: Any, source: Any, destination: Any) -> Tensor:
    """Some axes at other places, the others in their order."""
    rank = np.ndim(a)
    sources, places = ([k] if hasattr(k, "__index__") else list(k) for k in (source, destination))
    moved = dict(zip((one_axis(k, rank) for k in places), (one_axis(k, rank) for k in sources), strict=True))
    others = iter(k for k in range(rank) if k not in moved.values())
    return transpose(recording, a, [moved[k] if k in moved else next(others) for k in range(rank)])


@rule(np.squeeze, view=True)
def squeeze(recording: Recording, a: Any, axis: Any = None) -> Tensor:
    """Without axes of length 1."""
    node = lift(recording, a)
    shape = recording.store.shape(node)
    axes = [k for k, n in enumerate(shape) if n == 1] if axis is None else axes_of(axis, len(shape))
    if any(shape[k] != 1 for k in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return Tensor(recording, alg.reduce_sum(recording.store, node, axes), dtype_of(a))


@rule(np.expand_dims, view=True)
def expand_dims(recording: Recording, a: Any, axis: Any) -> Tensor:
    """With new axes of length 1."""
    node = lift(recording, a)
    new = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = axes_of(new, len(recording.store.shape(node)) + len(new))
    return Tensor(recording, alg.insert_axes(recording.store, node, axes), dtype_of(a))


@rule(np.broadcast_to, view=True)
def broadcast_to(recording: Recording, array: Any, shape: Any, **_: Any) -> Tensor:
    """Repeated along new and short axes."""
    node = lift(recording, array)
    wanted = shape_of(shape)
    if not fits(recording.store.shape(node), wanted):
        facts: dict[str, object] = {"array": text(recording.store.shape(node)), "shape": text(wanted)}
        complain(ShapeError, "np.broadcast_to", facts, "Only axes of length 1 can be repeated.")
    return Tensor(recording, alg.broadcast_to(recording.store, node, wanted), dtype_of(array))


@rule(np.atleast_1d, view=True)
def atleast_1d(recording: Recording, a: Any) -> Any:
    """With one axis or more."""
    return np.reshape(a, (1,)) if np.ndim(a) == 0 else a


@rule(np.atleast_2d, view=True)
def atleast_2d(recording: Recording, a: Any) -> Any:
    """With two axes or more."""
    return a if np.ndim(a) > 1 else np.reshape(a, (1, -1))


@rule(np.flip, view=True)
def flip(recording: Recording, m: Any, axis: Any = None) -> Any:
    """Some axes backwards."""
    axes = axes_of(axis, np.ndim(m))
    return m[tuple(slice(None, None, -1 if k in axes else 1) for k in range(np.ndim(m)))]


def resized(shape: Shape, axis: int, length: Size) -> Shape:
    """The shape with another length along one axis."""
    return (*shape[:axis], normal(length), *shape[axis + 1 :])


@rule(np.ndim)
def ndim(recording: Recording, a: Any) -> int:
    """The number of axes."""
    return len(recording.store.shape(lift(recording, a)))


@rule(np.shape)
def shape(recording: Recording, a: Any) -> tuple[Any, ...]:
    """The lengths of the axes."""
    return Tensor(recording, lift(recording, a), dtype_of(a)).shape


@rule(np.size)
def size_(recording: Recording, a: Any, axis: Any = None) -> Any:
    """The number of entries."""
    whole = Tensor(recording, lift(recording, a), dtype_of(a))
    return whole.size if axis is None else whole.shape[axis]

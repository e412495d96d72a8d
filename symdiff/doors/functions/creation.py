"""What do ``np.zeros``, ``np.array``, ``np.eye`` make inside a traced function? Writable constants."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from typing import Any

import numpy as np

from symdiff.doors.dims import Dim, size
from symdiff.doors.dispatching import dispatch, rule, traced_values, wrap
from symdiff.doors.functions.shaping import shape_of
from symdiff.doors.lifting import dtype_of, lift
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording, current
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import FLOAT, INT
from symdiff.errors import TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store

CREATORS: dict[Any, Callable[..., Any]] = {}


def creates(function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare what stands for a function that makes arrays, in rebuilt user code."""

    def declare(action: Callable[..., Any]) -> Callable[..., Any]:
        CREATORS[function] = wraps(function)(action)
        return action

    return declare


def _recording() -> Recording:
    recording = current.get()
    if recording is None:
        complain(TracingError, "an array of symbolic shape", {}, "Create it inside a traced function.")
    return recording


def _is_symbolic(values: Any) -> bool:
    if isinstance(values, (tuple, list)):
        return any(map(_is_symbolic, values))
    return isinstance(values, Dim)


def _symbolic(build: Callable[[Store], Node], dtype: Any) -> Tensor:
    recording = _recording()
    return Tensor(recording, build(recording.store), np.dtype(dtype))


def filled(shape: Any, value: Any, dtype: Any) -> Tensor:
    """One number everywhere."""
    if _is_symbolic(shape):
        recording = _recording()
        node = alg.broadcast_to(recording.store, lift(recording, value), shape_of(shape))
        return Tensor(recording, node, np.dtype(dtype))
    return Tensor.constant(np.full(shape, value, dtype))


@creates(np.zeros)
def zeros(shape: Any, dtype: Any = float, *args: Any, **options: Any) -> Tensor:
    """Zeros."""
    return filled(shape, 0, dtype or float)


@creates(np.ones)
def ones(shape: Any, dtype: Any = None, *args: Any, **options: Any) -> Tensor:
    """Ones."""
    return filled(shape, 1, dtype or float)


@creates(np.empty)
def empty(shape: Any, dtype: Any = float, *args: Any, **options: Any) -> Tensor:
    """Zeros: what an empty array holds is nobody's business."""
    return filled(shape, 0, dtype or float)


@creates(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    """One value everywhere, or a broadcast array."""
    if isinstance(fill_value, (Tensor, Dim)) or np.ndim(fill_value):
        return np.copy(np.broadcast_to(_as_tensor(fill_value), shape))
    return filled(shape, fill_value, dtype or np.asarray(fill_value).dtype)


def _as_tensor(value: Any) -> Any:
    if isinstance(value, Dim):
        return _symbolic(lambda store: alg.constant(store, value.expression), FLOAT)
    return value if isinstance(value, Tensor) else Tensor.constant(np.asarray(value))


@creates(np.eye)
def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = float, **options: Any) -> Tensor:
    """Ones on a diagonal."""
    rows, columns = size(N), size(N if M is None else M)

    def build(store: Store) -> Node:
        return alg.diagonal_band(store, rows, columns, k)

    if not (isinstance(rows, int) and isinstance(columns, int)):
        return _symbolic(build, dtype)
    return Tensor.constant(np.eye(rows, columns, k, dtype), build)


@creates(np.identity)
def identity(n: Any, dtype: Any = None, **options: Any) -> Tensor:
    """Ones on the diagonal."""
    ones_on_it: Tensor = eye(n, dtype=dtype or float)
    return ones_on_it


@creates(np.tri)
def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = float, **options: Any) -> Tensor:
    """Ones on and below a diagonal."""
    rows, columns = size(N), size(N if M is None else M)

    def build(store: Store) -> Node:
        return alg.lower_triangle(store, rows, columns, k)

    if not (isinstance(rows, int) and isinstance(columns, int)):
        return _symbolic(build, dtype)
    return Tensor.constant(np.tri(rows, columns, k, dtype), build)


@creates(np.arange)
def arange(*args: Any, dtype: Any = None, **options: Any) -> Any:
    """``start, start + step, ...``; of a symbolic length by whole steps."""
    if not _is_symbolic(args):
        return Tensor.constant(np.arange(*args, dtype=dtype, **options))
    start, stop = (0, args[0]) if len(args) == 1 else args[:2]
    if len(args) > 2 or not isinstance(start, int):
        complain(
            TracingError,
            "np.arange",
            {"arguments": args},
            "With a symbolic size: np.arange(n) or np.arange(k, n).",
        )
    length = size(stop - start)
    return _symbolic(lambda store: alg.positions(store, length, start), dtype or INT)


@creates(np.linspace)
def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, **options: Any) -> Any:
    """Evenly spaced numbers; exact in the count of steps."""
    ends = [start, stop, num]
    if options or not (_is_symbolic(ends) or any(t.value is None for t in traced_values(ends))):
        return wrap(np.linspace(start, stop, num, endpoint, **options), Tensor)
    steps = num - 1 if endpoint else num
    return start + (stop - start) * (arange(num) * (Fraction(1) / steps))


@creates(np.array)
def array(object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **options: Any) -> Any:
    """A new array of numbers and traced arrays, nested in lists as NumPy takes them."""
    result = _assembled(object, dtype)
    if ndmin > np.ndim(result):
        result = np.reshape(result, (1,) * (ndmin - np.ndim(result)) + np.shape(result))
    return np.copy(result) if copy is not False and result is object else result


@creates(np.asarray)
def asarray(a: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    """An array; a traced array itself."""
    return _assembled(a, dtype)


CREATORS[np.ascontiguousarray] = CREATORS[np.asanyarray] = CREATORS[np.asarray]


def _assembled(value: Any, dtype: Any) -> Any:
    if isinstance(value, Tensor):
        return value if dtype is None or value.dtype == dtype else value.astype(dtype)
    if isinstance(value, (list, tuple)) and any(t.value is None for t in traced_values(value)):
        stacked = dispatch(np.stack, ([_row(item) for item in value],), {})
        return stacked if dtype is None else stacked.astype(dtype)
    return Tensor.constant(np.array(_plain(value), dtype=dtype))


def _row(value: Any) -> Any:
    return _assembled(value, None) if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.known() if isinstance(value, Tensor) else value


@rule(np.zeros_like, np.empty_like)
def zeros_like(
    recording: Recording, a: Any, dtype: Any = None, *args: Any, shape: Any = None, **_: Any
) -> Any:
    """Zeros of the same shape."""
    return _like_traced(recording, a, 0, dtype, shape)


@rule(np.ones_like)
def ones_like(
    recording: Recording, a: Any, dtype: Any = None, *args: Any, shape: Any = None, **_: Any
) -> Any:
    """Ones of the same shape."""
    return _like_traced(recording, a, 1, dtype, shape)


@rule(np.full_like)
def full_like(
    recording: Recording, a: Any, fill_value: Any, dtype: Any = None, shape: Any = None, **_: Any
) -> Any:
    """One value of the same shape."""
    return _like_traced(recording, a, fill_value, dtype, shape)


def _like_traced(recording: Recording, a: Any, value: Any, dtype: Any, shape: Any) -> Any:
    wanted = Tensor(recording, lift(recording, a), dtype_of(a)).shape if shape is None else shape
    kind = np.dtype(dtype or dtype_of(a))
    if not _is_symbolic(wanted) and not isinstance(value, Tensor):
        return Tensor.constant(np.full(wanted, value, kind))
    node = alg.broadcast_to(recording.store, lift(recording, value), shape_of(wanted))
    return Tensor(recording, node, kind)

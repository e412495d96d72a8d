"""How do sums, means, extremes and norms act on nodes? Contractions, and Maximum over axes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.dispatching import RULES, Rule, rule
from symdiff.doors.lifting import dtype_of, inexact, lift, real
from symdiff.doors.places import complain, located
from symdiff.doors.recording import Recording
from symdiff.doors.refused import noted
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, INT
from symdiff.errors import ShapeError, TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Coefficient, Span
from symdiff.ir.sizes import Shape, concrete, product, text


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes meant, counted from the front; all of them for None."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(sorted(one_axis(k, rank) for k in given))


def one_axis(axis: Any, rank: int) -> int:
    """One axis, counted from the front."""
    place = axis.__index__()
    if not -rank <= place < rank:
        raise np.exceptions.AxisError(place, rank)
    return int(place % rank)


def keep(recording: Recording, node: Node, axes: Sequence[int], keepdims: Any) -> Node:
    """Put axes of length 1 where they were dropped."""
    return alg.insert_axes(recording.store, node, axes) if keepdims and axes else node


def _summed(recording: Recording, a: Any, axis: Any, keepdims: Any, factor: Coefficient) -> Node:
    node = real(recording, a)
    axes = axes_of(axis, len(recording.store.shape(node)))
    return keep(recording, alg.reduce_sum(recording.store, node, axes, factor), axes, keepdims)


@rule(np.sum)
def sum_(
    recording: Recording, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False
) -> Tensor:
    """The sum over some axes."""
    given = dtype_of(a)
    return Tensor(
        recording, _summed(recording, a, axis, keepdims, Fraction(1)), INT if given == BOOL else given
    )


def count(recording: Recording, a: Any, axis: Any, ddof: Any = 0) -> Coefficient:
    """How many entries a mean is taken over, less ``ddof``."""
    shape = recording.store.shape(lift(recording, a))
    total = product(shape[k] for k in axes_of(axis, len(shape)))
    if total == 0 or total == ddof:
        facts: dict[str, object] = {"shape": text(shape), "axis": axis}
        complain(ShapeError, "a mean of no entries", facts, "Give at least one entry (more than ddof).")
    return Fraction(total) - Fraction(ddof) if isinstance(total, int) else total - ddof


@rule(np.mean)
def mean(
    recording: Recording, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False
) -> Tensor:
    """The sum divided by the count."""
    node = _summed(recording, a, axis, keepdims, 1 / count(recording, a, axis))
    return Tensor(recording, node, inexact(dtype_of(a)))


@rule(np.average)
def average(
    recording: Recording, a: Any, axis: Any = None, weights: Any = None, *, keepdims: Any = False
) -> Any:
    """The mean, or the weighted mean."""
    if weights is None:
        return mean(recording, a, axis, keepdims=keepdims)
    if np.ndim(weights) < np.ndim(a) and axis is not None:
        shape = [1] * np.ndim(a)
        shape[one_axis(axis, np.ndim(a))] = -1
        weights = np.reshape(weights, shape)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / np.sum(
        np.broadcast_to(weights, np.shape(a)), axis=axis, keepdims=keepdims
    )


@rule(np.var)
def var(
    recording: Recording, a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: Any = False
) -> Tensor:
    """The mean square of what is left after the mean is taken off."""
    rest = np.subtract(a, mean(recording, a, axis, keepdims=True))
    node = _summed(recording, np.square(rest), axis, keepdims, 1 / count(recording, a, axis, ddof))
    return Tensor(recording, node, inexact(dtype_of(a)))


@rule(np.std)
def std(recording: Recording, a: Any, axis: Any = None, dtype: Any = None, **options: Any) -> Any:
    """The square root of the variance."""
    return np.sqrt(var(recording, a, axis, **options))


def _extreme(sign: int, recording: Recording, a: Any, axis: Any = None, *, keepdims: Any = False) -> Tensor:
    """The largest entry, or minus the largest of the negatives."""
    store = recording.store
    node = alg.scale(store, real(recording, a), sign)
    axes = axes_of(axis, len(store.shape(node)))
    if any(store.shape(node)[k] == 0 for k in axes):
        raise ValueError("zero-size array to reduction operation which has no identity")
    node = alg.scale(store, alg.maximum(store, node, axes), sign)
    return Tensor(recording, keep(recording, node, axes, keepdims), dtype_of(a))


for _function, _sign in ((np.max, 1), (np.amax, 1), (np.min, -1), (np.amin, -1)):
    RULES[_function] = Rule(partial(_extreme, _sign))


@rule(np.ptp)
def ptp(recording: Recording, a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """The largest less the smallest."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@rule(np.prod)
def prod(
    recording: Recording, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False
) -> Tensor:
    """A balanced tree of products over a concrete axis."""
    store = recording.store
    node = real(recording, a)
    axes = axes_of(axis, len(store.shape(node)))
    lengths = concrete(tuple(store.shape(node)[k] for k in axes), "np.prod")
    for k, length in zip(reversed(axes), reversed(lengths), strict=True):
        node = _product_tree(recording, node, k, length)
    return Tensor(recording, keep(recording, node, axes, keepdims), dtype_of(a))


def _product_tree(recording: Recording, node: Node, axis: int, length: int) -> Node:
    store = recording.store
    shape: Shape = store.shape(node)
    rest = shape[:axis] + shape[axis + 1 :]
    if length == 0:
        return alg.constant(store, 1, rest)
    while length > 1:
        half = length // 2
        left, right, last = (
            _part(recording, node, axis, s, n) for s, n in ((0, half), (half, half), (2 * half, length % 2))
        )
        node = alg.multiply(store, left, right)
        if length % 2:
            node = alg.concatenate(store, [node, last], axis)
        length = half + length % 2
    return alg.reduce_sum(store, node, (axis,))


def _part(recording: Recording, node: Node, axis: int, start: int, length: int) -> Node:
    spans = [alg.full_span(size) for size in recording.store.shape(node)]
    spans[axis] = Span(start, 1, length)
    return alg.slice_(recording.store, node, spans)


@rule(np.cumsum)
def cumsum(recording: Recording, a: Any, axis: Any = None, dtype: Any = None) -> Tensor:
    """A contraction with a triangle of ones: entry i sums the entries j <= i."""
    store = recording.store
    if axis is None:
        a, axis = np.ravel(a), 0
    node = real(recording, a)
    shape = store.shape(node)
    place = one_axis(axis, len(shape))
    triangle = alg.lower_triangle(store, shape[place], shape[place])
    labels = tuple(range(len(shape)))
    output = tuple(len(shape) if k == place else k for k in labels)
    total = alg.contract(store, [(node, labels), (triangle, (len(shape), place))], output)
    return Tensor(recording, total, INT if dtype_of(a) == BOOL else dtype_of(a))


@rule(np.all)
def all_(recording: Recording, a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Whether the smallest is not zero."""
    return np.min(np.not_equal(a, 0).astype(float), axis=axis, keepdims=keepdims) > sp.Rational(1, 2)


@rule(np.any)
def any_(recording: Recording, a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Whether the largest is not zero."""
    return np.max(np.not_equal(a, 0).astype(float), axis=axis, keepdims=keepdims) > sp.Rational(1, 2)


@rule(np.count_nonzero)
def count_nonzero(recording: Recording, a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """How many entries are not zero."""
    return np.sum(np.not_equal(a, 0), axis=axis, keepdims=keepdims)


@rule(np.linalg.norm)
def norm(recording: Recording, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """Vector norms 1, 2, p and inf; of matrices 'fro', 1 and inf."""
    rank = np.ndim(x)
    axes = axes_of(axis, rank)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return np.sqrt(np.sum(np.square(x), axis=axes, keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if ord in (1, np.inf) and len(axes) == 2:
        given = axes if axis is None else tuple(one_axis(k, rank) for k in axis)
        first, second = given if ord == 1 else given[::-1]
        largest = np.max(np.sum(np.abs(x), axis=first, keepdims=True), axis=second, keepdims=True)
        return largest if keepdims else np.squeeze(largest, axis=axes)
    why: dict[str, object] = {"why": "this norm of a matrix needs its singular values"}
    call = f"np.linalg.norm(x, ord={ord!r})"
    raise noted(TracingError(located(call, why, "Use ord=None, 'fro', 1 or np.inf.")))


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: Any) -> Any:
    if ord == np.inf:
        return np.max(np.abs(x), axis=axes, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axes, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axes, keepdims=keepdims)
    return np.sum(np.abs(x) ** ord, axis=axes, keepdims=keepdims) ** (Fraction(1) / Fraction(ord))

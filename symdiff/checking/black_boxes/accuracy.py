"""How far may a floating-point evaluation of a graph be from its exact value? A running error analysis.

Node by node values and bounds on ``|computed - exact|``, for any order of the sums, by
``gamma_n = n u / (1 - n u)`` with the unit roundoff u (Higham, Accuracy and Stability, 2002, chapter 3).
Planned once for a graph, then asked at many points together: every array has one more axis in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias, assert_never

import numpy as np
from numpy.typing import DTypeLike, NDArray

from symdiff.checking.black_boxes.products import Product, product
from symdiff.checking.black_boxes.rounding import Rounded, Rounding, map_error
from symdiff.evaluation import moves
from symdiff.evaluation.reference import apply, dtype_of, ints, spans_of
from symdiff.ir import literals
from symdiff.ir.formulas import Formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Table,
    Window,
)

Array = NDArray[Any]
Rule: TypeAlias = Callable[[Sequence[Rounded]], Rounded]
Move: TypeAlias = Callable[..., Array]
_DOUBLE = np.dtype(np.float64)
_SLACK = 1.001  # the analysis itself rounds


def bound(
    store: Store, outputs: Sequence[Node], values: Mapping[Node, Any], dtype: DTypeLike
) -> tuple[list[Array], list[Array]]:
    """The values of some nodes, and how far an evaluation in ``dtype`` may be from the exact values.

    The values are computed in double precision from inputs that are taken as exact. A bound is infinite where
    ``dtype`` overflows or where a comparison is too close to call and the branches are far apart.
    """
    return Analysis(store, outputs, dtype).at(values)


class Analysis:
    """The error analysis of some nodes in one dtype; ``at`` asks it at a point, ``over`` at many.

    With ``rounds_inputs`` numbers that the dtype does not hold are rounded first, as a claim in that dtype must.
    """

    def __init__(
        self, store: Store, outputs: Sequence[Node], dtype: DTypeLike, *, rounds_inputs: bool = False
    ) -> None:
        self.store, self.outputs, self.rounds_inputs = store, tuple(outputs), rounds_inputs
        nodes = store.ancestors(outputs)
        self.moving = _moving(store, nodes)
        self.dtype = np.dtype(dtype)
        self.rounding = Rounding.of(self.dtype)
        self._constants: dict[Node, Rounded] = {}
        self._steps: list[tuple[Node, tuple[Node, ...], Rule]] = []
        for node in nodes:
            self._plan(node)

    def at(self, values: Mapping[Node, Any]) -> tuple[list[Array], list[Array]]:
        """Values and bounds at these values of the inputs."""
        found, bounds = self.over({node: np.asarray(value)[None] for node, value in values.items()}, 1)
        return [value[0, ...] for value in found], [limit[0, ...] for limit in bounds]

    def over(self, values: Mapping[Node, Array], count: int) -> tuple[list[Array], list[Array]]:
        """Values and bounds at ``count`` points: the first axis of each input counts them, or has length 1."""
        known = dict(self._constants)
        for node, value in values.items():
            known[node] = self._read(value.astype(dtype_of(self.store.kind(node), _DOUBLE), copy=False))
        with np.errstate(all="ignore"):
            for node, operands, rule in self._steps:
                if node not in known:
                    known[node] = rule([known[k] for k in operands])
            return _spread([known[y] for y in self.outputs], count)

    def _read(self, value: Array) -> Rounded:
        """An input as the dtype holds it: a shorter one rounds it."""
        if not self.rounds_inputs or value.dtype.kind != "f" or self.dtype.itemsize >= _DOUBLE.itemsize:
            return Rounded.exact(value)
        with np.errstate(all="ignore"):
            moved = np.abs(value - value.astype(self.dtype))
        return Rounded(value, moved) if np.any(moved > 0) else Rounded.exact(value)

    def _plan(self, node: Node) -> None:
        op, operands, kind = self.store.op(node), self.store.operands(node), self.store.kind(node)
        if isinstance(op, Input):
            return
        if not operands:
            self._constants[node] = _constant(op, dtype_of(kind, _DOUBLE), self.rounding)
        else:
            self._steps.append((node, operands, self._rule(op, node)))

    def _rule(self, op: Op, node: Node) -> Rule:
        kind, moving = self.store.kind(node), node in self.moving
        dtype = dtype_of(kind, _DOUBLE)
        match op:
            case Map(formula):
                return partial(_map, formula, self.store.shape(node), dtype, moving, self.rounding)
            case Contract():
                planned = product(op)
                return partial(_whole, planned) if kind != "real" else partial(_real, planned, self.rounding)
            case Named():
                return lambda xs: xs[0]
            case Reshape() | Slice() | Pad() | Window() | Maximum() | Concatenate():
                return partial(_moved, _move(op))
            case Gather(axis):
                return partial(_gathered, axis)
            case ScatterAdd() | Fold():
                return partial(_added, op, self.rounding)
            case ArgMax(axes):
                return partial(_winners, tuple(axis + 1 for axis in axes), moving)
            case Literal() | Table() | Index() | Input():
                raise AssertionError("a leaf has no rule")
            case _:
                assert_never(op)


def _spread(results: Sequence[Rounded], count: int) -> tuple[list[Array], list[Array]]:
    values, bounds = [], []
    for result in results:
        shape = (count, *result.value.shape[1:])
        error = np.broadcast_to(np.asarray(result.error, dtype=float) * _SLACK, shape)
        values.append(np.broadcast_to(result.value, shape))
        bounds.append(np.where(np.isnan(error), np.inf, error))
    return values, bounds


def _moving(store: Store, nodes: Sequence[Node]) -> set[Node]:
    """The nodes that change with a real input: only there can an exact tie flip a branch."""
    found: set[Node] = set()
    for node in nodes:
        op = store.op(node)
        if isinstance(op, Input):
            if op.kind == "real":
                found.add(node)
        elif not found.isdisjoint(store.operands(node)):
            found.add(node)
    return found


# Constants --------------------------------------------------------------------------------------------------


def _constant(op: Op, dtype: np.dtype[Any], rounding: Rounding) -> Rounded:
    value = apply(op, [], dtype)[None]
    if dtype.kind != "f":
        return Rounded.exact(value)
    if isinstance(op, Contract):
        return Rounded(value, product(op).error([], rounding))
    if isinstance(op, Literal):
        op = Table(np.float64(op.value).tobytes(), "<f8", ())
    error = _reading(op, rounding) if isinstance(op, Table) else 0.0
    return Rounded(value, error[None] if isinstance(error, np.ndarray) else error)


@lru_cache(maxsize=256)
def _reading(op: Table, rounding: Rounding) -> Any:
    """A float literal may stand for any number within its bounds; a narrower dtype rounds it once more."""
    numbers = op.array
    if numbers.dtype.kind != "f":
        return 0.0
    own = literals.widths(numbers)
    return np.where(own == 0, 0.0, own + rounding.unit * np.abs(numbers.astype(_DOUBLE)))


# Rules ------------------------------------------------------------------------------------------------------


def _map(
    formula: Formula,
    shape: Sequence[Any],
    dtype: np.dtype[Any],
    moving: bool,
    rounding: Rounding,
    xs: Sequence[Rounded],
) -> Rounded:
    found = map_error(formula, xs, rounding, moving)
    value = found.value.astype(dtype, copy=False)
    if value.ndim <= len(shape):  # a formula without operands in it
        value = np.broadcast_to(value, (1, *ints(tuple(shape))))
    if dtype.kind != "f" and not moving:
        return Rounded.exact(value)
    return _within_range(Rounded(value, found.error), rounding)


def _within_range(x: Rounded, rounding: Rounding) -> Rounded:
    """No bound where the dtype overflows."""
    reach = np.abs(x.value) + x.error
    if reach.size and not reach.max() <= rounding.largest:
        return Rounded(x.value, np.where(reach <= rounding.largest, x.error, np.inf))
    return x


def _whole(product: Product, xs: Sequence[Rounded]) -> Rounded:
    """Products of positions and masks are exact; a mask in doubt stays in doubt."""
    value = product.value([x.value for x in xs])
    if all(x.is_exact for x in xs):
        return Rounded.exact(value)
    return Rounded(value, sum(product.value([np.broadcast_to(x.error, x.value.shape)]) for x in xs[:1]))


def _real(product: Product, rounding: Rounding, xs: Sequence[Rounded]) -> Rounded:
    value = product.value([x.value for x in xs])
    if product.is_view:
        return Rounded(value, product.error(xs, rounding))
    return _within_range(Rounded(value, product.error(xs, rounding)), rounding)


def _moved(move: Move, xs: Sequence[Rounded]) -> Rounded:
    value = move(*(x.value for x in xs))
    if all(x.is_exact for x in xs):
        return Rounded.exact(value)
    return Rounded(value, move(*(np.broadcast_to(x.error, x.value.shape) for x in xs)))


def _move(op: Reshape | Slice | Pad | Window | Maximum | Concatenate) -> Move:
    """The operation on arrays with one more axis in front."""
    match op:
        case Reshape(shape):
            return lambda x: x.reshape(len(x), *ints(shape))
        case Slice(spans):
            taken = (slice(None), *moves.slices(spans_of(spans)))
            return lambda x: x[taken]
        case Pad(spans, shape):
            placed = (slice(None), *moves.slices(spans_of(spans)))
            return lambda x: moves.pad(x, placed, np.empty((len(x), *ints(shape)), x.dtype))
        case Window(axis, length):
            return lambda x: moves.window(x, axis + 1, length)
        case Maximum(axes):
            shifted = tuple(axis + 1 for axis in axes)
            return lambda x: moves.maximum(x, shifted)
        case Concatenate(axis):
            return lambda *xs: np.concatenate(_alike(xs), axis + 1)


def _alike(xs: Sequence[Array]) -> list[Array]:
    """Arrays of one number of points."""
    count = max(map(len, xs))
    return [np.broadcast_to(x, (count, *x.shape[1:])) for x in xs]


def _gathered(axis: int, xs: Sequence[Rounded]) -> Rounded:
    x, index = xs

    def take(array: Array) -> Array:
        if len(index.value) == 1:
            return moves.gather(array, index.value[0], axis + 1)
        rows = np.broadcast_to(array, (len(index.value), *array.shape[1:]))
        return np.stack([moves.gather(a, i, axis) for a, i in zip(rows, index.value, strict=True)])

    value = take(x.value)
    return Rounded(value, 0.0 if x.is_exact else take(np.broadcast_to(x.error, x.value.shape)))


def _added(op: ScatterAdd | Fold, rounding: Rounding, xs: Sequence[Rounded]) -> Rounded:
    """Sums of as many entries as meet in one place."""
    x, count = xs[0], max(len(x.value) for x in xs)

    def add(array: Array) -> Array:
        if isinstance(op, Fold):
            return moves.fold(array, op.axis + 1, int(op.size))
        index = xs[1].value
        if len(index) == 1:
            return moves.scatter_add(array, index[0], op.axis + 1, int(op.size))
        rows = zip(np.broadcast_to(array, (count, *array.shape[1:])), index, strict=True)
        return np.stack([moves.scatter_add(a, i, op.axis, int(op.size)) for a, i in rows])

    meeting = np.maximum(add(np.ones(x.value.shape)) - 1, 0)
    error = rounding.gammas(meeting) * add(np.abs(x.value.astype(_DOUBLE)))
    if not x.is_exact:
        error = error + add(np.broadcast_to(x.error, x.value.shape))
    return _within_range(Rounded(add(x.value), error), rounding)


def _winners(axes: tuple[int, ...], moving: bool, xs: Sequence[Rounded]) -> Rounded:
    """Which entries are the largest; where several could be, the share of each is in doubt."""
    x = xs[0]
    best = np.max(x.value, axis=axes, keepdims=True)
    value = moves.argmax(x.value, best, axes, np.empty(x.value.shape))
    if not moving:
        return Rounded.exact(value)
    least = np.max(x.value - x.error, axis=axes, keepdims=True)
    possible = x.value + x.error >= least
    several = np.sum(possible, axis=axes, keepdims=True) > 1
    return Rounded(value, np.where(possible & several, 1.0, 0.0))

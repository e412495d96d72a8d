"""How far may a floating-point evaluation of a graph be from its exact value? A running error analysis.

Node by node values and bounds on ``|computed - exact|``, for any order of the sums, by
``gamma_n = n u / (1 - n u)`` with the unit roundoff u (Higham, Accuracy and Stability, 2002, chapter 3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, assert_never

import numpy as np
from numpy.typing import DTypeLike, NDArray

from symdiff.checking.black_boxes.rounding import Rounded, Rounding, map_error
from symdiff.evaluation.reference import apply, dtype_of
from symdiff.ir import literals
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
    """The error analysis of some nodes in one dtype; ``at`` asks it at a point."""

    def __init__(self, store: Store, outputs: Sequence[Node], dtype: DTypeLike) -> None:
        self.store, self.outputs = store, tuple(outputs)
        self.nodes = store.ancestors(outputs)
        self.moving = _moving(store, self.nodes)
        self.rounding = Rounding.of(np.dtype(dtype))

    def at(self, values: Mapping[Node, Any]) -> tuple[list[Array], list[Array]]:
        """Values and bounds at these values of the inputs."""
        known: dict[Node, Rounded] = {}
        with np.errstate(all="ignore"):
            for node in self.nodes:
                known[node] = self._at_node(node, known, values)
        bounds = [np.where(np.isnan(known[y].error), np.inf, known[y].error * _SLACK) for y in self.outputs]
        return [known[y].value for y in self.outputs], bounds

    def _at_node(self, node: Node, known: Mapping[Node, Rounded], values: Mapping[Node, Any]) -> Rounded:
        kind = self.store.kind(node)
        if node in values:
            return Rounded.exact(np.asarray(values[node], dtype_of(kind, _DOUBLE)))
        op = self.store.op(node)
        operands = [known[k] for k in self.store.operands(node)]
        value = apply(op, [x.value for x in operands], dtype_of(kind, _DOUBLE))
        if kind != "real" and node not in self.moving:
            return Rounded.exact(value)
        error = np.broadcast_to(self._error(op, node, operands, value), value.shape)
        return Rounded(value, np.where(np.abs(value) + error > self.rounding.largest, np.inf, error))

    def _error(self, op: Op, node: Node, xs: Sequence[Rounded], value: Array) -> Any:
        match op:
            case Map(formula):
                ties = node in self.moving
                return map_error(formula, xs, self.rounding, ties).error
            case Contract():
                return _contract(op, xs, self.rounding)
            case Literal(number):
                return _reading(Table(np.float64(number).tobytes(), "<f8", ()), self.rounding)
            case Table():
                return _reading(op, self.rounding)
            case Named():
                return xs[0].error
            case Concatenate():
                return apply(op, [x.error for x in xs], _DOUBLE)
            case Gather():
                return apply(op, [xs[0].error, xs[1].value], _DOUBLE)
            case Reshape() | Slice() | Pad() | Window():
                return apply(op, [xs[0].error], _DOUBLE)
            case ScatterAdd() | Fold():
                return _added(op, xs, self.rounding)
            case Maximum(axes):
                return np.max(xs[0].error, axis=axes)
            case ArgMax(axes):
                return _winners(xs[0], axes) if node in self.moving else 0.0
            case Index() | Input():
                return 0.0
            case _:
                assert_never(op)


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


@lru_cache(maxsize=256)
def _reading(op: Table, rounding: Rounding) -> Any:
    """A float literal may stand for any number within its bounds; a narrower dtype rounds it once more."""
    numbers = op.array
    if numbers.dtype.kind != "f":
        return 0.0
    own = literals.widths(numbers)
    return np.where(own == 0, 0.0, own + rounding.unit * np.abs(numbers.astype(_DOUBLE)))


def _contract(op: Contract, xs: Sequence[Rounded], rounding: Rounding) -> Any:
    """``gamma * sum |a||b|`` for the products and the sum, and what the operands' errors become."""
    coefficient = float(op.coefficient)
    plain = replace(op, coefficient=abs(op.coefficient))
    sizes = [abs(x.value.astype(_DOUBLE)) for x in xs]
    error: Any = 0.0
    for k, x in enumerate(xs):
        if np.any(x.error):
            parts = [x.error if j == k else sizes[j] + xs[j].error for j in range(len(xs))]
            error = error + apply(plain, parts, _DOUBLE)
    terms = math.prod(int(op.sizes[k]) for k in op.summed)
    whole = coefficient != 0 and abs(math.frexp(coefficient)[0]) == 0.5
    roundings = max(terms - 1, 0) + max(len(xs) - 1, 0) + (0 if whole or coefficient == 0 else 2)
    if roundings:
        total = apply(plain, sizes, _DOUBLE)
        error = error + rounding.gamma(roundings) * total + np.where(total > 0, terms * rounding.tiny, 0.0)
    return error


def _added(op: ScatterAdd | Fold, xs: Sequence[Rounded], rounding: Rounding) -> Any:
    """Sums of as many entries as meet in one place."""
    rest = [x.value for x in xs[1:]]
    count = apply(op, [np.ones(xs[0].value.shape), *rest], _DOUBLE)
    total = apply(op, [np.abs(xs[0].value.astype(_DOUBLE)), *rest], _DOUBLE)
    gammas = np.vectorize(rounding.gamma, otypes=[float])(np.maximum(count - 1, 0))
    return apply(op, [xs[0].error, *rest], _DOUBLE) + gammas * total


def _winners(x: Rounded, axes: tuple[int, ...]) -> Array:
    """Which entries could be the largest: where there are several, the share of each is in doubt."""
    least = np.max(x.value - x.error, axis=axes, keepdims=True)
    possible = x.value + x.error >= least
    several = np.sum(possible, axis=axes, keepdims=True) > 1
    return np.where(possible & several, 1.0, 0.0)

"""What is a contraction of arrays of exact numbers? One outer product, summed; of balls FLINT's matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import prod
from typing import Any, TypeAlias

import flint
import numpy as np
from numpy.typing import NDArray

from symdiff.evaluation.arithmetics import BALLS, READ_BALLS, Arithmetic
from symdiff.ir.ops import Contract, Labels
from symdiff.ir.sizes import concrete

Objects: TypeAlias = NDArray[Any]
Sizes: TypeAlias = tuple[int, ...]
_LEAST = 64  # scalar products; of fewer the way to FLINT and back is dearer


@dataclass(frozen=True)
class _Plan:
    """How the operands meet: axes and shapes for each, one axis of the space for each label; then what is summed."""

    sizes: Sizes
    space: Labels
    kept: int
    orders: tuple[Sizes, ...]
    shapes: tuple[Sizes, ...]
    is_product: bool

    @property
    def kept_sizes(self) -> Sizes:
        """The sizes of the labels that are not summed."""
        return tuple(self.sizes[k] for k in self.space[: self.kept])


@lru_cache(maxsize=1024)
def _plan(op: Contract) -> _Plan:
    sizes, summed = concrete(op.sizes, "contract"), op.summed
    space = (*dict.fromkeys(op.output), *summed)
    singles = [tuple(dict.fromkeys(labels)) for labels in op.inputs]
    orders = [tuple(sorted(range(len(own)), key=lambda axis: space.index(own[axis]))) for own in singles]
    shapes = [tuple(sizes[k] if k in own else 1 for k in space) for own in singles]
    kept = len(space) - len(summed)
    return _Plan(sizes, space, kept, tuple(orders), tuple(shapes), _is_product(op, sizes))


def contracted(op: Contract, xs: Sequence[Objects], arithmetic: Arithmetic) -> Objects:
    """The value of a contraction."""
    plan = _plan(op)
    if plan.is_product and (arithmetic is BALLS or arithmetic is READ_BALLS):
        return _product(op, xs, plan.sizes)
    factors = [
        _diagonal(x, labels).transpose(order).reshape(shape)
        for x, labels, order, shape in zip(xs, op.inputs, plan.orders, plan.shapes, strict=True)
    ]
    if op.coefficient != 1 or not factors:
        factors.insert(0, _filled((1,) * len(plan.space), arithmetic.constant(op.coefficient)))
    result = reduce(np.multiply, factors)
    for axis in range(len(plan.space) - 1, plan.kept - 1, -1):
        length = plan.sizes[plan.space[axis]]
        if result.shape[axis] == length:
            result = _sum(result, axis, arithmetic)
        else:
            result = result.take(0, axis=axis) * arithmetic.number(Fraction(length))
    if not isinstance(result, np.ndarray):
        result = _filled((), result)
    if result.shape != plan.kept_sizes:
        result = np.broadcast_to(result, plan.kept_sizes)
    return _embed(result, plan, op.output, arithmetic)


def zeros(shape: Sizes, arithmetic: Arithmetic) -> Objects:
    """An array of exact zeros."""
    return _filled(shape, arithmetic.number(Fraction(0)))


def _filled(shape: Sizes, value: Any) -> Objects:
    result = np.empty(shape, dtype=object)
    result[...] = value
    return result


def _sum(array: Objects, axis: int, arithmetic: Arithmetic) -> Any:
    if array.shape[axis] == 0:
        return zeros(array.shape[:axis] + array.shape[axis + 1 :], arithmetic)
    return np.add.reduce(array, axis=axis)


def _diagonal(x: Objects, labels: Labels) -> Objects:
    """The operand with each label once, in the order of their first places."""
    own = list(labels)
    for label in dict.fromkeys(labels):
        while own.count(label) > 1:
            first = own.index(label)
            second = own.index(label, first + 1)
            x = np.moveaxis(np.diagonal(x, axis1=first, axis2=second), -1, first)
            del own[second]
    return x


def _embed(x: Objects, plan: _Plan, output: Labels, arithmetic: Arithmetic) -> Objects:
    if plan.kept == len(output):
        return x
    result = zeros(tuple(plan.sizes[k] for k in output), arithmetic)
    places = np.indices(x.shape)
    result[tuple(places[plan.space.index(k)] for k in output)] = x
    return result


# Products of matrices of balls ------------------------------------------------------------------------------


def _is_product(op: Contract, sizes: Sizes) -> bool:
    """Whether a contraction is a product of two matrices, and not of very small ones."""
    if len(op.inputs) != 2 or op.coefficient != 1:
        return False
    left, right = map(set, op.inputs)
    is_plain = len(left) + len(right) == sum(map(len, op.inputs)) and set(op.summed) == left & right
    is_matrix = bool(left & right) and sorted(op.output) == sorted(left ^ right)
    return is_plain and is_matrix and prod(sizes[k] for k in left | right) >= _LEAST


def _product(op: Contract, xs: Sequence[Objects], sizes: Sizes) -> Objects:
    """FLINT rounds once, and not at all where the sum is exact: ties stay exact."""
    inner = op.summed
    rows, columns = (tuple(k for k in own if k not in inner) for own in op.inputs)
    left = _matrix(xs[0], op.inputs[0], rows, inner, sizes)
    right = _matrix(xs[1], op.inputs[1], inner, columns, sizes)
    found = (*rows, *columns)
    result = np.empty(prod(sizes[k] for k in found), dtype=object)
    result[:] = (left * right).entries()
    return result.reshape([sizes[k] for k in found]).transpose([found.index(k) for k in op.output])


def _matrix(x: Objects, labels: Labels, rows: Labels, columns: Labels, sizes: Sizes) -> flint.arb_mat:
    ordered = x.transpose([labels.index(k) for k in (*rows, *columns)])
    return flint.arb_mat(
        prod(sizes[k] for k in rows), prod(sizes[k] for k in columns), ordered.ravel().tolist()
    )

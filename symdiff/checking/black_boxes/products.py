"""What is a contraction at many points together, and how does it round? Every operand has one more axis in front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.rounding import Rounded, Rounding
from symdiff.evaluation import moves
from symdiff.ir.ops import Contract, Labels

Array = NDArray[Any]
_LONG = 1_000_000  # products: from here on BLAS pays for finding out how


@lru_cache(maxsize=512)
def product(op: Contract) -> Product:
    """A contraction, planned once."""
    return Product(op)


class Product:
    """One contraction, planned: the sum of products, then broadcasts and diagonals."""

    def __init__(self, op: Contract) -> None:
        self.op, self.is_view = op, op.is_view
        given = {k for labels in op.inputs for k in labels}
        kept = [k for k in dict.fromkeys(op.output) if k in given]
        self._sizes = tuple(int(size) for size in op.sizes)
        points = len(op.sizes)
        self._inputs = [(points, *labels) for labels in op.inputs]
        self._kept = (points, *kept)
        self._shape = tuple(self._sizes[k] for k in op.output)
        distinct = list(dict.fromkeys(op.output))
        self._places = (slice(None), *(slice(None) if k in given else None for k in distinct))
        self._diagonals = [tuple(i for i, k in enumerate(op.output) if k == label) for label in distinct]
        self._is_plain = all(labels == self._kept for labels in self._inputs) and len(set(kept)) == len(kept)
        is_simple = all(len(set(labels)) == len(labels) for labels in op.inputs)
        self._is_outer = is_simple and set(kept) == given
        self._matrices = Matrices.of(self._inputs, self._kept, self._sizes) if is_simple else None
        self._is_finished = list(op.output) == kept
        count = math.prod(self._sizes[k] for k in op.summed if k not in given)
        self._scale = float(op.coefficient) * count
        self._terms = math.prod(self._sizes[k] for k in op.summed)
        whole = self._scale == 0 or abs(math.frexp(self._scale)[0]) == 0.5
        self._roundings = max(self._terms - 1, 0) + max(len(op.inputs) - 1, 0) + (0 if whole else 2)
        self._optimal = len(op.inputs) > 2 or (len(op.inputs) > 1 and math.prod(self._sizes) > _LONG)

    def value(self, xs: Sequence[Array]) -> Array:
        """The contraction of some arrays."""
        return self._finish(self._scaled(self._core(xs), self._scale))

    def error(self, xs: Sequence[Rounded], rounding: Rounding) -> Any:
        """``gamma * sum |a||b|`` for the products and the sum, and what the operands' errors become."""
        gamma = rounding.gamma(self._roundings) if self._roundings else 0.0
        if all(x.is_exact for x in xs) and not gamma:
            return 0.0
        sizes: list[Array] = [np.abs(x.value.astype(float, copy=False)) for x in xs]
        total: Any = 0.0 if xs else gamma * np.ones(1)
        for k, x in enumerate(xs):
            is_last = k == len(xs) - 1  # which bears the roundings of all
            own = gamma * sizes[k] if gamma and is_last else 0.0
            if not x.is_exact or type(own) is not float:
                inner = np.broadcast_to(x.error + own, x.value.shape)
                after = [sizes[j] + y.error for j, y in enumerate(xs) if j > k]
                total = total + self._core([*sizes[:k], inner, *after])
        if gamma:
            least = self._terms * rounding.tiny / max(abs(self._scale), rounding.tiny)
            total = total + np.where(total > 0, least, 0.0)
        return self._finish(self._scaled(total, abs(self._scale)))

    def _core(self, xs: Sequence[Array]) -> Array:
        """The sum of products over the labels that operands have."""
        if not xs:
            return np.ones(1)
        if self._is_plain:
            return reduce(np.multiply, xs)
        if self._is_outer:
            return np.asarray(reduce(np.multiply, map(self._aligned, xs, self._inputs)))
        if self._matrices is not None and all(x.dtype.kind == "f" for x in xs):
            return self._matrices.product(*xs)
        arguments: list[Any] = []
        for x, labels in zip(xs, self._inputs, strict=True):
            arguments += [x if x.dtype.kind != "b" else x.astype(np.intp), labels]
        return np.asarray(np.einsum(*arguments, self._kept, optimize=self._optimal))

    def _aligned(self, x: Array, labels: Labels) -> Array:
        """The operand with an axis for each label that is kept."""
        whole = x if x.dtype.kind != "b" else x.astype(np.intp)
        x = whole.transpose(sorted(range(len(labels)), key=lambda axis: self._kept.index(labels[axis])))
        return x.reshape([len(x), *(self._sizes[k] if k in labels else 1 for k in self._kept[1:])])

    def _scaled(self, array: Any, scale: float) -> Any:
        if scale == 1:
            return array
        return array * (int(scale) if array.dtype.kind != "f" else scale)

    def _finish(self, array: Array) -> Array:
        """The labels that only the result has: broadcast, or on a diagonal."""
        if self._is_finished:
            return array
        spread = array[self._places]
        if len(self._diagonals) == len(self._shape):
            return np.broadcast_to(spread, (len(array), *self._shape))
        result = np.zeros((len(array), *self._shape), array.dtype)
        groups = [(0,), *(tuple(axis + 1 for axis in group) for group in self._diagonals)]
        moves.diagonal(result, groups)[...] = spread
        return result


@dataclass(frozen=True)
class Matrices:
    """A contraction of two operands as products of matrices, many together: BLAS knows those."""

    batch: Labels
    rows: Labels
    inner: Labels
    columns: Labels
    orders: tuple[Labels, Labels, Labels]
    sizes: Labels

    @classmethod
    def of(cls, inputs: Sequence[Labels], kept: Labels, sizes: Labels) -> Matrices | None:
        """How; None where it is none. The first label of all counts the points."""
        if len(inputs) != 2:
            return None
        left, right = inputs
        both = [k for k in left if k in right]
        batch, inner = (tuple(k for k in both if (k in kept) is is_kept) for is_kept in (True, False))
        rows, columns = (tuple(k for k in own if k not in both) for own in inputs)
        if not inner or any(k not in kept for k in (*rows, *columns)):
            return None
        orders = (
            tuple(left.index(k) for k in (*batch, *rows, *inner)),
            tuple(right.index(k) for k in (*batch, *inner, *columns)),
            tuple((*batch, *rows, *columns).index(k) for k in kept),
        )
        return cls(batch[1:], rows, inner, columns, orders, tuple(sizes))

    def product(self, left: Array, right: Array) -> Array:
        """The contraction of two arrays of floats."""
        one, other, back = self.orders
        product = self._stacked(left.transpose(one), self.rows, self.inner) @ self._stacked(
            right.transpose(other), self.inner, self.columns
        )
        shape = [self.sizes[k] for k in (*self.batch, *self.rows, *self.columns)]
        return np.asarray(product.reshape(len(product), *shape).transpose(back))

    def _stacked(self, x: Array, rows: Labels, columns: Labels) -> Array:
        high, wide = (math.prod(self.sizes[k] for k in labels) for labels in (rows, columns))
        return x.reshape(len(x), *(self.sizes[k] for k in self.batch), high, wide)

"""What is a contraction at many points together, and how does it round? Every operand has one more axis in front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.rounding import Rounded, Rounding
from symdiff.evaluation import moves
from symdiff.ir.ops import Contract

Array = NDArray[Any]
_LONG = 1_000_000  # products: from here on BLAS pays for finding out how


class Product:
    """One contraction, planned: the sum of products, then broadcasts and diagonals."""

    def __init__(self, op: Contract) -> None:
        self.op, self.is_view = op, op.is_view
        given = {k for labels in op.inputs for k in labels}
        kept = [k for k in dict.fromkeys(op.output) if k in given]
        self._sizes = tuple(int(size) for size in op.sizes)
        points = len(op.sizes)
        self._inputs = [[points, *labels] for labels in op.inputs]
        self._kept = [points, *kept]
        self._shape = tuple(self._sizes[k] for k in op.output)
        distinct = list(dict.fromkeys(op.output))
        self._places = (slice(None), *(slice(None) if k in given else None for k in distinct))
        self._diagonals = [tuple(i for i, k in enumerate(op.output) if k == label) for label in distinct]
        self._is_plain = all(labels == self._kept for labels in self._inputs) and len(set(kept)) == len(kept)
        self._is_finished = list(op.output) == kept
        count = math.prod(self._sizes[k] for k in op.summed if k not in given)
        self._scale = float(op.coefficient) * count
        self._terms = math.prod(self._sizes[k] for k in op.summed)
        self._optimal = len(op.inputs) > 2 or (len(op.inputs) > 1 and math.prod(self._sizes) > _LONG)

    def value(self, xs: Sequence[Array]) -> Array:
        """The contraction of some arrays."""
        return self._finish(self._scaled(self._core(xs), self._scale))

    def error(self, xs: Sequence[Rounded], rounding: Rounding) -> Any:
        """``gamma * sum |a||b|`` for the products and the sum, and what the operands' errors become."""
        sizes: list[Array] = [np.abs(x.value.astype(float, copy=False)) for x in xs]
        error: Any = 0.0
        for k, x in enumerate(xs):
            if not x.is_exact:
                inner = np.broadcast_to(x.error, x.value.shape)
                others = [
                    sizes[j] if j < k or xs[j].is_exact else sizes[j] + xs[j].error for j in range(len(xs))
                ]
                error = error + self._core([inner if j == k else others[j] for j in range(len(xs))])
        own = self._own(sizes, rounding)
        if own is None and type(error) is float:
            return 0.0
        total = error if own is None else error + own
        return self._finish(self._scaled(total, abs(self._scale)))

    def _own(self, sizes: Sequence[Array], rounding: Rounding) -> Any:
        """The roundings of the products and of the sum, before the coefficient."""
        coefficient = self._scale
        whole = coefficient == 0 or abs(math.frexp(coefficient)[0]) == 0.5
        roundings = max(self._terms - 1, 0) + max(len(sizes) - 1, 0) + (0 if whole else 2)
        if not roundings:
            return None
        total = self._core(sizes)
        least = self._terms * rounding.tiny / max(abs(coefficient), rounding.tiny)
        return rounding.gamma(roundings) * total + np.where(total > 0, least, 0.0)

    def _core(self, xs: Sequence[Array]) -> Array:
        """The sum of products over the labels that operands have."""
        if not xs:
            return np.ones(1)
        if self._is_plain:
            return reduce(np.multiply, xs)
        arguments: list[Any] = []
        for x, labels in zip(xs, self._inputs, strict=True):
            arguments += [x if x.dtype.kind != "b" else x.astype(np.intp), labels]
        return np.asarray(np.einsum(*arguments, self._kept, optimize=self._optimal))

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

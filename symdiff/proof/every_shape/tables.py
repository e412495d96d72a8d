"""Which constant arrays are the same? One stands for all its transposes; zeros and ones are masks, or one-hot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.ir.ops import Table
from symdiff.proof.every_shape.terms import Permutation

_MOST_AXES, _MOST_ENTRIES = 4, 20_000


@dataclass(frozen=True)
class Reading:
    """``table`` stands for an array: its axis ``k`` is the axis ``order[k]`` of the array.

    ``symmetries`` are the orders of its axes that change nothing. ``is_mask``: zeros and ones; ``is_one_hot``: along
    the last axis there is a single one.
    """

    table: Table
    order: Permutation
    symmetries: tuple[Permutation, ...]
    is_mask: bool
    is_one_hot: bool


@lru_cache(maxsize=256)
def read(table: Table) -> Reading:
    """The reading of a constant array; large ones stand for themselves alone."""
    array: NDArray[Any] = table.array
    is_mask = array.dtype.kind in "biuf" and bool(np.all((array == 0) | (array == 1)))
    if is_mask:
        array = array.astype(np.bool_)
    every = tuple(range(array.ndim))
    orders = (
        list(permutations(every)) if array.ndim <= _MOST_AXES and array.size <= _MOST_ENTRIES else [every]
    )
    hot = [axis for axis in every if is_mask and np.all(np.sum(array, axis=axis, dtype=int) == 1)]
    orders = [order for order in orders if order[-1] in hot] or orders
    views = {order: array.transpose(order) for order in orders}
    order = min(orders, key=lambda o: (views[o].shape, views[o].tobytes()))
    chosen = views[order]
    same = [p for p in permutations(every) if _is_same(chosen, p)] if len(orders) > 1 else []
    one_hot = bool(order) and order[-1] in hot
    symmetries = () if one_hot or len(same) < 2 else tuple(same)
    found = Table(chosen.tobytes(), chosen.dtype.str, chosen.shape)
    return Reading(found, order, symmetries, is_mask, one_hot)


def _is_same(array: NDArray[Any], order: Permutation) -> bool:
    turned = array.transpose(order)
    return turned.shape == array.shape and bool(np.array_equal(turned, array))


def factored(table: Table) -> tuple[Table, Fraction]:
    """An array of floats with its factor: zeros and ones of one short number, and of any other array one sign.

    >>> half = np.array([0.0, 0.5, 0.5])
    >>> mask, factor = factored(Table(half.tobytes(), half.dtype.str, half.shape))
    >>> mask.array, factor
    (array([False,  True,  True]), Fraction(1, 2))
    """
    array: NDArray[Any] = table.array
    if array.dtype.kind != "f" or not array.any() or array.size > _MOST_ENTRIES:
        return table, Fraction(1)
    ones = array != 0
    scale = float(array.flat[np.argmax(ones)])
    is_short = np.isfinite(scale) and scale * 2**20 % 1 == 0
    if is_short and np.all(~ones | (array == scale)):
        return Table(ones.tobytes(), ones.dtype.str, ones.shape), Fraction(scale)
    least, largest = float(np.min(array)), float(np.max(array))
    if not -least > largest:  # whatever the order of the axes
        return table, Fraction(1)
    turned = 0.0 - array
    return Table(turned.tobytes(), turned.dtype.str, turned.shape), Fraction(-1)

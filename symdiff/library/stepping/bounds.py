"""How far may a right step be from the rule in floats? Numbers that carry a bound of their rounding.

Each operation of the rule counts as ``SPLIT`` roundings, since another program may do it in so many of its own
(``m + (1 - b) (g - m)`` for an average, ``sqrt(v) / sqrt(c)`` for ``sqrt(v / c)``), once in each of both programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
SPLIT = 4


class Bounded(NDArrayOperatorsMixin):
    """Values and a bound of how far two programs that compute them may be apart.

    >>> x = Bounded(np.array([1.0]), np.array([0.0]), 2.0**-53)
    >>> bool(0 < ((x - 0.9) * 3).error[0] < 1e-14)
    True
    """

    __array_priority__ = 100

    def __init__(self, value: Any, error: Any, unit: float) -> None:
        self.value, self.unit = np.asarray(value, dtype=float), unit
        self.error = np.broadcast_to(np.asarray(error, dtype=float), self.value.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self.value.shape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        held = [x if isinstance(x, Bounded) else Bounded(x, 0.0, self.unit) for x in inputs]
        with np.errstate(all="ignore"):
            value = ufunc(*(x.value for x in held))
            if ufunc in _COMPARISONS:
                return value
            error = _SPREAD[ufunc](value, *held)
            rounding = 0.0 if ufunc in _EXACT else SPLIT * 2 * self.unit * np.abs(value)
        return Bounded(value, error + rounding, self.unit)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.sum:
            x: Bounded = args[0]
            total = np.sum(np.abs(x.value)) * x.value.size * SPLIT * 2 * self.unit
            return Bounded(np.sum(x.value), np.sum(x.error) + total, self.unit)
        if function is np.where:
            condition, one, other = args
            pair = [x if isinstance(x, Bounded) else Bounded(x, 0.0, self.unit) for x in (one, other)]
            value, error = (
                np.where(condition, *(getattr(x, part) for x in pair)) for part in ("value", "error")
            )
            return Bounded(value, error, self.unit)
        if function is np.shape:
            return self.shape
        return NotImplemented


def _product(value: Floats, a: Bounded, b: Bounded) -> Floats:
    spread: Floats = np.abs(a.value) * b.error + a.error * np.abs(b.value) + a.error * b.error
    return spread


def _quotient(value: Floats, a: Bounded, b: Bounded) -> Floats:
    least = np.maximum(np.abs(b.value) - b.error, 0.0)
    return np.where(a.error + b.error == 0, 0.0, (a.error + np.abs(value) * b.error) / least)


def _root(value: Floats, a: Bounded) -> Floats:
    """The root at the two ends; what lies below zero is cut off there."""
    high = np.sqrt(np.maximum(a.value, 0) + a.error) - value
    low = value - np.sqrt(np.maximum(a.value - a.error, 0))
    spread: Floats = np.where(a.error == 0, 0.0, np.fmax(high, low))
    return spread


def _power(value: Floats, a: Bounded, b: Bounded) -> Floats:
    return np.where(a.error == 0, 0.0, np.abs(b.value * a.value ** (b.value - 1)) * a.error * 2)


def _sign(value: Floats, a: Bounded) -> Floats:
    return np.where((np.abs(a.value) > a.error) | (a.error == 0), 0.0, 2.0)


def _sum(value: Floats, a: Bounded, b: Bounded) -> Floats:
    spread: Floats = a.error + b.error
    return spread


def _largest(value: Floats, a: Bounded, b: Bounded) -> Floats:
    spread: Floats = np.maximum(a.error, b.error)
    return spread


def _same(value: Floats, a: Bounded) -> Floats:
    spread: Floats = a.error
    return spread


_SPREAD: Mapping[Any, Callable[..., Any]] = {
    np.add: _sum,
    np.subtract: _sum,
    np.multiply: _product,
    np.divide: _quotient,
    np.power: _power,
    np.square: lambda value, a: _product(value, a, a),
    np.sqrt: _root,
    np.negative: _same,
    np.absolute: _same,
    np.sign: _sign,
    np.maximum: _largest,
    np.minimum: _largest,
}
_COMPARISONS = {np.equal, np.not_equal, np.less, np.greater, np.less_equal, np.greater_equal}
_EXACT = {np.negative, np.absolute, np.sign, np.maximum, np.minimum}


def unit_of(dtype: Any) -> float:
    """The unit roundoff of a result; numbers that are no floats were computed in double."""
    kind = np.dtype(dtype)
    return float(np.finfo(kind).eps) / 2 if kind.kind == "f" else 2.0**-53


def bounded(value: Any, unit: float, narrow: bool) -> Bounded:
    """An input: exact in double, rounded once where the step works in a narrower format."""
    array = np.asarray(value, dtype=float)
    return Bounded(array, np.abs(array) * unit if narrow else 0.0, unit)

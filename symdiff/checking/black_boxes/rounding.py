"""What does rounding do to one formula? The steps of its program, each with a bound on its error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.evaluation.functions import array_function
from symdiff.evaluation.templates import array_steps
from symdiff.ir.formulas import Formula

Array = NDArray[Any]

# In units of roundoff. A correctly rounded operation makes one; NumPy's vectorised elementary functions are
# within 4 ulp in float32 (its test suite), SciPy's special functions within some 16 ulp away from zeros.
_ELEMENTARY, _SPECIAL = 8, 32
_ARGUMENT = 4  # as if the argument had been rounded: a shifted exponential, another reduction of an angle
_SMALL = 0.01  # two values of a function bound it between them only where it does not turn


@dataclass(frozen=True)
class Rounded:
    """Computed values, and how far each may be from the exact one: an array, or the number 0.0 for no error."""

    value: Array
    error: Any

    @classmethod
    def exact(cls, value: Array) -> Rounded:
        """Values without error."""
        return cls(value, 0.0)

    @property
    def is_exact(self) -> bool:
        """Whether no entry has an error."""
        return type(self.error) is float and self.error == 0.0


@dataclass(frozen=True)
class Rounding:
    """The arithmetic of a dtype: unit roundoff, smallest normal and largest number."""

    unit: float
    tiny: float
    largest: float

    @classmethod
    @cache
    def of(cls, dtype: np.dtype[Any]) -> Rounding:
        """The arithmetic of a floating dtype."""
        info = np.finfo(dtype)
        return cls(float(info.eps) / 2, float(info.tiny), float(info.max))

    def gamma(self, roundings: float) -> float:
        """``n u / (1 - n u)``: the relative error of n roundings in any order."""
        part = float(roundings) * self.unit
        return part / (1 - part) if part < 1 else float("inf")

    def gammas(self, roundings: Array) -> Array:
        """``gamma`` of each entry."""
        part = roundings * self.unit
        return np.where(part < 1, part / np.where(part < 1, 1 - part, 1.0), np.inf)


def map_error(formula: Formula, operands: Sequence[Rounded], rounding: Rounding, ties: bool) -> Rounded:
    """The value of a formula with its error; with ``ties`` an exact tie leaves the branch in doubt."""
    steps, result = array_steps(formula)
    known = [
        Rounded(x.value.astype(float) if x.value.dtype.kind == "b" else x.value, x.error) for x in operands
    ]
    for step in steps:
        chosen = [known[k] if isinstance(k, int) else _number(k, rounding) for k in step.operands]
        known.append(_step(step.function, chosen, rounding, ties))
    return known[result] if isinstance(result, int) else _number(result, rounding)


def _number(value: float, rounding: Rounding) -> Rounded:
    short = np.isfinite(value) and (value * 2**20) % 1 == 0
    return Rounded(np.asarray(value), 0.0 if short else 2 * rounding.unit * abs(value))


def _step(name: str, xs: Sequence[Rounded], rounding: Rounding, ties: bool) -> Rounded:
    value = np.asarray(array_function(name)(*(x.value for x in xs)))
    if name in _COMPARISONS:
        return Rounded(value, _doubt(name, xs[0], xs[1], ties))
    rule = _RULES.get(name)
    if rule is not None:
        return Rounded(value, rule(xs, value, rounding))
    return Rounded(value, _by_differences(name, xs, value, rounding))


# Comparisons ------------------------------------------------------------------------------------------------

_STRICT = ("equal", "not_equal")
_COMPARISONS = ("greater", "less", "greater_equal", "less_equal", *_STRICT)


def _doubt(name: str, left: Rounded, right: Rounded, ties: bool) -> Array:
    """1 where rounding could turn the answer, or where an exact tie stands at a kink."""
    gap, error = np.abs(left.value.astype(float) - right.value), left.error + right.error
    open_ = (gap <= error) & (error > 0)
    if ties and name not in _STRICT:
        open_ = open_ | (gap <= error)
    return np.asarray(open_, dtype=float)


# Operations -------------------------------------------------------------------------------------------------

Rule = Callable[[Sequence[Rounded], Array, Rounding], Any]


def _sum(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    return xs[0].error + xs[1].error + rounding.unit * np.abs(value)


def _product(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    (a, da), (b, db) = ((np.abs(x.value), x.error) for x in xs)
    return rounding.unit * np.abs(value) + rounding.tiny + _times(a + da, db) + _times(b, da)


def _times(size: Any, error: Any) -> Any:
    """A product of which an exact zero stays zero."""
    if type(error) is float:
        return size * error if error else 0.0
    return np.where(error == 0, 0.0, size * error)


def _square(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    size, error = 2 * np.abs(xs[0].value), xs[0].error
    return rounding.unit * value + rounding.tiny + _times(size + error, error)


def _quotient(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    """``|a/b - a'/b'| <= (da + |a/b| db) / (|b| - db)``, without bound where b could be zero."""
    (_, da), (b, db) = ((x.value, x.error) for x in xs)
    room = np.abs(b) - db
    spread = np.where(room > 0, (da + _times(np.abs(value), db)) / room, np.where(db > 0, np.inf, 0.0))
    return spread + rounding.unit * np.abs(value) + rounding.tiny


def _same(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    return xs[0].error


def _largest(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    return np.maximum(xs[0].error, xs[-1].error)


def _sign(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    return np.where(np.abs(xs[0].value) <= xs[0].error, 2.0, 0.0)


def _where(xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    condition, x, y = xs
    chosen = np.where(condition.value, x.error, y.error)
    return np.where(condition.error > 0, np.abs(x.value - y.value) + x.error + y.error, chosen)


_RULES: dict[str, Rule] = {
    "add": _sum,
    "subtract": _sum,
    "multiply": _product,
    "square": _square,
    "divide": _quotient,
    "negative": _same,
    "absolute": _same,
    "logical_not": _same,
    "maximum": _largest,
    "minimum": _largest,
    "logical_and": _largest,
    "logical_or": _largest,
    "sign": _sign,
    "where": _where,
}

# Functions --------------------------------------------------------------------------------------------------

# fmt: off
_ELEMENTARY_NAMES = frozenset([
    "sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "arctan2", "power", "hypot",
    "logaddexp", "softplus", "expit", "cbrt",
])
# fmt: on


def _by_differences(name: str, xs: Sequence[Rounded], value: Array, rounding: Rounding) -> Any:
    """How far a function moves when its arguments move by their errors, and its own rounding.

    The arguments move at least by a few roundoffs, so that the difference is seen above its own rounding.
    """
    function = array_function(name)
    own = _ELEMENTARY if name in _ELEMENTARY_NAMES else _SPECIAL
    total = own * rounding.unit * np.abs(value) + rounding.tiny
    for k, x in enumerate(xs):
        if name == "polygamma" and k == 0:
            continue
        reach = x.error + _ARGUMENT * rounding.unit * np.abs(x.value)
        moved = [_moved(function, xs, k, x.value + sign * reach, value) for sign in (-1, 1)]
        spread = np.fmax(*moved)
        spread = np.where(x.error > 0, np.maximum(*moved), spread)
        total = total + np.where(reach > _SMALL * (1 + np.abs(x.value)), np.inf, spread)
    return total


def _moved(function: Callable[..., Any], xs: Sequence[Rounded], k: int, argument: Array, value: Array) -> Any:
    return np.abs(function(*(argument if j == k else x.value for j, x in enumerate(xs))) - value)

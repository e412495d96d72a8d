"""What does user code see as ``x.shape[0]``? An int, or a ``Dim`` that computes with sizes symbolically."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from symdiff.doors.places import complain
from symdiff.errors import ShapeError
from symdiff.ir import literals
from symdiff.ir.sizes import Shape, Size, normal

Length: TypeAlias = "int | Dim"

_UFUNCS: dict[Any, Callable[..., sp.Expr]] = {
    np.sqrt: sp.sqrt,
    np.log: sp.log,
    np.log2: lambda a: sp.log(a) / sp.log(2),
    np.exp: sp.exp,
    np.square: lambda a: a**2,
    np.reciprocal: lambda a: 1 / a,
    np.negative: lambda a: -a,
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.divide: lambda a, b: a / b,
    np.power: lambda a, b: a**b,
    np.float_power: lambda a, b: a**b,
}


class Dim:
    """A size, or a number computed from sizes such as ``1/sqrt(d)``; exact throughout.

    >>> from symdiff.ir.sizes import symbol
    >>> d = Dim(symbol("d"))
    >>> 1 / np.sqrt(4 * d), (2 * d) // d
    (1/(2*sqrt(d)), 2)
    """

    __slots__ = ("expression",)

    def __init__(self, expression: sp.Expr) -> None:
        self.expression = expression

    def __repr__(self) -> str:
        return str(self.expression)

    def __hash__(self) -> int:
        """A set or a dict looks up by hashes, and would not find the number that a size may be."""
        complain(
            ShapeError,
            f"hash({self})",
            {"size": self},
            "Compare the size itself instead of looking it up in a set or a dict.",
        )

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b * a)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a**b)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b**a)

    def __neg__(self) -> Any:
        return length(-self.expression)

    def __floordiv__(self, other: Any) -> Any:
        quotient = self._with(other, lambda a, b: a / b)
        if quotient is NotImplemented or isinstance(quotient, int) or is_size(quotient.expression):
            return quotient
        return _undivided(self, other)

    def __mod__(self, other: Any) -> Any:
        quotient = self._with(other, lambda a, b: a / b)
        if quotient is NotImplemented:
            return quotient
        return 0 if isinstance(quotient, int) or is_size(quotient.expression) else _undivided(self, other)

    def __eq__(self, other: object) -> bool:
        difference = _difference(self, other)
        return False if difference is None else _decide(difference.is_zero, self, "==", other)

    def __lt__(self, other: Any) -> bool:
        return _decide(_order(self, other).is_negative, self, "<", other)

    def __le__(self, other: Any) -> bool:
        return _decide(_order(self, other).is_nonpositive, self, "<=", other)

    def __gt__(self, other: Any) -> bool:
        return _decide(_order(self, other).is_positive, self, ">", other)

    def __ge__(self, other: Any) -> bool:
        return _decide(_order(self, other).is_nonnegative, self, ">=", other)

    def __bool__(self) -> bool:
        return True

    def __index__(self) -> int:
        complain(
            ShapeError,
            f"int({self})",
            {"size": self},
            "A size symbol has no number: give an example array or a number, or write it without a loop.",
        )

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc not in _UFUNCS:
            return NotImplemented
        parts = [expression_of(value) for value in inputs]
        if any(part is None for part in parts):
            return NotImplemented
        return length(_UFUNCS[ufunc](*parts))

    def _with(self, other: Any, operation: Callable[[Any, Any], sp.Expr]) -> Any:
        part = expression_of(other)
        return NotImplemented if part is None else length(operation(self.expression, part))


def length(value: Size) -> Any:
    """A size as user code sees it: an int where it is one."""
    if isinstance(value, int):
        return value
    if value.is_Integer:
        return int(value)
    return Dim(sp.expand(value) if is_size(value) else value)


def lengths(shape: Shape) -> tuple[Any, ...]:
    """A shape as user code sees it."""
    return tuple(size if isinstance(size, int) else Dim(size) for size in shape)


def size(value: Any) -> Size:
    """A size as the graph keeps it; ShapeError for what is no size."""
    if isinstance(value, Dim):
        if not is_size(value.expression):
            _no_size(value)
        return normal(value.expression)
    return value.__index__()


def is_size(expression: sp.Expr) -> bool:
    """Whether an expression is a polynomial in sizes with whole coefficients."""
    expanded = sp.expand(expression)
    polynomial = expanded.as_poly(*expanded.free_symbols) if expanded.free_symbols else None
    return expanded.is_Integer or (polynomial is not None and all(c.is_Integer for c in polynomial.coeffs()))


def expression_of(value: Any) -> sp.Expr | None:
    """A number as an exact expression; None for what is no number."""
    if isinstance(value, Dim):
        return value.expression
    if isinstance(value, (bool, np.bool_)):
        return sp.Integer(int(value))
    if isinstance(value, (int, np.integer)):
        return sp.Integer(int(value))
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        return literals.read(float(value))
    if isinstance(value, Fraction):
        return sp.Rational(value.numerator, value.denominator)
    return value if isinstance(value, sp.Expr) else None


def _difference(left: Dim, right: object) -> sp.Expr | None:
    part = expression_of(right)
    return None if part is None else sp.expand(left.expression - part)


def _order(left: Dim, right: object) -> sp.Expr:
    difference = _difference(left, right)
    if difference is None:
        raise TypeError(f"'<' not supported between a size and {type(right).__name__}")
    return difference


def _decide(verdict: bool | None, left: Dim, relation: str, right: object) -> bool:
    if verdict is None:
        complain(
            ShapeError,
            f"{left} {relation} {right}",
            {"left": left, "right": right},
            "It depends on the sizes: declare equal sizes by one name, or give a number.",
        )
    return verdict


def _undivided(left: Dim, right: object) -> Any:
    complain(
        ShapeError,
        f"{left} // {right}",
        {"size": left, "divisor": right},
        f"Declare that it divides, by writing the size as a product: '{right}*k' instead of '{left}'.",
    )


def _no_size(value: Dim) -> None:
    complain(
        ShapeError,
        f"size {value}",
        {"size": value},
        "A size must be whole: declare divisibility by writing a size as a product such as 'h*dh'.",
    )

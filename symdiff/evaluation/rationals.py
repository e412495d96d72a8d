"""Which rational number is a value? Arithmetic of fractions, as far as formulas stay among them.

What leaves the rationals raises NotCompilable: there balls answer.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any, NoReturn

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.arithmetics import Arithmetic, Function
from symdiff.ir import literals


def _refuse(name: str, value: object = "") -> NoReturn:
    raise NotCompilable(explain(f"{name}({value})", {"arithmetic": "rationals"}, "Evaluate it in balls."))


def _literal(value: literals.Number) -> Fraction:
    meant = literals.read(value)
    return Fraction(int(meant.p), int(meant.q)) if meant.is_Rational else _refuse("literal", value)


def _only(name: str, known: dict[int, int]) -> Function:
    """A function whose rational values at these places are known."""
    return lambda x: Fraction(known[x]) if x in known else _refuse(name, x)


def _root_power(base: Fraction, p: int, q: int) -> Fraction:
    root = base
    if q == 2 and base >= 0:
        root = Fraction(isqrt(base.numerator), isqrt(base.denominator))
    if root**q != base:
        _refuse(f"power {p}/{q} of", base)
    return root**p


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    return base**exponent.numerator if exponent.denominator == 1 else _refuse("power of", base)


def _absent(name: str) -> Function:
    return lambda: _refuse(name)


_ODD = ("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh", "erf", "erfi")
_FUNCTIONS: dict[str, Any] = {
    **{name: _only(name, {0: 0}) for name in _ODD},
    **{name: _only(name, {0: 1}) for name in ("exp", "cos", "cosh", "erfc", "sech", "sec")},
    **{name: _only(name, {1: 0}) for name in ("log", "acos", "acosh")},
    **{name: _absent(name) for name in ("pi", "EulerGamma", "Catalan", "infinity", "undefined")},
    "Abs": abs,
    "floor": lambda x: Fraction(x.__floor__()),
    "sqrt": lambda x: _root_power(x, 1, 2),
    "root_power": _root_power,
    "power": _power,
}
RATIONALS = Arithmetic(
    "rationals", lambda value: value, _literal, _FUNCTIONS, lambda a, b: a > b, lambda a, b: a == b
)

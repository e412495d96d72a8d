"""Which numbers does a graph run on, beside floats? Exact SymPy, certified balls, mpmath at any precision.

Constants are lifted by the arithmetic: a ball of ``x/10`` at 1 contains 1/10, and pi is a ball, not a double.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from operator import methodcaller
from typing import Any

import flint
import mpmath
import sympy as sp

from symdiff.errors import NotCompilable, Undetermined, explain
from symdiff.evaluation.exact_printer import ExactPrinter
from symdiff.ir import literals

Function = Callable[..., Any]


@dataclass(frozen=True)
class Arithmetic:
    """A name, how exact numbers enter, and the functions that formulas may call."""

    name: str
    number: Callable[[Fraction], Any]
    literal: Callable[[literals.Number], Any]
    functions: dict[str, Function]
    greater: Callable[[Any, Any], bool]
    equal: Callable[[Any, Any], bool]

    def __hash__(self) -> int:
        return hash(self.name)

    def constant(self, value: Fraction | sp.Expr) -> Any:
        """An exact number, rational or not, in this arithmetic."""
        if isinstance(value, Fraction):
            return self.number(value)
        return compiled((), value, self)()

    def largest(self, values: Sequence[Any]) -> Any:
        """The maximum of some numbers."""
        best = values[0]
        for value in values[1:]:
            if self.greater(value, best):
                best = value
        return best


# Formulas through lambdify ----------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def compiled(symbols: tuple[sp.Symbol, ...], expression: Any, arithmetic: Arithmetic) -> Function:
    """A scalar expression, or a tuple of them, as a function in an arithmetic, through ``sympy.lambdify``."""
    parts = expression if isinstance(expression, tuple) else (expression,)
    called = {type(f).__name__ for part in parts for f in sp.sympify(part, strict=True).atoms(sp.Function)}
    missing = called - set(arithmetic.functions) - {"Piecewise"}
    if missing:
        facts: dict[str, object] = {"function": ", ".join(sorted(missing)), "arithmetic": arithmetic.name}
        raise NotCompilable(
            explain(f"{expression}", facts, "Use another arithmetic, or a formula of known functions.")
        )
    namespace = dict(arithmetic.functions)
    namespace |= {"number": _lifting(arithmetic)}
    namespace |= {"greater": arithmetic.greater, "equal": arithmetic.equal}
    options = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}
    return sp.lambdify(symbols, expression, modules=[namespace], printer=ExactPrinter(options), cse=True)  # type: ignore[no-any-return]


def _lifting(arithmetic: Arithmetic) -> Function:
    """How a formula's constants enter: once for each precision, not once for each entry."""
    known: dict[tuple[int, int, int, int], Any] = {}

    def number(p: int, q: int) -> Any:
        key = (p, q, flint.ctx.prec, mpmath.mp.prec)
        if key not in known:
            known[key] = arithmetic.number(Fraction(p, q))
        return known[key]

    return number


# Balls ------------------------------------------------------------------------------------------------------

_WHOLE = 2**53


def _ball(value: Fraction) -> flint.arb:
    over, under = value.as_integer_ratio()
    if -_WHOLE < over < _WHOLE and under < _WHOLE and not under & (under - 1):
        return flint.arb(over / under)  # a double holds it: the quick way
    return flint.arb(flint.fmpq(over, under))


def _ball_literal(value: literals.Number) -> flint.arb:
    ends = literals.bounds(value)
    if ends is None:
        return flint.arb(float(value))
    low, high = ends
    return _ball(low) if low == high else _ball(low).union(_ball(high))


def _ball_greater(left: flint.arb, right: flint.arb) -> bool:
    if left is right:  # one entry, compared with itself: an array with its own maximum
        return False
    if left > right:
        return True
    if left <= right:
        return False
    raise Undetermined(f"{left} > {right}: the balls overlap")


def _ball_equal(left: flint.arb, right: flint.arb) -> bool:
    if left < right or left > right:
        return False
    difference = left - right
    if left is right or difference.is_zero():
        return True
    if difference.is_nan() or difference.contains(0):
        raise Undetermined(f"{left} == {right}: the balls overlap")
    return False


def _ball_root_power(base: flint.arb, p: int, q: int) -> flint.arb:
    root = base if q == 1 else base.sqrt() if q == 2 else base.root(q)
    return root**p if p >= 0 else 1 / root ** (-p)


def _acb(method: str, *orders: Any) -> Function:
    return lambda x: getattr(flint.acb(x), method)(*orders).real


_METHODS = (
    "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh",
    "atanh", "erf", "erfc", "erfi", "gamma", "digamma", "coth", "cot", "sec", "csc", "sech", "csch",
)  # fmt: skip
_BALL_FUNCTIONS: dict[str, Function] = {
    **{name: methodcaller(name) for name in _METHODS},
    "loggamma": lambda x: x.lgamma(),
    "polygamma": lambda n, x: flint.acb(x).polygamma(flint.acb(n)).real,
    "atan2": lambda y, x: flint.arb.atan2(y, x),
    "sqrt": lambda x: x.sqrt(),
    "Abs": lambda x: abs(x),
    "floor": lambda x: x.floor(),
    "root_power": _ball_root_power,
    "power": lambda a, b: a**b,
    "pi": lambda: flint.arb.pi(),
    "EulerGamma": lambda: flint.arb.const_euler(),
    "Catalan": lambda: flint.arb.const_catalan(),
    "infinity": lambda: flint.arb("inf"),
    "undefined": lambda: flint.arb("nan"),
}
BALLS = Arithmetic("balls", _ball, _ball_literal, _BALL_FUNCTIONS, _ball_greater, _ball_equal)


def _read_ball_literal(value: literals.Number) -> flint.arb:
    if not math.isfinite(value):
        return flint.arb(float(value))
    return compiled((), literals.read(value), READ_BALLS)()


# Balls that take a float literal for the one number that it is read as, not for all that it may stand for.
READ_BALLS = replace(BALLS, name="balls of exact readings", literal=_read_ball_literal)


# mpmath -------------------------------------------------------------------------------------------------------


def _mp(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def _mp_literal(value: literals.Number) -> Any:
    if not math.isfinite(value):
        return mpmath.mpf(float(value))
    return compiled((), literals.read(value), MPMATH)()


def _mp_root_power(base: Any, p: int, q: int) -> Any:
    if q == 1:
        return base**p if base != 0 or p >= 0 else mpmath.inf
    if base < 0:
        return mpmath.nan
    return mpmath.root(base, q) ** p if base != 0 or p >= 0 else mpmath.inf


def _mp_log(x: Any) -> Any:
    return mpmath.log(x) if x > 0 else (-mpmath.inf if x == 0 else mpmath.nan)


def _mp_real(function: Function) -> Function:
    """Not a number outside the real domain, where mpmath goes on with complex ones."""

    def value(*numbers: Any) -> Any:
        result = function(*numbers)
        return mpmath.nan if isinstance(result, mpmath.mpc) else result

    return value


_MP_FUNCTIONS: dict[str, Function] = {
    **{name: _mp_real(getattr(mpmath, name)) for name in _METHODS if name != "log"},
    "log": _mp_log,
    "loggamma": mpmath.loggamma,
    "polygamma": lambda n, x: mpmath.polygamma(int(n), x),
    "atan2": mpmath.atan2,
    "sqrt": lambda x: mpmath.sqrt(x) if x >= 0 else mpmath.nan,
    "Abs": abs,
    "floor": mpmath.floor,
    "root_power": _mp_root_power,
    "power": lambda a, b: mpmath.re(mpmath.power(a, b)) if a > 0 or b == int(b) else mpmath.nan,
    "pi": lambda: +mpmath.pi,
    "EulerGamma": lambda: +mpmath.euler,
    "Catalan": lambda: +mpmath.catalan,
    "infinity": lambda: mpmath.inf,
    "undefined": lambda: mpmath.nan,
}
MPMATH = Arithmetic(
    "mpmath", _mp, _mp_literal, _MP_FUNCTIONS, lambda a, b: bool(a > b), lambda a, b: bool(a == b)
)


# SymPy ------------------------------------------------------------------------------------------------------


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _undecided(left: Any, right: Any) -> bool:
    answer = sp.Gt(left, right)
    if answer in (sp.true, sp.false):
        return bool(answer)
    raise Undetermined(f"{left} > {right}: depends on the symbols")


SYMPY = Arithmetic(
    "sympy",
    _rational,
    literals.read,
    {"root_power": lambda base, p, q: base ** sp.Rational(p, q)},
    _undecided,
    lambda a, b: bool(sp.Eq(a, b) == sp.true),
)

ARITHMETICS = {arithmetic.name: arithmetic for arithmetic in (SYMPY, BALLS, MPMATH)}


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Balls and mpmath at this many bits inside the block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        with mpmath.workprec(bits):
            yield
    finally:
        flint.ctx.prec = before

"""What does an elementwise operation compute? One scalar SymPy formula in ``a0, a1, ...``.

Its derivative is ``sympy.diff`` of the formula, asked once and kept: no elementwise derivative is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import sympy as sp

ARGUMENTS: tuple[sp.Symbol, ...] = sp.symbols("a0:8", real=True)
OUTPUT: sp.Symbol = sp.Symbol("y", real=True)
_UNIT = sp.Symbol("e", positive=True)


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A scalar function of ``a0 .. a(arity-1)``; interned, so that identity is equality."""

    expression: sp.Expr
    arity: int
    boolean: bool = False

    def __repr__(self) -> str:
        return f"Formula({self.expression}{', boolean' if self.boolean else ''})"

    @property
    def arguments(self) -> tuple[sp.Symbol, ...]:
        """The symbols that stand for the operands."""
        return ARGUMENTS[: self.arity]

    @property
    def symmetric(self) -> bool:
        """Whether the two operands may change places (addition)."""
        return self is ADD


@dataclass(frozen=True, slots=True)
class Partial:
    """A partial derivative: a number, or a formula of some operands and perhaps of the output (slot -1)."""

    formula: Formula | None
    slots: tuple[int, ...]
    constant: sp.Expr | None = None


_interned: dict[tuple[sp.Expr, int, bool], Formula] = {}


def formula(expression: sp.Expr, arity: int, *, boolean: bool = False) -> Formula:
    """The one Formula object for this expression."""
    expression = sp.sympify(expression, strict=True)
    return _interned.setdefault((expression, arity, boolean), Formula(expression, arity, boolean))


def from_function(function: Callable[..., sp.Expr], arity: int) -> Formula:
    """Build a formula by calling ``function`` on the argument symbols; kinks become Piecewise.

    >>> from_function(lambda a: abs(a), 1)
    Formula(Piecewise((a0, a0 > 0), (-a0, a0 < 0), (0, True)))
    """
    return formula(piecewise(sp.sympify(function(*ARGUMENTS[:arity]), strict=True)), arity)


def piecewise(expression: sp.Expr) -> sp.Expr:
    """Rewrite Abs, sign, Max, Min and Heaviside: SymPy would differentiate them to delta functions."""
    table: dict[type, Callable[..., sp.Expr]] = {
        sp.Abs: lambda u: sp.Piecewise((u, u > 0), (-u, u < 0), (0, True)),
        sp.sign: lambda u: sp.Piecewise((1, u > 0), (-1, u < 0), (0, True)),
        sp.Heaviside: lambda u, *_: sp.Piecewise((1, u > 0), (0, u < 0), (sp.Rational(1, 2), True)),
        sp.Max: lambda *us: _extreme(us, sp.StrictGreaterThan),
        sp.Min: lambda *us: _extreme(us, sp.StrictLessThan),
    }
    return expression.replace(lambda e: type(e) in table, lambda e: table[type(e)](*e.args))


def _extreme(operands: tuple[sp.Expr, ...], before: type) -> sp.Expr:
    best = operands[0]
    for other in operands[1:]:
        best = sp.Piecewise((other, before(other, best)), (best, True))
    return best


@cache
def partial(f: Formula, slot: int) -> Partial:
    """The derivative of ``f`` by operand ``slot``, written by the output where that is shorter.

    >>> partial(from_function(sp.tanh, 1), 0).formula
    Formula(1 - a0**2)
    >>> partial(from_function(lambda a: 1 / (1 + sp.exp(-a)), 1), 0).slots
    (-1,)
    """
    derivative = _through_points(sp.diff(f.expression, ARGUMENTS[slot]), ARGUMENTS[slot])
    if f.arity == 1:
        derivative = _by_output(f.expression, derivative)
    derivative = _prune(derivative)
    if not derivative.free_symbols:
        return Partial(None, (), derivative)
    used = [i for i in range(f.arity) if derivative.has(ARGUMENTS[i])]
    slots = (*used, -1) if derivative.has(OUTPUT) else tuple(used)
    renaming = {ARGUMENTS[i] if i >= 0 else OUTPUT: ARGUMENTS[k] for k, i in enumerate(slots)}
    return Partial(formula(derivative.xreplace(renaming), len(slots)), slots)


def _through_points(derivative: sp.Expr, a: sp.Symbol) -> sp.Expr:
    """At a single point (sinc at 0, ``x log y`` at x = 0) the derivative is its limit there, not that of a constant."""
    if not isinstance(derivative, sp.Piecewise) or len(derivative.args) != 2:
        return derivative
    (first, condition), (second, otherwise) = derivative.args
    if (
        not isinstance(condition, (sp.Eq, sp.Ne))
        or condition.lhs != a
        or condition.rhs.has(a)
        or otherwise != sp.true
    ):
        return derivative
    around = second if isinstance(condition, sp.Eq) else first
    limit = around if not around.has(a) else sp.limit(around, a, condition.rhs)
    if limit.has(sp.oo, -sp.oo, sp.zoo, sp.nan, sp.Limit, sp.AccumBounds):
        return derivative
    if isinstance(condition, sp.Ne):
        return sp.Piecewise((around, condition), (limit, True))
    return sp.Piecewise((limit, condition), (around, True))


def _prune(derivative: sp.Expr) -> sp.Expr:
    """Merge the branches of a Piecewise that became equal."""
    if isinstance(derivative, sp.Piecewise) and len({e for e, _ in derivative.args}) == 1:
        return derivative.args[0][0]
    return derivative


def _by_output(f: sp.Expr, derivative: sp.Expr) -> sp.Expr:
    """Write the derivative by ``y = f(a)`` where it is then free of ``a``; otherwise leave it."""
    a = ARGUMENTS[0]
    if isinstance(f, sp.Piecewise) or not derivative.has(a):
        return derivative
    if f.is_Pow and f.base == a and f.exp.is_Rational and (1 / f.exp).is_Integer:
        return f.exp * OUTPUT ** (1 - 1 / f.exp)
    direct = derivative.xreplace({f: OUTPUT})
    if not direct.has(a):
        return direct
    return _by_exponential(f, derivative)


def _by_exponential(f: sp.Expr, derivative: sp.Expr) -> sp.Expr:
    """Solve ``y = f`` for ``exp(a)`` when f is a linear fraction in it (sigmoid); keep polynomials in y."""
    a = ARGUMENTS[0]
    in_unit = sp.together(f.xreplace({sp.exp(-a): 1 / _UNIT, sp.exp(a): _UNIT}))
    if in_unit.has(a) or in_unit.atoms(sp.Function):
        return derivative
    numerator, denominator = sp.fraction(in_unit)
    equation = sp.Poly(numerator - OUTPUT * denominator, _UNIT)
    if equation.degree() != 1:
        return derivative
    slope, offset = equation.all_coeffs()
    rewritten = derivative.xreplace({sp.exp(-a): 1 / _UNIT, sp.exp(a): _UNIT, sp.exp(-2 * a): _UNIT**-2})
    candidate = sp.factor(sp.cancel(rewritten.subs(_UNIT, -offset / slope)))
    if candidate.has(a, _UNIT) or not candidate.is_polynomial(OUTPUT):
        return derivative
    return _without_minus(candidate)


def _without_minus(product: sp.Expr) -> sp.Expr:
    """``-y*(y - 1)`` as ``y*(1 - y)``."""
    sums = [factor for factor in sp.Mul.make_args(product) if factor.is_Add]
    if not sums or not product.could_extract_minus_sign():
        return product
    return (-product / sums[0]) * (-sums[0])


@cache
def monomial(f: Formula) -> tuple[Fraction, Formula | None]:
    """A formula as a rational factor times the rest; the rest is None where it is the one operand itself.

    >>> monomial(formula(3 * ARGUMENTS[0] ** 2, 1))
    (Fraction(3, 1), Formula(a0**2))
    """
    factor, rest = f.expression.as_coeff_Mul(rational=True)
    if f.boolean or factor == 1 or not rest.free_symbols:
        return Fraction(1), f
    return Fraction(int(factor.p), int(factor.q)), None if rest == ARGUMENTS[0] and f.arity == 1 else formula(
        rest, f.arity
    )


@cache
def power(exponent: sp.Expr) -> Formula:
    """``a0 ** exponent`` for a fixed exponent."""
    return formula(ARGUMENTS[0] ** exponent, 1)


ADD = formula(ARGUMENTS[0] + ARGUMENTS[1], 2)
SUBTRACT = formula(ARGUMENTS[0] - ARGUMENTS[1], 2)
RECIPROCAL = power(sp.Integer(-1))
SQUARE = power(sp.Integer(2))
WHERE = from_function(lambda c, a, b: sp.Piecewise((a, sp.Ne(c, 0)), (b, True)), 3)

"""What is the value of a scalar formula in the ring? SymPy expressions, compiled once to closures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, TypeAlias

import sympy as sp
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from symdiff.ir import literals
from symdiff.ir.formulas import ARGUMENTS, piecewise
from symdiff.proof.at_shape.fields import NeedsMasks, Undecided
from symdiff.proof.at_shape.generators import Algebra
from symdiff.proof.at_shape.specials import INFINITY, MINUS_INFINITY, Element, Special

Closure: TypeAlias = Callable[[Algebra, Sequence[Element]], Element]

_SLOTS = {symbol: k for k, symbol in enumerate(ARGUMENTS)}
_OPAQUE = frozenset(
    """erf erfi erfinv erfcinv atan asin acos asinh acosh atan2 gamma loggamma digamma polygamma
    Si Ei besselj besseli fresnels fresnelc""".split()  # noqa: SIM905
)


@cache
def compile_formula(expression: sp.Expr) -> Closure:
    """The closure of an expression in ``a0, a1, ...``."""
    return _compile(piecewise(expression))


@cache
def _compile(e: Any) -> Closure:
    if e.is_Symbol:
        return _argument(e)
    if e.is_Rational:
        return _rational(Fraction(int(e.p), int(e.q)))
    if e.is_Add:
        return _sum([_compile(a) for a in e.args])
    if e.is_Mul:
        return _product([_compile(a) for a in e.args])
    if e.is_Pow:
        return _power(e)
    if isinstance(e, sp.Piecewise):
        return _piecewise([(_compile(v), _condition(c)) for v, c in e.args])
    if e.is_Number or e.is_NumberSymbol or e in (sp.zoo, sp.nan):
        return _number(e)
    if isinstance(e, Boolean):
        return _condition(e)
    return _function(e)


def _argument(symbol: Any) -> Closure:
    if symbol not in _SLOTS:
        raise Undecided(f"the formula has a free symbol {symbol}")
    slot = _SLOTS[symbol]

    def read(algebra: Algebra, args: Sequence[Element]) -> Element:
        if algebra.domains is not None:
            algebra.demand(algebra.domains[slot])
        return args[slot]

    return read


def _rational(value: Fraction) -> Closure:
    return lambda algebra, args: algebra.ring.constant(value)


def _number(e: Any) -> Closure:
    if e is sp.oo or e is -sp.oo:
        return lambda algebra, args: INFINITY if e is sp.oo else MINUS_INFINITY
    if e is sp.E:
        return lambda algebra, args: algebra.exp(algebra.ring.one)
    if e.is_Float:
        return float_value(float(e))
    if e.is_NumberSymbol:
        return lambda algebra, args: algebra.angles.number(e)
    return lambda algebra, args: algebra.undefined()


@lru_cache(maxsize=4096, typed=True)
def float_value(value: literals.Number) -> Closure:
    """The reading of a float of the author's code."""
    if math.isinf(value):
        return _number(sp.oo if value > 0 else -sp.oo)
    return _number(sp.nan) if math.isnan(value) else _compile(literals.read(value))


def _sum(terms: list[Closure]) -> Closure:
    first, rest = terms[0], terms[1:]

    def add(algebra: Algebra, args: Sequence[Element]) -> Element:
        total = first(algebra, args)
        for term in rest:
            total = total + term(algebra, args)
        return total

    return add


def _product(factors: list[Closure]) -> Closure:
    first, rest = factors[0], factors[1:]

    def multiply(algebra: Algebra, args: Sequence[Element]) -> Element:
        product = first(algebra, args)
        for factor in rest:
            product = algebra.ring.multiply(product, factor(algebra, args))
        return product

    return multiply


def _power(e: Any) -> Closure:
    base, exponent = _compile(e.base), e.exp
    if e.base is sp.E:
        inner = _compile(exponent)
        return lambda algebra, args: algebra.exp(inner(algebra, args))
    if exponent.is_Float:
        exponent = literals.read(float(exponent))
    if exponent.is_Rational:
        fraction = Fraction(int(exponent.p), int(exponent.q))
        return lambda algebra, args: algebra.power(base(algebra, args), fraction)
    return _general_power(base, _compile(exponent))


def _general_power(base: Closure, exponent: Closure) -> Closure:
    def power(algebra: Algebra, args: Sequence[Element]) -> Element:
        return algebra.general_power(base(algebra, args), exponent(algebra, args))

    return power


def _piecewise(branches: list[tuple[Closure, Closure]]) -> Closure:
    """The sum of ``share * value``; defined where the conditions met and the chosen value are."""

    def select(algebra: Algebra, args: Sequence[Element]) -> Element:
        ring, outside = algebra.ring, algebra.defined
        total, left = ring.zero, ring.one
        domain = ring.zero
        reached = ring.one  # whether all conditions up to here are defined
        for value, condition in branches:
            chosen, met = _apart(algebra, condition, args)
            reached = ring.both(reached, met)
            share = ring.reduce(ring.multiply(left, chosen))
            if not share.is_zero():
                branch, its = _apart(algebra, value, args)
                total = total + _masked(algebra, share, branch)
                domain = domain + ring.multiply(share, ring.both(reached, its))
            left = ring.reduce(left - share)
            if left.is_zero():
                break
        algebra.defined = ring.both(outside, ring.reduce(domain))
        return total

    return select


def _apart(algebra: Algebra, closure: Closure, args: Sequence[Element]) -> tuple[Element, Element]:
    """A value and its own domain."""
    algebra.defined = algebra.ring.one
    return closure(algebra, args), algebra.defined


def _masked(algebra: Algebra, share: Element, branch: Element) -> Element:
    if isinstance(branch, Special):
        if share.is_one():
            return branch
        raise NeedsMasks("an infinite value in one branch")
    return algebra.ring.multiply(share, branch)


# Conditions as indicators -------------------------------------------------------------------------


@cache
def _condition(c: Any) -> Closure:
    if isinstance(c, (BooleanTrue, BooleanFalse)):
        return _rational(Fraction(int(bool(c))))
    if isinstance(c, sp.core.relational.Relational):
        return _relation(c)
    parts = [_condition(part) for part in c.args]
    if isinstance(c, sp.Not):
        return lambda algebra, args: 1 - parts[0](algebra, args)
    if isinstance(c, sp.And):
        return _product(parts)
    if isinstance(c, sp.Or):
        return _either(parts)
    raise Undecided(f"a condition that is not read: {type(c).__name__}")


def _either(parts: list[Closure]) -> Closure:
    def either(algebra: Algebra, args: Sequence[Element]) -> Element:
        none = algebra.ring.one
        for part in parts:
            none = algebra.ring.multiply(none, 1 - part(algebra, args))
        return algebra.ring.reduce(1 - none)

    return either


def _relation(c: Any) -> Closure:
    left, right, kind = _compile(c.lhs), _compile(c.rhs), type(c)

    def relation(algebra: Algebra, args: Sequence[Element]) -> Element:
        above, below = algebra.signs.compare(left(algebra, args) - right(algebra, args))
        if kind is sp.StrictGreaterThan:
            return above
        if kind is sp.StrictLessThan:
            return below
        if kind is sp.GreaterThan:
            return 1 - below
        if kind is sp.LessThan:
            return 1 - above
        return 1 - above - below if kind is sp.Eq else above + below

    if kind not in (sp.StrictGreaterThan, sp.StrictLessThan, sp.GreaterThan, sp.LessThan, sp.Eq, sp.Ne):
        raise Undecided(f"a relation that is not read: {kind.__name__}")
    return relation


# Functions ----------------------------------------------------------------------------------------


def _function(e: Any) -> Closure:
    name = type(e).__name__
    arguments = [_compile(a) for a in e.args]
    if name in _UNARY:
        rule, inner = _UNARY[name], arguments[0]
        return lambda algebra, args: rule(algebra, inner(algebra, args))
    if name in _OPAQUE or (isinstance(e, sp.core.function.AppliedUndef) and not e.has(sp.Derivative)):
        function = type(e)
        return lambda algebra, args: algebra.heads.value(function, [a(algebra, args) for a in arguments])
    raise Undecided(f"no exact form for {name}")


def _tanh(algebra: Algebra, u: Element) -> Element:
    square = algebra.exp(u + u)
    return 1 - 2 * algebra.reciprocal(square + 1)


def _hyperbolic(algebra: Algebra, u: Element, sign: int) -> Element:
    half = algebra.ring.constant(Fraction(1, 2))
    return half * (algebra.exp(u) + sign * algebra.exp(-u))


def _quotient(algebra: Algebra, numerator: Element, denominator: Element) -> Element:
    return algebra.ring.multiply(numerator, algebra.reciprocal(denominator))


def _tan(algebra: Algebra, u: Element) -> Element:
    return _quotient(algebra, *algebra.angles.sin_cos(u))


def _atanh(algebra: Algebra, u: Element) -> Element:
    half = algebra.ring.constant(Fraction(1, 2))
    return half * algebra.log(_quotient(algebra, 1 + u, 1 - u))


_UNARY: dict[str, Callable[[Algebra, Element], Element]] = {
    "exp": lambda algebra, u: algebra.exp(u),
    "log": lambda algebra, u: algebra.log(u),
    "sin": lambda algebra, u: algebra.angles.sin_cos(u)[0],
    "cos": lambda algebra, u: algebra.angles.sin_cos(u)[1],
    "tan": _tan,
    "cot": lambda algebra, u: algebra.reciprocal(_tan(algebra, u)),
    "sec": lambda algebra, u: algebra.reciprocal(algebra.angles.sin_cos(u)[1]),
    "csc": lambda algebra, u: algebra.reciprocal(algebra.angles.sin_cos(u)[0]),
    "tanh": _tanh,
    "sinh": lambda algebra, u: _hyperbolic(algebra, u, -1),
    "cosh": lambda algebra, u: _hyperbolic(algebra, u, 1),
    "coth": lambda algebra, u: algebra.reciprocal(_tanh(algebra, u)),
    "sech": lambda algebra, u: algebra.reciprocal(_hyperbolic(algebra, u, 1)),
    "csch": lambda algebra, u: algebra.reciprocal(_hyperbolic(algebra, u, -1)),
    "atanh": _atanh,
    "erfc": lambda algebra, u: 1 - algebra.heads.value(sp.erf, [u]),
    "log_gamma": lambda algebra, u: algebra.heads.value(sp.loggamma, [u]),
}

"""What is the value of a scalar formula in normal form? SymPy expressions, read piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from symdiff.ir import literals
from symdiff.ir.formulas import ARGUMENTS
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import (
    Expr,
    Undefined,
    as_number,
    constant,
    plus,
    single,
    times_number,
    whole,
)

_SLOTS = {symbol: k for k, symbol in enumerate(ARGUMENTS)}


class Reader:
    """Reads formulas of values. ``booleans``: the operands that are 0 or 1 everywhere."""

    def __init__(
        self, space: Generators, arguments: Sequence[Expr], booleans: frozenset[int] = frozenset()
    ) -> None:
        self.space = space
        self.arguments = arguments
        self.booleans = booleans
        self._read: dict[Any, Expr] = {}

    def value(self, e: Any) -> Expr:
        """The value of an expression in ``a0, a1, ...`` and size symbols."""
        found = self._read.get(e)
        if found is None:
            found = self._read[e] = self._value(e)
        return found

    def _value(self, e: Any) -> Expr:
        if e.is_Symbol:
            return self.arguments[_SLOTS[e]] if e in _SLOTS else single(self.space.of_size(str(e)))
        if e.is_Rational:
            return constant(Fraction(int(e.p), int(e.q)))
        if e.is_Float:
            return self.number(float(e))
        if e.is_Add:
            return self._sum(e.args)
        if e.is_Mul:
            return self._product(e.args)
        if e.is_Pow:
            return self._power(e)
        if e is sp.E:
            return self.space.exp(constant(1))
        if e in (sp.oo, -sp.oo):
            return self.number(float(e))
        if e.is_NumberSymbol:
            return single((self.space.intern("number", e, positive=bool(e.is_positive)), ()))
        if isinstance(e, sp.Piecewise):
            return self._piecewise(e.args)
        if isinstance(e, Boolean):
            return self._condition(e)
        if isinstance(e, sp.Function):
            return self._function(e)
        raise Undefined(f"{type(e).__name__} is not read")

    def number(self, value: literals.Number) -> Expr:
        """The exact reading of a float."""
        if value in (float("inf"), float("-inf")):
            return times_number(single(self.space.infinity()), 1 if value > 0 else -1)
        read = literals.read(value)
        if not read.is_finite or read.is_Float:
            raise Undefined("not a number")
        return self.value(read)

    def _sum(self, terms: Sequence[Any]) -> Expr:
        total: Expr = {}
        for term in terms:
            total = plus(total, self.value(term))
        return total

    def _product(self, factors: Sequence[Any]) -> Expr:
        total = constant(1)
        for factor in factors:
            total = self.space.times(total, self.value(factor))
        return total

    def _power(self, e: Any) -> Expr:
        if e.base is sp.E:
            return self.space.exp(self.value(e.exp))
        exponent = as_number(self.value(e.exp))
        base = self.value(e.base)
        if exponent is not None:
            return self.space.power(base, whole(exponent))
        return self.space.exp(self.space.times(self.value(e.exp), self.space.log(base)))

    # Branches ----------------------------------------------------------------------------------------------

    def _piecewise(self, branches: Sequence[Any]) -> Expr:
        total: Expr = {}
        left = constant(1)
        for value, condition in branches:
            chosen = self._condition(condition)
            share = self.space.times(left, chosen)
            if share:
                total = plus(total, self.space.times(share, self.value(value)))
            left = self.space.times(left, plus(constant(1), chosen, -1))
            if not left:
                return total
        raise Undefined("no branch holds")

    def _condition(self, c: Any) -> Expr:
        if isinstance(c, (BooleanTrue, BooleanFalse)):
            return constant(int(bool(c)))
        if isinstance(c, sp.core.relational.Relational):
            return self._relation(c)
        parts = [self._condition(part) for part in c.args]
        if isinstance(c, sp.Not):
            return plus(constant(1), parts[0], -1)
        if isinstance(c, sp.And):
            return self._all(parts)
        if isinstance(c, sp.Or):
            return plus(constant(1), self._all([plus(constant(1), part, -1) for part in parts]), -1)
        raise Undefined(f"{type(c).__name__} is not read")

    def _all(self, parts: Sequence[Expr]) -> Expr:
        total = constant(1)
        for part in parts:
            total = self.space.times(total, part)
        return total

    def _relation(self, c: Any) -> Expr:
        if (
            isinstance(c, (sp.Ne, sp.Eq))
            and c.lhs in _SLOTS
            and _SLOTS[c.lhs] in self.booleans
            and c.rhs == 0
        ):
            truth = self.value(c.lhs)
            return truth if isinstance(c, sp.Ne) else plus(constant(1), truth, -1)
        difference = plus(self.value(c.lhs), self.value(c.rhs), -1)
        above, zero = self.space.is_above, self.space.is_zero
        match c.rel_op:
            case ">":
                return above(difference)
            case ">=":
                return plus(above(difference), zero(difference))
            case "<":
                return above(times_number(difference, -1))
            case "<=":
                return plus(constant(1), above(difference), -1)
            case "==":
                return zero(difference)
            case "!=":
                return plus(constant(1), zero(difference), -1)
            case _:
                raise Undefined(f"{c.rel_op} is not read")

    # Functions ---------------------------------------------------------------------------------------------

    def _function(self, e: Any) -> Expr:
        name = type(e).__name__
        if name in _RULES:
            return _RULES[name](self.space, self.value(e.args[0]))
        if e.has(sp.Derivative) or any(not a.is_commutative for a in e.args):
            raise Undefined(f"{name} is not read")
        return self.space.function(e.func(*ARGUMENTS[: len(e.args)]), [self.value(a) for a in e.args])


def _reciprocal(space: Generators, value: Expr) -> Expr:
    return space.power(value, -1)


def _tanh(space: Generators, u: Expr) -> Expr:
    square = space.exp(times_number(u, 2))
    return plus(constant(1), space.power(plus(square, constant(1)), -1), -2)


def _hyperbolic(sign: int) -> Callable[[Generators, Expr], Expr]:
    def rule(space: Generators, u: Expr) -> Expr:
        whole_, inverse = space.exp(u), space.exp(times_number(u, -1))
        return times_number(plus(whole_, inverse, sign), Fraction(1, 2))

    return rule


def _of(function: Any) -> Callable[[Generators, Expr], Expr]:
    formula = function(ARGUMENTS[0])
    return lambda space, u: space.function(formula, [u])


def _tan(space: Generators, u: Expr) -> Expr:
    return space.times(_of(sp.sin)(space, u), _reciprocal(space, _of(sp.cos)(space, u)))


def _absolute(space: Generators, u: Expr) -> Expr:
    return plus(times_number(space.times(u, space.is_above(u)), 2), u, -1)


def _atanh(space: Generators, u: Expr) -> Expr:
    over, under = plus(constant(1), u), plus(constant(1), u, -1)
    return times_number(plus(space.log(over), space.log(under), -1), Fraction(1, 2))


_RULES: dict[str, Callable[[Generators, Expr], Expr]] = {
    "exp": lambda space, u: space.exp(u),
    "log": lambda space, u: space.log(u),
    "tanh": _tanh,
    "sinh": _hyperbolic(-1),
    "cosh": _hyperbolic(1),
    "sech": lambda space, u: _reciprocal(space, _hyperbolic(1)(space, u)),
    "csch": lambda space, u: _reciprocal(space, _hyperbolic(-1)(space, u)),
    "coth": lambda space, u: _reciprocal(space, _tanh(space, u)),
    "tan": _tan,
    "cot": lambda space, u: _reciprocal(space, _tan(space, u)),
    "sec": lambda space, u: _reciprocal(space, _of(sp.cos)(space, u)),
    "csc": lambda space, u: _reciprocal(space, _of(sp.sin)(space, u)),
    "erfc": lambda space, u: plus(constant(1), _of(sp.erf)(space, u), -1),
    "Abs": _absolute,
    "atanh": _atanh,
}

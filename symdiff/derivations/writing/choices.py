"""Which choices between values have names of their own? ``max(a, b)``, ``|x|``, signs, indicators.

They stand for SymPy's Piecewise, which would look into their conditions whenever something is put into them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

LOOSE = (PRECEDENCE["Add"] + PRECEDENCE["Mul"]) // 2


class Choice(sp.Function):  # type: ignore[misc]
    """A function that stays as it is."""

    is_real = True


class Indicator(Choice):
    """1 where a condition holds, 0 elsewhere."""

    @classmethod
    def eval(cls, condition: Any) -> sp.Expr | None:
        """Conditions that always hold, or never, are numbers."""
        plain = _plain(condition)
        if plain in (sp.true, sp.false):
            return sp.Integer(plain is sp.true)
        return None if plain == condition else cls(plain)


class Greater(Choice):
    """The greater of two."""


class Smaller(Choice):
    """The smaller of two."""


class Absolute(Choice):
    """An absolute value."""


class Sign(Choice):
    """1, -1 or 0."""


class Cases(Choice):
    """Values and their conditions in turn, and the value where none of them holds."""

    precedence = LOOSE

    @classmethod
    def eval(cls, *args: Any) -> sp.Expr | None:
        """Choices that have a name get it."""
        pairs, last = [], args[-1]
        for value, condition in zip(args[:-1:2], args[1::2], strict=True):
            plain = _plain(condition)
            if plain is sp.true:
                last = value
                break
            pairs += [] if plain is sp.false else [(value, plain)]
        while pairs and pairs[-1][0] == last:
            pairs.pop()
        found = _of_one(*pairs[0], last) if len(pairs) == 1 else None
        found = _of_two(*pairs[0], *pairs[1], last) if len(pairs) == 2 else found
        if not pairs or found is not None:
            return last if not pairs else found
        told = (*(part for pair in pairs for part in pair), last)
        return None if told == args else cls(*told)


@cache
def named(expression: sp.Expr) -> sp.Expr:
    """The same formula with such names.

    >>> a, b = sp.symbols("a b", real=True)
    >>> named(sp.Piecewise((a, a > b), (b, True)))
    Greater(a, b)
    """
    if not expression.has(sp.Piecewise):
        return expression
    if isinstance(expression, sp.Piecewise):
        return _choice(expression)
    return expression.func(*map(named, expression.args))


def _choice(choice: sp.Piecewise) -> sp.Expr:
    args = [(value, condition) for value, condition in choice.args]
    if args[-1][1] != sp.true:
        return choice
    if len(args) == 2 and args[0][0].has(sp.Piecewise):  # SymPy has taken the condition apart
        (u, _), (v, _) = args
        for relation, extreme in ((sp.Gt, Greater), (sp.Lt, Smaller)):
            if choice in (sp.Piecewise((u, relation(u, v)), (v, True)),):
                return extreme(named(u), named(v))
    parts = [part for value, condition in args[:-1] for part in (named(value), _without_ite(condition))]
    found = Cases(*parts, named(args[-1][0]))
    if (
        isinstance(found, Cases)
        and len(found.args) == 3
        and isinstance(found.args[0], Indicator)
        and found.args[2] == 0
    ):
        return Indicator(_without_ite(sp.And(found.args[1], found.args[0].args[0])))
    return found


def _without_ite(condition: Any) -> Any:
    if not condition.has(sp.ITE) and not isinstance(condition, sp.And):
        return condition
    plain = condition.replace(sp.ITE, lambda c, a, b: sp.Or(sp.And(c, a), sp.And(sp.Not(c), b)))
    if len(plain.free_symbols) != 1:
        return plain
    (a,) = plain.free_symbols
    try:
        return plain.as_set().as_relational(a)
    except (NotImplementedError, TypeError, ValueError):
        return plain


def _plain(condition: Any) -> Any:
    """``I[c] != 0`` is ``c``; SymPy writes ``1 > x`` where people write ``x < 1``."""
    if isinstance(condition, (sp.Ne, sp.Eq)) and condition.rhs == 0 and isinstance(condition.lhs, Indicator):
        shown = condition.lhs.args[0]
        return shown if isinstance(condition, sp.Ne) else sp.Not(shown)
    is_turned = isinstance(condition, sp.core.relational._Inequality) and condition.lhs.is_number
    return condition.reversed if is_turned else condition


def _difference(condition: Any) -> sp.Expr | None:
    """What is positive where an inequality holds."""
    if isinstance(condition, (sp.Gt, sp.Ge)):
        return sp.expand(condition.lhs - condition.rhs)
    if isinstance(condition, (sp.Lt, sp.Le)):
        return sp.expand(condition.rhs - condition.lhs)
    return None


def _of_one(u: sp.Expr, condition: Any, v: sp.Expr) -> sp.Expr | None:
    if (u, v) == (1, 0):
        return Indicator(condition)
    if (u, v) == (0, 1):
        return Indicator(sp.Not(condition))
    difference = _difference(condition)
    if difference is None:
        return None
    return _extreme(u, v, difference)


def _extreme(u: sp.Expr, v: sp.Expr, difference: sp.Expr) -> sp.Expr | None:
    gap = sp.expand(u - v)
    return Greater(u, v) if gap == difference else Smaller(u, v) if gap == -difference else None


def _of_two(u: sp.Expr, first: Any, v: sp.Expr, second: Any, w: sp.Expr) -> sp.Expr | None:
    difference, other = _difference(first), _difference(second)
    if difference is None or other is None or sp.expand(difference + other) != 0:
        return None
    shown = first.lhs - first.rhs if isinstance(first, (sp.Gt, sp.Ge)) else first.rhs - first.lhs
    if (u, v, w) == (1, -1, 0):
        return Sign(shown)
    if w == 0 and sp.expand(u + v) == 0 and sp.expand(u - difference) == 0:
        return Absolute(u)
    return _extreme(u, v, difference) if sp.expand(2 * w - u - v) == 0 else None

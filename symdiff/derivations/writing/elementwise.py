"""How does a formula at every position look on paper? Known functions by name, Hadamard products for arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from itertools import permutations
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence

from symdiff.derivations.writing.choices import LOOSE, Indicator
from symdiff.derivations.writing.known import NAMES, SPELLED, by_name
from symdiff.derivations.writing.operands import MARK, SUM, Operand, is_array
from symdiff.derivations.writing.symbols import symbol

_WIDE = (
    r"\frac",
    r"\mathit",
    r"\sum",
    r"\sqrt",
    r"\texttt",
    r"\text",
    r"\mathbb",
)  # stand apart in a product
_MANY = 12  # terms of a sum in which no common factors are looked for
_LONG = 100  # a denominator from which on a decimal reads better


_TAKEN: ContextVar[frozenset[str]] = ContextVar("taken", default=frozenset())


@contextmanager
def beside(names: Iterable[str]) -> Iterator[None]:
    """Formulas that are written within have no functions of these names, which quantities have."""
    token = _TAKEN.set(frozenset(names))
    try:
        yield
    finally:
        _TAKEN.reset(token)


def latex(expression: sp.Expr) -> str:
    """A formula of written operands."""
    return str(_Printer().doprint(_grouped(by_name(expression))))


def terms(expression: sp.Expr) -> tuple[str, ...]:
    """The terms of the outermost sum, each with its sign if it is not the first."""
    return _Printer().terms(_grouped(by_name(expression)))


def _grouped(expression: sp.Expr) -> sp.Expr:
    """A sum with the factors that all its terms share in front."""
    if not expression.is_Add or len(expression.args) > _MANY:
        return expression
    shared = set.intersection(*({f for f in sp.Mul.make_args(t) if not f.is_number} for t in expression.args))
    if not shared:
        return expression
    inner = sp.Add(*(sp.Mul(*(f for f in sp.Mul.make_args(t) if f not in shared)) for t in expression.args))
    return sp.Mul(*sorted(shared, key=sp.default_sort_key), inner)


def binding(expression: sp.Expr) -> int:
    """How tightly a formula binds."""
    if isinstance(expression, Operand):
        return int(expression.precedence)
    found = by_name(expression)
    is_hadamard = sum(map(is_array, sp.Mul.make_args(found))) > 1
    return min(int(precedence(found)), LOOSE) if is_hadamard else int(precedence(found))


def guarded(body: sp.Expr) -> str:
    """A formula behind a sign of a sum or maximum."""
    return rf"\left({latex(body)}\right)" if binding(body) < PRECEDENCE["Mul"] else latex(body)


def _is_cotangent(factor: sp.Expr) -> bool:
    return isinstance(factor, Operand) and factor.is_cotangent


def _place(term: sp.Expr) -> tuple[bool, bool, bool, int, str]:
    bare = isinstance(term, Operand) and term.precedence == PRECEDENCE["Atom"]
    return _holds_sum(term), _is_negative(term), not term.is_number, int(bare), str(term)


class _Printer(LatexPrinter):  # type: ignore[misc]
    """LaTeX of formulas; between arrays a product is a Hadamard product."""

    def _print_Symbol(self, expression: Any, style: str = "plain") -> str:
        return symbol(expression.name)

    def _print_Rational(self, expression: Any) -> str:
        if expression.q < _LONG or re.fullmatch("2*5*", "".join(_primes(expression.q))) is None:
            return str(super()._print_Rational(expression))
        digits = next(k for k in range(1, len(str(expression.q)) * 4) if 10**k % expression.q == 0)
        if expression.p == 1 and expression.q == 10**digits:
            return f"10^{{-{digits}}}"
        return f"{Decimal(int(expression * 10**digits)).scaleb(-digits):f}"

    def parenthesize(self, item: Any, level: int, is_neg: bool = False, strict: bool = False) -> str:
        """Positive numbers on one line need no parentheses."""
        if item.is_Rational and item >= 0 and (item.q == 1 or item.q >= _LONG):
            return str(self._print(item))
        return str(super().parenthesize(item, level, is_neg=is_neg, strict=strict))

    def _print_ExpBase(self, expression: Any, exp: Any = None) -> str:
        if "e" not in _TAKEN.get():
            return str(super()._print_ExpBase(expression, exp))
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\exp{power}\left({self._print(expression.args[0])}\right)"

    def _print_Function(self, expression: Any, exp: Any = None) -> str:
        name = NAMES.get(expression.func)
        if name is None:
            return str(super()._print_Function(expression, exp))
        if name in _TAKEN.get():
            name = rf"\operatorname{{{SPELLED[name]}}}"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({self._print(expression.args[0])}\right)"

    def _print_Indicator(self, expression: Any) -> str:
        return rf"\mathbb{{I}}\left[{self._print(expression.args[0])}\right]"

    def _print_And(self, expression: Any) -> str:
        """``a < x < b`` where two inequalities meet."""
        pairs = [found for part in expression.args if (found := _ascending(part)) is not None]
        for (low, one, middle), (inner, other, high) in permutations(pairs, 2):
            if len(expression.args) == 2 and middle == inner:
                return f"{self._print(low)} {one} {self._print(middle)} {other} {self._print(high)}"
        return str(super()._print_And(expression))

    def _print_Greater(self, expression: Any) -> str:
        return self._extreme(r"\max", expression)

    def _print_Smaller(self, expression: Any) -> str:
        return self._extreme(r"\min", expression)

    def _extreme(self, name: str, expression: Any) -> str:
        ordered = sorted(expression.args, key=lambda x: (not x.is_number, str(x)))
        return rf"{name}\left({', '.join(map(self._print, ordered))}\right)"

    def _print_Absolute(self, expression: Any) -> str:
        return rf"\left|{self._print(expression.args[0])}\right|"

    def _print_Sign(self, expression: Any) -> str:
        return rf"\operatorname{{sign}}\left({self._print(expression.args[0])}\right)"

    def _print_Cases(self, expression: Any) -> str:
        *pairs, last = map(self._print, expression.args)
        rows = [
            rf"{value} & \text{{if }} {told}" for value, told in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        text = r" \\ ".join([*rows, rf"{last} & \text{{otherwise}}"])
        return rf"\begin{{cases}} {text} \end{{cases}}"

    def terms(self, expression: sp.Expr) -> tuple[str, ...]:
        """The terms of a sum: numbers, products, what has a name, what is subtracted, what is summed over an index."""
        ordered = sorted(sp.Add.make_args(expression), key=_place)
        signs = [_is_negative(term) for term in ordered]
        written = [
            str(self.parenthesize(-term if sign else term, PRECEDENCE["Add"]))
            for sign, term in zip(signs, ordered, strict=True)
        ]
        first = f"-{written[0]}" if signs[0] else written[0]
        rest = zip(signs[1:], written[1:], strict=True)
        return (first, *(f" {'-' if sign else '+'} {text}" for sign, text in rest))

    def _print_Add(self, expression: Any, order: Any = None) -> str:
        return "".join(self.terms(expression))

    def _print_Pow(self, expression: Any) -> str:
        if expression.exp.is_number and expression.exp.is_negative:
            return self._print_Mul(expression)
        if _is_indicator(expression.base) and expression.exp.is_positive:
            return str(self._print(expression.base))
        has_axes = is_array(expression)
        if not expression.exp.is_Integer and (expression.exp == sp.S.Half or not has_axes):
            return str(super()._print_Pow(expression))
        told = rf"\odot {self._print(expression.exp)}" if has_axes else self._print(expression.exp)
        return rf"{self._base(expression.base)}^{{{told}}}"

    def _base(self, base: sp.Expr) -> str:
        """What is raised to a power."""
        shown = str(self.parenthesize(base, PRECEDENCE["Pow"], strict=True))
        is_raised = isinstance(base, Operand) and base.precedence == PRECEDENCE["Atom"] and "^" in shown
        return rf"\left({shown}\right)" if is_raised else shown

    def _print_Mul(self, expression: Any) -> str:
        above, below = _fraction(expression)
        marks = [f for f in above if below and _is_indicator(f)]
        if marks:  # where it is 0, what stands below the line need not exist
            rest = sp.Mul(*(f for f in sp.Mul.make_args(expression) if f not in marks))
            return self._marked(marks, rest)
        sign = ""
        if above[0].is_number and above[0].could_extract_minus_sign():
            sign, above = "-", [-above[0], *above[1:]]
        if not below:
            return sign + self._product(above)
        long = [f for f in above if f.is_Add or _is_sum(f)]
        if len(long) == 1 and long[0].is_Add and above == [sp.S.One, *long]:
            return rf"{sign}\frac{{{self._print(long[0])}}}{{{self._line(below)}}}"
        short = [f for f in above if f not in long]
        front = rf"{sign}\frac{{{self._line(short)}}}{{{self._line(below)}}}"
        times = r"\odot" if any(map(is_array, [*short, *below])) and any(map(is_array, long)) else r"\,"
        return rf"{front} {times} {self._product(long)}" if long else front

    def _marked(self, marks: list[sp.Expr], rest: sp.Expr) -> str:
        sign, rest = ("-", -rest) if _is_negative(rest) else ("", rest)
        times = r" \odot " if is_array(rest) and any(map(is_array, marks)) else r" \, "
        front = times.join(self._print(mark) for mark in marks)
        return f"{sign}{front}{times}{self.parenthesize(rest, LOOSE)}"

    def _line(self, factors: list[sp.Expr]) -> str:
        """A product above or below a line of its own."""
        kept = [f for f in factors if f != 1]
        return str(self._print(kept[0])) if len(kept) == 1 else self._product(factors)

    def _product(self, factors: list[sp.Expr]) -> str:
        """Numbers, then what has no axes, then a Hadamard product of arrays; a sum stands last."""
        kept = [f for f in factors if f != 1]
        if len(kept) < 2:
            return str(self.parenthesize(kept[0], PRECEDENCE["Mul"], strict=True)) if kept else "1"
        ordered = sorted(kept, key=lambda f: (not f.is_number, _is_sum(f), is_array(f), not _is_cotangent(f)))
        scalars = [f for f in ordered if not is_array(f)]
        arrays = [f for f in ordered if is_array(f)]
        shown = [self.parenthesize(f, PRECEDENCE["Mul"]) for f in scalars[:-1]]
        shown += [
            self.parenthesize(f, PRECEDENCE["Mul"], strict=not arrays and _is_sum(f)) for f in scalars[-1:]
        ]
        body = r" \odot ".join(
            self.parenthesize(f, PRECEDENCE["Mul"], strict=len(arrays) == 1) for f in arrays
        )
        parts = [*shown, body] if body else shown
        is_plain = not any(mark in part for part in parts for mark in _WIDE)
        return (" " if is_plain else r" \, ").join(parts)


def _ascending(condition: Any) -> tuple[sp.Expr, str, sp.Expr] | None:
    """An inequality with the smaller side first."""
    if isinstance(condition, (sp.Lt, sp.Le)):
        return condition.lhs, "<" if isinstance(condition, sp.Lt) else r"\le", condition.rhs
    if isinstance(condition, (sp.Gt, sp.Ge)):
        return condition.rhs, "<" if isinstance(condition, sp.Gt) else r"\le", condition.lhs
    return None


def _is_sum(factor: sp.Expr) -> bool:
    return isinstance(factor, Operand) and factor.name == SUM


def _is_indicator(factor: sp.Expr) -> bool:
    return isinstance(factor, Indicator) or (isinstance(factor, Operand) and factor.name == MARK)


def _is_negative(term: sp.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


def _holds_sum(term: sp.Expr) -> bool:
    return any(map(_is_sum, sp.Mul.make_args(term)))


def _fraction(expression: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors above the line, a number first, and those below."""
    above, below = [], []
    number = sp.S.One
    for factor in expression.as_ordered_factors():
        if factor.is_Rational and factor.q < _LONG:
            number *= factor.p
            below += [sp.Integer(factor.q)] if factor.q != 1 else []
        elif factor.is_Pow and factor.exp.is_number and factor.exp.is_negative:
            below.append(1 / factor)
        elif factor.is_Rational:
            number *= factor
        else:
            above.append(factor)
    return [number, *above], below


def _primes(number: int) -> list[str]:
    """The prime factors 2 and 5 of a number as digits, and an x for all others."""
    found = []
    for prime in (2, 5):
        while number % prime == 0:
            found.append(str(prime))
            number //= prime
    return found if number == 1 else [*found, "x"]

"""What is a rational power of a sum? Its content apart, its factors apart, the rest generators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Literal

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.proof.every_shape.factoring import factors
from symdiff.proof.every_shape.relations import Relations
from symdiff.proof.every_shape.terms import (
    ONE,
    Atom,
    Exponent,
    Expr,
    Mono,
    Product,
    Undefined,
    as_number,
    constant,
    is_natural,
    mono,
    plus,
    scale_of,
    single,
    times_number,
    whole,
)

Need = Literal["nonzero", "positive", "kink"]
_INDICATORS = ("positive", "zero", "mask", "delta")
_MOST_CASES = 5
_MOST_DIGITS = 10**15


class Powers(Relations):
    """Rational powers, and what they need: a base that is not zero, or positive."""

    def __init__(self, seconds: float, steps: int) -> None:
        super().__init__(seconds, steps)
        self.noted: list[tuple[Need, int]] = []  # heads of what is taken to be nonzero or positive

    def opaque(self, expression: sp.Expr, arguments: Sequence[Expr]) -> Expr:
        """A function of which nothing is known."""
        raise NotImplementedError

    def is_above(self, expr: Expr) -> Expr:
        """1 where the value is above zero, 0 elsewhere."""
        raise NotImplementedError

    def need(self, need: Need, base: Expr) -> None:
        """Note that a value is taken to be nonzero or positive."""
        if self.sign(base) == 1 or (need != "positive" and (self.sign(base) or as_number(base))):
            return
        closed, sizes = self.close([base])
        self.noted.append((need, self.intern("number", "need", sizes, closed, clean=self.is_clean(base))))

    # Cases -------------------------------------------------------------------------------------------------

    def by_cases(self, expr: Expr, function: Callable[[Expr], Expr]) -> Expr | None:
        """``f(u) = g f(u|g=1) + (1-g) f(u|g=0)`` for the indicators g in u; None without any."""
        found = sorted({a for key in expr for a, _ in key if self.heads[a[0]].kind in _INDICATORS})
        if not found:
            return None
        if len(found) > _MOST_CASES:
            raise Undefined("too many cases")
        first = found[0]
        inside = self._case(expr, first, function)
        outside = self.without(expr, first, 0)
        rest = self.by_cases(outside, function)
        rest = function(outside) if rest is None else rest
        indicator = single(first)
        return plus(self.times(indicator, inside), self.times(plus(constant(1), indicator, -1), rest))

    def _case(self, expr: Expr, indicator: Atom, function: Callable[[Expr], Expr]) -> Expr:
        inside = self.without(expr, indicator, 1)
        deeper = self.by_cases(inside, function)
        return function(inside) if deeper is None else deeper

    # Powers ------------------------------------------------------------------------------------------------

    def power(self, base: Expr, exponent: Exponent) -> Expr:
        """A sum to a rational power."""
        exponent = whole(exponent)
        if exponent == 0:
            return constant(1)
        if not base:
            if exponent < 0:
                raise Undefined("a power of zero")
            return {}
        if is_natural(exponent):
            return self.repeated(base, int(exponent))
        try:
            cases = self.by_cases(base, lambda part: self.power(part, exponent))
        except Undefined:
            self.need("nonzero", base)
            return self.opaque(ARGUMENTS[0] ** sp.Rational(exponent.numerator, exponent.denominator), [base])
        if cases is not None:
            return cases
        scale, content, rest = self.parted(base, fractional=exponent.denominator != 1)
        outside = {a: whole(e * exponent) for a, e in content}
        result = self.number_power(scale, exponent)
        result = self.times(result, self.normal({mono(outside): Fraction(1)}))
        self._note_content(content, exponent)
        if exponent.denominator != 1:
            roots, rest = self._roots_of_squares(rest, exponent)
            result = self.times(result, roots)
        for factor, times in self.split(rest, fractional=exponent.denominator != 1):
            result = self.times(result, self._generator(factor, whole(exponent * times)))
        return result

    def _roots_of_squares(self, rest: Expr, exponent: Exponent) -> tuple[Expr, Expr]:
        """``(f^2 g)^(1/2) = |f| g^(1/2)``: the roots of the squares in a sum, and what is left."""
        roots = constant(1)
        for atom, e in self.shared(rest):
            times = int(e) - int(e) % 2 if e.denominator == 1 else 0
            if times and whole(exponent * times).denominator == 1:
                rest = self.divided(rest, ((atom, times),))
                roots = self.times(roots, self._magnitude(single(atom), whole(exponent * times)))
        found = self._factors(rest)
        if all(k == 1 for _, k in found):
            return roots, rest
        left = constant(1 if self.leading(rest)[1] > 0 else -1)
        for f, k in found:
            times = k - k % 2 if self.sign(f) != 1 and whole(exponent * (k - k % 2)).denominator == 1 else 0
            if times:
                roots = self.times(roots, self._magnitude(f, whole(exponent * times)))
            if k > times:
                left = self.times(left, self.repeated(f, k - times))
        return roots, left

    def _magnitude(self, f: Expr, exponent: Exponent) -> Expr:
        """``|f|`` to a whole power."""
        result = self.power(f, exponent)
        sign = plus(times_number(self.is_above(f), 2), constant(1), -1)
        return self.times(result, sign) if exponent % 2 else result

    def _factors(self, rest: Expr) -> list[tuple[Expr, int]]:
        """Irreducible factors with a leading plus; their product is the sum or its negative."""
        found = factors(rest)
        if len(found) == 1 and found[0][1] == 1:
            return [(rest, 1)]
        return [(f if self.leading(f)[1] > 0 else times_number(f, -1), k) for f, k in found]

    def split(self, rest: Expr, *, fractional: bool) -> list[tuple[Expr, int]]:
        """The factors of a rest and how often they occur; under a root only positive ones stand alone."""
        if as_number(rest) == 1:
            return []
        found = self._factors(rest)
        if not fractional or (len(found) == 1 and found[0][1] == 1):
            return found
        alone = [(f, k) for f, k in found if self.sign(f) == 1]
        left = constant(1 if self.leading(rest)[1] > 0 else -1)
        for f, k in found:
            if self.sign(f) != 1:
                left = self.times(left, self.repeated(f, k))
        return alone if as_number(left) == 1 else [*alone, (left, 1)]

    def _note_content(self, content: Mono, exponent: Exponent) -> None:
        for atom, _ in content:
            if exponent < 0 and not self.heads[atom[0]].positive:
                self.need("nonzero", single(atom))

    def _generator(self, base: Expr, exponent: Exponent) -> Expr:
        number = as_number(base)
        if number is not None and number < 0 and exponent.denominator != 1:
            raise Undefined("a root of a negative number")
        self.need("positive" if exponent.denominator != 1 else "nonzero", base)
        if len(base) == 1:
            (key, coefficient) = next(iter(base.items()))
            if coefficient == 1 and len(key) == 1 and key[0][1] == 1:
                return self.normal({((key[0][0], exponent),): Fraction(1)})
        head, labels = self.base_head(base)
        return self.normal(single(self.atom(head, labels), exponent))

    def base_head(self, base: Expr) -> tuple[int, tuple[int, ...]]:
        """The generator that stands for a base."""
        closed, sizes = self.close([base])
        degree = max(map(self.degree, base))
        positive = self.sign(base) == 1
        head = self.intern(
            "power", "power", sizes, closed, positive=positive, clean=self.is_clean(base), degree=degree
        )
        return head, closed.free

    def parted(self, base: Expr, *, fractional: bool) -> tuple[Fraction, Mono, Expr]:
        """``base = scale * content * rest``; only positive factors leave a root or a logarithm."""
        content: Product = {}
        while True:
            shared = tuple((a, e) for a, e in self.shared(base) if self._may_leave(a, e, fractional))
            if len(base) == 1 and not fractional:
                shared = next(iter(base))
            if not shared:
                break
            self.merged(content, shared)
            base = self.divided(base, shared)
            if len(base) == 1 and ONE in base:
                break
        scale = scale_of(base)
        if not fractional and self.leading(base)[1] < 0:
            scale = -scale
        return scale, mono(content), times_number(base, 1 / scale)

    def _may_leave(self, atom: Atom, exponent: Exponent, fractional: bool) -> bool:
        head = self.heads[atom[0]]
        return head.positive or (exponent.denominator != 1) or not fractional

    def number_power(self, number: Fraction, exponent: Exponent) -> Expr:
        """A rational number to a rational power; primes under a root are generators."""
        if exponent.denominator == 1:
            return constant(number ** int(exponent))
        if number <= 0:
            raise Undefined("a root of a negative number")
        result = constant(1)
        for part, sign in ((number.numerator, 1), (number.denominator, -1)):
            if part > _MOST_DIGITS:
                result = self.times(
                    result, single((self.intern("prime", part, positive=True), ()), exponent * sign)
                )
                continue
            for prime, count in sp.factorint(part).items():
                factor = single(self.of_prime(int(prime)), whole(exponent * count * sign))
                result = self.times(result, self.normal(factor))
        return result

"""What is a rational power of a sum? Its content apart, the rest a generator with one relation for its reciprocals.

Where ``B^e`` meets a multiple of a leading term of B and e < 0, ``lead B^e`` becomes ``B^(e+1) - rest B^e``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from math import floor
from typing import Literal

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.proof.every_shape.factoring import factors
from symdiff.proof.every_shape.sums import Sums
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
_UNITS = frozenset({"size", "prime", "exp"})
_INDICATORS = ("positive", "zero", "mask", "delta")
_MOST_CASES = 5
_MOST_DIGITS = 10**15


@dataclass(frozen=True, slots=True)
class Relation:
    """Which terms of a base are rewritten. ``pivot`` is an exponential that one term has most of, another least."""

    base: Expr
    high: Mono
    low: Mono | None = None
    pivot: Atom | None = None
    degree: Exponent = 0
    exact: bool = False  # whether units too must divide


class Powers(Sums):
    """Rational powers, and what they need: a base that is not zero, or positive."""

    def __init__(self, seconds: float, steps: int) -> None:
        super().__init__(seconds, steps)
        self._relations: dict[Atom, Relation | None] = {}
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

    # Cases --------------------------------------------------------------------------------------------------------

    def by_cases(self, expr: Expr, function: Callable[[Expr], Expr]) -> Expr | None:
        """``f(u) = g f(u|g=1) + (1-g) f(u|g=0)`` for the indicators g among the factors of u; None without any."""
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

    # Powers -------------------------------------------------------------------------------------------------------

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
            return self._repeated(base, int(exponent))
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
                left = self.times(left, self._repeated(f, k - times))
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
                left = self.times(left, self._repeated(f, k))
        return alone if as_number(left) == 1 else [*alone, (left, 1)]

    def _note_content(self, content: Mono, exponent: Exponent) -> None:
        for atom, _ in content:
            if exponent < 0 and not self.heads[atom[0]].positive:
                self.need("nonzero", single(atom))

    def _repeated(self, base: Expr, times: int) -> Expr:
        result = base
        for _ in range(times - 1):
            result = self.times(result, base)
        return result

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
        """``base = scale * content * rest``; only positive factors leave a root, a logarithm or an indicator."""
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
                result = self.times(result, single((self.intern("prime", part, positive=True), ()), exponent * sign))
                continue
            for prime, count in sp.factorint(part).items():
                factor = single(self.of_prime(int(prime)), whole(exponent * count * sign))
                result = self.times(result, self.normal(factor))
        return result

    # The relation -------------------------------------------------------------------------------------------------

    def leading(self, base: Expr) -> tuple[Mono, Fraction]:
        """The greatest term in an order that products respect."""
        key = max(base, key=cmp_to_key(self._compare))
        return key, base[key]

    def _compare(self, one: Mono, other: Mono) -> int:
        degrees = self.degree(one), self.degree(other)
        if degrees[0] != degrees[1]:
            return 1 if degrees[0] > degrees[1] else -1
        first, second = dict(one), dict(other)
        atoms = sorted(first.keys() | second.keys(), key=lambda a: (-self.heads[a[0]].degree, a))
        for atom in atoms:
            difference = first.get(atom, 0) - second.get(atom, 0)
            if difference:
                return 1 if difference > 0 else -1
        return 0

    def _relation(self, atom: Atom) -> Relation | None:
        if atom not in self._relations:
            parts = self.heads[atom[0]].parts
            base = self.relabelled(parts[0], dict(enumerate(atom[1])))
            self._relations[atom] = self._pivoted(base) or self._lead(base)
        return self._relations[atom]

    def _pivoted(self, base: Expr) -> Relation | None:
        """An exponential with one highest and one lowest term, both of which are units."""
        keys = {key: dict(key) for key in base}
        for atom in sorted({a for key in base for a, _ in key if self.heads[a[0]].kind == "exp"}):
            order = sorted(keys, key=lambda key: keys[key].get(atom, 0))
            powers = [keys[key].get(atom, 0) for key in order]
            if len(powers) < 2 or powers[-1] == powers[-2] or powers[0] == powers[1] or powers[0] != 0:
                continue
            if all(self._is_unit(a) for key in (order[0], order[-1]) for a, _ in key):
                return Relation(base, order[-1], order[0], atom, powers[-1])
        return None

    def _is_unit(self, atom: Atom) -> bool:
        return self.heads[atom[0]].kind in _UNITS

    def _lead(self, base: Expr) -> Relation | None:
        """The greatest term by what is no unit; by everything if that leaves several."""
        bare = [(mono({a: e for a, e in key if not self._is_unit(a)}), key) for key in base]
        top = max((part for part, _ in bare), key=cmp_to_key(self._compare))
        tops = [key for part, key in bare if part == top]
        exact = len(tops) > 1 or top == ONE
        key = self.leading(base)[0] if exact else tops[0]
        if any(e <= 0 for a, e in key if exact or not self._is_unit(a)):
            return None
        return Relation(base, key, exact=exact)

    def rewritten(self, product: Product, atom: Atom, exponent: Exponent) -> list[tuple[Product, Fraction]] | None:
        """One step of the relation of a generator ``atom`` of a power, for negative and for large exponents."""
        if exponent >= 1:
            steps = floor(exponent)
            rest = whole(exponent - steps)
            by = self._repeated(self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1]))), steps)
            return self.replaced(product, atom, self.times(by, single(atom, rest)) if rest else by)
        if exponent > 0:
            return None
        relation = self._relation(atom)
        term = self._matching(product, relation) if relation else None
        if relation is None or term is None:
            return None
        lead = relation.base[term]
        quotient = self.merged(dict(product), tuple((a, -e) for a, e in term))
        result = [(self.merged(dict(quotient), ((atom, 1),)), 1 / lead)]
        for key, coefficient in relation.base.items():
            if key != term:
                result.append((self.merged(dict(quotient), key), -coefficient / lead))
        return result

    def _matching(self, product: Product, relation: Relation) -> Mono | None:
        if relation.pivot is not None:
            exponent = product.get(relation.pivot, 0)
            if exponent >= relation.degree:
                return relation.high
            return relation.low if exponent < 0 else None
        fits = all(product.get(a, 0) >= e for a, e in relation.high if relation.exact or not self._is_unit(a))
        return relation.high if fits else None

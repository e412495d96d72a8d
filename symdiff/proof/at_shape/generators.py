"""Which generators stand for exp, log, roots, sin and the rest, and which relations tie them?

Logarithms and fractional powers are taken of absolute values of irreducible factors:
``log u = sum k_i log|p_i|``
and ``u**r = product |p_i|**(k_i r)`` hold wherever the left side is defined; the entry's domain says where.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

import sympy as sp

from symdiff.proof.at_shape.angles import Angles
from symdiff.proof.at_shape.conditions import Conditions
from symdiff.proof.at_shape.fields import Bucket, Generator, NeedsCases, Poly, Ring, Undecided
from symdiff.proof.at_shape.heads import Heads
from symdiff.proof.at_shape.maxima import Maxima
from symdiff.proof.at_shape.positivity import NONNEGATIVE, POSITIVE, Positivity
from symdiff.proof.at_shape.recipes import Exponential, Inverse, Logarithm, Root
from symdiff.proof.at_shape.signs import Script, Signs
from symdiff.proof.at_shape.spans import Combination, Span
from symdiff.proof.at_shape.specials import INFINITY, UNDEFINED, Element, Special

_LARGEST_POWER = 64


class Algebra:
    """Elements of one ring and the elementary functions of them."""

    def __init__(
        self, ring: Ring, conditions: Conditions, script: Script | None, *, strict: bool, trust_affine: bool
    ) -> None:
        self.ring = ring
        self.conditions = conditions
        self.defined = ring.one  # whether the entry at hand is defined, as an indicator
        self.domains: list[Poly] | None = None  # the same for the operands of the entry at hand
        self.positivity = Positivity(ring, trust_affine=trust_affine)
        self.signs = Signs(ring, self.positivity, conditions, script, strict=strict)
        self.maxima = Maxima(self.signs)
        self.angles = Angles(ring, self.positivity)
        self.exponents = Span()
        self.exponentials: list[Generator] = []
        self.inverse_of = Bucket()
        self.roots = Bucket()
        self.logarithms = Bucket()
        self.heads = Heads(ring, self.positivity, self._demand_positive)

    # Where an entry is defined --------------------------------------------------------------------

    def demand(self, indicator: Poly) -> None:
        """The entry at hand is defined only where this indicator is one."""
        self.defined = self.ring.both(self.defined, indicator)

    def undefined(self) -> Poly:
        """A value for an entry that is defined nowhere."""
        self.demand(self.ring.zero)
        return self.ring.zero

    def _demand_positive(self, u: Poly, *, also_zero: bool) -> None:
        above, below = self.signs.compare(u)
        indicator = self.ring.reduce(1 - below) if also_zero else above
        u = self.ring.reduce(u)
        if not indicator.is_one() or (self.signs.script and not self.positivity.definite(u)):
            self.conditions.require("positive", u)
        self.demand(indicator)

    # Quotients ------------------------------------------------------------------------------------

    def reciprocal(self, u: Element) -> Element:
        """``1 / u``; undefined where u is identically zero."""
        if isinstance(u, Special):
            return self.ring.zero if u is not UNDEFINED else u
        sign, factors = self.factors(u)
        if sign == 0:
            return self.undefined()
        result = self.ring.constant(1 / sign)
        for p, k in factors:
            factor = p if k < 0 else self._inverse(p)
            result = self.ring.multiply(result, self.ring.power(factor, abs(k)))
        return result

    def factors(self, u: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]:
        """``u`` as a rational number times powers of irreducible polynomials; content 0 for zero."""
        ring = self.ring
        numerator, inverses = ring.clear(ring.reduce(u))
        numerator = ring.reduce(numerator)
        if numerator.is_zero():
            return Fraction(0), []
        content, factors = ring.factor(numerator)
        return content, factors + [(ring.inverses[k], -e) for k, e in inverses.items()]

    def _inverse(self, p: Poly) -> Poly:
        """``1 / p`` for an irreducible p."""
        root = self._recipe(p)
        if isinstance(root, Root):  # 1/R = R**(degree - 1) / |p|
            rest = self.ring.power(p, root.degree - 1)
            return self.ring.multiply(rest, self.absolute_power(root.p, Fraction(-1)))
        found = self.inverse_of.get(p)
        if found is None:
            found = self._new_inverse(p)
            self.inverse_of.put(p, found)
        if not self.positivity.fixed_sign(p):
            self.conditions.require("nonzero", p)
        return found

    def _new_inverse(self, p: Poly) -> Poly:
        if any(g.choice for g in self.ring.used(p)):
            raise NeedsCases("a denominator changes with a kink")
        definite = self.positivity.definite(p)
        made = self.ring.inverse(
            p,
            Inverse(p),
            positive=definite == POSITIVE,
            nonnegative=definite >= NONNEGATIVE,
            clean=self.positivity.fixed_sign(p) != 0 and self.positivity.is_clean(p),
            constant=self.positivity.is_constant(p),
        )
        return made.poly

    # Powers ---------------------------------------------------------------------------------------

    def power(self, u: Element, exponent: Fraction) -> Element:
        """``u ** exponent`` for a rational exponent."""
        if exponent.denominator == 1 and abs(exponent) <= _LARGEST_POWER:
            base = u if exponent >= 0 else self.reciprocal(u)
            return self.ring.power(base, abs(int(exponent)))
        if isinstance(u, Special) or exponent.denominator == 1:
            raise Undecided("a power of an infinite value, or a very high power")
        content, factors = self.factors(u)
        if content == 0:
            return self.ring.zero if exponent > 0 else self.undefined()
        self._demand_positive(u, also_zero=exponent > 0)
        result = self.rational_power(abs(content), exponent)
        for p, k in factors:
            result = self.ring.multiply(result, self.absolute_power(p, k * exponent))
        return result

    def general_power(self, base: Element, exponent: Element) -> Element:
        """``base ** exponent = exp(exponent * log base)``, if no whole exponent can extend its domain."""
        if isinstance(base, Special) or isinstance(exponent, Special):
            raise Undecided("a power of an infinite value")
        base, exponent = self.ring.reduce(base), self.ring.reduce(exponent)
        if exponent.is_constant():
            return self.power(base, self.ring.rational(exponent))
        if base.is_zero():
            self._demand_positive(exponent, also_zero=False)
            return base
        if not self.signs.compare(base)[0].is_one():
            if any(g.choice for g in self.ring.used(base) + self.ring.used(exponent)):
                raise NeedsCases("a power changes with a kink")
            if not (self.positivity.is_clean(base) and self.positivity.is_clean(exponent)):
                raise Undecided("it is open where a power is defined")
        return self.exp(self.ring.multiply(exponent, self.log(base)))

    def rational_power(self, value: Fraction, exponent: Fraction) -> Poly:
        """A positive rational number to a rational power, through its primes."""
        result = self.ring.one
        for prime, k in _primes(value):
            result = self.ring.multiply(result, self.absolute_power(self.ring.constant(prime), k * exponent))
        return result

    def absolute_power(self, p: Poly, exponent: Fraction) -> Poly:
        """``|p| ** exponent`` for an irreducible p."""
        recipe = self._recipe(p)
        if isinstance(recipe, Root):
            return self.absolute_power(recipe.p, exponent / recipe.degree)
        whole = exponent.numerator // exponent.denominator
        rest = exponent - whole
        if abs(whole) > _LARGEST_POWER:
            raise Undecided("over budget: a very high power")
        base = self.absolute(p)
        if whole < 0:
            base = (
                self.ring.multiply(base, self._inverse_square(p)) if base != p else self._number_or_inverse(p)
            )
        result = self.ring.power(base, abs(whole))
        return self.ring.multiply(result, self._root(p, rest)) if rest else result

    def _number_or_inverse(self, p: Poly) -> Poly:
        return self.ring.one / p.leading_coefficient() if p.is_constant() else self._inverse(p)

    def _inverse_square(self, p: Poly) -> Poly:
        """``1/p**2``, so that ``1/|p| = |p|/p**2``."""
        return self.ring.power(self._inverse(p), 2)

    def absolute(self, p: Poly) -> Poly:
        """``|p|`` for an irreducible p."""
        if self.positivity.definite(p):
            return p
        return self.ring.multiply(self.signs.sign(p), p)

    def _recipe(self, p: Poly) -> Any:
        """What p stands for, if it is a single generator."""
        if len(p) != 1 or p.total_degree() != 1:
            return None
        return self.ring.used(p)[0].recipe

    def _root(self, p: Poly, exponent: Fraction) -> Poly:
        """``|p| ** exponent`` for an exponent between 0 and 1, by one generator for all roots of p."""
        known: list[Generator] = self.roots.get(p) or []
        degree = lcm(exponent.denominator, known[-1].recipe.degree) if known else exponent.denominator
        if degree > _LARGEST_POWER:
            raise Undecided("over budget: a root of a very high degree")
        if not known:
            self.roots.put(p, known)
        for generator in known:
            if generator.recipe.degree % exponent.denominator == 0:
                return self.ring.power(generator.poly, int(exponent * generator.recipe.degree))
        older = known[-1] if known else None
        value = older.poly if older else self.absolute(p)
        definite = self.positivity.definite(p)
        clean = self.positivity.has_clean_root(p)
        made = self.ring.generator(
            Root(p, degree),
            positive=definite == POSITIVE,
            nonnegative=True,
            clean=clean,
            constant=self.positivity.is_constant(p),
        )
        self.ring.relate(made.poly ** (degree // older.recipe.degree if older else degree) - value)
        self.signs.vanish_with(p, made.poly)
        known.append(made)
        return self.ring.power(made.poly, int(exponent * degree))

    # Logarithms and exponentials ------------------------------------------------------------------

    def log(self, u: Element) -> Element:
        """``log u``."""
        if isinstance(u, Special):
            raise Undecided("a logarithm of an infinite value")
        content, factors = self.factors(u)
        if content == 0:
            return self.undefined()
        self._demand_positive(u, also_zero=False)
        total = self.ring.zero
        for prime, k in _primes(abs(content)):
            total = total + k * self._log(self.ring.constant(prime))
        for p, k in factors:
            total = total + k * self._log(p)
        return total

    def _log(self, p: Poly) -> Poly:
        """``log |p|`` for an irreducible p."""
        recipe = self._recipe(p)
        if isinstance(recipe, Exponential):
            return recipe.u
        if isinstance(recipe, Root):
            return self._log(recipe.p) / recipe.degree
        found = self.logarithms.get(p)
        if found is None:
            clean = self.positivity.has_clean_root(p)
            found = self.ring.generator(
                Logarithm(p), positive=p.is_constant(), clean=clean, constant=self.positivity.is_constant(p)
            ).poly
            self.logarithms.put(p, found)
        return found

    def exp(self, u: Element) -> Element:
        """``exp u``: powers of the arguments of logarithms in u, times powers of basic exponentials."""
        if isinstance(u, Special):
            if u is UNDEFINED:
                return self.undefined()
            if u is INFINITY:
                raise Undecided("exp of an infinite value")
            return self.ring.zero
        u = self.ring.reduce(u)
        result = self.ring.one
        for monomial, c in u.to_dict().items():
            if sum(monomial) == 1:
                generator = self.ring.generators[monomial.index(1)]
                if isinstance(generator.recipe, Logarithm):
                    u = u - c * generator.poly
                    factor = self.absolute_power(generator.recipe.p, Fraction(int(c.p), int(c.q)))
                    result = self.ring.multiply(result, factor)
        if u.is_zero():
            return result
        for number, exponent in self._combination(u).items():
            factor = self.absolute_power(self.exponentials[number].poly, exponent)
            result = self.ring.multiply(result, factor)
        return result

    def _combination(self, u: Poly) -> Combination:
        combination = self.exponents.express(u)
        for v in self.exponents.basis[len(self.exponentials) :]:
            clean, constant = self.positivity.is_clean(v), self.positivity.is_constant(v)
            made = self.ring.generator(
                Exponential(v), positive=True, nonnegative=True, clean=clean, constant=constant
            )
            self.exponentials.append(made)
        return combination


def _primes(value: Fraction) -> list[tuple[int, int]]:
    for part in (value.numerator, value.denominator):
        if part.bit_length() > 200:
            raise Undecided("over budget: a number too large to factor")
    return [
        (int(p), int(k)) for p, k in sp.factorrat(sp.Rational(value.numerator, value.denominator)).items()
    ]

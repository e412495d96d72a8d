"""In which ring are entries computed? Polynomials over Q in generators, modulo relations between generators.

Every quotient is a product with the inverse generator d of a denominator p, with the relation ``p*d = 1``:
sums need no common denominator, and normal forms cancel by themselves. Newer generators are larger in the
lexicographic order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import Any, TypeAlias

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from symdiff.proof.at_shape.specials import Element, Special

Poly: TypeAlias = Any  # flint.fmpq_mpoly; python-flint has no stubs

_LARGEST_PRODUCT = 400_000
_LARGEST_REDUCTION = 4_000_000
_WORTH_REDUCING = 4096
_FACTORED_TERMS = 80
_ROUNDS = 12


class Undecided(Exception):
    """The test cannot answer; the text is the reason."""


class NeedsCases(Undecided):
    """The test cannot answer without looking at each side of a kink."""


class NeedsMasks(NeedsCases):
    """The test cannot answer without knowing every entry of the masks: one branch is infinite."""


class OutOfGenerators(Exception):
    """The context is too small: start again with a larger one."""


@dataclass(eq=False, slots=True)
class Generator:
    """One indeterminate: what it stands for, and what is known of that function.

    ``clean``: real-analytic on the whole domain, which is connected; ``choice``: takes only the values 0
    and 1; ``constant``: a number.
    """

    index: int
    poly: Poly
    recipe: Any
    positive: bool = False
    nonnegative: bool = False
    clean: bool = False
    choice: bool = False
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A polynomial that is zero, with its leading monomial as (index, exponent) pairs."""

    lead: tuple[tuple[int, int], ...]
    poly: Poly


@dataclass(eq=False)
class Bucket:
    """Values by polynomial: flint's polynomials have no hash."""

    table: dict[tuple[int, str], list[tuple[Poly, Any]]] = field(default_factory=dict)

    def get(self, key: Poly) -> Any:
        """The value stored for this polynomial, or None."""
        for known, value in self.table.get(self._coarse(key), ()):
            if known == key:
                return value
        return None

    def put(self, key: Poly, value: Any) -> None:
        """Store a value for a polynomial that has none."""
        self.table.setdefault(self._coarse(key), []).append((key, value))

    def items(self) -> Iterable[tuple[Poly, Any]]:
        """All pairs."""
        return [pair for pairs in self.table.values() for pair in pairs]

    @staticmethod
    def _coarse(key: Poly) -> tuple[int, str]:
        return len(key), str(key) if len(key) < 6 else str(key.leading_coefficient())


class Ring:
    """Generators, their relations, and the arithmetic modulo them, within a budget of seconds."""

    def __init__(self, capacity: int, deadline: float) -> None:
        self.context = fmpq_mpoly_ctx.get([f"g{k}" for k in range(capacity)], Ordering.lex)
        self.symbols = self.context.gens()
        self.free = capacity
        self.deadline = deadline
        self.generators: dict[int, Generator] = {}
        self.relations: list[Relation] = []
        self.inverses: dict[int, Poly] = {}
        self.zero = self.context.constant(0)
        self.one = self.context.constant(1)

    # Generators and relations ---------------------------------------------------------------------

    def generator(self, recipe: Any, **known: bool) -> Generator:
        """A new generator, larger than every older one."""
        if self.free == 0:
            raise OutOfGenerators
        self.free -= 1
        made = Generator(self.free, self.symbols[self.free], recipe, **known)
        self.generators[self.free] = made
        return made

    def relate(self, poly: Poly) -> None:
        """Declare that a polynomial is zero."""
        poly = self.reduce(poly)
        if poly.is_zero():
            return
        lead = tuple((k, e) for k, e in enumerate(poly.monomial(0)) if e)
        self.relations.append(Relation(lead, poly))
        self.relations.sort(key=lambda r: r.lead[0])

    def inverse(self, poly: Poly, recipe: Any, **known: bool) -> Generator:
        """A new generator ``d`` with ``poly * d = 1``."""
        made = self.generator(recipe, **known)
        self.inverses[made.index] = poly
        self.relate(poly * made.poly - 1)
        return made

    def used(self, poly: Poly) -> list[Generator]:
        """The generators that occur, newest first."""
        return [self.generators[k] for k, degree in enumerate(poly.degrees()) if degree > 0]

    def constant(self, value: int | Fraction) -> Poly:
        """A rational number as a polynomial."""
        return self.context.constant(fmpq(value.numerator, value.denominator))

    def rational(self, poly: Poly) -> Fraction:
        """A constant polynomial as a number."""
        if poly.is_zero():
            return Fraction(0)
        value = poly.leading_coefficient()
        return Fraction(int(value.p), int(value.q))

    # Arithmetic -----------------------------------------------------------------------------------

    def check_time(self) -> None:
        """Stop when the seconds are used up."""
        if time.monotonic() > self.deadline:
            raise Undecided("over budget: the time is used up")

    def multiply(self, left: Element, right: Element) -> Element:
        """A product, refused when it would be too long."""
        size = len(left) * len(right)
        if size > _WORTH_REDUCING:
            self.check_time()
            left, right = self.reduce(left), self.reduce(right)
            if len(left) * len(right) > _LARGEST_PRODUCT:
                raise Undecided(f"over budget: a product of {len(left)} and {len(right)} terms")
        return left * right

    def both(self, left: Poly, right: Poly) -> Poly:
        """The conjunction of two indicators: their product."""
        if left.is_one() or left == right:
            return right
        return left if right.is_one() else self.reduce(self.multiply(left, right))

    def power(self, base: Element, exponent: int) -> Element:
        """A positive integer power."""
        result = base
        for _ in range(exponent - 1):
            result = self.multiply(result, base)
        return result if exponent else self.one

    def reduce(self, poly: Element) -> Element:
        """The normal form modulo the relations."""
        if isinstance(poly, Special) or poly.is_constant():
            return poly
        for _ in range(_ROUNDS):
            degrees = poly.degrees()
            before = poly
            for relation in self.relations:
                if all(degrees[k] >= e for k, e in relation.lead):
                    times = min(degrees[k] // e for k, e in relation.lead)
                    if len(poly) * len(relation.poly) ** times > _LARGEST_REDUCTION:
                        continue
                    poly = divmod(poly, relation.poly)[1]
                    degrees = poly.degrees()
            if poly == before:
                break
            self.check_time()
        return poly

    def clear(self, poly: Poly) -> tuple[Poly, dict[int, int]]:
        """Numerator and denominator: ``poly = numerator * product of d**k`` over inverse generators d."""
        degrees = poly.degrees()
        top = {k: int(degrees[k]) for k in self.inverses if degrees[k] > 0}
        if not top:
            return poly, {}
        groups: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
        for monomial, coefficient in poly.to_dict().items():
            rest = list(monomial)
            for k in top:
                rest[k] = 0
            groups.setdefault(tuple(monomial[k] for k in top), {})[tuple(rest)] = coefficient
        total = self.zero
        for exponents, terms in groups.items():
            part = self.context.from_dict(terms)
            for (k, high), low in zip(top.items(), exponents, strict=True):
                if high > low:
                    part = self.multiply(part, self.power(self.inverses[k], high - low))
            total = total + part
        return self.reduce(total), top

    def is_zero(self, poly: Poly) -> bool:
        """Whether a polynomial is shown to be zero: by its normal form, or after clearing denominators."""
        poly = self.reduce(poly)
        for _ in range(3):
            if poly.is_zero():
                return True
            poly, cleared = self.clear(poly)
            if not cleared:
                return bool(poly.is_zero())
        return bool(poly.is_zero())

    def factor(self, poly: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]:
        """Rational content and monic factors; irreducible where that is cheap to find."""
        content = poly.leading_coefficient()
        monic = poly / content
        factors: list[tuple[Poly, int]] = []
        common = monic.term_content()
        if not common.is_one():
            monic = monic / common
            factors = [(self.symbols[k], int(e)) for k, e in enumerate(common.monomial(0)) if e]
        if not monic.is_constant():
            factors += self._factor_sum(monic)
        return Fraction(int(content.p), int(content.q)), factors

    def _factor_sum(self, monic: Poly) -> list[tuple[Poly, int]]:
        if len(monic) > _FACTORED_TERMS or _is_irreducible(monic):
            return [(monic, 1)]
        self.check_time()
        used = [k for k, degree in enumerate(monic.degrees()) if degree > 0]
        small = fmpq_mpoly_ctx.get([f"g{k}" for k in used], Ordering.lex)
        _, factors = monic.project_to_context(small).factor()
        large = [(f.project_to_context(self.context), int(k)) for f, k in factors]
        return [(f / f.leading_coefficient(), k) for f, k in large]


def _is_irreducible(poly: Poly) -> bool:
    """Cheap sufficient signs: linear in the largest generator alone, or a binomial with coprime exponents."""
    lead = poly.monomial(0)
    return sum(lead) == 1 or (
        len(poly) == 2 and poly.coefficient(1) != 0 and gcd(*lead) == 1 and not any(poly.monomial(1))
    )

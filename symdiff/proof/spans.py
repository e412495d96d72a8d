"""Is an exponent a rational combination of earlier ones? Incremental elimination over Q.

Exponentials of exponents that are linearly independent over Q (modulo constants) are algebraically independent,
so a basis of the exponents gives a complete set of relations: ``exp(a + b) = exp(a) exp(b)`` and its kin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm
from typing import TypeAlias, TypeVar

from flint import fmpq

from symdiff.proof.fields import Poly

Vector: TypeAlias = dict[tuple[int, ...], Fraction]
Combination: TypeAlias = dict[int, Fraction]
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class _Row:
    """``vector`` has 1 at its pivot and equals the combination of the basis."""

    pivot: tuple[int, ...]
    vector: Vector
    combination: Combination


@dataclass(eq=False)
class Span:
    """A basis of polynomials as vectors over their monomials."""

    basis: list[Poly] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)

    def express(self, poly: Poly) -> Combination:
        """Coefficients of ``poly`` in the basis, which grows by its primitive part if it is independent."""
        vector = {m: Fraction(int(c.p), int(c.q)) for m, c in poly.to_dict().items()}
        combination: Combination = {}
        for row in self.rows:
            factor = vector.get(row.pivot)
            if factor is not None:
                _add(vector, row.vector, -factor)
                _add(combination, row.combination, factor)
        return self._extend(poly, vector, combination) if vector else combination

    def _extend(self, poly: Poly, rest: Vector, known: Combination) -> Combination:
        content, primitive = primitive_part(poly)
        number = len(self.basis)
        self.basis.append(primitive)
        pivot, lead = next(iter(rest.items()))
        combination = {k: -c / lead for k, c in known.items()} | {number: content / lead}
        self.rows.append(_Row(pivot, {m: c / lead for m, c in rest.items()}, combination))
        return {number: content}


def _add(target: dict[_Key, Fraction], other: Mapping[_Key, Fraction], factor: Fraction) -> None:
    for key, value in other.items():
        total = target.get(key, Fraction(0)) + factor * value
        if total:
            target[key] = total
        else:
            target.pop(key, None)


def primitive_part(poly: Poly) -> tuple[Fraction, Poly]:
    """The content, with the sign of the leading coefficient, and the rest with coprime integers."""
    numerator, denominator = 0, 1
    for c in poly.coeffs():
        numerator, denominator = gcd(numerator, int(c.p)), lcm(denominator, int(c.q))
    content = Fraction(numerator if poly.leading_coefficient() > 0 else -numerator, denominator)
    return content, poly / fmpq(content.numerator, content.denominator)

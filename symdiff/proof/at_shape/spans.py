"""Is an exponent a rational combination of earlier ones? Incremental elimination over Q.

Exponentials of exponents that are linearly independent over Q (modulo constants) are algebraically
independent, so a basis gives a complete set of relations: ``exp(a + b) = exp(a) exp(b)`` and its kin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import TypeAlias, TypeVar

from flint import fmpq

from symdiff.proof.at_shape.fields import Poly

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
        """Coefficients of ``poly`` in the basis, which grows by one element if it is independent."""
        vector = {m: Fraction(int(c.p), int(c.q)) for m, c in poly.to_dict().items()}
        known: Combination = {}
        for row in self.rows:
            factor = vector.get(row.pivot)
            if factor is not None:
                _add(vector, row.vector, -factor)
                _add(known, row.combination, factor)
        if not vector:
            return known
        number = len(self.basis)
        if known and _is_simpler(vector, known, len(poly)):
            rest = poly.context().from_dict({m: fmpq(c.numerator, c.denominator) for m, c in vector.items()})
            content, primitive = primitive_part(rest)
            self._append(primitive, vector, {number: content})
            return known | {number: content}
        content, primitive = primitive_part(poly)
        self._append(primitive, vector, {k: -c for k, c in known.items()} | {number: content})
        return {number: content}

    def _append(self, primitive: Poly, vector: Vector, combination: Combination) -> None:
        """Add a basis element and the row of a vector that equals the combination."""
        pivot = next((m for m in reversed(vector) if any(m)), next(iter(vector)))
        lead = vector[pivot]
        self.basis.append(primitive)
        self.rows.append(
            _Row(
                pivot, {m: c / lead for m, c in vector.items()}, {k: c / lead for k, c in combination.items()}
            )
        )


def _is_simpler(rest: Vector, known: Combination, length: int) -> bool:
    """Whether what is left makes a better basis element: ``exp(x) = exp(x - m) exp(m)`` needs no quotient."""
    powers = all(c > 0 and c.denominator == 1 for c in known.values())
    return powers and (len(rest) < length or len(rest) == 1)


def _add(target: dict[_Key, Fraction], other: Mapping[_Key, Fraction], factor: Fraction) -> None:
    for key, value in other.items():
        total = target.get(key, Fraction(0)) + factor * value
        if total:
            target[key] = total
        else:
            target.pop(key, None)


def primitive_part(poly: Poly) -> tuple[Fraction, Poly]:
    """The common divisor of the numerators, and the rest: ``exp(2 z)`` is a square, ``exp(z/3)`` no root.

    The sign stays: if ``exp(-z)`` is seen first, it is basic.
    """
    numerator = gcd(*(int(c.p) for c in poly.coeffs()))
    return Fraction(numerator), poly / numerator

"""Of which irreducible factors is a sum made? Atoms are the variables of a polynomial over the integers."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import lcm

from flint import Ordering, fmpz_mpoly_ctx

from symdiff.proof.every_shape.terms import Atom, Expr, Mono, whole

MOST_TERMS, MOST_ATOMS, MOST_DEGREE = 80, 16, 24

Key = tuple[tuple[Mono, Fraction], ...]


def factors(expr: Expr) -> tuple[tuple[Expr, int], ...]:
    """``expr = +-f1^k1 f2^k2 ...`` for a sum with whole coprime coefficients and no negative exponents.

    A sum that is too large, or has negative exponents, is its own only factor.
    """
    if len(expr) < 2 or len(expr) > MOST_TERMS:
        return ((expr, 1),)
    return tuple((dict(f), k) for f, k in _factors(tuple(sorted(expr.items()))))


@lru_cache(maxsize=4096)
def _factors(items: Key) -> tuple[tuple[Key, int], ...]:
    scales: dict[Atom, int] = {}
    for key, _ in items:
        for atom, exponent in key:
            if exponent < 0:
                return ((items, 1),)
            scales[atom] = lcm(scales.get(atom, 1), exponent.denominator)
    atoms = sorted(scales)
    place = {atom: k for k, atom in enumerate(atoms)}
    table: dict[tuple[int, ...], int] = {}
    for key, coefficient in items:
        powers = [0] * len(atoms)
        for atom, exponent in key:
            powers[place[atom]] = int(exponent * scales[atom])
        table[tuple(powers)] = int(coefficient)
    degree = max(map(sum, table))
    if len(atoms) > MOST_ATOMS or degree > MOST_DEGREE or degree < 2:
        return ((items, 1),)
    context = fmpz_mpoly_ctx.get(("x", len(atoms)), Ordering.lex)
    _, found = context.from_dict(table).factor()
    if len(found) == 1 and found[0][1] == 1:
        return ((items, 1),)
    return tuple((_expr(f, atoms, scales), int(k)) for f, k in found)


def _expr(polynomial: object, atoms: list[Atom], scales: dict[Atom, int]) -> Key:
    terms: dict[Mono, Fraction] = {}
    for powers, coefficient in polynomial.to_dict().items():  # type: ignore[attr-defined]
        key = tuple((a, whole(Fraction(int(p), scales[a]))) for a, p in zip(atoms, powers, strict=True) if p)
        terms[key] = Fraction(int(coefficient))
    return tuple(sorted(terms.items()))

"""How does the reciprocal of a sum meet the sum? ``lead B^e`` becomes ``B^(e+1) - rest B^e`` for e < 0.

Leads are greatest in an order that products respect; exponentials divide everything, so one of them is
brought into a window instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from math import floor

from symdiff.proof.every_shape.sums import Sums
from symdiff.proof.every_shape.terms import ONE, Atom, Exponent, Expr, Mono, Product, mono, single, whole

_UNITS = frozenset({"size", "prime", "exp"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Which terms of a base are rewritten. ``pivot``: an exponential that one term has most of, one least."""

    base: Expr
    high: Mono
    low: Mono | None = None
    pivot: Atom | None = None
    degree: Exponent = 0
    exact: bool = False  # whether units too must divide


class Relations(Sums):
    """The relation of each generator that stands for a power."""

    def __init__(self, seconds: float, steps: int) -> None:
        super().__init__(seconds, steps)
        self._relations: dict[Atom, Relation | None] = {}

    def repeated(self, base: Expr, times: int) -> Expr:
        """A sum to a natural power, multiplied out."""
        result = base
        for _ in range(times - 1):
            result = self.times(result, base)
        return result

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

    def rewritten(
        self, product: Product, atom: Atom, exponent: Exponent
    ) -> list[tuple[Product, Fraction]] | None:
        """One step of the relation of a power, for negative and for large exponents."""
        if exponent >= 1:
            steps = floor(exponent)
            rest = whole(exponent - steps)
            by = self.repeated(self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1]))), steps)
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

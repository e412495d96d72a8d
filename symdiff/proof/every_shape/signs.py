"""Is a value above zero? Indicators of ``u > 0`` and of ``u = 0``, with what decides them."""

from __future__ import annotations

from fractions import Fraction

from symdiff.proof.every_shape.powers import Powers
from symdiff.proof.every_shape.terms import (
    ONE,
    Atom,
    Expr,
    HeadKind,
    Product,
    as_number,
    constant,
    plus,
    single,
    times_number,
)


class Signs(Powers):
    """Indicators. ``generic``: where no argument of a sign is zero."""

    def __init__(self, seconds: float, steps: int, *, generic: bool = False) -> None:
        super().__init__(seconds, steps)
        self.generic = generic
        self._distances: dict[tuple[Atom, Atom], Fraction | None] = {}

    def generator(self, kind: HeadKind, expr: Expr, *, positive: bool = False, clean: bool = True) -> Atom:
        """The atom ``kind[expr]``."""
        closed, sizes = self.close([expr])
        clean = clean and self.is_clean(expr)
        degree = 0 if kind in ("positive", "zero") or (not sizes and not closed.free and ONE in expr) else 1
        head = self.intern(kind, kind, sizes, closed, positive=positive, clean=clean, degree=degree)
        return self.atom(head, closed.free)

    def is_above(self, expr: Expr) -> Expr:
        """1 where the value is above zero, 0 elsewhere."""
        cases = self.by_cases(expr, self.is_above)
        if cases is not None:
            return cases
        rest = self._undecided(expr)
        if isinstance(rest, int):
            return constant(int(rest > 0))
        if self.leading(rest)[1] > 0:
            return single(self.generator("positive", rest, clean=False))
        below = single(self.generator("positive", self.negated(rest), clean=False))
        return plus(plus(constant(1), below, -1), self.is_zero(rest), -1)

    def is_zero(self, expr: Expr) -> Expr:
        """1 where the value is zero, 0 elsewhere; away from kinks it is 0 everywhere."""
        cases = self.by_cases(expr, self.is_zero)
        if cases is not None:
            return cases
        rest = self._undecided(expr)
        if isinstance(rest, int):
            return constant(int(rest == 0))
        rest = rest if self.leading(rest)[1] > 0 else self.negated(rest)
        if self.generic and self.is_clean(rest):
            self.need("kink", rest)
            return {}
        return single(self.generator("zero", rest, clean=False))

    def _undecided(self, expr: Expr) -> Expr | int:
        """The sign, or a factor that alone decides it."""
        number = as_number(expr)
        if number is None:
            _, _, rest = self.parted(expr, fractional=True)
            number = as_number(rest)
            if number is None:
                return self.sign(rest) or rest
        return (number > 0) - (number < 0)

    # Relations ---------------------------------------------------------------------------------------------

    def by_thresholds(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``[u > 0] [u > c] = [u > c]`` for c > 0, and ``[u = 0] [u > c]`` is decided."""
        for other in product:
            if other == atom or self.heads[other[0]].kind != "positive":
                continue
            ahead = self._ahead(atom, other)
            if ahead is None:
                continue
            if self.heads[atom[0]].kind == "zero":
                return self.replaced(product, other, constant(int(ahead < 0)))
            return self.replaced(product, atom if ahead > 0 else other, constant(1))
        return None

    def _ahead(self, atom: Atom, other: Atom) -> Fraction | None:
        """By how much the argument of one sign exceeds the other's, if that is a number and neither is 0."""
        if (atom, other) not in self._distances:
            first, second = (self._monic(a) for a in (atom, other))
            self._distances[atom, other] = as_number(plus(first, second, -1))
        return self._distances[atom, other] or None

    def _monic(self, atom: Atom) -> Expr:
        base = self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))
        return times_number(base, 1 / abs(self.leading(base)[1]))

    def at_zero(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``[u = 0] [u > 0] = 0``, and ``[u = 0] lead(u) = -[u = 0] rest(u)``."""
        base = self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))
        if any(a in product for a in dict(next(iter(single(self.generator("positive", base, clean=False)))))):
            return []
        key, coefficient = self.leading(base)
        if not key or any(e <= 0 or product.get(a, 0) < e for a, e in key):
            return None
        quotient = self.merged(dict(product), tuple((a, -e) for a, e in key))
        return [
            (self.merged(dict(quotient), other), -c / coefficient)
            for other, c in base.items()
            if other != key
        ]

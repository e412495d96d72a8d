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
)


class Signs(Powers):
    """Indicators. ``generic``: where no argument of a sign is zero."""

    def __init__(self, seconds: float, steps: int, *, generic: bool = False) -> None:
        super().__init__(seconds, steps)
        self.generic = generic
        self._orders: dict[tuple[Atom, Atom], tuple[int, bool]] = {}

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
        """``[u > 0] [u > c] = [u > c]`` and ``[u > 0] [c > u] = [u > 0] + [c > u] - 1`` for c > 0.

        ``[u = 0] [u > c]`` is decided. The arguments need not be alike: a multiple of one may exceed the other.
        """
        for other in product:
            if other == atom or self.heads[other[0]].kind != "positive":
                continue
            ahead, opposed = self._order(atom, other)
            if not ahead:
                continue
            if self.heads[atom[0]].kind == "zero":
                return self.replaced(product, other, constant(int((ahead > 0) == opposed)))
            if not opposed:
                return self.replaced(product, atom if ahead > 0 else other, constant(1))
            both = self.merged(dict(product), ((atom, -1), (other, -1)))
            if ahead < 0:
                return []
            step = [(self.merged(dict(both), ((one, 1),)), Fraction(1)) for one in (atom, other)]
            return [*step, (both, Fraction(-1))]
        return None

    def _order(self, atom: Atom, other: Atom) -> tuple[int, bool]:
        """The sign of ``u - r v``, or of ``u + r v``, for some r > 0 and the arguments u, v; 0 where it is unknown."""
        if (atom, other) not in self._orders:
            self._orders[atom, other] = self._compared(self.base(atom), self.base(other))
        return self._orders[atom, other]

    def _compared(self, first: Expr, second: Expr) -> tuple[int, bool]:
        for key in first.keys() & second.keys():
            ratio = first[key] / second[key]
            sign = self.sign(plus(first, second, -ratio))
            if sign:
                return sign, ratio < 0
        return 0, False

    def base(self, atom: Atom) -> Expr:
        """The argument of a sign, under the labels of the atom."""
        return self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))

    def at_zero(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``[u = 0] [u > 0] = 0``, and ``[u = 0] lead(u) = -[u = 0] rest(u)``."""
        base = self.base(atom)
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

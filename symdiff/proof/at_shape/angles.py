"""Which generators stand for sine and cosine? One pair for each basic angle, on the unit circle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from symdiff.proof.at_shape.fields import Bucket, Generator, Poly, Ring, Undecided
from symdiff.proof.at_shape.positivity import Positivity
from symdiff.proof.at_shape.recipes import Constant, Head
from symdiff.proof.at_shape.spans import Span
from symdiff.proof.at_shape.specials import Element, Special

_MOST_TURNS = 64


class Angles:
    """Sine and cosine over one ring, by the addition theorem."""

    def __init__(self, ring: Ring, positivity: Positivity) -> None:
        self.ring = ring
        self.positivity = positivity
        self.span = Span()
        self.circles: list[tuple[Poly, Poly]] = []
        self.fractions = Bucket()
        self.constants: dict[Any, Generator] = {}

    def sin_cos(self, u: Element) -> tuple[Poly, Poly]:
        """Sine and cosine, by the addition theorem over basic angles; multiples of pi/2 exactly."""
        if isinstance(u, Special):
            raise Undecided("an angle that is infinite")
        u = self.ring.reduce(u)
        u, quarters = self._take_quarters(u)
        sine, cosine = self.ring.zero, self.ring.one
        for number, k in (self.span.express(u) if not u.is_zero() else {}).items():
            sine, cosine = self._turn(sine, cosine, number, k)
        for _ in range(quarters % 4):
            sine, cosine = cosine, -sine
        return sine, cosine

    def _take_quarters(self, u: Poly) -> tuple[Poly, int]:
        pi = self.constants.get(sp.pi)
        for monomial, c in u.to_dict().items():
            if pi is not None and sum(monomial) == 1 and monomial[pi.index] == 1 and int(c.q) in (1, 2):
                return u - c * pi.poly, int(2 * c)
        return u, 0

    def _turn(self, sine: Poly, cosine: Poly, number: int, k: Fraction) -> tuple[Poly, Poly]:
        while len(self.circles) < len(self.span.basis):
            self.circles.append(self._new_circle(self.span.basis[len(self.circles)]))
        turns, (s, c) = abs(int(k)), self.circles[number]
        if k.denominator != 1 or turns > _MOST_TURNS:
            turns, (s, c) = 1, self._fraction(self.span.basis[number] * self.ring.constant(abs(k)))
        s = s if k > 0 else -s
        multiply = self.ring.multiply
        for _ in range(turns):
            sine, cosine = multiply(sine, c) + multiply(cosine, s), multiply(cosine, c) - multiply(sine, s)
        return sine, cosine

    def _fraction(self, v: Poly) -> tuple[Poly, Poly]:
        found: tuple[Poly, Poly] | None = self.fractions.get(v)
        if found is None:
            found = self._new_circle(v)
            self.fractions.put(v, found)
        return found

    def _new_circle(self, v: Poly) -> tuple[Poly, Poly]:
        known = {"clean": self.positivity.is_clean(v), "constant": self.positivity.is_constant(v)}
        c = self.ring.generator(Head(sp.cos, (v,)), **known).poly
        s = self.ring.generator(Head(sp.sin, (v,)), **known).poly
        self.ring.relate(s * s + c * c - 1)
        return s, c

    def number(self, number: Any) -> Poly:
        """A transcendental constant such as pi."""
        known = self.constants
        if number not in known:
            known[number] = self.ring.generator(
                Constant(number), positive=True, nonnegative=True, clean=True, constant=True
            )
        return known[number].poly

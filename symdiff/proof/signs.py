"""Which sign has an entry, and where does it change? Positivity that can be read off, indicators at kinks.

``[p < 0] = 1 - [p > 0]`` holds almost everywhere only if p is analytic on a connected domain and not identically zero
("clean"); for every other p the two indicators stay apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from symdiff.proof.conditions import Conditions
from symdiff.proof.fields import Bucket, Element, Poly, Ring, Special, Undecided
from symdiff.proof.positivity import POSITIVE, Positivity, split_constant
from symdiff.proof.recipes import Indicator

Rule: TypeAlias = Callable[[Poly], tuple[Poly, Poly] | None]

_EXPANDED = 2


@dataclass(eq=False)
class Script:
    """Decisions of one walk through the cases: which side of each kink, in the order in which they are asked."""

    taken: list[int] = field(default_factory=list)
    options: list[int] = field(default_factory=list)

    def choose(self, options: int) -> int:
        """The next decision; the first option where nothing was decided yet."""
        place = len(self.options)
        self.options.append(options)
        if place == len(self.taken):
            self.taken.append(0)
        return self.taken[place]

    def following(self) -> Script | None:
        """The next walk in lexicographic order, or None after the last."""
        taken = self.taken[: len(self.options)]
        while taken and taken[-1] + 1 >= self.options[len(taken) - 1]:
            taken.pop()
        return Script([*taken[:-1], taken[-1] + 1]) if taken else None


class Signs:
    """Signs and indicators over one ring."""

    def __init__(
        self, ring: Ring, positivity: Positivity, conditions: Conditions, script: Script | None
    ) -> None:
        self.ring = ring
        self.positivity = positivity
        self.conditions = conditions
        self.script = script
        self.known = Bucket()  # monic p -> ([p > 0], [p < 0])
        self.thresholds = Bucket()  # p without its constant -> list of (constant, [p > 0])
        self.rules: list[Rule] = []
        self.constant_sign: Callable[[Poly], int] = lambda poly: 0
        self.kinks = 0

    # Signs ----------------------------------------------------------------------------------------------------

    def compare(self, u: Element) -> tuple[Poly, Poly]:
        """The indicators ``[u > 0]`` and ``[u < 0]``."""
        ring = self.ring
        if isinstance(u, Special):
            return self._compare_special(u)
        u = ring.reduce(u)
        if self._is_boolean(u):
            return u, ring.zero
        numerator, inverses = ring.clear(u)
        if numerator.is_zero():
            return ring.zero, ring.zero
        denominators = [ring.inverses[k] for k, e in inverses.items() if e % 2]
        denominators = [p for p in denominators if self.positivity.definite(p) != POSITIVE]
        if any(g.choice for g in ring.used(numerator)):
            return self._compare_choices(numerator, denominators)
        content, factors = ring.factor(numerator)
        odd = [p for p, k in factors if k % 2] + denominators
        even = [p for p, k in factors if k % 2 == 0 and self.positivity.definite(p) != POSITIVE]
        return self._compare_factors(1 if content > 0 else -1, odd, even)

    def _compare_special(self, u: Special) -> tuple[Poly, Poly]:
        if repr(u) == "undefined":
            raise Undecided("a comparison with an undefined value")
        one, zero = self.ring.one, self.ring.zero
        return (one, zero) if repr(u) == "infinity" else (zero, one)

    def _is_boolean(self, u: Poly) -> bool:
        used = self.ring.used(u) if not u.is_constant() else []
        return bool(used) and all(g.choice for g in used) and bool(self.ring.reduce(u * u - u).is_zero())

    def _compare_factors(self, sign: int, odd: list[Poly], even: list[Poly]) -> tuple[Poly, Poly]:
        open_factors = []
        for p in odd:
            fixed = self._number_sign(p) if self.positivity.is_constant(p) else self.positivity.fixed_sign(p)
            if fixed:
                sign *= fixed
            else:
                open_factors.append(p)
        if all(self.positivity.is_clean(p) for p in open_factors + even):
            for p in even:
                self.conditions.require("kink", p)
            total = self.ring.constant(sign)
            for p in open_factors:
                total = total * self.sign(p)
            total = self.ring.reduce(total)
            half = Fraction(1, 2)
            return self._scaled(1 + total, half), self._scaled(1 - total, half)
        product = self.ring.one
        for p in open_factors:
            product = self.ring.multiply(product, p)
        for p in even:
            product = self.ring.multiply(product, self.ring.multiply(p, p))
        above, below = self._split(self.ring.reduce(product))
        return (above, below) if sign > 0 else (below, above)

    def _scaled(self, poly: Poly, factor: Fraction) -> Poly:
        return poly * self.ring.constant(factor)

    def _number_sign(self, poly: Poly) -> int:
        sign = self.constant_sign(poly)
        if sign == 0:
            raise Undecided("the sign of a constant cannot be decided")
        return sign

    def sign(self, p: Poly) -> Poly:
        """The sign of an irreducible monic polynomial, almost everywhere."""
        fixed = self._number_sign(p) if self.positivity.is_constant(p) else self.positivity.fixed_sign(p)
        if fixed:
            return self.ring.constant(fixed)
        if self.positivity.definite(p):
            self.conditions.require("kink", p)
            return self.ring.one
        above, below = self._split(p)
        return above - below

    def learn(self, rule: Rule) -> None:
        """A rule that may know the indicators of a monic polynomial."""
        self.rules.append(rule)

    def _split(self, p: Poly) -> tuple[Poly, Poly]:
        """``[p > 0]`` and ``[p < 0]`` as generators, or as decided by the script."""
        scale = p.leading_coefficient()
        found = self.known.get(p / scale)
        if found is None:
            found = self._decide(p / scale)
            self.known.put(p / scale, found)
        if self.positivity.is_clean(p):
            self.conditions.require("kink", p / scale)
        return found if scale > 0 else (found[1], found[0])

    def _decide(self, p: Poly) -> tuple[Poly, Poly]:
        ring, clean = self.ring, self.positivity.is_clean(p)
        if clean:
            implied = self._from_thresholds(p)
            if implied is not None:
                return implied, 1 - implied
        for rule in self.rules:
            found = rule(p)
            if found is not None:
                return found
        self.kinks += 1
        if self.script is not None:
            case = self.script.choose(2 if clean else 3)
            above, below = ring.constant(int(case == 0)), ring.constant(int(case == 1))
        elif clean:
            above = self._new_indicator(p, 1)
            below = 1 - above
        else:
            above, below = self._new_indicator(p, 1), self._new_indicator(p, -1)
            ring.relate(above * below)
        if clean:
            self._add_threshold(p, above)
        return above, below

    def _new_indicator(self, p: Poly, sign: int) -> Poly:
        made = self.ring.generator(Indicator(p, sign), choice=True, nonnegative=True).poly
        self.ring.relate(made * made - made)
        return made

    # ``x > 2`` implies ``x > 1`` ------------------------------------------------------------------------------

    def _from_thresholds(self, p: Poly) -> Poly | None:
        rest, constant = split_constant(p)
        for other, above in self.thresholds.get(rest) or []:
            if above.is_one() and constant >= other:
                return self.ring.one
            if above.is_zero() and constant <= other:
                return self.ring.zero
        return None

    def _add_threshold(self, p: Poly, above: Poly) -> None:
        rest, constant = split_constant(p)
        family = self.thresholds.get(rest)
        if family is None:
            family = []
            self.thresholds.put(rest, family)
        for other, its in family:
            if not (above.is_constant() or its.is_constant()):
                smaller = above if constant < other else its
                self.ring.relate(above * its - smaller)
        family.append((constant, above))

    # Arguments that contain indicators ------------------------------------------------------------------------

    def _compare_choices(self, numerator: Poly, denominators: list[Poly]) -> tuple[Poly, Poly]:
        """``[u > 0] = g [u > 0 where g] + (1 - g) [u > 0 where not g]``, if that leads to known or few indicators."""
        if self.known.get(numerator / numerator.leading_coefficient()) is not None or denominators:
            return self._compare_factors(1, [numerator, *denominators], [])
        choices = [g for g in self.ring.used(numerator) if g.choice]
        top = choices[0]
        name = f"g{top.index}"
        sides = [self.ring.reduce(numerator.subs({name: value})) for value in (1, 0)]
        if len(choices) > _EXPANDED and not all(self._is_settled(side) for side in sides):
            return self._compare_factors(1, [numerator], [])
        (on_above, on_below), (off_above, off_below) = map(self.compare, sides)
        g = top.poly
        return (
            self.ring.reduce(g * on_above + (1 - g) * off_above),
            self.ring.reduce(g * on_below + (1 - g) * off_below),
        )

    def _is_settled(self, side: Poly) -> bool:
        return side.is_constant() or self.known.get(side / side.leading_coefficient()) is not None

"""Which sign has an entry, and where does it change? Indicators of half-spaces.

``[p < 0] = 1 - [p > 0]`` holds almost everywhere only for p that are clean and not identically zero; for
every other p, and in a strict walk for all, the two indicators stay apart, with product zero.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from symdiff.proof.at_shape.conditions import Conditions
from symdiff.proof.at_shape.fields import Bucket, Poly, Ring, Undecided
from symdiff.proof.at_shape.positivity import Positivity, split_constant
from symdiff.proof.at_shape.recipes import Indicator
from symdiff.proof.at_shape.specials import INFINITY, UNDEFINED, Element, Special

Pair: TypeAlias = tuple[Poly, Poly]  # [p > 0] and [p < 0]
Rule: TypeAlias = Callable[[Poly], Pair | None]

_EXPANDED = 2


@dataclass(eq=False)
class Script:
    """Decisions of one walk through the cases: which side of each kink, in the order of asking.

    With dice the walk goes anywhere: a few such walks find most differences before all are tried in turn.
    """

    taken: list[int] = field(default_factory=list)
    options: list[int] = field(default_factory=list)
    dice: random.Random | None = None

    def choose(self, options: int) -> int:
        """The next decision; the first option where nothing was decided yet."""
        place = len(self.options)
        self.options.append(options)
        if place == len(self.taken):
            self.taken.append(self.dice.randrange(options) if self.dice else 0)
        return self.taken[place]

    def following(self) -> Script | None:
        """The next walk in lexicographic order, or None after the last."""
        taken = self.taken[: len(self.options)]
        while taken and taken[-1] + 1 >= self.options[len(taken) - 1]:
            taken.pop()
        return Script([*taken[:-1], taken[-1] + 1]) if taken else None


class Signs:
    """Signs and indicators over one ring; without a script they are generators, strict ones at zero too."""

    def __init__(
        self,
        ring: Ring,
        positivity: Positivity,
        conditions: Conditions,
        script: Script | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.ring = ring
        self.positivity = positivity
        self.conditions = conditions
        self.script = script
        self.strict = strict
        self.known = Bucket()  # monic p -> its pair
        self.thresholds = Bucket()  # p without its constant -> list of (constant, its pair)
        self.rules: list[Rule] = []
        self.constant_sign: Callable[[Poly], int] = lambda poly: 0
        self.kinks = 0

    def learn(self, rule: Rule) -> None:
        """A rule that may know the indicators of a monic polynomial."""
        self.rules.append(rule)

    # Signs ----------------------------------------------------------------------------------------

    def compare(self, u: Element) -> Pair:
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
        below = [(ring.inverses[k], e) for k, e in inverses.items()]
        below = [(p, e) for p, e in below if not self.positivity.fixed_sign(p)]
        if any(g.choice for g in ring.used(numerator)):
            return self._compare_choices(numerator, below)
        content, factors = ring.factor(numerator)
        return self._compare_factors(1 if content > 0 else -1, factors + below)

    def _compare_special(self, u: Special) -> Pair:
        if u is UNDEFINED:
            raise Undecided("a comparison with an undefined value")
        one, zero = self.ring.one, self.ring.zero
        return (one, zero) if u is INFINITY else (zero, one)

    def _is_boolean(self, u: Poly) -> bool:
        used = [] if u.is_constant() else self.ring.used(u)
        return bool(used) and all(g.choice for g in used) and bool(self.ring.reduce(u * u - u).is_zero())

    def _compare_factors(self, sign: int, factors: list[tuple[Poly, int]]) -> Pair:
        """The sign of a product is the product of the signs s, and ``[u > 0] = (s**2 + s)/2``."""
        total = self.ring.constant(sign)
        for p, k in factors:
            own = self.sign(p)
            total = self.ring.reduce(
                self.ring.multiply(total, own if k % 2 else self.ring.multiply(own, own))
            )
        square = self.ring.reduce(self.ring.multiply(total, total))
        half = self.ring.constant(Fraction(1, 2))
        return half * (square + total), half * (square - total)

    def sign(self, p: Poly) -> Poly:
        """The sign of an irreducible monic polynomial: 1, 0 or -1."""
        fixed = self._number_sign(p) if self.positivity.is_constant(p) else self.positivity.fixed_sign(p)
        if fixed:
            return self.ring.constant(fixed)
        above, below = self._split(p)
        return above - below

    def _number_sign(self, poly: Poly) -> int:
        sign = self.constant_sign(poly)
        if sign == 0:
            raise Undecided("the sign of a constant cannot be decided")
        return sign

    def _split(self, p: Poly) -> Pair:
        """The pair of p: generators, or what the script decides."""
        scale = p.leading_coefficient()
        monic = p / scale
        found: Pair | None = self.known.get(monic)
        if found is None:
            found = self._decide(monic)
            self.known.put(monic, found)
        if self._is_merged(monic):
            self.conditions.require("kink", monic)
        return found if scale > 0 else (found[1], found[0])

    def _is_merged(self, p: Poly) -> bool:
        return not self.strict and self.positivity.is_clean(p)

    def _decide(self, p: Poly) -> Pair:
        merged = self._is_merged(p)
        for rule in (self._from_thresholds, *self.rules):
            found = rule(p)
            if found is not None:
                return found
        self.kinks += 1
        if self.positivity.definite(p):
            pair = (self.ring.one, self.ring.zero) if merged else self._new_support(p)
        elif self.script is not None:
            case = self.script.choose(2 if merged else 3)
            pair = self.ring.constant(int(case == 0)), self.ring.constant(int(case == 1))
        else:
            pair = self._new_pair(p, merged=merged)
        self._add_threshold(p, pair)
        return pair

    def _new_pair(self, p: Poly, *, merged: bool) -> Pair:
        above = self._new_indicator(p, 1)
        if merged:
            return above, 1 - above
        below = self._new_indicator(p, -1)
        self.ring.relate(above * below)
        self.ring.relate(p * (above + below - 1))
        return above, below

    def vanish_with(self, p: Poly, value: Poly) -> None:
        """Declare that ``value`` is zero where p is, if a pair of indicators says where."""
        for above, below in [self.known.get(p)] if self.known.get(p) else []:
            if not self.ring.reduce(above + below).is_one():
                self.ring.relate(value * (above + below - 1))

    def _new_support(self, p: Poly) -> Pair:
        """Where a function that is never negative is not zero."""
        support = self._new_indicator(p, 1)
        self.ring.relate(p * (support - 1))
        return support, self.ring.zero

    def _new_indicator(self, p: Poly, sign: int) -> Poly:
        made = self.ring.generator(Indicator(p, sign), choice=True, nonnegative=True).poly
        self.ring.relate(made * made - made)
        return made

    # ``x > 2`` implies ``x > 1`` ------------------------------------------------------------------

    def _from_thresholds(self, p: Poly) -> Pair | None:
        rest, constant = split_constant(p)
        one, zero = self.ring.one, self.ring.zero
        for other, (above, below) in self.thresholds.get(rest) or []:
            if above.is_one() and constant >= other:
                return one, zero
            if below.is_one() and constant <= other:
                return zero, one
        return None

    def _add_threshold(self, p: Poly, pair: Pair) -> None:
        rest, constant = split_constant(p)
        family: list[tuple[Fraction, Pair]] | None = self.thresholds.get(rest)
        if family is None:
            family = []
            self.thresholds.put(rest, family)
        for other, its in family:
            if not any(g.is_constant() for g in (*pair, *its)):
                self._relate_thresholds(*((pair, its) if constant < other else (its, pair)))
        family.append((constant, pair))

    def _relate_thresholds(self, high: Pair, low: Pair) -> None:
        """``x > high`` implies ``x > low``; below low implies below high; one of the two always holds."""
        products = [
            (high[0], low[0], high[0]),
            (high[1], low[1], low[1]),
            (high[0], low[1], self.ring.zero),
            (low[0], high[1], low[0] + high[1] - 1),
        ]
        for left, right, product in products:
            self.ring.relate(left * right - product)

    # Arguments that contain indicators ------------------------------------------------------------

    def _compare_choices(self, numerator: Poly, below: list[tuple[Poly, int]]) -> Pair:
        """``[u > 0] = g [u > 0 where g] + (1 - g) [u > 0 where not g]``, if few indicators are new."""
        if self._is_settled(numerator) or below:
            return self._compare_factors(1, [(numerator, 1), *below])
        choices = [g for g in self.ring.used(numerator) if g.choice]
        g = choices[0].poly
        sides = [self.ring.reduce(numerator.subs({f"g{choices[0].index}": value})) for value in (1, 0)]
        if len(choices) > _EXPANDED and not all(map(self._is_settled, sides)):
            return self._compare_factors(1, [(numerator, 1)])
        on, off = map(self.compare, sides)
        above, under = (self.ring.reduce(g * on[k] + (1 - g) * off[k]) for k in (0, 1))
        return above, under

    def _is_settled(self, side: Poly) -> bool:
        return side.is_constant() or self.known.get(side / side.leading_coefficient()) is not None

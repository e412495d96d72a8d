"""Is it certain that nothing was divided by zero? Nonzero witnesses: certified balls at random points.

Without a witness a quantity may be zero everywhere and not be recognised; u/u = 1 would then prove anything.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from flint import arb, ctx, fmpq

from symdiff.proof.at_shape.conditions import Condition, describe, text_of
from symdiff.proof.at_shape.fields import Generator, Poly, Ring, Undecided
from symdiff.proof.at_shape.positivity import Positivity
from symdiff.proof.at_shape.recipes import (
    Constant,
    Entry,
    Exponential,
    Head,
    Indicator,
    Inverse,
    Largest,
    Logarithm,
    Root,
    Winner,
)

Draw: TypeAlias = Callable[[random.Random, int], dict[int, fmpq]]

_BITS = 200
_ATTEMPTS = 48
_NORMED_TERMS = 50
_NAN = arb("nan")
_SAME = "erf erfi erfinv atan asin acos asinh acosh gamma digamma sin cos atan2".split()  # noqa: SIM905
_HEADS: dict[str, Callable[..., arb]] = {name: getattr(arb, name) for name in _SAME}
_HEADS |= {"loggamma": arb.lgamma, "Si": arb.si, "Ei": arb.ei}


def draw_real(rng: random.Random, attempt: int) -> fmpq:
    """A short rational; some attempts are positive, some small, some near one."""
    style = attempt % 4
    value = fmpq(rng.randint(1, 97), (16, 128, 64, 8)[style])
    return value if style in (1, 2) or rng.random() < 0.5 else -value


@dataclass(frozen=True)
class Point:
    """Values of generators at one choice of the inputs, computed from the oldest to the newest."""

    ring: Ring
    values: dict[int, arb]

    def value(self, poly: Poly) -> arb:
        """A ball around the value of a polynomial."""
        for generator in self._missing(poly):
            self.values[generator.index] = self._evaluate(generator)
        return self._sum(poly)

    def _missing(self, poly: Poly) -> list[Generator]:
        found: dict[int, Generator] = {}
        stack = [g for g in self.ring.used(poly) if g.index not in self.values]
        while stack:
            generator = stack.pop()
            if generator.index in found:
                continue
            found[generator.index] = generator
            for part in _parts(generator.recipe):
                stack += [
                    g for g in self.ring.used(part) if g.index not in self.values and g.index not in found
                ]
        return [found[k] for k in sorted(found, reverse=True)]

    def _sum(self, poly: Poly) -> arb:
        total = arb(0)
        for monomial, coefficient in poly.to_dict().items():
            term = arb(coefficient)
            for k, e in enumerate(monomial):
                if e:
                    term *= self.values[k] ** int(e)
            total += term
        return total

    def _evaluate(self, generator: Generator) -> arb:
        recipe = generator.recipe
        match recipe:
            case Inverse(p):
                return 1 / self._sum(p)
            case Exponential(u):
                return self._sum(u).exp()
            case Root(p, degree):
                return abs(self._sum(p)).root(degree)
            case Logarithm(p):
                return abs(self._sum(p)).log()
            case Head(function, arguments):
                known = _HEADS.get(function.__name__)
                return known(*map(self._sum, arguments)) if known else _NAN
            case Constant(number):
                return {"pi": arb.pi, "EulerGamma": arb.const_euler, "Catalan": arb.const_catalan}.get(
                    str(number), _nan
                )()
            case Indicator(p, sign):
                return _step(sign * self._sum(p))
            case Largest(entries):
                return _largest([self._sum(e) for e in entries])
            case Winner(entries, position):
                values = [self._sum(e) for e in entries]
                others = [_step(values[position] - v) for k, v in enumerate(values) if k != position]
                return _product(others)
            case _:
                return _NAN


def _nan() -> arb:
    return _NAN


def _parts(recipe: Any) -> tuple[Poly, ...]:
    match recipe:
        case Inverse(p) | Root(p, _) | Logarithm(p) | Indicator(p, _):
            return (p,)
        case Exponential(u):
            return (u,)
        case Head(_, arguments):
            return tuple(arguments)
        case Largest(entries) | Winner(entries, _):
            return tuple(entries)
        case _:
            return ()


def _step(value: arb) -> arb:
    return arb(1) if value > 0 else arb(0) if value < 0 else _NAN


def _largest(values: list[arb]) -> arb:
    best = values[0]
    for value in values[1:]:
        best = best.max(value)
    return best


def _product(values: Iterable[arb]) -> arb:
    total = arb(1)
    for value in values:
        total *= value
    return total


def constant_sign(ring: Ring, poly: Poly) -> int:
    """The certified sign of a number, or 0 where it cannot be told."""
    with ctx.workprec(_BITS):
        value = Point(ring, {}).value(poly)
    return 1 if value > 0 else -1 if value < 0 else 0


class Search:
    """Looks for points; ``inside``: signs that affine functions must have at every point that counts."""

    def __init__(
        self, ring: Ring, positivity: Positivity, draws: list[Draw], inside: list[tuple[Poly, int]]
    ) -> None:
        self.ring = ring
        self.positivity = positivity
        self.draws = draws
        self.inside = inside

    def certify(self, conditions: list[Condition], domains: list[Poly]) -> None:
        """Find a point for every condition, and in every domain one with nonzero denominators, or refuse."""
        targets = {id(c): self._target(c) for c in conditions if c.need != "positive"}
        quotients = {id(c) for c in conditions if c.need == "nonzero"}
        pending = {id(c): c for c in conditions if id(c) in targets and not self._is_obvious(targets[id(c)])}
        places = [domain for domain in domains if not domain.is_one()]
        if not places and any(key in quotients for key in pending):
            places = [self.ring.one]
        rng = random.Random(2024)
        for attempt in range(_ATTEMPTS):
            if not pending and not places:
                return
            self.ring.check_time()
            with ctx.workprec(_BITS):
                point = self._point(rng, attempt)
                if all(sign * point.value(p) > 0 for p, sign in self.inside):
                    holds = {key for key, poly in targets.items() if _is_nonzero(point.value(poly))}
                    pending = {key: c for key, c in pending.items() if key not in holds}
                    if quotients <= holds:
                        places = [domain for domain in places if not point.value(domain) > fmpq(1, 2)]
        if pending:
            raise Undecided(f"no point was found where {describe(self.ring, next(iter(pending.values())))}")
        if places:
            raise Undecided("no point was found where the left side is defined")

    def reaches(self, nonzero: list[Poly]) -> bool:
        """Whether a point was found inside where none of these polynomials is zero."""
        rng = random.Random(2024)
        for attempt in range(_ATTEMPTS):
            self.ring.check_time()
            with ctx.workprec(_BITS):
                point = self._point(rng, attempt)
                if all(sign * point.value(p) > 0 for p, sign in self.inside) and all(
                    _is_nonzero(point.value(p)) for p in nonzero
                ):
                    return True
        return False

    def _point(self, rng: random.Random, attempt: int) -> Point:
        values: dict[int, arb] = {}
        for draw in self.draws:
            values.update({k: arb(v) for k, v in draw(rng, attempt).items()})
        return Point(self.ring, values)

    def _is_obvious(self, poly: Poly) -> bool:
        """A polynomial in free coordinates that is not the zero polynomial is not the zero function."""
        return all(isinstance(g.recipe, Entry) and g.clean for g in self.ring.used(poly))

    def _target(self, condition: Condition) -> Poly:
        """A polynomial whose witness shows that the condition holds almost everywhere, not only somewhere."""
        ring, poly = self.ring, condition.poly
        if self.positivity.is_clean(poly):
            return poly
        if self.positivity.definite(poly):
            poly = _clean_terms(ring, poly)
        for generator in ring.used(poly):
            if isinstance(generator.recipe, Root) and not generator.clean and len(poly) <= _NORMED_TERMS:
                poly = _norm(ring, poly, generator)
        if poly.is_zero() or not self.positivity.is_clean(poly):
            raise Undecided(f"it cannot be shown that {text_of(ring, condition.poly)} is not zero")
        return poly


def _is_nonzero(value: arb) -> bool:
    return bool(value > 0 or value < 0)


def _clean_terms(ring: Ring, poly: Poly) -> Poly:
    """Some terms of a sum of nonnegative terms: where they are not zero, the sum is not."""
    clean = {k for k, g in ring.generators.items() if g.clean}
    return ring.context.from_dict(
        {m: c for m, c in poly.to_dict().items() if all(k in clean for k, e in enumerate(m) if e)}
    )


def _norm(ring: Ring, poly: Poly, root: Generator) -> Poly:
    """The product over all conjugates of the root: zero wherever the polynomial is."""
    for relation in ring.relations:
        if relation.lead[0][0] == root.index and len(relation.lead) == 1:
            return ring.reduce(poly.resultant(relation.poly, root.index))
    return ring.zero

"""Which functions are not expanded? erf, arcs, gamma: one generator for each canonical argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from symdiff.proof.at_shape.fields import Bucket, Poly, Ring, Undecided
from symdiff.proof.at_shape.positivity import Positivity
from symdiff.proof.at_shape.recipes import Head
from symdiff.proof.at_shape.specials import Element, Special

_ENTIRE = ("erf", "atan", "asinh", "Si", "fresnels", "fresnelc")
_LIMITED: dict[str, Callable[[Poly], Poly]] = {
    "asin": lambda u: 1 - u * u,
    "acos": lambda u: 1 - u * u,
    "erfinv": lambda u: 1 - u * u,
    "acosh": lambda u: u - 1,
    "erfcinv": lambda u: u * (2 - u),
}
_OPEN = ("erfinv", "erfcinv")
_ODD = ("erf", "atan", "asin", "asinh", "Si", "fresnels", "fresnelc", "erfinv")


class DemandPositive(Protocol):
    """Restricts the domain of the entry at hand to where u is positive."""

    def __call__(self, u: Poly, *, also_zero: bool) -> None: ...


class Heads:
    """Functions of one ring that stay as they are."""

    def __init__(self, ring: Ring, positivity: Positivity, demand_positive: DemandPositive) -> None:
        self.ring = ring
        self.positivity = positivity
        self.demand_positive = demand_positive
        self.tables: dict[tuple[str, ...], Bucket] = {}

    def value(self, function: Any, arguments: list[Element]) -> Poly:
        """One generator for each canonical argument, up to sign if the function is odd."""
        if any(isinstance(u, Special) for u in arguments):
            raise Undecided(f"{function.__name__} of an infinite or undefined value")
        polys = [self.ring.reduce(u) for u in arguments]
        name = function.__name__
        if name in _LIMITED:
            self.demand_positive(_LIMITED[name](polys[0]), also_zero=name not in _OPEN)
        sign = 1
        if name in _ODD:
            if polys[0].is_zero():
                return self.ring.zero
            if polys[0].leading_coefficient() < 0:
                sign, polys[0] = -1, -polys[0]
        table = self.tables.setdefault((name, *map(str, polys[1:])), Bucket())
        found = table.get(polys[0])
        if found is None:
            clean = name in _ENTIRE and all(map(self.positivity.is_clean, polys))
            constant = all(map(self.positivity.is_constant, polys))
            found = self.ring.generator(Head(function, tuple(polys)), clean=clean, constant=constant).poly
            table.put(polys[0], found)
        return sign * found

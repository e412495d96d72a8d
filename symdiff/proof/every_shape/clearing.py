"""Is a difference zero? Multiplied by its denominators, as long as it has some."""

from __future__ import annotations

from math import ceil

from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import Atom, Expr, Undefined, single

_MOST_ROUNDS = 6
_DENOMINATORS = ("power", "sum", "input", "array", "size", "function")


def cleared(space: Generators, difference: Expr) -> Expr:
    """The difference times all its denominators, until it is zero or has none."""
    for _ in range(_MOST_ROUNDS):
        if not difference:
            break
        least: dict[Atom, int] = {}
        for key in difference:
            for atom, exponent in key:
                if exponent < 0 and space.heads[atom[0]].kind in _DENOMINATORS:
                    least[atom] = max(least.get(atom, 0), ceil(-exponent))
        if not least:
            break
        for atom, exponent in least.items():
            try:
                difference = space.times(difference, single(atom, exponent))
            except Undefined:
                return difference
    return difference

"""Where does a formula change its mind? Points at its comparisons, on either side of them, and at zeros."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from sympy.core.relational import Relational

from symdiff.checking.comparing import values
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Map
from symdiff.ir.sizes import product

Point: TypeAlias = dict[Node, Any]
Side: TypeAlias = Node | Fraction
Gap: TypeAlias = tuple[Side, Side, int]  # two sides of a comparison, and which of their entries
_BITS, _HALVINGS = 256, 80
_MOST_ENTRIES, _MOST_GAPS, _MOST_BASES, _MOST_POINTS = 4, 12, 10, 160
_NEAR = Fraction(1, 2**20)
_REACH = [Fraction(sign * 2**k) for k in (-8, 0, 3, 6, 10, 14, 20, 30) for sign in (1, -1)]


@dataclass(frozen=True)
class Place:
    """One entry of one input of a point; ``turn`` is the comparison whose sides are equal there, exactly."""

    point: Point
    node: Node
    index: tuple[int, ...]
    turn: Gap | None = None

    @property
    def number(self) -> Fraction:
        """The number of the entry."""
        return Fraction(self.point[self.node][self.index])

    def at(self, number: Fraction, turn: Gap | None = None) -> Place:
        """The same entry of the point where it has another number."""
        moved = np.array(self.point[self.node], dtype=object)
        moved[self.index] = number
        return Place(self.point | {self.node: moved}, self.node, self.index, turn)

    @property
    def beside(self) -> tuple[Place, Place]:
        """The points close by, below and above."""
        step = _NEAR * max(Fraction(1), abs(self.number))
        return self.at(self.number - step), self.at(self.number + step)


def places(store: Store, found: Sequence[Gap], base: Point, movable: Sequence[Node]) -> Iterator[Place]:
    """Zeros of each input; then where comparisons turn, and both sides of that."""
    entries = [(n, i) for n in movable for i in islice(np.ndindex(base[n].shape), _MOST_ENTRIES)]
    yield from (Place(base, node, index).at(Fraction(0)) for node, index in entries)
    yield from islice(_turns(store, found, base, entries), _MOST_POINTS)


def gaps(store: Store, truth: Node, claimed: Node) -> list[Gap]:
    """The two sides of each comparison that is in ``claimed`` and not in ``truth``."""
    known = set(store.ancestors([truth]))
    found: dict[Gap, None] = {}
    for node in store.ancestors([claimed]):
        op = store.op(node)
        if node in known or not isinstance(op, Map):
            continue
        operands = {f"a{k}": operand for k, operand in enumerate(store.operands(node))}
        for relation in op.formula.expression.atoms(Relational):
            left, right = (_side(side, operands) for side in relation.args)
            if left is not None and right is not None:
                entries = product(store.shape(node)) if _is_real(store, left, right) else 0
                found |= {(left, right, k): None for k in range(min(entries, _MOST_ENTRIES))}
    return list(found)[:_MOST_GAPS]


def _side(side: Any, operands: Mapping[str, Node]) -> Side | None:
    if side.is_Rational:
        return Fraction(int(side.p), int(side.q))
    return operands.get(str(side))


def _is_real(store: Store, *sides: Side) -> bool:
    return all(isinstance(side, Fraction) or store.kind(side) != "boolean" for side in sides)


def _turns(
    store: Store, found: Sequence[Gap], base: Point, entries: list[tuple[Node, tuple[int, ...]]]
) -> Iterator[Place]:
    """Later comparisons are met from both sides of the earlier ones too."""
    moved = {node for node, _ in entries}
    zeros = {node: np.full(base[node].shape, Fraction(0), dtype=object) for node in moved}
    bases = [base, base | zeros]
    for pair in found:
        inside = set(store.ancestors([side for side in pair[:2] if not isinstance(side, Fraction)]))
        for start in list(bases):
            for node, index in entries:
                turn = _solved(store, pair, Place(start, node, index)) if node in inside else None
                if turn is None:
                    continue
                wide = max(Fraction(1), abs(turn.number))
                sides = [turn.at(turn.number - wide), turn.at(turn.number + wide)]
                yield from (turn, *turn.beside, *sides)
                bases += [side.point for side in sides][: _MOST_BASES - len(bases)]


def _solved(store: Store, pair: Gap, place: Place) -> Place | None:
    """The place moved to where some entry of the two sides is equal."""

    def gap(number: Fraction) -> Fraction | None:
        return _gap(store, pair, place.at(number).point)

    start = place.number
    first, second = gap(start), gap(start + 1)
    if first is None or second is None:
        return None
    if first != second:
        straight = start - first / (second - first)
        left = gap(straight)
        if left is not None and abs(left) < Fraction(1, 2**100):
            return _turning(store, pair, place.at(straight, pair))
    for reach in _REACH:
        other = gap(reach)
        if other is not None and first * other <= 0 and reach != start:
            turn = _halved(gap, start, reach, first)
            return _turning(store, pair, place.at(turn, pair))
    return None


def _halved(
    gap: Callable[[Fraction], Fraction | None], a: Fraction, b: Fraction, first: Fraction
) -> Fraction:
    """A number between two where a gap changes its sign; a short one where it is zero."""
    for _ in range(_HALVINGS):
        middle = (a + b) / 2
        found = gap(middle)
        if found is None or found == 0:
            return middle
        a, b = (middle, b) if (found > 0) == (first > 0) else (a, middle)
    short = Fraction(round(a * 2**20), 2**20)
    return short if gap(short) == 0 else a


def _gap(store: Store, pair: Gap, point: Point) -> Fraction | None:
    """The difference of the two sides of a comparison."""
    sides = _sides(store, pair, point)
    left, right = map(_fraction, sides) if sides is not None else (None, None)
    return None if left is None or right is None else left - right


def _turning(store: Store, pair: Gap, place: Place) -> Place:
    """The place, which is a turn only where both sides are known to the last bit, and equal."""
    sides = _sides(store, pair, place.point)
    is_exact = sides is not None and all(isinstance(s, Fraction) or s.is_exact() for s in sides)
    is_turn = is_exact and _gap(store, pair, place.point) == 0
    return place if is_turn else place.at(place.number)


def _sides(store: Store, pair: Gap, point: Point) -> tuple[Any, Any] | None:
    """Both sides of a comparison: exact numbers as they are, nodes as balls."""
    nodes = [side for side in pair[:2] if not isinstance(side, Fraction)]
    with working_precision(_BITS):
        found = values(store, nodes, point)
    if found is None:
        return None
    balls = iter([array.ravel()[pair[2] if array.size > 1 else 0] for array in found])
    left, right = (side if isinstance(side, Fraction) else next(balls) for side in pair[:2])
    return left, right


def _fraction(ball: Any) -> Fraction | None:
    """The middle of a ball, unless it is beyond all bounds."""
    if isinstance(ball, Fraction):
        return ball
    if not ball.is_finite():
        return None
    mantissa, exponent = map(int, ball.mid().man_exp())
    if exponent > 4 * _BITS:
        return None
    return Fraction(mantissa) * Fraction(2) ** max(exponent, -(16 * _BITS))

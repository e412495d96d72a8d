"""What do differences of the function say of single entries? Numbers beside ours that know no rule.

Central differences with a step of 1e-20 at 60 digits: right to about 35 places where the function is smooth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import mpmath
import numpy as np

from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import MPMATH, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node

_BITS = 260
_STEP = Fraction(1, 10**20)

Place: TypeAlias = tuple[int, ...]
Moves: TypeAlias = Mapping[Node, Objects]


def measured(question: Question, target: int, point: Point, places: Sequence[Place]) -> list[float | None]:
    """A difference quotient for each entry of a target; None where the function has no value around it."""
    if question.of == "value":
        return [None] * len(places)
    with working_precision(_BITS):
        try:
            at = {node: lift(value, MPMATH) for node, value in point.items()}
            quotients = _Quotients(question, target, at)
            found = [quotients.entry(place) for place in places]
        except (Undetermined, ZeroDivisionError, ValueError, TypeError):
            return [None] * len(places)
        return [_float(value) for value in found]


def _float(value: Any) -> float | None:
    """A quotient as a float; below the error of the quotient it is zero."""
    if not mpmath.isfinite(value) or mpmath.im(value) != 0:
        return None
    return float(value) if abs(value) > 1e-25 else 0.0


class _Quotients:
    def __init__(self, question: Question, target: int, at: dict[Node, Objects]) -> None:
        forward = question.forward
        self.question, self.forward, self.target = question, forward, target
        self.nodes = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
        self.added = question.truth.inputs[len(forward.inputs) :]
        self.at = at
        between = [n for n in self.nodes if n not in at]
        self.base = dict(zip(between, evaluate(forward.store, between, at, MPMATH), strict=True)) | at

    def entry(self, place: Place) -> Any:
        """The quotient that belongs to one entry of the target."""
        of, nodes, target = self.question.of, self.nodes, self.target
        if of in ("gradient", "vjp"):
            return self._first(self._unit(nodes[target], place), self._seeds())
        if of == "jvp":
            return self._first(self._directions(), {target: self._basis(self._output(target), place)})
        if of == "jacobian":
            rank = len(self.forward.shape(self.forward.outputs[0]))
            seeds = {0: self._basis(self._output(0), place[:rank])}
            return self._first(self._unit(nodes[target], place[rank:]), seeds)
        if of == "hvp":
            return self._second(self._directions(), self._unit(nodes[target], place))
        left, right = nodes[target // len(nodes)], nodes[target % len(nodes)]
        rank = len(self.forward.shape(left))
        return self._second(self._unit(left, place[:rank]), self._unit(right, place[rank:]))

    def _output(self, k: int) -> tuple[int, ...]:
        return tuple(map(int, self.forward.shape(self.forward.outputs[k])))

    def _seeds(self) -> dict[int, Objects]:
        if self.question.of == "vjp":
            return {k: self.at[n] for k, n in enumerate(self.added)}
        return {k: self._basis((), ()) for k in range(len(self.forward.outputs))}

    def _directions(self) -> Moves:
        return {n: self.at[d] for n, d in zip(self.nodes, self.added, strict=True)}

    def _unit(self, node: Node, place: Place) -> Moves:
        return {node: self._basis(tuple(map(int, self.forward.shape(node))), place)}

    def _basis(self, shape: tuple[int, ...], place: Place) -> Objects:
        result = np.empty(shape, dtype=object)
        result[...] = mpmath.mpf(0)
        result[place] = mpmath.mpf(1)
        return result

    def _value(self, moves: Sequence[tuple[int, Moves]], seeds: Mapping[int, Objects]) -> Any:
        """The weighted sum of the outputs after some moves of a step each; an intermediate is held where it moves."""
        step, moved = MPMATH.number(_STEP), dict(self.at)
        for sign, move in moves:
            for node, direction in move.items():
                moved[node] = moved.get(node, self.base[node]) + sign * step * direction
        outputs = [self.forward.outputs[k] for k in seeds]
        arrays = evaluate(self.forward.store, outputs, moved, MPMATH)
        pairs = zip(seeds.values(), arrays, strict=True)
        return sum(
            (a * b for w, y in pairs for a, b in zip(w.ravel(), y.ravel(), strict=True)), mpmath.mpf(0)
        )

    def _first(self, move: Moves, seeds: Mapping[int, Objects]) -> Any:
        values = [self._value([(sign, move)], seeds) for sign in (1, -1)]
        return (values[0] - values[1]) / (2 * MPMATH.number(_STEP))

    def _second(self, one: Moves, other: Moves) -> Any:
        seeds = self._seeds()
        signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
        total = sum(s * t * self._value([(s, one), (t, other)], seeds) for s, t in signs)
        return total / (4 * MPMATH.number(_STEP) ** 2)

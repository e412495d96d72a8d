"""Where are the kinks of a function? Rational points on purpose: one tie at a time, and arguments that coincide."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.effort import work
from symdiff.checking.kinks import is_on_kink, kink_gaps
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import SYMPY
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map, Maximum

_MOST_NODES = 4
_MOST_WORK = 1_500
_MOST_ENTRIES = 12


def on_kinks(question: Question, base: Point) -> Iterator[Point]:
    """Points near ``base`` at which one comparison of the function is tied, where that takes one rational step."""
    store, forward = question.truth.store, question.forward
    moving = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
    moving = [node for node in moving if node in base]
    yield from _coincident(store, moving, base)
    for node in question.kinks[:_MOST_NODES]:
        if work(store, [node]) <= _MOST_WORK and _is_rational(store, node):
            point = next(_tied(store, node, moving, base), None)
            if point is not None:
                yield point


def _coincident(store: Store, moving: list[Node], base: Point) -> Iterator[Point]:
    """Two arguments of one shape made equal: where a distance is zero."""
    for node in moving:
        for other, value in base.items():
            same = other != node and value.shape == base[node].shape and store.kind(other) == "real"
            if same and (other > node or other not in moving):
                yield {**base, node: value}


def _is_rational(store: Store, node: Node) -> bool:
    """Whether exact numbers stay exact on the way to the operands."""
    for k in store.ancestors(store.operands(node)):
        op = store.op(k)
        if isinstance(op, Map):
            powers = op.formula.expression.atoms(sp.Pow)
            if op.formula.expression.atoms(sp.Function) - op.formula.expression.atoms(sp.Piecewise):
                return False
            if not all(power.exp.is_Integer for power in powers):
                return False
    return True


def _tied(store: Store, node: Node, moving: list[Node], base: Point) -> Iterator[Point]:
    """One entry of an argument moved until one difference is zero, if it is linear in that entry."""
    start = _heights(store, node, base)
    if start is None:
        return
    places = [(argument, place) for argument in moving for place in np.ndindex(base[argument].shape)]
    for argument, place in places[:_MOST_ENTRIES]:
        there = _heights(store, node, _with(base, argument, place, Fraction(1)))
        for first, second in zip(start, there, strict=True) if there is not None else ():
            if first.is_Rational and second.is_Rational and first != second:
                step = first / (first - second)
                point = _with(base, argument, place, Fraction(int(step.p), int(step.q)))
                if is_on_kink(store, [node], point):
                    yield point
                    break


def _with(point: Point, node: Node, place: tuple[int, ...], step: Fraction) -> Point:
    changed = point[node].copy()
    changed[place] = changed[place] + step
    return {**point, node: changed}


def _heights(store: Store, node: Node, point: Point) -> list[Any] | None:
    """What a node compares, as exact differences."""
    op = store.op(node)
    try:
        operands = evaluate(store, store.operands(node), {k: lift(v, SYMPY) for k, v in point.items()}, SYMPY)
    except (SymdiffError, ZeroDivisionError, ValueError):
        return None
    if isinstance(op, (Maximum, ArgMax)):
        return _rises(operands[0], op.axes)
    assert isinstance(op, Map)
    arrays = [np.broadcast_to(x, store.shape(node)) for x in operands]
    return [
        sp.sympify(gap.xreplace(dict(zip(op.formula.arguments, entries, strict=True))), strict=True)
        for gap in kink_gaps(op.formula)
        for entries in zip(*(x.flat for x in arrays), strict=True)
    ]


def _rises(operand: Objects, axes: tuple[int, ...]) -> list[Any]:
    """Every entry of the first rows less the first entry of its row."""
    moved = np.moveaxis(operand, axes, range(-len(axes), 0))
    rows = moved.reshape(-1, int(np.prod([operand.shape[axis] for axis in axes])))
    return [sp.sympify(entry - row[0], strict=True) for row in rows[:2] for entry in row[1:]]

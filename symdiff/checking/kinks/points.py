"""Where are the kinks of a function? Rational points on purpose: one tie at a time, and arguments that coincide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

import flint
import numpy as np

from symdiff.checking.effort import work
from symdiff.checking.kinks.ties import is_on_kink, kink_gaps
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import SymdiffError, Undetermined
from symdiff.evaluation.arithmetics import Arithmetic, compiled
from symdiff.evaluation.exact import Objects, as_objects, evaluate, lift
from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map, Maximum

_MOST_NODES = 4
_MOST_WORK = 1_500
_MOST_ENTRIES = 12
_LARGEST = 3


def on_kinks(question: Question, base: Point, fits: Callable[[Point], bool]) -> Iterator[Point]:
    """Points near ``base`` that fit, at which one comparison of the function is tied, one rational step away.

    With powers of two the step is a binary fraction mostly, so that a ball holds the point exactly.
    """
    store, forward = question.truth.store, question.forward
    moving = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
    moving = [node for node in moving if node in base]
    yield from filter(fits, islice(_coincident(store, forward.outputs, moving, base), 2))
    for node in question.kinks[:_MOST_NODES]:
        if work(store, [node]) <= _MOST_WORK:
            found = (
                point
                for start in (_rounded(store, base), base)
                for point in _tied(store, node, moving, start)
            )
            yield from islice(filter(fits, found), 1)


def _rounded(store: Store, base: Point) -> Point:
    """The same point with each real entry next to a power of two."""

    def power(value: Fraction) -> Fraction:
        size = max(-_LARGEST, min(_LARGEST, round(math.log2(abs(value))))) if value else 0
        return (Fraction(2) ** size) * ((value > 0) - (value < 0))

    each = np.frompyfunc(power, 1, 1)
    return {n: as_objects(each(v)) if store.kind(n) == "real" else v for n, v in base.items()}


def _coincident(store: Store, outputs: Sequence[Node], moving: list[Node], base: Point) -> Iterator[Point]:
    """Two arguments that meet in a difference made equal: where a distance is zero."""
    for k in store.ancestors(outputs):
        pair = [node for node in store.operands(k) if node in base and store.kind(node) == "real"]
        if isinstance(store.op(k), Map) and len(set(pair)) == 2:
            moved, other = pair if pair[0] in moving else pair[::-1]
            if moved in moving and base[moved].shape == base[other].shape:
                yield {**base, moved: base[other]}


def _tied(store: Store, node: Node, moving: list[Node], base: Point) -> Iterator[Point]:
    """One entry of an argument moved until one difference is zero, if it is linear in that entry."""
    start = _heights(store, node, base)
    if start is None:
        return
    places = [(argument, place) for argument in moving for place in np.ndindex(base[argument].shape)]
    for argument, place in places[:_MOST_ENTRIES]:
        there = _heights(store, node, _with(base, argument, place, Fraction(1)))
        for first, second in zip(start, there, strict=True) if there is not None else ():
            if first != second:
                step = first / (first - second)
                point = _with(base, argument, place, Fraction(int(step.p), int(step.q)))
                if is_on_kink(store, [node], point):
                    yield point
                    break


def _with(point: Point, node: Node, place: tuple[int, ...], step: Fraction) -> Point:
    changed = point[node].copy()
    changed[place] = changed[place] + step
    return {**point, node: changed}


def _heights(store: Store, node: Node, point: Point) -> list[flint.fmpq] | None:
    """What a node compares, as exact differences; None where they are not rational."""
    op = store.op(node)
    lifted = {k: lift(v, _RATIONALS) for k, v in point.items()}
    try:
        operands = evaluate(store, store.operands(node), lifted, _RATIONALS)
        if isinstance(op, (Maximum, ArgMax)):
            return _rises(operands[0], op.axes)
        assert isinstance(op, Map)
        arrays = [np.broadcast_to(x, store.shape(node)) for x in operands]
        arguments = op.formula.arguments
        return [
            height
            for gap in kink_gaps(op.formula)
            for height in np.ravel(
                np.frompyfunc(compiled(arguments, gap, _RATIONALS), len(arrays), 1)(*arrays)
            )
        ]
    except (SymdiffError, ZeroDivisionError, ValueError):
        return None


def _rises(operand: Objects, axes: tuple[int, ...]) -> list[flint.fmpq]:
    """Every entry of the first rows less the first entry of its row."""
    moved = np.moveaxis(operand, axes, range(-len(axes), 0))
    rows = moved.reshape(-1, int(np.prod([operand.shape[axis] for axis in axes])))
    return [entry - row[0] for row in rows[:2] for entry in row[1:]]


def _rational(value: Fraction) -> flint.fmpq:
    return flint.fmpq(value.numerator, value.denominator)


def _read(value: literals.Number) -> flint.fmpq:
    exact = literals.read(value)
    if not exact.is_Rational:
        raise Undetermined(f"{value}: read as {exact}, which is not rational")
    return flint.fmpq(int(exact.p), int(exact.q))


def _power(base: flint.fmpq, p: int, q: int) -> flint.fmpq:
    if q != 1:
        raise Undetermined(f"{base} ** ({p}/{q}): not rational")
    return base**p


_RATIONALS = Arithmetic(
    "rationals",
    _rational,
    _read,
    {"root_power": _power},
    lambda a, b: bool(a > b),
    lambda a, b: bool(a == b),
)

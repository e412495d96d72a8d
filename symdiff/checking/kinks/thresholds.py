"""Where do the branches of function and claim part? Points on both sides of each comparison, and exactly on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from symdiff.checking.kinks.exact_balls import EXACT_BALLS, is_binary
from symdiff.checking.kinks.ties import gaps
from symdiff.checking.sampling import Point
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import BALLS, SYMPY, compiled
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Map

_ENTRIES = 3
_HALVINGS = 36
_COORDINATES = 8


@dataclass(frozen=True)
class Threshold:
    """A comparison in a graph: the sign of ``gap`` of the operands of ``node`` decides."""

    node: Node
    gap: sp.Expr


def thresholds(store: Store, outputs: Sequence[Node]) -> list[Threshold]:
    """Every comparison of numbers that some nodes depend on; choices by a mask are not comparisons."""
    found = []
    for node in store.ancestors(outputs):
        op = store.op(node)
        if not isinstance(op, Map):
            continue
        for gap in gaps(op.formula):
            used = [k for k, a in enumerate(op.formula.arguments) if gap.has(a)]
            if used and any(store.kind(store.operands(node)[k]) != "boolean" for k in used):
                found.append(Threshold(node, gap))
    return found


def signs(store: Store, threshold: Threshold, point: Mapping[Node, Objects]) -> Any:
    """+1, -1, 0 or None (too close to call) at each position."""
    found = None
    for arithmetic in (BALLS,) if is_binary(point) else (BALLS, EXACT_BALLS):
        values = _gap(store, threshold, {k: lift(v, arithmetic) for k, v in point.items()}, arithmetic)
        found = found if values is None else np.frompyfunc(_sign, 1, 1)(values)
        if found is not None and None not in np.ravel(found):
            break
    return found


def branches(store: Store, threshold: Threshold, point: Mapping[Node, Objects]) -> set[tuple[int, bool]]:
    """Which relations on this gap hold, and which do not, at some position.

    A tie is a branch of its own for ``==`` alone: ``x > 0`` seen at 1 and at 0 says nothing of what lies below.
    """
    op = store.op(threshold.node)
    assert isinstance(op, Map)
    relations = sorted(op.formula.expression.atoms(Relational), key=sp.default_sort_key)
    found = signs(store, threshold, point)
    met = set() if found is None else {s for s in np.ravel(found) if s is not None}
    return {
        (k, bool(r.func(sp.Integer(s), sp.Integer(0))))
        for k, r in enumerate(relations)
        for s in met
        if r.lhs - r.rhs == threshold.gap and (s or isinstance(r, (sp.Eq, sp.Ne)))
    }


def _sign(ball: Any) -> int | None:
    return 1 if ball > 0 else -1 if ball < 0 else 0 if ball.is_zero() else None


def _gap(store: Store, threshold: Threshold, values: Mapping[Node, Objects], arithmetic: Any) -> Any:
    op = store.op(threshold.node)
    assert isinstance(op, Map)
    try:
        operands = evaluate(store, store.operands(threshold.node), values, arithmetic)
    except (SymdiffError, ZeroDivisionError, ValueError):
        return None
    if arithmetic is SYMPY:
        arguments = op.formula.arguments

        def entry(*numbers: Any) -> Any:
            return threshold.gap.xreplace(dict(zip(arguments, numbers, strict=True)))

        return np.frompyfunc(entry, len(operands), 1)(*operands)
    function = compiled(op.formula.arguments, threshold.gap, arithmetic)
    return np.frompyfunc(function, op.formula.arity, 1)(*operands)


def beside(
    store: Store, threshold: Threshold, seen: Sequence[Point], held: Collection[Node] = ()
) -> Iterator[Point]:
    """Points just on either side of a comparison, by halving between points of different sign.

    Inputs that are ``held`` lie in sets without a middle, such as labels: both points have the same ones.
    """
    known = [(point, signs(store, threshold, point)) for point in seen]
    known = [(point, s) for point, s in known if s is not None]
    done = 0
    for place in np.ndindex(np.shape(known[0][1])) if known else ():
        above = next((p for p, s in known if np.asarray(s)[place] == 1), None)
        below = next((p for p, s in known if np.asarray(s)[place] == -1), None)
        if above is not None and below is not None and held:
            below = {**below, **{k: above[k] for k in held}}
            s = signs(store, threshold, below)
            below = None if s is None or np.asarray(s)[place] != -1 else below
        if above is None or below is None or not _have_a_middle(store, above, below):
            continue
        for _ in range(_HALVINGS):
            middle = {k: _midpoint(above[k], below[k]) for k in above}
            s = signs(store, threshold, middle)
            now = None if s is None else np.asarray(s)[place]
            if now not in (1, -1):
                break
            above, below = (middle, below) if now == 1 else (above, middle)
        yield from (above, below)
        done += 1
        if done == _ENTRIES:
            return


def _have_a_middle(store: Store, above: Point, below: Point) -> bool:
    """Whether only real numbers differ: between two positions of an array there is none."""
    return all(store.kind(k) == "real" or np.array_equal(above[k], below[k]) for k in above)


def _midpoint(left: Objects, right: Objects) -> Objects:
    return np.asarray((left + right) * Fraction(1, 2), dtype=object)


def exactly_on(store: Store, threshold: Threshold, point: Point, movable: Sequence[Node]) -> Iterator[Point]:
    """Rational points at which a comparison is tied, where it is linear in one entry of an input."""
    tries = 0
    for node in movable:
        for place in np.ndindex(point[node].shape):
            tries += 1
            if tries > _COORDINATES:
                return
            yield from _rows(store, threshold, point, node, place)


def _rows(
    store: Store, threshold: Threshold, point: Point, node: Node, place: tuple[int, ...]
) -> Iterator[Point]:
    start = point[node][place]
    first = _rational_gap(store, threshold, point)
    second = _rational_gap(store, threshold, _with(point, node, place, start + 1))
    if first is None or second is None:
        return
    for index in list(np.ndindex(first.shape))[:_ENTRIES]:
        slope = second[index] - first[index]
        if slope.is_Rational and slope != 0 and first[index].is_Rational:
            root = start - Fraction(int(first[index].p), int(first[index].q)) / Fraction(
                int(slope.p), int(slope.q)
            )
            moved = _with(point, node, place, root)
            there = _rational_gap(store, threshold, moved)
            if there is not None and there[index] == 0:
                yield moved


def _rational_gap(store: Store, threshold: Threshold, point: Point) -> Any:
    values = _gap(store, threshold, {k: lift(v, SYMPY) for k, v in point.items()}, SYMPY)
    return None if values is None else np.asarray(np.frompyfunc(_strict, 1, 1)(values), dtype=object)


def _with(point: Point, node: Node, place: tuple[int, ...], value: Fraction) -> Point:
    changed = point[node].copy()
    changed[place] = value
    return {**point, node: changed}


def _strict(value: Any) -> Any:
    return sp.sympify(value, strict=True)

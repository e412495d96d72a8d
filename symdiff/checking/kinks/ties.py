"""Is a point on a kink? Where a comparison that depends on the arguments is exactly tied, no derivative is judged."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, compiled, working_precision
from symdiff.evaluation.exact import Objects, as_objects, evaluate, lift
from symdiff.ir.formulas import Formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map, Maximum

_BITS = 128


def kink_nodes(store: Store, outputs: Sequence[Node], wrt: Sequence[Node]) -> list[Node]:
    """The nodes of a graph that compare quantities which depend on ``wrt``."""
    moving = set(wrt)
    found = []
    for node in store.ancestors(outputs):
        if moving.isdisjoint(store.operands(node)):
            continue
        moving.add(node)
        op = store.op(node)
        if isinstance(op, (Maximum, ArgMax)) or (isinstance(op, Map) and kink_gaps(op.formula)):
            found.append(node)
    return found


def is_on_kink(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> bool:
    """Whether one of these comparisons is exactly tied at a rational point, or too close to call."""
    return bool(tied_nodes(store, nodes, point))


def tied_nodes(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> list[Node]:
    """Which of these comparisons are exactly tied at a rational point, or too close to call.

    What stays exactly tied all around, as the zeros of a triangle do, is no kink: there nothing changes sides.
    """
    needed = set(store.ancestors(nodes))
    with working_precision(_BITS):
        at = {k: lift(v, BALLS) for k, v in point.items() if k in needed}
        found = _ties(store, nodes, at)
        if found is None:
            return list(nodes)
        tied = [node for node in nodes if found[node].any()]
        if not tied:
            return tied
        near = _ties(store, tied, _beside(store, at))
    return [node for node in tied if near is None or (found[node] > near[node] % _UNSURE).any()]


_UNSURE = 1_000_000  # a tie that is too close to call is counted as so many


def _ties(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> dict[Node, Any] | None:
    """How many ties each position of each comparison has; None where its operands are not known."""
    operands = sorted({k for node in nodes for k in store.operands(node)})
    try:
        balls = evaluate(store, operands, point, BALLS)
    except (Undetermined, ZeroDivisionError):
        return None
    known = dict(zip(operands, balls, strict=True))
    return {node: _count(store, node, known) for node in nodes}


def _beside(store: Store, point: Mapping[Node, Objects]) -> dict[Node, Objects]:
    """A point a hair's breadth away, in no particular direction."""
    rng, unit = random.Random(0), BALLS.number(Fraction(1, 2**60))
    step = np.frompyfunc(lambda ball: ball + (2 * rng.getrandbits(19) + 1) * unit, 1, 1)
    return {k: as_objects(step(v)) if store.kind(k) == "real" else v for k, v in point.items()}


def _count(store: Store, node: Node, known: Mapping[Node, Objects]) -> Any:
    op = store.op(node)
    operands = store.operands(node)
    if isinstance(op, (Maximum, ArgMax)):
        return _tied_winners(known[operands[0]], op.axes)
    assert isinstance(op, Map)
    counts = np.zeros(store.shape(node), dtype=int)
    for gap in kink_gaps(op.formula):
        used = [k for k in range(op.formula.arity) if gap.has(op.formula.arguments[k])]
        if used and all(store.kind(operands[k]) == "boolean" for k in used):
            continue  # a choice by a mask is no kink of its own
        function = compiled(op.formula.arguments, gap, BALLS)
        heights = np.frompyfunc(function, op.formula.arity, 1)(*(known[k] for k in operands))
        counts = counts + np.asarray(np.frompyfunc(_tie, 1, 1)(heights), dtype=int)
    return counts


def _tie(height: Any) -> int:
    return 1 if height.is_zero() else _UNSURE if height.contains(0) else 0


@cache
def gaps(formula: Formula) -> tuple[sp.Expr, ...]:
    """The differences whose sign a formula looks at."""
    relations = formula.expression.atoms(sp.core.relational.Relational)
    return tuple(sorted((r.lhs - r.rhs for r in relations), key=sp.default_sort_key))


@cache
def kink_gaps(formula: Formula) -> tuple[sp.Expr, ...]:
    """The gaps at which a derivative may jump: not the single points that a formula fills in smoothly."""
    return () if _is_filled_in(formula) else gaps(formula)


def _is_filled_in(formula: Formula) -> bool:
    """Whether the only branch is at a single point, where value and derivatives are the limits (sinc at 0)."""
    expression = formula.expression
    if not isinstance(expression, sp.Piecewise) or len(expression.args) != 2:
        return False
    (first, condition), (second, _) = expression.args
    if not isinstance(condition, (sp.Eq, sp.Ne)) or condition.lhs not in formula.arguments:
        return False
    around, at = (first, second) if isinstance(condition, sp.Ne) else (second, first)
    a, place = condition.lhs, condition.rhs
    if not place.is_number or sp.limit(around, a, place) != at:
        return False
    slopes = [sp.limit(sp.diff(around, b), a, place) for b in formula.arguments]
    return all(not slope.has(sp.oo, -sp.oo, sp.zoo, sp.nan) for slope in slopes)


def _tied_winners(values: Any, axes: Sequence[int]) -> Any:
    """How many entries of each row are as large as the largest, beside itself."""
    kept = [axis for axis in range(values.ndim) if axis not in axes]
    rows = values.transpose([*kept, *axes]).reshape(
        int(np.prod([values.shape[a] for a in kept], dtype=int)), -1
    )
    counts = []
    for row in rows:
        best = max(range(len(row)), key=lambda k: float(row[k].mid()))
        counts.append(sum(_tie(row[k] - row[best]) for k in range(len(row)) if k != best))
    return np.array(counts, dtype=int)

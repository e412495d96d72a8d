"""Is a point on a kink? Where a comparison that depends on the arguments is exactly tied, no derivative is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, compiled, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
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
    """Which of these comparisons are exactly tied at a rational point, or too close to call."""
    operands = sorted({k for node in nodes for k in store.operands(node)})
    with working_precision(_BITS):
        try:
            balls = evaluate(store, operands, {k: lift(v, BALLS) for k, v in point.items()}, BALLS)
        except (Undetermined, ZeroDivisionError):
            return list(nodes)
        known = dict(zip(operands, balls, strict=True))
        return [node for node in nodes if _is_tied(store, node, known)]


def _is_tied(store: Store, node: Node, known: Mapping[Node, Objects]) -> bool:
    op = store.op(node)
    operands = store.operands(node)
    if isinstance(op, (Maximum, ArgMax)):
        return _has_tied_maximum(known[operands[0]], op.axes)
    assert isinstance(op, Map)
    for gap in kink_gaps(op.formula):
        used = [k for k in range(op.formula.arity) if gap.has(op.formula.arguments[k])]
        if used and all(store.kind(operands[k]) == "boolean" for k in used):
            continue  # a choice by a mask is no kink of its own
        function = compiled(op.formula.arguments, gap, BALLS)
        if any(
            value.contains(0)
            for value in np.ravel(np.frompyfunc(function, op.formula.arity, 1)(*(known[k] for k in operands)))
        ):
            return True
    return False


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


def _has_tied_maximum(values: Any, axes: Sequence[int]) -> bool:
    kept = [axis for axis in range(values.ndim) if axis not in axes]
    rows = values.transpose([*kept, *axes]).reshape(
        int(np.prod([values.shape[a] for a in kept], dtype=int)), -1
    )
    for row in rows:
        best = max(row, key=lambda ball: float(ball.mid()))
        if sum(bool(value.overlaps(best)) for value in row) > 1:
            return True
    return False

"""Has a claim a branch of its own for one exact value, and was it looked at there?

A proof away from kinks says nothing of ``where(x == 0.37, 5, f(x))``: the branch holds on a thin set, but it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.thresholds import Threshold, signs
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Map

_SIDES = {">": 1, "<=": 1, ">=": -1, "<": -1, "==": 0, "!=": 0}  # to which side a relation counts the tie

Key = tuple[tuple[Node, ...], sp.Expr]


def unseen_tie(question: Question, target: int, seen: Sequence[Point]) -> Threshold | None:
    """A comparison of one side alone whose tie is a branch of its own, and at which no point stood.

    Values are compared everywhere, derivatives not on the kinks of the function. A gap that is never negative, such
    as a square, has two branches: where it is zero, and elsewhere.
    """
    assert question.claimed is not None
    store = question.truth.store
    truth = list(_comparisons(store, question.truth.outputs))
    claimed = list(_comparisons(store, [question.claimed[target]]))
    shared = {key for key, _, _ in truth} & {key for key, _, _ in claimed}
    sides: dict[Key, set[int]] = {}
    thresholds: dict[Key, Threshold] = {}
    for key, side, threshold in [*claimed, *(truth if question.of == "value" else ())]:
        if key not in shared:
            sides.setdefault(key, set()).add(side)
            thresholds[key] = threshold
    for key, found in sides.items():
        met = _signs(store, thresholds[key], seen)
        if 0 not in met and (0 in found or len(found) == 2 or len(met) == 1):
            return thresholds[key]
    return None


def never(question: Question, tie: Threshold) -> str:
    """Why a proof away from kinks is not enough."""
    written = formula_text(question.truth.store, tie.node, 80)
    return f"the claim has a branch for one exact value, which no probe met: {written}"


def _signs(store: Store, threshold: Threshold, seen: Sequence[Point]) -> set[int]:
    """On which sides of a comparison some points stand."""
    known = [signs(store, threshold, point) for point in seen]
    return {s for values in known if values is not None for s in np.ravel(values) if s is not None}


def _comparisons(store: Store, outputs: Sequence[Node]) -> Iterator[tuple[Key, int, Threshold]]:
    """Comparisons of numbers: of what, how the tie counts, and where."""
    for node in store.ancestors(outputs):
        op = store.op(node)
        if not isinstance(op, Map) or not op.formula.expression.has(sp.Piecewise):
            continue
        operands, arguments = store.operands(node), op.formula.arguments
        for relation in op.formula.expression.atoms(Relational):
            gap = relation.lhs - relation.rhs
            used = [k for k, a in enumerate(arguments) if gap.has(a)]
            if not used or all(store.kind(operands[k]) == "boolean" for k in used):
                continue
            turned = gap.could_extract_minus_sign()
            side = _SIDES[relation.rel_op] * (-1 if turned else 1)
            renamed = gap.xreplace(
                {arguments[k]: sp.Dummy(f"{n}", dummy_index=n) for n, k in enumerate(used)}
            )
            key = (tuple(operands[k] for k in used), -renamed if turned else renamed)
            yield key, side, Threshold(node, gap)

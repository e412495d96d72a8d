"""Which quantities choose instead of weigh? Comparisons, triangles, tables and arguments of zeros and ones."""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
import sympy as sp

from symdiff.checking.kinks.ties import kink_gaps
from symdiff.checking.mistakes.screening import Edge
from symdiff.checking.questions import Question, leaf_values
from symdiff.ir.formulas import Formula
from symdiff.ir.graph import Node
from symdiff.ir.ops import ArgMax, Contract, Index, Map, Table

_PLACES = tuple(s * sp.Rational(n, 7) for s in (1, -1) for n in (1, 19, 450, 10**5, 10**10))


@cache
def chooses(f: Formula) -> bool:
    """Whether a formula has branches that its derivative tells apart by more than a sign, as ``abs`` does.

    >>> from symdiff.ir.formulas import from_function
    >>> chooses(from_function(lambda a: sp.Max(a, 0), 1)), chooses(from_function(sp.Abs, 1))
    (True, False)
    """
    if not kink_gaps(f):
        return False
    slopes = {abs(sp.diff(f.expression, f.arguments[0]).subs(f.arguments[0], v)) for v in _PLACES}
    return f.arity > 1 or slopes != {1}


class Masks:
    """What counts as a mask in a question."""

    def __init__(self, question: Question) -> None:
        self.question, self.store = question, question.truth.store

    @cached_property
    def arguments(self) -> frozenset[Node]:
        """Arguments that are not differentiated and hold zeros and ones, with ones that are not alone in their row."""
        question = self.question
        moving = {
            question.forward.node(leaf) for name in question.wrt for leaf in question.forward.leaf_names(name)
        }
        found = set()
        for node, value in zip(question.forward.inputs, leaf_values(question), strict=True):
            array = np.asarray(value)
            if node in moving or array.dtype.kind not in "fbiu" or not array.ndim:
                continue
            name = getattr(self.store.op(node), "name", "")
            alone = array.ndim > 0 and bool(np.all(np.sum(array, axis=-1) == 1))
            if np.isin(array, (0, 1)).all() and (not alone or "mask" in name.lower()):
                found.add(node)
        return frozenset(found)

    def is_mask(self, node: Node) -> bool:
        """Whether a node chooses entries."""
        op = self.store.op(node)
        if isinstance(op, Table):
            return op.array.size > 1 and op.array.dtype.kind in "fb" and bool(np.isin(op.array, (0, 1)).all())
        if isinstance(op, Index):
            return op.relation != "position"
        return node in self.arguments or self.store.kind(node) == "boolean" or isinstance(op, ArgMax)

    def within(self, node: Node) -> frozenset[Node]:
        """The masks on which a node depends."""
        return frozenset(n for n in self.store.ancestors([node]) if self.is_mask(n))

    def decides(self, edge: Edge) -> bool:
        """Whether an operand decides a comparison, a branch or which entry is the largest."""
        op = self.store.op(edge[0])
        if isinstance(op, ArgMax):
            return True
        if not isinstance(op, Map):
            return False
        a = op.formula.arguments[edge[1]]
        return any(gap.has(a) for gap in kink_gaps(op.formula))

    def is_applied(self, edge: Edge) -> bool:
        """Whether the operand at an edge is a mask that multiplies entry by entry."""
        op = self.store.op(edge[0])
        if isinstance(op, Map):
            return self.is_mask(self.store.operands(edge[0])[edge[1]])
        if not isinstance(op, Contract) or not self.is_mask(self.store.operands(edge[0])[edge[1]]):
            return False
        return set(op.inputs[edge[1]]) <= set(op.output)

"""Which branches of a function did the probes take? A comparison that never changed its side hides what is beyond."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy as sp

from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.batches import Batch
from symdiff.checking.black_boxes.probing import TIE
from symdiff.checking.questions import Question
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import formula
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract, Literal, Map

_LARGEST = 1e30


@dataclass
class Branches:
    """The comparisons of a function, and which of their sides were seen."""

    question: Question
    open_: dict[Node, tuple[str, set[bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        forward, store = self.question.forward, self.question.forward.store
        for node in store.ancestors(forward.outputs):
            op = store.op(node)
            if not isinstance(op, Map):
                continue
            operands = store.operands(node)
            for relation in op.formula.expression.atoms(sp.core.relational.Relational):
                used = [k for k in range(op.formula.arity) if relation.has(op.formula.arguments[k])]
                if any(store.kind(operands[k]) == "real" for k in used):
                    test = formula(sp.Piecewise((1, relation), (0, True)), op.formula.arity, boolean=True)
                    self.open_[alg.apply(store, test, operands)] = (str(relation), set())

    def see(self, batch: Batch) -> None:
        """Note the sides that some probes take; exactly on a comparison neither side was looked at."""
        waiting = [node for node, (_, seen) in self.open_.items() if len(seen) < 2]
        batch = batch.at([row for row, probe in enumerate(batch.probes) if probe.regime != TIE])
        if not waiting or not batch.probes:
            return
        sides, _ = Analysis(self.question.forward.store, waiting, np.dtype(float)).over(
            batch.arrays, len(batch.probes)
        )
        for node, side in zip(waiting, sides, strict=True):
            self.open_[node][1].update(bool(value) for value in np.unique(side))

    @property
    def magnitudes(self) -> list[float]:
        """The sizes of the constants of a function: beyond them its branches part."""
        store = self.question.forward.store
        ops = [store.op(node) for node in store.ancestors(self.question.forward.outputs)]
        numbers = [abs(op.value) for op in ops if isinstance(op, Literal)]
        numbers += [abs(float(op.coefficient)) for op in ops if isinstance(op, Contract) and not op.inputs]
        constants = (c for op in ops if isinstance(op, Map) for c in op.formula.expression.atoms(sp.Number))
        numbers += [abs(float(c)) for c in constants]
        return sorted({size for size in numbers if 1 < size < _LARGEST})

    @property
    def untaken(self) -> str:
        """A comparison of differentiated inputs of which one side was never taken, or nothing."""
        forward, store = self.question.forward, self.question.forward.store
        wanted = {forward.node(leaf) for name in self.question.wrt for leaf in forward.leaf_names(name)}
        for node, (text, seen) in self.open_.items():
            if len(seen) == 1 and wanted.intersection(store.ancestors([node])):
                side = "true" if True in seen else "false"
                return f"{text} was always {side}: give an example on its other side"
        return ""

    @property
    def never(self) -> list[str]:
        """The comparisons of which one side was never taken."""
        missing = [(text, seen) for text, seen in self.open_.values() if len(seen) == 1]
        return [f"{text} was always {'true' if True in seen else 'false'}" for text, seen in missing]

"""Is a printed repair right? It is run as NumPy at 60 digits, beside the graph of the derivative."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from test_formula_text import SAME, numbers, run

from symdiff.checking.formulas import formula_text
from symdiff.checking.questions import Question, leaf_values
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph, Node

EXCHANGE = "exchange the two results"


def repairs(repair: str, question: Question, truth: Node, claimed: Node) -> bool:
    """Whether a repair, in which ``yours`` is the claim, gives the derivative at the examples."""
    assert question.claimed is not None
    with mpmath.workdps(60):
        nodes = (truth, claimed, *question.claimed)
        values = [numbers(value) for value in _point(question)]
        graph = Graph(question.truth.store, question.truth.inputs, nodes)
        wanted, yours, *others = compile_kernel(graph, "mpmath").flat(values)
        if repair == EXCHANGE:
            return any(_same(other, wanted) for other in others)
        formula = repair.split(", or ", 1)[1] if repair.startswith("domain=") else repair
        if formula.endswith("..."):  # too long to be printed whole
            return formula_text(question.truth.store, truth).endswith("...")
        known = dict(zip(graph.input_names, values, strict=True)) | {"yours": yours}
        return _same(np.broadcast_to(run(formula, known), np.shape(wanted)), wanted)


def _point(question: Question) -> list[Any]:
    """The examples, and quarters for the cotangent or the direction."""
    examples, rng = leaf_values(question), np.random.default_rng(0)
    added = question.truth.inputs[len(examples) :]
    return [*examples, *(rng.integers(-8, 9, tuple(map(int, question.truth.shape(n)))) / 4.0 for n in added)]


def _same(left: Any, right: Any) -> bool:
    return np.shape(left) == np.shape(right) and bool(np.all(abs(left - right) < SAME))

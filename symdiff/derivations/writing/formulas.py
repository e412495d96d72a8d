"""How does a step read as plain text, by the names of a derivation? As its row was written."""

from __future__ import annotations

from symdiff.checking.formulas import formula_text
from symdiff.derivations.steps import Derivation, Step
from symdiff.ir.graph import Node
from symdiff.ir.ops import Named

_LONG = 2000


def formula(derivation: Derivation, step: Step) -> str:
    """The formula of a step; it is ``step.formula`` where no name was changed."""
    names = derivation.names
    if step.rule in ("input", "seed"):
        return step.formula
    if step.rule == "gradient descent":
        old, slope = (derivation.steps[k - 1].quantity for k in step.sources)
        return f"{old} - {derivation.graph.input_names[-1]} * {slope}"
    if step.factors:
        return " + ".join(derivation.product(factors) for factors in step.factors)
    if step.terms:
        return " + ".join(_text(derivation, term.node) for term in step.terms)
    node, store = step.node, derivation.graph.store
    if names.get(node, step.quantity) != step.quantity:
        return names[node]
    if isinstance(store.op(node), Named):
        inner = store.operands(node)[0]
        return names[inner] if names.get(inner, step.quantity) != step.quantity else _long(derivation, inner)
    return _long(derivation, node)


def _text(derivation: Derivation, node: Node) -> str:
    return derivation.names[node] if node in derivation.names else _long(derivation, node)


def _long(derivation: Derivation, node: Node) -> str:
    return formula_text(derivation.graph.store, node, _LONG, derivation.names)

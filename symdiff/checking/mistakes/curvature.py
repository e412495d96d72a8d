"""Is a second derivative that of a linearised function? Gauss-Newton: the curvature of one step is left out."""

from __future__ import annotations

from collections.abc import Iterator

from symdiff.calculus import pull_back, push_forward
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node

_MOST = 60


def linearised(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """``J^T H J`` with the Hessian H of what follows a quantity, and the Jacobian J of that quantity."""
    question, store = derivation.question, derivation.store
    if question.of not in ("hessian", "hvp") or len(question.wrt) > 1:
        return
    outputs = question.forward.outputs
    moving = {derivation.x}
    for node in store.ancestors(outputs):
        if store.kind(node) == "real" and not moving.isdisjoint(store.operands(node)):
            moving.add(node)
    for node in sorted(moving - {derivation.x, *outputs}, reverse=True)[:_MOST]:
        found = _linearised(derivation, node)
        if found != screen.truth and not alg.is_zero(store, found) and screen.agree(found, screen.claim):
            name = formula_text(store, node, 60)
            detail = f"the curvature of {name} is left out, as in the Gauss-Newton matrix"
            yield Suspect("missing_path", detail, screen.claim, found, place=node)


def _linearised(derivation: Derivation, node: Node) -> Node:
    store, x, question = derivation.store, derivation.x, derivation.question
    (bar,) = pull_back(store, {question.forward.outputs[0]: alg.constant(store, 1)}, [node])
    if question.of == "hvp":
        (dot,) = push_forward(store, derivation.seeds, [bar])
        return pull_back(store, {node: dot}, [x])[0]
    shape = store.shape(x)
    (rows,) = push_forward(store, {x: alg.identity(store, shape)}, [bar], shape)
    return pull_back(store, {node: rows}, [x], shape)[0]

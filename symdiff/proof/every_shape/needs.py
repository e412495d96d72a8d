"""What must hold for a proof to count? Denominators, logarithms and roots, on the side that needs them.

Where the left side needs the same thing, the proof speaks only of where it holds. What the right side needs
alone must hold almost everywhere: an analytic function that is not zero somewhere is zero only on a thin set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Map, Op
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.counting import is_a_count
from symdiff.proof.every_shape.factoring import factors
from symdiff.proof.every_shape.powers import Need
from symdiff.proof.every_shape.texts import text_of
from symdiff.proof.every_shape.vanishing import may_vanish


@dataclass(frozen=True)
class Condition:
    """A need of either side; ``unmet``: the right side has it alone, and it may fail on an open set.

    ``strict``: the left side does not need it, so it must be able to hold at every size.
    ``masked``: only a branch needs it, so it need not hold together with the others.
    """

    need: Need
    head: int
    text: str
    unmet: bool
    strict: bool
    masked: bool


def conditions(
    store: Store, builder: Builder, left: Node, right: Node, merged: Mapping[Node, Node]
) -> list[Condition]:
    """Every need of both sides. ``merged``: nodes of the right side that equal ones of the left."""
    needs = builder.needs
    sure = _unmasked(store, left)
    known = {need for node in sure if not _has_branches(store.op(node)) for need in needs.get(node, ())}
    known |= {("nonzero", head) for need, head in known if need == "positive"}
    stand = sure | {node for node, partner in merged.items() if partner in sure}
    of_left = {need for node in store.ancestors([left]) for need in needs.get(node, ())}
    of_right = {need for node in _beyond(store, right, stand) for need in needs.get(node, ())}
    found: list[Condition] = []
    for need, head in sorted(of_left | of_right):
        strict = need == "kink" or (need, head) in of_right - known
        masked = not strict and (need, head) not in known
        unmet = strict and not _holds_almost_everywhere(builder, need, head)
        found.append(Condition(need, head, _text(builder, need, head), unmet, strict, masked))
    return found


def _holds_almost_everywhere(builder: Builder, need: Need, head: int) -> bool:
    """Whether what is not zero at one point can be zero only on a thin set, whatever the sizes are."""
    space = builder.space
    base = space.heads[head].parts[0]
    if need == "nonzero" and is_a_count(space, base):
        return True
    for factor, _ in factors(base):
        if not space.sign(factor) and may_vanish(space, factor):
            return False
    return need != "positive" and space.heads[head].clean


def _unmasked(store: Store, output: Node) -> set[Node]:
    """The nodes whose values are needed wherever the output is: not those that some branch may skip."""
    return _reached(store, output, set(), skip_branches=True)


def _beyond(store: Store, output: Node, known: set[Node]) -> set[Node]:
    """The nodes that the output needs, without those that ``known`` ones stand for."""
    return _reached(store, output, known, skip_branches=False)


def _reached(store: Store, output: Node, stop: set[Node], *, skip_branches: bool) -> set[Node]:
    seen: set[Node] = set()
    stack = [output]
    while stack:
        node = stack.pop()
        if node in seen or node in stop:
            continue
        seen.add(node)
        op = store.op(node)
        operands = store.operands(node)
        if skip_branches and isinstance(op, Map):
            operands = tuple(x for k, x in enumerate(operands) if _always_needed(op.formula.expression, k))
        stack.extend(operands)
    return seen


def _has_branches(op: Op) -> bool:
    """Whether an operation may leave part of its formula unused."""
    return isinstance(op, Map) and bool(op.formula.expression.has(sp.Piecewise))


def _always_needed(expression: sp.Expr, slot: int) -> bool:
    """Whether an operand is used whatever branch is taken."""
    if not expression.has(sp.Piecewise):
        return True
    if isinstance(expression, sp.Piecewise):
        return bool(expression.args[0][1].has(ARGUMENTS[slot]))
    return False


def _text(builder: Builder, need: Need, head: int) -> str:
    text = text_of(builder.space, builder.space.heads[head].parts[0])
    return {"nonzero": f"{text} != 0", "positive": f"{text} > 0", "kink": f"away from {text} = 0"}[need]

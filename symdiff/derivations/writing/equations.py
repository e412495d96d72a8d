"""What does a step say as an equation? Its quantity, and its formula as people write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.writing.known import meanings
from symdiff.derivations.writing.notation import Equation, Notation, Style
from symdiff.derivations.writing.symbols import Symbol, symbol
from symdiff.ir.ops import Input, Named

__all__ = ["Equation", "definitions", "equations", "symbols"]


# What is said of positions where formulas compute with them.
_POSITIONS = (
    (re.compile(r"_\{[^{}]*\([a-z]+\)"), r"(jk) = j K + k, \quad k = 0, \dots, K - 1"),
    (
        re.compile(r"_\{[^{}]*[a-z][+-]\d|_\{[^{}]*\d[a-z]\b|\\mathbb\{I\}\\left\[([i-w]) .*_\{[^{}]*\1"),
        r"\text{indices count from } 0",
    ),
)


def equations(
    derivation: Derivation, steps: Sequence[Step] | None = None, style: Style = "matrix"
) -> tuple[Equation, ...]:
    """One equation for each step, or for some; what has no place in matrix notation is in index notation anyway."""
    known = symbols(derivation)
    names = {node: known.get(name, Symbol(name)) for node, name in derivation.names.items()}
    notation = Notation(derivation.graph.store, names, style)
    shown = derivation.steps if steps is None else steps
    return tuple(_equation(step, derivation, known, notation) for step in shown)


def definitions(derivation: Derivation, told: Iterable[Equation] | None = None) -> tuple[str, ...]:
    """What the named functions of the formulas stand for, or of some of them."""
    text = " ".join(map(str, equations(derivation) if told is None else told))
    named = meanings(text, [quantity.plain for quantity in symbols(derivation).values()])
    return (*named, *(meaning for pattern, meaning in _POSITIONS if pattern.search(text)))


def symbols(derivation: Derivation) -> dict[str, Symbol]:
    """How each quantity is written."""
    found: dict[str, Symbol] = {}
    ranks = {step.quantity: len(step.shape) for step in derivation.steps}
    taken: set[str] = set()
    for step in derivation.steps:
        if step.above is None or step.below is None or not step.quantity.startswith("d"):
            new = Symbol(step.quantity)
            found[step.quantity] = replace(new, is_literal=new.plain in taken)
            taken.add(new.plain)
            continue
        below = found.get(step.below, Symbol(step.below))
        remark = "direct" if step.quantity.endswith("_direct") else ""
        rank = max(0, len(step.shape) - ranks.get(step.below, len(step.shape)))  # of a Jacobian
        found[step.quantity] = Symbol(step.quantity, step.above, below, remark, rank=rank)
    return found


def _equation(
    step: Step, derivation: Derivation, known: Mapping[str, Symbol], notation: Notation
) -> Equation:
    store, names = derivation.graph.store, derivation.names
    left = known.get(step.quantity, Symbol(step.quantity))
    if step.rule in ("input", "seed"):
        return Equation(left.plain, "")
    if step.rule == "gradient descent":
        old, slope = (known[derivation.steps[k - 1].quantity].plain for k in step.sources)
        rate = symbol(derivation.graph.input_names[-1])
        return _of_terms(left.plain, old, rf" - {rate} \, {slope}")
    if step.factors:
        first, *rest = (r" \, ".join(known[name].plain for name in product) for product in step.factors)
        return _of_terms(left.plain, first, *(f" + {text}" for text in rest))
    if step.terms:
        return notation.equation(left, [term.node for term in step.terms])
    node = step.node
    if names.get(node, step.quantity) != step.quantity or isinstance(store.op(node), Input):
        name = names.get(node, "")
        return _of_terms(left.plain, known.get(name, Symbol(name)).plain)
    if isinstance(store.op(node), Named):
        inner = store.operands(node)[0]
        other = names.get(inner, step.quantity)
        if other != step.quantity:
            return _of_terms(left.plain, known[other].plain)
        return notation.equation(left, [inner])
    return notation.equation(left, [node])


def _of_terms(left: str, *terms: str) -> Equation:
    return Equation(left, "".join(terms), terms)

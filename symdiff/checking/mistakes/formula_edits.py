"""One elementwise formula of the claim is not quite right: a sign, a term, a power, another function, a branch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.functions import FUNCTIONS
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir import literals
from symdiff.ir.formulas import Formula, formula
from symdiff.ir.graph import Node
from symdiff.ir.ops import Literal, Map

EXCHANGED = "the branches are exchanged"
_REVERSED = "the comparison is the wrong way round"


def rewritten(editing: Editing) -> Iterator[Suspect]:
    """Each elementwise step of the claim with one change of its formula."""
    store = editing.store
    added = editing.question.truth.inputs[len(editing.question.forward.inputs) :]
    bounds = _bounds(editing)
    for node in editing.nodes:
        op = store.op(node)
        if not isinstance(op, Map):
            continue
        for kind, detail, strength, changed in (*variants(op.formula), *_other_bounds(op.formula, bounds)):
            if detail == _REVERSED and _chooses(editing, node):
                kind = "swapped"
            if kind == "wrong_function" and set(store.operands(node)) & set(added):
                kind, strength = "upstream", 1
            try:
                new = alg.apply(store, changed, store.operands(node))
            except OutOfTime:
                raise
            except (SymdiffError, ValueError, TypeError):
                continue
            if store.kind(new) == store.kind(node) and store.shape(new) == store.shape(node):

                def words(node: Node = node, detail: str = detail) -> str:
                    return f"in {formula_text(store, node, 80)} {detail}"

                yield from editing.mended(kind, words, nodes={node: new}, strength=strength)


def _chooses(editing: Editing, node: Node) -> bool:
    """Whether a comparison chooses between two quantities, of which none is a constant."""
    store = editing.store
    for user, slot in editing.edges:
        op, operands = store.op(user), store.operands(user)
        if editing.operand((user, slot)) == node and isinstance(op, Map) and len(operands) == 3:
            return all(alg.constant_value(store, n) is None for k, n in enumerate(operands) if k != slot)
    return False


@cache
def variants(f: Formula) -> tuple[tuple[str, str, int, Formula], ...]:
    """A formula with one change: its kind, what is wrong about the original, and the new formula."""
    found: list[tuple[str, str, sp.Expr]] = []
    e = f.expression
    for part in sp.preorder_traversal(e):
        found += [(kind, detail, e.xreplace({part: new})) for kind, detail, new in _changes(part, f)]
    if f.arity == 1:
        a = f.arguments[0]
        found.append(("wrong_function", "the argument has the wrong sign", e.xreplace({a: -a})))
    if f.arity == 2:
        a, b = f.arguments
        found.append(("swapped", "the operands are exchanged", e.xreplace({a: b, b: a})))
    made = []
    for kind, detail, expression in found:
        if expression != e and not expression.has(sp.nan, sp.zoo, sp.oo):
            strength = 0 if kind == "wrong_function" else 1
            made.append((kind, detail, strength, formula(expression, f.arity, boolean=f.boolean)))
    return tuple(made)


def _changes(part: sp.Basic, f: Formula) -> Iterator[tuple[str, str, sp.Basic]]:
    if isinstance(part, sp.Add):
        for term in part.args:
            rest = part - term
            if term.free_symbols or not f.boolean:
                yield "sign", f"the sign of {term} is wrong", rest - term
            if rest.free_symbols:
                yield "extra_term", f"the term {term} is too many", rest
    if isinstance(part, sp.Pow) and part.exp.is_Rational:
        for power in {part.exp + 1, part.exp - 1, 2 * part.exp, part.exp / 2} - {part.exp, sp.Integer(0)}:
            yield "wrong_function", f"the power {part.exp} should be {power}", part.base**power
    elif isinstance(part, sp.Symbol) and f.arity == 1 and not f.boolean:
        yield "wrong_function", "the power 1 should be 2", part**2
    if isinstance(part, sp.Function) and len(part.args) == 1 and not isinstance(part, sp.Piecewise):
        for name, other in FUNCTIONS.items():
            yield "wrong_function", f"{type(part).__name__} should be {name}", other(part.args[0])
    if isinstance(part, sp.Piecewise):
        yield from _branches(part)
    if isinstance(part, (sp.Gt, sp.Lt, sp.Ge, sp.Le)):
        yield "threshold", _REVERSED, type(part)(part.rhs, part.lhs)


def _branches(part: sp.Piecewise) -> Iterator[tuple[str, str, sp.Basic]]:
    values = [value for value, _ in part.args]
    conditions = [condition for _, condition in part.args]
    for k in range(len(values) - 1):
        order = [*values[:k], values[k + 1], values[k], *values[k + 2 :]]
        pairs = list(zip(order, conditions, strict=True))
        kind = "threshold" if any(value.is_number for value in order[:2]) else "swapped"
        yield kind, EXCHANGED, sp.Piecewise(*pairs)
    for value in dict.fromkeys(values):
        yield "threshold", "there should be no branch", value


def _bounds(editing: Editing) -> list[sp.Expr]:
    """The numbers that stand in the formulas of the function and of the claim."""
    store = editing.store
    found: set[sp.Expr] = set()
    for node in store.ancestors([*editing.question.forward.outputs, editing.claim]):
        op = store.op(node)
        if isinstance(op, Map):
            found |= op.formula.expression.atoms(sp.Number)
        elif isinstance(op, Literal):
            found.add(literals.read(op.value))
    return sorted((n for n in found if n.is_real and n.is_finite), key=sp.default_sort_key)[:12]


def _other_bounds(f: Formula, bounds: list[sp.Expr]) -> Iterator[tuple[str, str, int, Formula]]:
    for relation in f.expression.atoms(sp.core.relational.Relational):
        for side in (relation.lhs, relation.rhs):
            if not side.is_number:
                continue
            for bound in (*bounds, -side):
                if bound != side:
                    new = f.expression.xreplace(
                        {relation: relation.func(*[bound if s == side else s for s in relation.args])}
                    )
                    if not new.has(sp.nan):
                        yield (
                            "threshold",
                            f"the bound {side} should be {bound}",
                            1,
                            formula(new, f.arity, boolean=f.boolean),
                        )

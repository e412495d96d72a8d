"""Which functions are known in several forms, and is a quantity one of them? GELU, sinc, a variance, a guarded root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod

import numpy as np
import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.functions import FAMILIES, Scalar
from symdiff.checking.mistakes.screening import Screen, close, size
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, ARGUMENTS, SQUARE, Formula, formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Literal, Map
from symdiff.ir.sizes import same_shape

_MOST = 40


@dataclass(frozen=True)
class Form:
    """A quantity, and what stands there in another form of the function."""

    node: Node
    other: Node
    words: str
    is_square: bool = False


@cache
def as_formula(scalar: Scalar) -> Formula:
    """A named function as a formula."""
    return formula(scalar(ARGUMENTS[0]), 1)


def other_forms(screen: Screen, nodes: Sequence[Node]) -> Iterator[Form]:
    """The other forms of the known functions among some nodes."""
    store = screen.store
    yield from _families(screen, [n for n in nodes if store.kind(n) == "real"][-_MOST:])
    for node in nodes:
        yield from _moments(store, node)
        yield from _guards(store, node)
        yield from _squares(store, node)


def _families(screen: Screen, nodes: Sequence[Node]) -> Iterator[Form]:
    store, known = screen.store, set(nodes)
    for node in nodes:
        for operand in store.ancestors([node]):
            if (
                operand == node
                or operand not in known
                or not same_shape(store.shape(operand), store.shape(node))
            ):
                continue
            for family, forms in FAMILIES.items():
                for form, scalar in forms.items():
                    if not is_form(screen, node, operand, scalar):
                        continue
                    for other, another in forms.items():
                        if other != form:
                            new = alg.apply(store, as_formula(another), [operand])
                            yield Form(node, new, f"the {family}: {other} where the function has {form}")


def is_form(screen: Screen, node: Node, operand: Node, scalar: Scalar) -> bool:
    """Whether one quantity is a named function of another, as far as the points show."""
    f = alg.apply(screen.store, as_formula(scalar), [operand])
    for k in range(len(screen)):
        left, right = screen.value(k, node), screen.value(k, f)
        if not np.all(np.isfinite(left)) or not close(left, right, max(size(left), 1e-300)):
            return False
    return len(screen) > 1


def _moments(store: Store, node: Node) -> Iterator[Form]:
    """A mean over n taken over n - 1, or the other way round."""
    op = store.op(node)
    if not isinstance(op, Contract) or not op.summed or not isinstance(op.coefficient, Fraction):
        return
    n = prod(int(op.sizes[label]) for label in op.summed)
    for old, new in ((n, n - 1), (n - 1, n)):
        if min(old, new) > 0 and n > 2 and abs(op.coefficient) == Fraction(1, old):
            yield Form(
                node, alg.scale(store, node, Fraction(old, new)), f"a mean over {new} entries, not {old}"
            )


def _guards(store: Store, node: Node) -> Iterator[Form]:
    """A small constant inside a root, or outside of it."""
    op = store.op(node)
    if not isinstance(op, Map) or len(store.operands(node)) != 1:
        return
    (operand,) = store.operands(node)
    text = f"the constant of {formula_text(store, node, 60)} on the other side of the root"
    for f in _moved_constants(op.formula):
        yield Form(node, alg.apply(store, f, [operand]), text)
    inside = store.op(operand)
    if not isinstance(inside, Map) or inside.formula is not ADD:
        return
    if op.formula.expression in (sp.sqrt(ARGUMENTS[0]), 1 / sp.sqrt(ARGUMENTS[0])):
        yield from _guarded(store, node, op.formula, store.operands(operand), text)
    if op.formula.expression == 1 / ARGUMENTS[0]:
        for guard, root in (store.operands(operand), store.operands(operand)[::-1]):
            own = store.op(root)
            if (
                _is_constant(store, guard)
                and isinstance(own, Map)
                and own.formula.expression == sp.sqrt(ARGUMENTS[0])
            ):
                total = alg.add(store, store.operands(root)[0], guard)
                yield Form(node, alg.apply(store, formula(1 / sp.sqrt(ARGUMENTS[0]), 1), [total]), text)


def _guarded(store: Store, node: Node, f: Formula, terms: tuple[Node, ...], text: str) -> Iterator[Form]:
    for guard, rest in (terms, terms[::-1]):
        if _is_constant(store, guard):
            root = alg.apply(store, formula(sp.sqrt(ARGUMENTS[0]), 1), [rest])
            outside = alg.add(store, root, guard)
            is_root = f.expression == sp.sqrt(ARGUMENTS[0])
            yield Form(
                node, outside if is_root else alg.apply(store, formula(1 / ARGUMENTS[0], 1), [outside]), text
            )


def _is_constant(store: Store, node: Node) -> bool:
    leaves = [store.op(n) for n in store.ancestors([node]) if not store.operands(n)]
    return all(isinstance(op, Literal) or (isinstance(op, Contract) and not op.inputs) for op in leaves)


@cache
def _moved_constants(f: Formula) -> tuple[Formula, ...]:
    found = []
    for part in f.expression.atoms(sp.Pow):
        if part.exp.is_Rational and abs(part.exp) == sp.Rational(1, 2) and part.base.is_Add:
            constant = part.base.as_coeff_Add()[0]
            if constant != 0:
                new = (sp.sqrt(part.base - constant) + constant) ** (1 if part.exp > 0 else -1)
                found.append(formula(f.expression.xreplace({part: new}), f.arity))
    return tuple(found)


def _squares(store: Store, node: Node) -> Iterator[Form]:
    """A square where the quantity alone is meant."""
    op, operands = store.op(node), store.operands(node)
    words = f"{formula_text(store, operands[0], 60)} itself, not its square" if operands else ""
    if isinstance(op, Map) and op.formula is SQUARE:
        yield Form(node, operands[0], words, is_square=True)
    if isinstance(op, Contract) and len(set(operands)) == 1 < len(operands) == 2 and len(set(op.inputs)) == 1:
        sizes = dict(enumerate(op.sizes))
        alone = alg.contract(store, [(operands[0], op.inputs[0])], op.output, op.coefficient, sizes)
        yield Form(node, alone, words, is_square=True)


def in_another_form(editing: Editing) -> Iterator[Suspect]:
    """A quantity of the claim taken in another form than the function's."""
    for form in other_forms(editing.screen, editing.screen.order):
        yield from editing.mended("convention", lambda: form.words, nodes={form.node: form.other})  # noqa: B023

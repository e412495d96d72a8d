"""Is the claim the right derivative of another function? The function with one part exchanged, derived again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import numpy as np
import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.functions import FAMILIES, FUNCTIONS, SCALES, Scalar
from symdiff.checking.mistakes.screening import Screen, close, size
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.errors import SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, Formula, formula, partial
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import Contract, Input, Map
from symdiff.ir.sizes import same_shape

_MOST = 40


@cache
def _formula(scalar: Scalar) -> Formula:
    return formula(scalar(ARGUMENTS[0]), 1)


def other_functions(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """One elementwise step is another function: throughout, or in its derivative only."""
    store, claim = derivation.store, screen.claim
    for node in _steps(derivation)[:_MOST]:
        (operand,) = store.operands(node)
        op = store.op(node)
        assert isinstance(op, Map)
        for name, scalar in FUNCTIONS.items():
            f = _formula(scalar)
            if f is op.formula:
                continue
            detail = f"this is the derivative of {name}, not of {formula_text(store, node, 60)}"
            kind = "convention" if name == "identity" and _is_scale(op.formula) else "wrong_function"
            for found in (
                _exchanged(derivation, node, alg.apply(store, f, [operand])),
                *_only_local(derivation, node, f),
            ):
                if found is not None and found != screen.truth:
                    yield Suspect(kind, detail, claim, found, place=node)


def _is_scale(f: Formula) -> bool:
    """Whether a step only changes the scale on which a quantity is given: its logarithm, its square."""
    return f in {_formula(scalar) for scalar in SCALES.values()}


def other_scales(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A quantity given on another scale: its logarithm, its exponential, its square or root."""
    store, claim, forward = derivation.store, screen.claim, derivation.question.forward
    moving = {node for node, _ in derivation.edges()}
    nodes = [n for n in forward.nodes if store.kind(n) == "real" and (n in moving or n in forward.inputs)]
    for node in nodes[-_MOST:]:
        for name, scalar in SCALES.items():
            found = _exchanged(derivation, node, alg.apply(store, _formula(scalar), [node]))
            if found is not None and found != screen.truth:
                detail = f"right if {name} of {formula_text(store, node, 60)} stood in the function"
                yield Suspect("convention", detail, claim, found, place=node)


def _steps(derivation: Derivation) -> list[Node]:
    store = derivation.store
    moving = dict.fromkeys(node for node, _ in derivation.edges())
    return [n for n in moving if isinstance(store.op(n), Map) and len(store.operands(n)) == 1]


def _exchanged(derivation: Derivation, old: Node, new: Node) -> Node | None:
    """The derivative of the function with another node in the place of one."""
    store = derivation.store
    place = {old: new}
    for node in store.ancestors(derivation.question.forward.outputs):
        if node > old and node != new and any(k in place for k in store.operands(node)):
            place[node] = rebuild(store, store.op(node), [place.get(k, k) for k in store.operands(node)])
    outputs = tuple(place.get(y, y) for y in derivation.question.forward.outputs)
    return _derived(derivation, outputs)


def _derived(derivation: Derivation, outputs: tuple[Node, ...]) -> Node | None:
    try:
        return Derivation(derivation.question, derivation.target, outputs).altered()
    except (SymdiffError, ValueError, TypeError, IndexError):
        return None


def _only_local(derivation: Derivation, node: Node, f: Formula) -> Iterator[Node | None]:
    """The derivative with that of another function on one step; also written by the output that it does not have."""
    store = derivation.store
    local = partial(f, 0)
    operand = store.operands(node)[0]
    if local.formula is None:
        yield _weighed(
            derivation, node, alg.constant(store, alg.coefficient(local.constant), store.shape(node))
        )
        return
    for own in (alg.apply(store, f, [operand]), node) if -1 in local.slots else (node,):
        chosen = [own if k == -1 else operand for k in local.slots]
        yield _weighed(derivation, node, alg.apply(store, local.formula, chosen))


def _weighed(derivation: Derivation, node: Node, factor: Node) -> Node | None:
    """The derivative with another local derivative of one step."""
    store = derivation.store

    def change(bar: Node, rule: object) -> Node:
        every = tuple(range(len(store.shape(bar))))
        own = every[len(every) - len(store.shape(factor)) :]
        return alg.contract(store, [(bar, every), (factor, own)], every)

    try:
        return derivation.altered({(node, 0): change})
    except (SymdiffError, ValueError, TypeError, IndexError):
        return None


def other_forms(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A function of a family that is known in several forms, taken in another form."""
    store = derivation.store
    for node, operand, family, form in _recognised(derivation, screen):
        for other, scalar in FAMILIES[family].items():
            if other != form:
                found = _exchanged(derivation, node, alg.apply(store, _formula(scalar), [operand]))
                if found is not None:
                    detail = f"right for the {family} in {other}; the function has {form}"
                    yield Suspect("convention", detail, screen.claim, found, place=node)
    yield from _moments(derivation, screen)
    yield from _inner_constants(derivation, screen)


def _recognised(derivation: Derivation, screen: Screen) -> Iterator[tuple[Node, Node, str, str]]:
    """The nodes that are a known function of another node, by their values."""
    store = derivation.store
    nodes = [n for n in derivation.question.forward.nodes if store.kind(n) == "real"]
    for node in nodes[-_MOST:]:
        for operand in (n for n in store.ancestors([node]) if n != node and n in nodes):
            if not same_shape(store.shape(operand), store.shape(node)):
                continue
            for family, forms in FAMILIES.items():
                for form, scalar in forms.items():
                    if _is(screen, node, operand, scalar):
                        yield node, operand, family, form


def _is(screen: Screen, node: Node, operand: Node, scalar: Scalar) -> bool:
    f = alg.apply(screen.store, _formula(scalar), [operand])
    for k in range(len(screen)):
        left, right = screen.value(k, node), screen.value(k, f)
        if not np.all(np.isfinite(left)) or not close(left, right, max(size(left), 1e-300)):
            return False
    return any(
        np.ptp(screen.value(k, operand)) > 0 or screen.value(k, operand).size == 1 for k in range(len(screen))
    )


def _moments(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A mean over n taken over n - 1, or the other way round."""
    store = derivation.store
    for node in derivation.question.forward.nodes:
        op = store.op(node)
        if not isinstance(op, Contract) or not op.summed or not isinstance(op.coefficient, Fraction):
            continue
        n = 1
        for label in op.summed:
            n *= int(op.sizes[label])
        for old, new in ((n, n - 1), (n - 1, n)):
            if new > 0 and old > 0 and abs(op.coefficient) == Fraction(1, old):
                other = alg.scale(store, node, Fraction(old, new))
                found = _exchanged(derivation, node, other)
                if found is not None:
                    detail = f"right for a mean over {new} entries; the function divides by {old}"
                    yield Suspect("convention", detail, screen.claim, found, place=node)


def _inner_constants(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """A small constant inside a root or outside of it."""
    store = derivation.store
    for node in derivation.question.forward.nodes:
        op = store.op(node)
        if not isinstance(op, Map):
            continue
        for f in _moved_constants(op.formula):
            found = _exchanged(derivation, node, alg.apply(store, f, store.operands(node)))
            if found is not None:
                detail = f"right with the constant of {formula_text(store, node, 60)} on the other side of the root"
                yield Suspect("convention", detail, screen.claim, found, place=node)


@cache
def _moved_constants(f: Formula) -> tuple[Formula, ...]:
    found = []
    for part in f.expression.atoms(sp.Pow):
        if part.exp.is_Rational and abs(part.exp) == sp.Rational(1, 2) and part.base.is_Add:
            constant = part.base.as_coeff_Add()[0]
            if constant != 0:
                rest = part.base - constant
                new = (sp.sqrt(rest) + constant) ** (1 if part.exp > 0 else -1)
                found.append(formula(f.expression.xreplace({part: new}), f.arity))
    return tuple(found)


def exchanged_arguments(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The function with two of its arguments exchanged."""
    question, store = derivation.question, derivation.store
    inputs = question.forward.inputs
    for at, a in enumerate(inputs):
        for b in inputs[at + 1 :]:
            if store.kind(a) == store.kind(b) and same_shape(store.shape(a), store.shape(b)):
                place = {a: b, b: a}
                for node in store.ancestors(question.forward.outputs):
                    if node not in place and any(k in place for k in store.operands(node)):
                        operands = [place.get(k, k) for k in store.operands(node)]
                        place[node] = rebuild(store, store.op(node), operands)
                found = _derived(derivation, tuple(place.get(y, y) for y in question.forward.outputs))
                if found is not None and found != screen.truth:
                    detail = f"this is the derivative with {_name(store, a)} and {_name(store, b)} exchanged"
                    yield Suspect("swapped", detail, screen.claim, found, strength=2)


def _name(store: Store, node: Node) -> str:
    op = store.op(node)
    return op.name if isinstance(op, Input) else str(node)

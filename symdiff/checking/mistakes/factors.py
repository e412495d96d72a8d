"""A factor of the claim is missing or too many: the cotangent, a mask, an inner derivative, another quantity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symdiff.calculus import pull_back
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.editing import Editing, Site, fitted
from symdiff.checking.mistakes.masks import Masks, chooses
from symdiff.checking.mistakes.spans import between
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import partial
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Map

_LAST = 200
_POOL = 60


@dataclass(frozen=True)
class Factor:
    """What may be missing or too many, in words."""

    kind: str
    what: str
    node: Node


def multiplied(editing: Editing) -> Iterator[Suspect]:
    """A known factor is missing: the cotangent, a mask, the derivative of one step of the function."""
    is_second = editing.question.of in ("hessian", "hvp")  # where local derivatives are many
    yield from _multiplied(editing, list(known(editing)), 0 if is_second else 1)
    inputs = [n for n in editing.question.forward.inputs if editing.store.kind(n) == "real"]
    yield from _multiplied(editing, [Factor("chain", "the factor", n) for n in inputs], 0)


def multiplied_by_anything(editing: Editing) -> Iterator[Suspect]:
    """Any quantity at hand is missing as a factor."""
    store = editing.store
    every = [Factor("chain", "the factor", n) for n in editing.pool[-_POOL:] if store.kind(n) == "real"]
    yield from _multiplied(editing, every, 0)


def _multiplied(editing: Editing, factors: list[Factor], strength: int) -> Iterator[Suspect]:
    store, masks = editing.store, Masks(editing.question)
    sites = (Site(editing.claim), *editing.real_sites)
    for site in sites:
        for factor in factors:
            wide = fitted(store, site.node, factor.node)
            if wide is None or (factor.node in masks.arguments and _is_weighed(store, site, factor.node)):
                continue

            def detail(node: Node = site.node, factor: Factor = factor) -> str:
                by = f"{factor.what} {formula_text(store, factor.node, 60)}"
                return f"{formula_text(store, node, 60)} is not multiplied by {by}"

            product = alg.multiply(store, site.node, wide)
            if editing.is_fixed(product) and not editing.is_fixed(site.node):
                continue  # p/p for p: nothing is multiplied, something is left out
            sure = strength if factor.kind != "chain" or not editing.may_decide(site) else 0
            yield from editing.mended(factor.kind, detail, *site.put(product), strength=sure)


def _is_weighed(store: Store, site: Site, mask: Node) -> bool:
    """Whether a quantity is multiplied by a mask already."""
    products = [site.node, *(user for user, _ in site.edges)]
    return mask in products or any(
        isinstance(store.op(n), Contract) and mask in store.operands(n) for n in products
    )


def known(editing: Editing) -> Iterator[Factor]:
    """The cotangents, the masks, and the local derivatives of the function's steps."""
    store, question, masks = editing.store, editing.question, Masks(editing.question)
    forward, truth = question.forward, question.truth
    if question.of in ("vjp", "jvp", "hvp"):
        what = "the cotangent" if question.of == "vjp" else "the direction"
        yield from (Factor("upstream", what, n) for n in truth.inputs[len(forward.inputs) :])
    seen: set[Node] = set()
    for node in store.ancestors([*forward.outputs, *truth.outputs])[-_LAST:]:
        if masks.is_mask(node):
            yield Factor("threshold", "the mask", _as_real(store, node))
        op, operands = store.op(node), store.operands(node)
        if not isinstance(op, Map) or store.kind(node) != "real":
            continue
        for slot in range(len(operands)):
            local = partial(op.formula, slot)
            if local.formula is None:
                continue
            own = [node if k == -1 else operands[k] for k in local.slots]
            factor = alg.apply(store, local.formula, own)
            if factor not in seen:
                seen.add(factor)
                yield _inner(factor, chooses(op.formula))
    yield from (f for f in _of_activations(editing) if f.node not in seen)


def _inner(factor: Node, is_mask: bool) -> Factor:
    if is_mask:
        return Factor("threshold", "the mask", factor)
    return Factor("chain", "the inner derivative", factor)


def _of_activations(editing: Editing) -> Iterator[Factor]:
    """The derivatives of activations that are several operations: a clip, a sigmoid written out."""
    store, question = editing.store, editing.question
    if question.of == "value":
        return
    for part in between(Derivation(question, editing.target)):
        if part.is_elementwise and part.steps > 1:
            one = {part.end: alg.constant(store, 1, store.shape(part.end))}
            (factor,) = pull_back(store, one, [part.origin])
            yield _inner(factor, part.has_kink)


def _as_real(store: Store, node: Node) -> Node:
    if store.kind(node) == "real":
        return node
    return alg.multiply(store, node, alg.constant(store, 1, store.shape(node)))


def dropped(editing: Editing) -> Iterator[Suspect]:
    """A factor is there that should not be: the cotangent twice, an inner derivative twice."""
    store = editing.store
    kinds = {factor.node: factor.kind for factor in known(editing)}
    for site in (Site(editing.claim), *editing.real_sites):
        op, operands = store.op(site.node), store.operands(site.node)
        if not isinstance(op, Contract) or len(operands) < 2:
            continue
        for slot, operand in enumerate(operands):
            other = _without(store, op, operands, slot)
            if other is None or store.kind(operand) != "real":
                continue

            def detail(operand: Node = operand) -> str:
                return f"the factor {formula_text(store, operand, 60)} is too many"

            strength = 1 if operand in kinds else 0
            yield from editing.mended(
                kinds.get(operand, "chain"), detail, *site.put(other), strength=strength
            )


def _without(store: Store, op: Contract, operands: tuple[Node, ...], slot: int) -> Node | None:
    """A product with ones for one of its factors."""
    rest = [(n, op.inputs[k]) for k, n in enumerate(operands) if k != slot]
    held = {label for _, labels in rest for label in labels}
    if not held or not set(range(len(op.sizes))) <= held | set(op.output):
        return None
    sizes = {k: s for k, s in enumerate(op.sizes) if k in held or k in op.output}
    return alg.contract(store, rest, op.output, op.coefficient, sizes)

"""Another quantity should stand somewhere in the claim: transposed, exchanged, or saved at the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import combinations, permutations

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing, Site
from symdiff.checking.mistakes.factors import known
from symdiff.checking.mistakes.masks import Masks
from symdiff.checking.mistakes.screening import Edge
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, RECIPROCAL, SUBTRACT
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Input, Map, Pad, Reshape, Slice
from symdiff.ir.sizes import same_shape

_POOL = 120
_MOST = 40
_ONE_OF_TWO = ("stale", "wrong_function")


def transposed(editing: Editing) -> Iterator[Suspect]:
    """One operand transposed, or the two factors of a matrix product exchanged."""
    store = editing.store
    for site in editing.sites:
        node = site.node
        for order in _turns(store, node):
            turned = alg.transpose(store, node, order)
            yield from editing.mended(
                "transpose", partial(_turned_text, store, node, order), *site.put(turned)
            )
    yield from _before_a_reshape(editing)
    for node in editing.nodes:
        other = _commuted(store, node)
        if other is not None:
            yield from editing.mended("symmetry", partial(_order_text, store, node), nodes={node: other})


def _commuted(store: Store, node: Node) -> Node | None:
    """The product of two square matrices in the other order."""
    op, operands = store.op(node), store.operands(node)
    if not isinstance(op, Contract) or len(op.inputs) != 2 or len(op.summed) != 1 or len(set(op.output)) != 2:
        return None
    (inner,) = op.summed
    if operands[0] == operands[1]:
        return None  # x x' for x' x is a transpose
    rows = next((k for k in op.inputs[0] if k in op.output), None)
    columns = next((k for k in op.inputs[1] if k in op.output), None)
    sides = ({rows, inner}, {inner, columns})
    fits = all(
        len(labels) == 2 and set(labels) == side for labels, side in zip(op.inputs, sides, strict=True)
    )
    if rows is None or columns is None or not fits or len({op.sizes[k] for k in (rows, inner, columns)}) > 1:
        return None
    first = tuple(inner if k == rows else columns for k in op.inputs[0])
    second = tuple(rows if k == inner else inner for k in op.inputs[1])
    factors = [(operands[1], second), (operands[0], first)]
    return alg.contract(store, factors, op.output, op.coefficient, dict(enumerate(op.sizes)))


def _before_a_reshape(editing: Editing) -> Iterator[Suspect]:
    """Axes that should have been exchanged before an array was laid out anew, or after it."""
    store = editing.store
    for node in editing.nodes:
        op = store.op(node)
        if not isinstance(op, Reshape):
            continue
        (x,) = store.operands(node)
        detail = partial(_unturned, store, node)
        for order in _orders(len(store.shape(x))):
            turned = alg.reshape(store, alg.transpose(store, x, order), op.shape)
            yield from editing.mended("transpose", detail, nodes={node: turned})
        for order in _orders(len(op.shape)):
            back = tuple(order.index(k) for k in range(len(order)))
            laid = alg.reshape(store, x, tuple(op.shape[k] for k in order))
            yield from editing.mended("transpose", detail, nodes={node: alg.transpose(store, laid, back)})


def _orders(rank: int) -> list[tuple[int, ...]]:
    return [o for o in permutations(range(rank)) if o != tuple(range(rank))] if 1 < rank < 5 else []


def _unturned(store: Store, node: Node) -> str:
    return f"axes are not exchanged where {formula_text(store, node, 60)} lays the entries out anew"


def _turned_text(store: Store, node: Node, order: tuple[int, ...]) -> str:
    name = formula_text(store, node, 60)
    written = f"{name}.T" if len(order) == 2 else f"transpose({name}, {order})"
    return f"{written} should stand where {name} does"


def _order_text(store: Store, node: Node) -> str:
    return f"{formula_text(store, node, 80)} has its factors in the wrong order: matrices do not commute"


def _turns(store: Store, node: Node) -> list[tuple[int, ...]]:
    shape = store.shape(node)
    if not 1 < len(shape) <= 4 or max(map(int, shape)) < 2:
        return []
    own = tuple(range(len(shape)))
    orders = [o for o in permutations(own) if o != own and same_shape(tuple(shape[k] for k in o), shape)]
    return orders[:5]


def exchanged(editing: Editing) -> Iterator[Suspect]:
    """Two arguments in each other's place."""
    own = set(editing.nodes)
    inputs = [n for n in editing.question.truth.inputs if n in own]
    for a, b in combinations(inputs, 2):
        yield from _exchanged(editing, a, b, 1)


def exchanged_quantities(editing: Editing) -> Iterator[Suspect]:
    """Two quantities of the claim in each other's place, of which neither is computed from the other."""
    store = editing.store
    others = [n for n in editing.nodes if store.kind(n) == "real" and store.operands(n)][:_MOST]
    above = {n: set(store.ancestors([n])) for n in others}
    for a, b in combinations(others, 2):
        if a not in above[b] and b not in above[a]:
            yield from _exchanged(editing, a, b, 0)


def _exchanged(editing: Editing, a: Node, b: Node, strength: int) -> Iterator[Suspect]:
    store = editing.store
    if same_shape(store.shape(a), store.shape(b)) and store.kind(a) == store.kind(b):

        def detail() -> str:
            return f"{formula_text(store, a, 60)} and {formula_text(store, b, 60)} are exchanged"

        yield from editing.mended("swapped", detail, nodes={a: b, b: a}, strength=strength)


def replaced(editing: Editing) -> Iterator[Suspect]:
    """Another quantity of the same shape should stand here."""
    store, masks = editing.store, Masks(editing.question)
    is_value = editing.question.of == "value"  # there the function's own quantities would be copied in
    pool = (editing.nodes + list(editing.question.truth.inputs)) if is_value else editing.pool
    pool = pool[-_POOL:]
    needs = {n: frozenset(store.ancestors([n])) for n in pool}
    for site in editing.sites:
        node = site.node
        if not (store.operands(node) or isinstance(store.op(node), Input)):
            continue
        for other in pool:
            above = needs[other]
            if other == node or store.kind(other) != store.kind(node):
                continue
            if not same_shape(store.shape(other), store.shape(node)) or node in _terms(store, other):
                continue
            if any(edge[0] in above for edge in site.edges if masks.decides(edge)):
                continue
            kind, strength = _kind(store, masks, site, other, editing.forward)
            where = _outside(editing, site, other)

            def detail(node: Node = node, other: Node = other) -> str:
                return f"{formula_text(store, node, 60)} stands where {formula_text(store, other, 60)} should"

            for suspect in editing.mended(kind, detail, *where, strength=strength):
                is_one_of_two = kind in _ONE_OF_TWO and _stands_elsewhere(editing, node, other)
                yield replace(suspect, kind="swapped", strength=1) if is_one_of_two else suspect


def _stands_elsewhere(editing: Editing, node: Node, other: Node) -> bool:
    """Whether another result of the claim has one quantity where the other should be: the two are exchanged."""
    question = editing.question
    for target, right in enumerate(question.truth.outputs):
        if target == editing.target or question.claimed is None:
            continue
        screen = copy(editing.screen)
        screen.__dict__.pop("order", None)
        screen.truth, screen.claim = right, question.claimed[target]
        theirs = Editing(question, target, screen)
        if any(screen.mends(*site.put(node)) for site in theirs.sites if site.node == other):
            return True
    return False


def _outside(editing: Editing, site: Site, other: Node) -> tuple[dict[Edge, Node], dict[Node, Node]]:
    """The places to change; not those from which the other quantity is computed itself."""
    needed = set(editing.store.ancestors([other]))
    if site.edges or site.node not in needed:
        return site.put(other)
    uses = [edge for edge in editing.edges if editing.operand(edge) == site.node and edge[0] not in needed]
    return dict.fromkeys(uses, other), {}


def other_masks(editing: Editing) -> Iterator[Suspect]:
    """A mask of the claim that should be one of the function's."""
    store, masks = editing.store, Masks(editing.question)
    known_masks = [factor for factor in known(editing) if factor.kind == "threshold"]
    for site in (Site(editing.claim), *editing.sites):
        if not masks.is_mask(site.node):
            continue
        for factor in known_masks:
            if not same_shape(store.shape(factor.node), store.shape(site.node)) or factor.node == site.node:
                continue

            def detail(node: Node = site.node, other: Node = factor.node) -> str:
                return f"the mask {formula_text(store, node, 60)} should be {formula_text(store, other, 60)}"

            yield from editing.mended("threshold", detail, *site.put(factor.node))


def _terms(store: Store, node: Node, depth: int = 4) -> set[Node]:
    """The terms of a sum, and the terms of those."""
    op = store.op(node)
    if depth == 0 or not isinstance(op, Map) or op.formula not in (ADD, SUBTRACT):
        return set()
    own = set(store.operands(node))
    return own.union(*(_terms(store, n, depth - 1) for n in own))


def _kind(store: Store, masks: Masks, site: Site, other: Node, forward: set[Node]) -> tuple[str, int]:
    """Which mistake it is to take one quantity for another, and how likely people are to make it."""
    node, question = site.node, masks.question
    if other in _terms(store, node):
        is_saved = {node, other} <= forward or (isinstance(store.op(other), Input) and other in forward)
        return ("stale" if is_saved else "extra_term"), 1
    if other in question.truth.inputs[len(question.forward.inputs) :]:
        return "upstream", 1
    if site.edge is not None and masks.decides(site.edge):
        return "threshold", 1
    ops = store.op(node), store.op(other)
    if isinstance(ops[0], Input) and isinstance(ops[1], Input):
        return "swapped", 1
    if all(isinstance(op, (Slice, Pad)) for op in ops) and store.operands(node) == store.operands(other):
        return "index", 1
    is_masked = not masks.is_mask(node) and not masks.is_mask(other)
    if is_masked and masks.within(node) != masks.within(other):
        return "threshold", 1
    if is_near(store, node, other):
        return "stale", 1
    return ("stale" if node in forward else "wrong_function"), 0  # only what was computed can be saved


def is_near(store: Store, node: Node, other: Node) -> bool:
    """Before and after an activation, or the same activation at another step."""
    a, b = store.op(node), store.op(other)
    if a == b and isinstance(a, Map) and len(store.operands(node)) == 1:
        return True
    return _is_after(store, node, other) or _is_after(store, other, node)


def _is_after(store: Store, later: Node, earlier: Node, steps: int = 3) -> bool:
    """Whether elementwise steps lead from one quantity to the other."""
    op = store.op(later)
    if steps == 0 or not isinstance(op, (Map, Contract)) or len(store.operands(later)) != 1:
        return False
    if isinstance(op, Contract) and not op.is_elementwise:
        return False
    if isinstance(op, Map) and op.formula is RECIPROCAL:
        return False
    operands = store.operands(later)
    return earlier in operands or any(_is_after(store, n, earlier, steps - 1) for n in operands)

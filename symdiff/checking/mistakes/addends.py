"""Is a term missing somewhere in the claim, or a factor that is itself a sum?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing, Site, fitted
from symdiff.checking.mistakes.ratios import is_simple, ratio
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.wholes import scaled
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.sizes import same_shape

_POOL = 40
_SUMS = 24
_SITES = 120


def added(editing: Editing) -> Iterator[Suspect]:
    """A quantity of the function, the cotangent, or a sum of their products should be added here."""
    store, is_second = editing.store, editing.question.of in ("hessian", "hvp")
    quantities = [*_own(editing), *_sums(editing)]
    for site in (Site(editing.claim), *editing.real_sites[:_SITES]):
        for quantity in quantities:
            wide = fitted(store, site.node, quantity)
            c = _missing(editing, site, wide) if wide is not None and wide != site.node else None
            if wide is None or c is None:
                continue

            def detail(node: Node = site.node, term: Node = quantity) -> str:
                return (
                    f"the term {formula_text(store, term, 60)} is missing in {formula_text(store, node, 60)}"
                )

            new = alg.add(store, site.node, scaled(store, wide, c))
            yield from editing.mended("missing_path", detail, *site.put(new), strength=int(not is_second))


def multiplied_by_a_sum(editing: Editing) -> Iterator[Suspect]:
    """A sum of products of the cotangent and a quantity of the function is missing as a factor."""
    store = editing.store
    for quantity in _sums(editing):
        for site in (Site(editing.claim), *editing.real_sites[:_SITES]):
            wide = fitted(store, site.node, quantity)
            if wide is None:
                continue

            def detail(node: Node = site.node, factor: Node = quantity) -> str:
                return (
                    f"{formula_text(store, node, 60)} is not multiplied by {formula_text(store, factor, 60)}"
                )

            product = alg.multiply(store, site.node, wide)
            yield from editing.mended("upstream", detail, *site.put(product), strength=0)


def _missing(editing: Editing, site: Site, wide: Node) -> float | None:
    """The simple number of times that a quantity is missing at the first point; None if it is none."""
    screen = editing.screen
    moved = screen.changed(0, *site.put(screen.value(0, site.node) + screen.value(0, wide)))
    claim, truth = screen.value(0, screen.claim), screen.value(0, screen.truth)
    if moved is None or moved.shape != truth.shape:
        return None
    c = ratio([(truth - claim, moved - claim)])
    return c if c is not None and abs(c) > 1e-9 and is_simple(c) else None


def _own(editing: Editing) -> list[Node]:
    """The inputs and the quantities of the function that change."""
    store, inputs = editing.store, editing.question.truth.inputs
    nodes = [n for n in {*inputs, *editing.forward} if store.kind(n) == "real" and not editing.is_fixed(n)]
    return sorted(nodes)[-_POOL:]


def _sums(editing: Editing) -> list[Node]:
    """Sums, along some axes, of the products of the cotangent with quantities of its shape."""
    store, question = editing.store, editing.question
    found: list[Node] = []
    for bar in question.truth.inputs[len(question.forward.inputs) :]:
        shape = store.shape(bar)
        alike = [n for n in _own(editing) if n != bar and same_shape(store.shape(n), shape)]
        for product in (bar, *(alg.multiply(store, bar, n) for n in alike)):
            for count in range(1, len(shape) + 1):
                for axes in combinations(range(len(shape)), count):
                    total = alg.reduce_sum(store, product, axes)
                    found.append(alg.insert_axes(store, total, axes))
    return found[:_SUMS]

"""A term or a factor of the claim has the wrong sign, the wrong number, or should not be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing, Site
from symdiff.checking.mistakes.ratios import is_simple, of_sizes, ratio, words
from symdiff.checking.mistakes.screening import size
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.wholes import scaled
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Literal

_MOST = 240
_TRIED = (-1.0, 2.0, 0.5)
_FLAT = 1e-8


def weights(editing: Editing) -> Iterator[Suspect]:
    """For each use of a quantity: the number by which it should have been multiplied."""
    store = editing.store
    sizes = sorted({n for n in _sizes(editing) if n > 1})[:3]
    tried = [*_TRIED, *(c for n in sizes for c in (n, 1 / n, n**0.5, n**-0.5))]
    for site in [
        s for s in editing.sites if store.kind(s.node) == "real" and not _is_shared_number(store, s)
    ][:_MOST]:
        affine = _solved(editing, site)
        for c in tried if affine is None else affine:
            for suspect in _weighed(editing, site, c):
                yield replace(suspect, bypass=affine is None and suspect.kind == "sign")


def _weighed(editing: Editing, site: Site, c: float) -> Iterator[Suspect]:
    store, node = editing.store, site.node
    if abs(c - 1) < _FLAT:
        return
    product = alg.constant(store, 0, store.shape(node)) if abs(c) < _FLAT else scaled(store, node, c)
    where = site.put(product)
    kind = "extra_term" if abs(c) < _FLAT else "sign" if abs(c + 1) < _FLAT else "factor"

    def detail() -> str:
        name = formula_text(store, node, 80)
        if kind == "factor":
            return f"{name} should be multiplied by {words(c)}{of_sizes(c, _sizes(editing))}"
        return f"the term {name} is too many" if kind == "extra_term" else f"{name} has the wrong sign"

    decides = editing.only_decides(site)
    is_one = kind == "factor" and alg.constant_value(store, node) == 1  # to add another one is likelier
    likely = kind == "extra_term" or (is_simple(c) and not is_one) or _is_known(editing, c)
    strength = int(likely and not decides)  # there branches are exchanged, or nothing changes
    chosen = "threshold" if decides else kind
    yield from editing.mended(chosen, detail, *where, place=node, strength=strength)


def _is_shared_number(store: Store, site: Site) -> bool:
    """Whether a site is every use of one number: the ones of different formulas have nothing in common."""
    return site.edge is None and alg.constant_value(store, site.node) is not None


def _is_known(editing: Editing, c: float) -> bool:
    """Whether a number, or its reciprocal, stands in the function or in the claim."""
    store = editing.store
    ops = map(store.op, store.ancestors([*editing.question.forward.outputs, editing.claim]))
    values = [abs(op.value) for op in ops if isinstance(op, Literal)]
    return any(abs(abs(c) - v) < 1e-9 * v or abs(abs(c) * v - 1) < 1e-9 for v in values if v)


def _sizes(editing: Editing) -> list[int]:
    store = editing.store
    return [int(s) for n in editing.question.truth.inputs for s in store.shape(n) if isinstance(s, int)]


def _solved(editing: Editing, site: Site) -> list[float] | None:
    """The one c that mends the claim where it is affine in the quantity, if there is one; None elsewhere."""
    screen, pairs = editing.screen, []
    for k in range(len(screen)):
        value = screen.value(k, site.node)
        off, twice = (screen.changed(k, *site.put(t * value)) for t in (0.0, 2.0))
        claim, truth = screen.value(k, screen.claim).astype(float), screen.value(k, screen.truth)
        if off is None or twice is None or off.shape != truth.shape:
            return []
        off, twice = off.astype(float), twice.astype(float)
        if not (np.all(np.isfinite(off)) and np.all(np.isfinite(twice))):
            return None
        with np.errstate(all="ignore"):
            gap = size((twice - claim) - (claim - off))
        if not gap <= 1e-7 * max(size(claim), size(off), size(twice)):
            return None
        pairs.append((truth - off, claim - off))
        if ratio(pairs) is None and size(pairs[-1][0]) > 0:
            return []
    found = ratio(pairs)
    return [] if found is None else [found]


def counts(editing: Editing) -> Iterator[Suspect]:
    """One count stands for another wherever it stands: the rows where the columns should be counted."""
    store = editing.store
    ops = {n: op for n in editing.nodes if isinstance(op := store.op(n), Contract)}
    found = {op.coefficient for op in ops.values() if isinstance(op.coefficient, Fraction)}
    sizes = {n for n in _sizes(editing) if n > 1}
    wanted = sizes | {a * b for a in sizes for b in sizes}
    for wrong in sorted(c for c in found if abs(c) not in (0, 1)):
        nodes = [n for n, op in ops.items() if op.coefficient == wrong]
        for n in sorted(wanted) if len(nodes) > 1 else ():
            for right in (Fraction(n), Fraction(1, n)):
                c = right / abs(wrong)
                changed = {node: alg.scale(store, node, c) for node in nodes}

                def detail(wrong: Fraction = wrong, right: Fraction = right, places: int = len(nodes)) -> str:
                    return f"{abs(wrong)} stands where {right} should, in {places} places"

                if c != 1 and _independent(editing, nodes):
                    yield from editing.mended("factor", detail, nodes=changed)


def _independent(editing: Editing, nodes: Sequence[Node]) -> bool:
    """Whether no two of some products are computed from one another, so that all can be exchanged at once."""
    above = [set(editing.store.ancestors([n])) - {n} for n in nodes]
    return not any(n in other for n in nodes for other in above)

"""Another entry was taken: a slice off by one, a shifted or reversed axis, branches or parts in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.editing import Editing, Site
from symdiff.checking.mistakes.masks import Masks
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.wholes import has_halves
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Concatenate, Gather, Index, Op, Pad, ScatterAdd, Slice, Span, Table, table
from symdiff.ir.sizes import Shape

_STEPS = (1, -1, 2, -2)
_MANY_USES = 4


def shifted(editing: Editing) -> Iterator[Suspect]:
    """A slice, a diagonal or a position that is off by one or two."""
    store = editing.store
    for node in editing.nodes:
        uses = [edge for edge in editing.edges if editing.operand(edge) == node]
        sites = (Site(node), *(Site(node, (edge,)) for edge in uses if 1 < len(uses) <= _MANY_USES))
        half = _other_half(store, node)
        for detail, new in _shifts(store, node):
            if new == half:
                continue
            kind = "threshold" if _is_applied_mask(editing, node) else "index"
            for site in sites:
                words = (
                    partial(_instead, store, node, new)
                    if site.edges
                    else partial(_words, store, node, detail)
                )
                yield from editing.mended(kind, words, *site.put(new))
        if half is not None:
            yield from editing.mended("swapped", partial(_instead, store, node, half), nodes={node: half})
    for node in editing.nodes:
        op = store.op(node)
        if isinstance(op, Concatenate):
            operands = store.operands(node)
            for k in range(len(operands) - 1):
                order = [*operands[:k], operands[k + 1], operands[k], *operands[k + 2 :]]
                new = alg.concatenate(store, order, op.axis)
                if store.shape(new) == store.shape(node):
                    yield from editing.mended("swapped", partial(_parts, store, node), nodes={node: new})


def _other_half(store: Store, node: Node) -> Node | None:
    """The second half of an axis for the first, and the other way round."""
    op = store.op(node)
    if not isinstance(op, Slice):
        return None
    (whole,) = store.operands(node)
    spans = list(op.spans)
    for axis, (span, size) in enumerate(zip(spans, store.shape(whole), strict=True)):
        if span.step == 1 and span.length != 1 and size == 2 * span.length and span.start in (0, span.length):
            spans[axis] = Span(span.length - span.start, 1, span.length)
            return alg.slice_(store, whole, spans)
    return None


def _instead(store: Store, node: Node, other: Node) -> str:
    return f"{formula_text(store, node, 60)} stands where {formula_text(store, other, 60)} should"


def _all_reversed(store: Store, node: Node) -> Node:
    for axis in range(len(store.shape(node))):
        node = _reversed(store, node, axis)
    return node


def _tables(editing: Editing) -> list[Site]:
    """Constant arrays of the claim: a one-hot row in the wrong place."""
    store = editing.store
    return [
        site for site in editing.sites if isinstance(store.op(site.node), Table) and store.shape(site.node)
    ]


def counted(editing: Editing) -> Iterator[Suspect]:
    """Whole numbers that are used as positions, counted from one more or one less."""
    store = editing.store
    for site in editing.sites:
        if store.kind(site.node) != "integer":
            continue
        for step in (1, -1):
            moved = _added(store, site.node, step)
            if moved is not None:
                detail = partial(_words, store, site.node, f"is off by one ({-step:+d})")
                yield from editing.mended("index", detail, *site.put(moved))


def _added(store: Store, node: Node, step: int) -> Node | None:
    op = store.op(node)
    if isinstance(op, Table):
        return store.add(table(op.array + step))
    if isinstance(op, Index) and op.relation == "position":
        return store.add(replace(op, offset=op.offset + step))
    try:
        new = alg.apply(store, formula(ARGUMENTS[0] + step, 1), [node])
    except OutOfTime:
        raise
    except (SymdiffError, ValueError, TypeError):
        return None
    return new if store.kind(new) == "integer" else None


def _words(store: Store, node: Node, what: str) -> str:
    return f"{formula_text(store, node, 60)} {what}"


def _parts(store: Store, node: Node) -> str:
    return f"parts of {formula_text(store, node, 80)} are exchanged"


def _is_applied_mask(editing: Editing, node: Node) -> bool:
    masks = Masks(editing.question)
    return any(masks.is_applied(edge) for edge in editing.edges if editing.operand(edge) == node)


def turned(editing: Editing) -> Iterator[Suspect]:
    """A quantity that should be rolled by one along an axis, or reversed."""
    store = editing.store
    for site in (*editing.real_sites, *_tables(editing)):
        node = site.node
        shape = store.shape(node)
        if not shape or len(shape) > 3:
            continue
        if len(shape) > 1:
            detail = partial(_words, store, node, "is reversed along all axes")
            yield from editing.mended("index", detail, *site.put(_all_reversed(store, node)))
        for axis, size in enumerate(shape):
            if not isinstance(size, int) or size < 2:
                continue

            for step in (1, -1, 2, -2) if size > 3 else (1, -1) if size > 2 else (1,):
                is_exchange = 2 * abs(step) == size and has_halves(editing.question, size)
                kind, what = (
                    ("swapped", "has its halves exchanged") if is_exchange else ("index", "is off by one")
                )
                detail = partial(_words, store, node, f"{what} along axis {axis}")
                yield from editing.mended(kind, detail, *site.put(_rolled(store, node, axis, step)))
            yield from editing.mended(
                "index",
                partial(_words, store, node, f"is reversed along axis {axis}"),
                *site.put(_reversed(store, node, axis)),
            )


def _rolled(store: Store, node: Node, axis: int, step: int) -> Node:
    size = int(store.shape(node)[axis])
    cut = (size - step) % size
    return alg.concatenate(
        store, [_part(store, node, axis, cut, size - cut), _part(store, node, axis, 0, cut)], axis
    )


def _part(store: Store, node: Node, axis: int, start: int, length: int) -> Node:
    spans = [Span(0, 1, n) for n in store.shape(node)]
    spans[axis] = Span(start, 1, length)
    return alg.slice_(store, node, spans)


def _reversed(store: Store, node: Node, axis: int) -> Node:
    spans = [Span(0, 1, n) for n in store.shape(node)]
    spans[axis] = Span(int(store.shape(node)[axis]) - 1, -1, store.shape(node)[axis])
    return alg.slice_(store, node, spans)


def moved(store: Store, node: Node) -> Iterator[Node]:
    """The same operation on the entries beside."""
    op, operands = store.op(node), store.operands(node)
    for step in _STEPS:
        yield from (
            n for n in _shift(store, op, operands, step) if store.shape(n) == store.shape(node) and n != node
        )


def _shifts(store: Store, node: Node) -> Iterator[tuple[str, Node]]:
    op, operands = store.op(node), store.operands(node)
    for step in _STEPS:
        for new in _shift(store, op, operands, step):
            if store.shape(new) == store.shape(node) and new != node:
                yield f"is off by {abs(step)}", new


def _shift(store: Store, op: Op, operands: tuple[Node, ...], step: int) -> Iterator[Node]:
    match op:
        case Slice(spans):
            for moved in _spans(spans, step, store.shape(operands[0])):
                yield alg.slice_(store, operands[0], moved)
        case Pad(spans, shape):
            for moved in _spans(spans, step, shape):
                yield alg.pad(store, operands[0], moved, shape)
        case Index():
            yield store.add(replace(op, offset=op.offset + step))
        case Gather(axis) | ScatterAdd(axis):
            index = store.op(operands[1])
            size = store.shape(operands[0])[axis] if isinstance(op, Gather) else op.size
            if isinstance(index, Table) and isinstance(size, int):
                other = store.add(table((index.array + step) % size))
                yield store.add(op, (operands[0], other))


def _spans(spans: tuple[Span, ...], step: int, shape: Shape) -> Iterator[list[Span]]:
    """The spans with one of them a step further."""
    for axis, span in enumerate(spans):
        moved = _moved(span, step, shape[axis])
        if moved is not None:
            yield [*spans[:axis], moved, *spans[axis + 1 :]]


def _moved(span: Span, step: int, size: object) -> Span | None:
    """The span a step further, if it still lies on an axis longer than itself."""
    if not (isinstance(span.start, int) and isinstance(span.length, int) and isinstance(size, int)):
        return None
    start = span.start + step
    last = start + span.step * (span.length - 1)
    fits = 0 <= start < size and 0 <= last < size and span.length < size
    return Span(start, span.step, span.length) if fits else None

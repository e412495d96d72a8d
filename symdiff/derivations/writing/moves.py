"""Where does an entry of a moved array come from? Slices, pads, reshapes, gathers by index arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sympy as sp

from symdiff.derivations.writing.elementwise import latex
from symdiff.derivations.writing.operands import is_atomic, labels_in
from symdiff.derivations.writing.places import FIRST, Label, Looked, Place, moved, new
from symdiff.derivations.writing.reshaping import reshaped
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Concatenate, Fold, Gather, Op, Pad, Reshape, ScatterAdd, Slice, Window
from symdiff.ir.sizes import Size, normal, same

Places = tuple[Place, ...]


class Entries(Protocol):
    """What writes entries of nodes."""

    store: Store

    def expr(self, node: Node, places: Places) -> sp.Expr:
        """An entry of a node."""

    def sum(self, body: sp.Expr, over: Sequence[Label]) -> sp.Expr:
        """A sum over labels."""

    def delta(self, one: Place, other: Place) -> sp.Expr:
        """Whether two positions are equal."""

    def within(self, places: Sequence[Place], limits: Sequence[tuple[Size, Size, Size]]) -> sp.Expr:
        """Whether positions are between limits."""


def is_move(op: Op) -> bool:
    """Whether entries are only moved, or added up where they meet."""
    return isinstance(op, (Reshape, Slice, Pad, Concatenate, Gather, ScatterAdd, Window, Fold))


def moved_entry(entries: Entries, node: Node, places: Places) -> sp.Expr:
    """The entry of a move in terms of entries of its operands."""
    store = entries.store
    op, below = store.op(node), store.operands(node)
    shape = store.shape(below[0])
    match op:
        case Reshape():
            return entries.expr(below[0], tuple(reshaped(places, store.shape(node), shape)))
        case Slice(spans):
            return entries.expr(below[0], tuple(map(_taken, places, spans)))
        case Window(axis):
            place = moved(0, (1, places[axis]), (1, places[-1]))
            return entries.expr(below[0], (*places[:axis], place, *places[axis + 1 : -1]))
        case Fold(axis):
            return _folded(entries, below[0], axis, places)
        case Pad():
            return _padded(entries, below[0], op, places)
        case Concatenate(axis):
            return _concatenated(entries, below, axis, places)
        case Gather(axis):
            return _gathered(entries, below, axis, places)
        case ScatterAdd(axis):
            return _scattered(entries, below, axis, places)
    raise NotImplementedError(op)


def _taken(place: Place, span: Any) -> Place:
    return moved(span.start, (span.step, place))


def _folded(entries: Entries, below: Node, axis: int, places: Places) -> sp.Expr:
    shape = entries.store.shape(below)
    inner = new(shape[-1])
    place = moved(0, (1, places[axis]), (-1, inner))
    inside = entries.expr(below, (*places[:axis], place, *places[axis + 1 :], inner))
    limit = (0, shape[axis], normal(shape[axis] + shape[-1] - 1))
    body = inside * entries.within([place], [limit])
    return entries.sum(body, [inner]) if isinstance(inner, Label) else body


def _padded(entries: Entries, below: Node, op: Pad, places: Places) -> sp.Expr:
    """One factor says where the entries stand; with steps between them it is a sum over where they come from."""
    inside: list[Place] = []
    summed: list[Label] = []
    factor = sp.S.One
    inner_shape = entries.store.shape(below)
    limits: list[tuple[Place, tuple[Size, Size, Size]]] = []
    for place, span, size, length in zip(places, op.spans, op.shape, inner_shape, strict=True):
        if length == 1 and not same(size, 1):
            inside.append(FIRST)
            limits.append((place, (span.start, normal(span.start + 1), size)))
        elif span.step == 1:
            inside.append(moved(normal(-span.start), (1, place)))
            if not same(span.length, size):
                limits.append((place, (span.start, normal(span.start + span.length), size)))
        else:
            inner = new(length)
            inside.append(inner)
            if isinstance(inner, Label):
                summed.append(inner)
                factor *= entries.delta(place, moved(span.start, (span.step, inner)))
    factor *= entries.within([place for place, _ in limits], [limit for _, limit in limits])
    body = entries.expr(below, tuple(inside)) * factor
    return entries.sum(body, summed) if summed else body


def _concatenated(entries: Entries, below: Sequence[Node], axis: int, places: Places) -> sp.Expr:
    """A sum of the parts, each where it stands."""
    lengths = [entries.store.shape(k)[axis] for k in below]
    total, start = sp.S.Zero, sp.S.Zero
    whole = normal(sum(map(sp.sympify, lengths)))
    for k, length in zip(below, lengths, strict=True):
        place = moved(normal(-start), (1, places[axis]))
        part = entries.expr(k, (*places[:axis], place, *places[axis + 1 :]))
        stop = normal(start + length)
        total += part * entries.within([places[axis]], [(normal(start), stop, whole)])
        start = stop
    return total


def _gathered(entries: Entries, below: Sequence[Node], axis: int, places: Places) -> sp.Expr:
    rank = len(entries.store.shape(below[1]))
    looked = _looked(entries.expr(below[1], places[axis : axis + rank]))
    return entries.expr(below[0], (*places[:axis], looked, *places[axis + rank :]))


def _scattered(entries: Entries, below: Sequence[Node], axis: int, places: Places) -> sp.Expr:
    fresh = tuple(map(new, entries.store.shape(below[1])))
    looked = _looked(entries.expr(below[1], fresh))
    inside = entries.expr(below[0], (*places[:axis], *fresh, *places[axis + 1 :]))
    body = inside * entries.delta(looked, places[axis])
    summed = [k for k in fresh if isinstance(k, Label)]
    return entries.sum(body, summed) if summed else body


def _looked(position: sp.Expr) -> Place:
    if position.is_Integer:
        return moved(int(position))
    return Looked(lambda: latex(position), labels_in(position), is_atomic(position))

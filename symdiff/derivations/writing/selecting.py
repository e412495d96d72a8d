"""How are maxima, their places, and tables of numbers written entry by entry?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.printing.precedence import PRECEDENCE

from symdiff.derivations.writing.choices import LOOSE
from symdiff.derivations.writing.elementwise import guarded, latex
from symdiff.derivations.writing.letters import Letters
from symdiff.derivations.writing.operands import Operand, labels_in, operand
from symdiff.derivations.writing.places import Label, Moved, Place, atoms, labels_of, moved, new
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import Table
from symdiff.ir.sizes import same

Places = tuple[Place, ...]
ATOM = PRECEDENCE["Atom"]
_MOST = 40  # entries of a table that are shown


class Entries(Protocol):
    """What writes entries of nodes."""

    store: Store
    letters: Letters

    def expr(self, node: Node, places: Places) -> sp.Expr:
        """An entry of a node."""

    def sum(self, body: sp.Expr, over: Sequence[Label]) -> sp.Expr:
        """A sum over labels."""

    def mark(self, key: Hashable, write: Callable[[], str], labels: frozenset[Label]) -> Operand:
        """What is 1 or 0."""


def largest(entries: Entries, node: Node, axes: Sequence[int], places: Places) -> sp.Expr:
    """The maximum over some axes, which are dropped."""
    (below,) = entries.store.operands(node)
    rest = iter(places)
    shape = entries.store.shape(below)
    inside = tuple(new(size) if k in axes else next(rest) for k, size in enumerate(shape))
    return _largest(entries, entries.expr(below, inside), [inside[k] for k in axes])


def _largest(entries: Entries, body: sp.Expr, over: Sequence[Place]) -> sp.Expr:
    found = atoms(labels_in(body))
    bound = [label for label in over if isinstance(label, Label) and not atoms([label]).isdisjoint(found)]
    if not bound:
        return body
    live = found - atoms(bound)

    def write() -> str:
        with entries.letters.bound(bound, live):
            text = guarded(body)
            return entries.letters.over(r"\max", bound) + text

    return operand("y", write, LOOSE, labels=live)


def winner(entries: Entries, node: Node, axes: Sequence[int], places: Places) -> sp.Expr:
    """1 where the maximum over some axes is, 0 elsewhere, shared equally between ties."""
    (below,) = entries.store.operands(node)
    shape = entries.store.shape(below)
    body = entries.expr(below, places)
    over = [places[k] for k in axes if shape[k] != 1]
    others = atoms(labels_of(place for k, place in enumerate(places) if k not in axes))
    found = atoms(labels_in(body))
    sizes = [shape[k] for k in axes if shape[k] != 1]
    pairs = [(p, size) for p, size in zip(over, sizes, strict=True) if isinstance(p, Label)]
    alone = [atoms([place]) for place, size in pairs if same(place.size, size)]
    is_plain = len(alone) == len(over) and len(frozenset[Label]().union(*alone)) == sum(map(len, alone))
    if over and is_plain and all(part <= found and part.isdisjoint(others) for part in alone):

        def write() -> str:
            under = entries.letters.places(over)
            return rf"\operatorname{{hardmax}}_{{{under}}}\left({latex(body)}\right)"

        return operand(f"o{node:08}", write, ATOM, labels=labels_in(body) | labels_of(over))
    return _share(entries, below, axes, places)


def _share(entries: Entries, below: Node, axes: Sequence[int], places: Places) -> sp.Expr:
    """Whether an entry is the maximum, over how many are."""

    def elsewhere() -> tuple[sp.Expr, list[Place]]:
        shape = entries.store.shape(below)
        inside = tuple(new(shape[k]) if k in axes else place for k, place in enumerate(places))
        return entries.expr(below, inside), [inside[k] for k in axes]

    top = _largest(entries, *elsewhere())
    body, over = elsewhere()
    bound = [label for label in over if isinstance(label, Label)]
    count = entries.sum(_equal(entries, body, top), bound) if bound else sp.S.One
    return _equal(entries, entries.expr(below, places), top) / count


def _equal(entries: Entries, one: sp.Expr, other: sp.Expr) -> sp.Expr:
    if one == other:
        return sp.S.One

    def write() -> str:
        return rf"\mathbb{{I}}\left[{latex(one)} = {latex(other)}\right]"

    return entries.mark(("equal", one, other), write, labels_in(one) | labels_in(other))


def table(entries: Entries, op: Table, places: Places) -> sp.Expr | None:
    """An entry of a constant array: a number, arithmetic of positions, or the array itself; None if it is large."""
    fixed = tuple(p.start if isinstance(p, Moved) and not p.terms else slice(None) for p in places)
    entry = np.squeeze(op.array[fixed])
    shown = [
        p for p, size, own in zip(places, op.shape, fixed, strict=True) if size != 1 and own == slice(None)
    ]
    if entry.size and np.all(entry == entry.flat[0]):
        return read(entry.flat[0].item())
    line = _line(entry)
    if line is not None:
        start, steps = line
        place = moved(start, *zip(steps, shown, strict=True))
        return operand("p", lambda: entries.letters.number(place), LOOSE - 1, labels=labels_of([place]))
    if entry.size > _MOST:
        return None

    def write() -> str:
        for place, size in zip(shown, entry.shape, strict=True):
            entries.letters.note(place, size)
        return f"{_rows(entry)}_{{{entries.letters.places(shown)}}}"

    return operand("t", write, ATOM, labels=labels_of(shown))


def _line(array: NDArray[Any]) -> tuple[int, list[int]] | None:
    """Start and steps where entries are whole and grow by one step along each axis."""
    if array.dtype.kind not in "iu" or not array.ndim:
        return None
    steps = [int(np.moveaxis(array, k, 0)[1].flat[0] - array.flat[0]) for k in range(array.ndim)]
    start = int(array.flat[0])
    grown = start + sum(step * where for step, where in zip(steps, np.indices(array.shape), strict=True))
    return (start, steps) if np.array_equal(grown, array) else None


def _rows(array: NDArray[Any]) -> str:
    if not array.ndim:
        return latex(sp.sympify(read(array.item()), strict=True))
    return rf"\left({', '.join(map(_rows, array))}\right)"

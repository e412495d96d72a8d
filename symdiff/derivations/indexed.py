"""How does a node look in index notation? ``sum_j A_ij B_jk``: every formula has a place here, whatever its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.checking.formulas import formula_text
from symdiff.derivations.elementwise import SUM, Operand, binding, latex, operand, operands
from symdiff.derivations.known import by_name
from symdiff.derivations.places import (
    Label,
    Letters,
    Looked,
    Moved,
    Place,
    atoms,
    labels_of,
    reshaped,
)
from symdiff.derivations.recognizing import softmax
from symdiff.derivations.symbols import Symbol
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Literal,
    Map,
    Maximum,
    Named,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Window,
)
from symdiff.ir.sizes import Shape, Size, same
from symdiff.pages.latex import escape

ATOM, PRODUCT = PRECEDENCE["Atom"], PRECEDENCE["Mul"]
_LIMIT = 400


@dataclass
class Indexed:
    """Writes nodes entry by entry; those with names stand by them, with their indices."""

    store: Store
    names: Mapping[Node, Symbol]
    letters: Letters
    _known: dict[tuple[Node, tuple[Place, ...]], sp.Expr] = field(default_factory=dict)

    def labels(self, shape: Shape) -> tuple[Place, ...]:
        """New positions along the axes of a shape."""
        return tuple(Label(size) for size in shape)

    def root(self, node: Node, places: tuple[Place, ...]) -> sp.Expr:
        """The formula of an entry, also if the node has a name itself."""
        return self._written(node, places)

    def expr(self, node: Node, places: tuple[Place, ...]) -> sp.Expr:
        """An entry of a node, by its name or by its formula."""
        if node in self.names:
            return self._named(self.names[node], node, places)
        key = (node, places)
        if key not in self._known:
            self._known[key] = self._written(node, places)
        return self._known[key]

    def at(self, symbol: Symbol, node: Node, places: Sequence[Place]) -> str:
        """A quantity with its subscripts; axes of length 1 have none."""
        shape = self.store.shape(node)
        shown = [place for place, size in zip(places, shape, strict=True) if size != 1]
        return symbol.at(self.letters.places(shown)) if shown else symbol.plain

    def _named(self, symbol: Symbol, node: Node, places: tuple[Place, ...]) -> sp.Expr:
        key = (node, places)
        if key not in self._known:
            labels = labels_of(places)
            self._known[key] = operand(
                f"o{node:08}", lambda: self.at(symbol, node, places), ATOM, labels=labels
            )
        return self._known[key]

    def _written(self, node: Node, places: tuple[Place, ...]) -> sp.Expr:
        store = self.store
        op, below = store.op(node), store.operands(node)
        match op:
            case Named():
                return self.expr(below[0], places)
            case Literal(value):
                return read(value)
            case Map(formula):
                xs = [self.expr(k, places) for k in below]
                return formula.expression.xreplace(dict(zip(formula.arguments, xs, strict=True)))
            case Contract():
                return self._softmax(node, places) or self._contraction(node, op, places)
            case Maximum(axes) | ArgMax(axes):
                return self._extreme(node, axes, places, is_place=isinstance(op, ArgMax))
            case Index():
                return self._index(op, places)
            case _:
                return self._moved(node, places)

    # Contractions ---------------------------------------------------------------------------------------------

    def _contraction(self, node: Node, op: Contract, places: tuple[Place, ...]) -> sp.Expr:
        scale, factors, summed = self._open(node, op, places)
        outside = [f for f in factors if not _has(f, summed)]
        inside = by_name(sp.Mul(*(f for f in factors if _has(f, summed))))
        if not summed:
            return sp.Mul(scale, *factors)
        number, rest = inside.as_coeff_Mul()
        return sp.Mul(scale, number, *outside, self._sum(rest, summed))

    def _open(
        self, node: Node, op: Contract, places: tuple[Place, ...]
    ) -> tuple[sp.Expr, list[sp.Expr], list[Label]]:
        """Coefficient, factors and summed labels; products inside products are opened."""
        place: dict[int, Place] = {}
        factors: list[sp.Expr] = []
        for label, where in zip(op.output, places, strict=True):
            if label in place and op.sizes[label] != 1:
                factors.append(self._delta(place[label], where))
            place.setdefault(label, where)
        summed = []
        for label in op.summed:
            place[label] = new = Label(op.sizes[label])
            summed += [new] if op.sizes[label] != 1 else []
        scale = sp.sympify(op.coefficient, strict=True)
        for k, labels in zip(self.store.operands(node), op.inputs, strict=True):
            inner = self.store.op(k)
            inside = tuple(place[label] for label in labels)
            is_open = isinstance(inner, Contract) and k not in self.names
            if isinstance(inner, Contract) and is_open and self._softmax(k, inside) is None:
                more, others, bound = self._open(k, inner, inside)
                scale, factors, summed = scale * more, factors + others, summed + bound
            else:
                factors.append(self.expr(k, inside))
        for unused in [s for s in summed if not any(_has(f, [s]) for f in factors)]:
            scale *= sp.sympify(unused.size, strict=True)
            summed.remove(unused)
        return scale, factors, summed

    def _sum(self, body: sp.Expr, summed: Sequence[Label]) -> Operand:
        live = atoms(_labels(body)) - atoms(summed)

        def write() -> str:
            with self.letters.bound(summed, live) as over:
                return rf"\sum_{{{over}}} {_guarded(body)}"

        return operand(SUM, write, PRODUCT, labels=live)

    def _delta(self, one: Place, other: Place) -> Operand:
        both = (one, other)
        return operand("d", lambda: rf"\delta_{{{self.letters.places(both)}}}", ATOM, labels=labels_of(both))

    def _softmax(self, node: Node, places: tuple[Place, ...]) -> sp.Expr | None:
        found = softmax(self.store, node, lambda k: k not in self.names)
        if found is None:
            return None
        argument, axis = found
        inner = self.expr(argument, places)

        def write() -> str:
            return (
                rf"\operatorname{{softmax}}_{{{self.letters.place(places[axis])}}}\left({latex(inner)}\right)"
            )

        return operand(f"o{node:08}", write, ATOM, labels=_labels(inner))

    # Places ---------------------------------------------------------------------------------------------------

    def _extreme(
        self, node: Node, axes: Sequence[int], places: tuple[Place, ...], *, is_place: bool
    ) -> sp.Expr:
        (below,) = self.store.operands(node)
        shape = self.store.shape(below)
        new = {axis: Label(shape[axis]) for axis in axes}
        rest = iter(places)
        if is_place:
            inside = tuple(new.get(k, place) for k, place in enumerate(places))
        else:
            inside = tuple(new[k] if k in new else next(rest) for k in range(len(shape)))
        body = self.expr(below, inside)
        whole = self.expr(below, places) if is_place else None

        def write() -> str:
            with self.letters.bound(new.values(), atoms(_labels(body)) - set(new.values())) as over:
                told = rf"\max_{{{over}}} {_guarded(body)}"
            return told if whole is None else rf"\mathbb{{I}}\left[{latex(whole)} = {told}\right]"

        level = PRODUCT if whole is None else ATOM
        return operand("y", write, level, labels=labels_of(places))

    def _index(self, op: Index, places: tuple[Place, ...]) -> sp.Expr:
        first = Moved(places[0], op.offset) if op.offset else places[0]

        def write() -> str:
            told = [self.letters.place(place) for place in (first, *places[1:])]
            if op.relation == "position":
                return told[0]
            if op.relation == "equal":
                return rf"\delta_{{{','.join(told)}}}"
            return rf"\mathbb{{I}}\left[{told[0]} \le {told[1]}\right]"

        level = PRODUCT - 1 if op.relation == "position" and op.offset else ATOM
        return operand("i", write, level, labels=labels_of(places))

    def _moved(self, node: Node, places: tuple[Place, ...]) -> sp.Expr:
        """Entries of other places; where no arithmetic of indices says which, the function is called as in NumPy."""
        store = self.store
        op, below = store.op(node), store.operands(node)
        shape = store.shape(below[0]) if below else ()
        match op:
            case Reshape():
                found = reshaped(places, store.shape(node), shape)
                if found is not None:
                    return self.expr(below[0], tuple(found))
            case Slice(spans):
                return self.expr(below[0], tuple(map(_shifted, places, spans)))
            case Window(axis):
                place = Moved(places[axis], other=places[-1])
                return self.expr(below[0], (*places[:axis], place, *places[axis + 1 : -1]))
            case Fold(axis):
                new = Label(shape[-1])
                place = Moved(places[axis], other=Moved(new, step=-1))
                inside = self.expr(below[0], (*places[:axis], place, *places[axis + 1 :], new))
                return self._sum(inside * self._within([place], [(0, shape[axis])]), [new])
            case Pad(spans) if all(span.step == 1 for span in spans):
                inside = tuple(
                    Moved(p, -s.start) if s.start else p for p, s in zip(places, spans, strict=True)
                )
                changed = [k for k, s in enumerate(spans) if not same(s.length, op.shape[k])]
                limits = [(spans[k].start, spans[k].start + spans[k].length) for k in changed]
                return self.expr(below[0], inside) * self._within([places[k] for k in changed], limits)
            case Concatenate(axis):
                return self._concatenated(below, axis, places)
            case Gather(axis):
                return self._gathered(below, axis, places)
            case ScatterAdd(axis):
                return self._scattered(below, axis, places)
            case _:
                pass
        text = escape(
            formula_text(store, node, _LIMIT, {k: s.code for k, s in self.names.items() if k != node})
        )

        def write() -> str:
            under = self.letters.places(places)
            return rf"\texttt{{{text}}}" + (f"_{{{under}}}" if places else "")

        return operand(f"o{node:08}", write, ATOM, labels=labels_of(places))

    def _concatenated(self, below: Sequence[Node], axis: int, places: tuple[Place, ...]) -> sp.Expr:
        """A sum of the parts, each where it stands."""
        total, start = sp.S.Zero, sp.S.Zero
        for k in below:
            stop = start + self.store.shape(k)[axis]
            place = Moved(places[axis], -start) if start != 0 else places[axis]
            part = self.expr(k, (*places[:axis], place, *places[axis + 1 :]))
            total += part * self._within([places[axis]], [(start, stop)])
            start = stop
        return total

    def _within(self, places: Sequence[Place], limits: Sequence[tuple[Size, Size]]) -> sp.Expr:
        """1 where positions are between limits, 0 elsewhere."""
        if not places:
            return sp.S.One

        def write() -> str:
            told = [
                rf"{low} \le {self.letters.place(place)} < {latex(sp.sympify(high, strict=True))}"
                for place, (low, high) in zip(places, limits, strict=True)
            ]
            return rf"\mathbb{{I}}\left[{', '.join(told)}\right]"

        return operand("i", write, ATOM, labels=labels_of(places))

    def _gathered(self, below: Sequence[Node], axis: int, places: tuple[Place, ...]) -> sp.Expr:
        rank = len(self.store.shape(below[1]))
        position = self.expr(below[1], places[axis : axis + rank])
        looked = Looked(lambda: latex(position), _labels(position))
        return self.expr(below[0], (*places[:axis], looked, *places[axis + rank :]))

    def _scattered(self, below: Sequence[Node], axis: int, places: tuple[Place, ...]) -> sp.Expr:
        new = self.labels(self.store.shape(below[1]))
        position = self.expr(below[1], new)
        looked = Looked(lambda: latex(position), _labels(position))
        inside = self.expr(below[0], (*places[:axis], *new, *places[axis + 1 :]))
        labels = [k for k in new if isinstance(k, Label)]
        return self._sum(inside * self._delta(looked, places[axis]), labels)


def _shifted(place: Place, span: Any) -> Place:
    return place if span.start == 0 and span.step == 1 else Moved(place, span.start, span.step)


def _labels(expression: sp.Expr) -> frozenset[Label]:
    return frozenset[Label]().union(*(found.labels for found in operands(expression)))


def _has(expression: sp.Expr, labels: Sequence[Label]) -> bool:
    """Whether it depends on some labels, whole or in parts."""
    return not atoms(_labels(expression)).isdisjoint(atoms(labels))


def _guarded(body: sp.Expr) -> str:
    return rf"\left({latex(body)}\right)" if binding(body) < PRODUCT else latex(body)

"""How does a node look in index notation? ``sum_j A_ij B_jk``: every formula has a place here, whatever its axes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.checking.formulas import formula_text
from symdiff.derivations.choices import LOOSE, named
from symdiff.derivations.elementwise import MARK, SUM, Operand, binding, latex, operand, operands
from symdiff.derivations.known import by_name
from symdiff.derivations.moves import is_move, moved_entry
from symdiff.derivations.places import FIRST, Label, Letters, Place, atoms, labels_of, moved, new, size_text
from symdiff.derivations.recognizing import softmax
from symdiff.derivations.symbols import Symbol
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import ArgMax, Contract, Index, Literal, Map, Maximum, Named
from symdiff.ir.sizes import Shape, Size, normal
from symdiff.pages.latex import escape

ATOM, PRODUCT = PRECEDENCE["Atom"], PRECEDENCE["Mul"]
Places = tuple[Place, ...]
_LIMIT = 400


@dataclass
class Indexed:
    """Writes nodes entry by entry; those with names stand by them, with their indices."""

    store: Store
    names: Mapping[Node, Symbol]
    letters: Letters
    _known: dict[tuple[Node, Places], sp.Expr] = field(default_factory=dict)
    _marks: dict[Hashable, Operand] = field(default_factory=dict)

    def labels(self, shape: Shape) -> Places:
        """New positions along the axes of a shape."""
        return tuple(map(new, shape))

    def root(self, node: Node, places: Places) -> sp.Expr:
        """The formula of an entry, also if the node has a name itself."""
        return self._written(node, places)

    def expr(self, node: Node, places: Places) -> sp.Expr:
        """An entry of a node, by its name or by its formula."""
        shape = self.store.shape(node)
        key = (node, tuple(FIRST if size == 1 else p for p, size in zip(places, shape, strict=True)))
        if key not in self._known:
            self._known[key] = self._named(*key) if node in self.names else self._written(*key)
        return self._known[key]

    def at(self, symbol: Symbol, node: Node, places: Sequence[Place]) -> str:
        """A quantity with its subscripts; axes of length 1 have none."""
        shape = self.store.shape(node)
        shown = [(place, size) for place, size in zip(places, shape, strict=True) if size != 1]
        for place, size in shown:
            self.letters.note(place, size)
        return symbol.at(self.letters.places([place for place, _ in shown])) if shown else symbol.plain

    def _named(self, node: Node, places: Places) -> sp.Expr:
        symbol = self.names[node]
        return operand(
            f"o{node:08}",
            lambda: self.at(symbol, node, places),
            ATOM,
            labels=labels_of(places),
            is_cotangent=symbol.is_derivative,
        )

    def _mark(self, key: Hashable, write: Callable[[], str], labels: Sequence[Place]) -> Operand:
        """An operand that is the same wherever it stands: an indicator."""
        if key not in self._marks:
            self._marks[key] = operand(MARK, write, ATOM, labels=labels_of(labels))
        return self._marks[key]

    def _written(self, node: Node, places: Places) -> sp.Expr:
        store = self.store
        op, below = store.op(node), store.operands(node)
        match op:
            case Named():
                return self.expr(below[0], places)
            case Literal(value):
                return read(value)
            case Map(formula):
                xs = [self.expr(k, places) for k in below]
                return named(formula.expression).xreplace(dict(zip(formula.arguments, xs, strict=True)))
            case Contract():
                return self._softmax(node, places) or self._contraction(node, op, places)
            case Maximum(axes) | ArgMax(axes):
                return self._extreme(node, axes, places, is_place=isinstance(op, ArgMax))
            case Index():
                return self._index(op, places)
            case _:
                return moved_entry(self, node, places) if is_move(op) else self._called(node, places)

    def _called(self, node: Node, places: Places) -> sp.Expr:
        """What has no formula is called as in NumPy."""
        names = {k: s.code for k, s in self.names.items() if k != node}
        text = escape(formula_text(self.store, node, _LIMIT, names))

        def write() -> str:
            return rf"\texttt{{{text}}}" + (f"_{{{self.letters.places(places)}}}" if places else "")

        return operand(f"o{node:08}", write, ATOM, labels=labels_of(places))

    # Contractions ---------------------------------------------------------------------------------------------

    def _contraction(self, node: Node, op: Contract, places: Places) -> sp.Expr:
        scale, factors, summed = self._open(node, op, places)
        if not summed:
            return sp.Mul(scale, *factors)
        outside = [f for f in factors if not _has(f, summed)]
        inside = by_name(sp.Mul(*(f for f in factors if _has(f, summed))))
        number, rest = inside.as_coeff_Mul()
        return sp.Mul(scale, number, *outside, self.sum(rest, summed))

    def _open(self, node: Node, op: Contract, places: Places) -> tuple[sp.Expr, list[sp.Expr], list[Label]]:
        """Coefficient, factors and summed labels; products inside products are opened."""
        place: dict[int, Place] = {}
        factors: list[sp.Expr] = []
        for label, where in zip(op.output, places, strict=True):
            if label in place and op.sizes[label] != 1:
                factors.append(self.delta(place[label], where))
            place.setdefault(label, where)
        place |= {label: new(op.sizes[label]) for label in op.summed}
        summed = [found for label in op.summed if isinstance(found := place[label], Label)]
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

    def sum(self, body: sp.Expr, summed: Sequence[Label]) -> Operand:
        """A sum over labels; a sum of a sum is one."""
        if isinstance(body, Operand) and body.summed is not None:
            body, inner = body.summed
            summed = [*summed, *inner]
        live = atoms(_labels(body)) - atoms(summed)

        def write() -> str:
            with self.letters.bound(summed, live):
                text = _guarded(body)
                return self.letters.over(r"\sum", summed) + text

        return operand(SUM, write, PRODUCT, labels=live, summed=(body, tuple(summed)))

    @cached_property
    def _has_delta(self) -> bool:
        return any(symbol.plain.startswith(r"\delta") for symbol in self.names.values())

    def delta(self, one: Place, other: Place) -> Operand:
        """1 where two positions are equal, 0 elsewhere; no letter that is a quantity's."""

        def write() -> str:
            if self._has_delta:
                return rf"\mathbb{{I}}\left[{self.letters.place(one)} = {self.letters.place(other)}\right]"
            return rf"\delta_{{{self.letters.places((one, other))}}}"

        return self._mark(("delta", one, other), write, (one, other))

    def within(self, places: Sequence[Place], limits: Sequence[tuple[Size, Size, Size]]) -> sp.Expr:
        """1 where positions are between limits (low, high, and the length of the axis), 0 elsewhere."""
        told = [(p, *limit) for p, limit in zip(places, limits, strict=True)]
        told = [row for row in told if row[1] != 0 or normal(row[3] - row[2]) != 0]
        if not told:
            return sp.S.One

        def write() -> str:
            return rf"\mathbb{{I}}\left[{', '.join(self._between(*row) for row in told)}\right]"

        return self._mark(("within", *told), write, [row[0] for row in told])

    def _between(self, place: Place, low: Size, high: Size, size: Size) -> str:
        text, is_label = self.letters.place(place), isinstance(place, Label)
        if normal(high - low) == 1:
            return rf"{text} = {size_text(low)}"
        if is_label and normal(high - size) == 0:
            return rf"{text} \ge {size_text(low)}"
        return (
            rf"{text} < {size_text(high)}"
            if is_label and low == 0
            else rf"{size_text(low)} \le {text} < {size_text(high)}"
        )

    def _softmax(self, node: Node, places: Places) -> sp.Expr | None:
        """The argument has the index of the normalized axis once, and no other position has it."""
        found = softmax(self.store, node, lambda k: k not in self.names)
        if found is None:
            return None
        argument, axis = found
        place = places[axis]
        others = labels_of(p for k, p in enumerate(places) if k != axis)
        if not isinstance(place, Label) or not atoms([place]).isdisjoint(atoms(others)):
            return None
        inner = self.expr(argument, places)

        def write() -> str:
            under = self.letters.place(place)
            return rf"\operatorname{{softmax}}_{{{under}}}\left({latex(inner)}\right)"

        return operand(f"o{node:08}", write, ATOM, labels=_labels(inner))

    # Positions ------------------------------------------------------------------------------------------------

    def _extreme(self, node: Node, axes: Sequence[int], places: Places, *, is_place: bool) -> sp.Expr:
        (below,) = self.store.operands(node)
        shape = self.store.shape(below)
        fresh = {axis: new(shape[axis]) for axis in axes}
        rest = iter(places)
        if is_place:
            inside = tuple(fresh.get(k, place) for k, place in enumerate(places))
        else:
            inside = tuple(fresh[k] if k in fresh else next(rest) for k in range(len(shape)))
        body = self.expr(below, inside)
        whole = self.expr(below, places) if is_place else None
        bound = [label for label in fresh.values() if isinstance(label, Label)]
        live = atoms(_labels(body)) - atoms(bound)

        def write() -> str:
            with self.letters.bound(bound, live):
                text = _guarded(body)
                told = self.letters.over(r"\max", bound) + text
            return told if whole is None else rf"\mathbb{{I}}\left[{latex(whole)} = {told}\right]"

        return operand("y", write, LOOSE if whole is None else ATOM, labels=labels_of(places))

    def _index(self, op: Index, places: Places) -> sp.Expr:
        first = moved(op.offset, (1, places[0]))
        if op.relation == "equal":
            return self.delta(first, places[1])

        def write() -> str:
            told = [self.letters.place(place) for place in (first, *places[1:])]
            return (
                told[0] if op.relation == "position" else rf"\mathbb{{I}}\left[{told[0]} \le {told[1]}\right]"
            )

        if op.relation != "position":
            return self._mark(("order", first, *places[1:]), write, places)
        return operand("i0", write, LOOSE - 1 if op.offset else ATOM, labels=labels_of(places))


def _labels(expression: sp.Expr) -> frozenset[Label]:
    return frozenset[Label]().union(*(found.labels for found in operands(expression)))


def _has(expression: sp.Expr, labels: Sequence[Label]) -> bool:
    """Whether it depends on some labels, whole or in parts."""
    return not atoms(_labels(expression)).isdisjoint(atoms(labels))


def _guarded(body: sp.Expr) -> str:
    return rf"\left({latex(body)}\right)" if binding(body) < PRODUCT else latex(body)

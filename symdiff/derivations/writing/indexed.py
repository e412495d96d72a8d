"""How does a node look in index notation? ``sum_j A_ij B_jk``: every formula has a place here, whatever its axes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy.printing.precedence import PRECEDENCE

from symdiff.checking.formulas import formula_text
from symdiff.derivations.writing.choices import LOOSE, named
from symdiff.derivations.writing.elementwise import guarded, latex
from symdiff.derivations.writing.known import by_name
from symdiff.derivations.writing.letters import Letters, size_text
from symdiff.derivations.writing.moves import is_move, moved_entry
from symdiff.derivations.writing.operands import MARK, SUM, Operand, labels_in, operand
from symdiff.derivations.writing.places import (
    FIRST,
    Label,
    Moved,
    Place,
    atoms,
    bounded,
    labels_of,
    moved,
    new,
)
from symdiff.derivations.writing.recognizing import softmax
from symdiff.derivations.writing.selecting import largest, table, winner
from symdiff.derivations.writing.symbols import Symbol
from symdiff.ir.graph import Node, Store
from symdiff.ir.literals import read
from symdiff.ir.ops import ArgMax, Contract, Index, Input, Literal, Map, Maximum, Named, Table
from symdiff.ir.sizes import Shape, Size, normal, same
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

    def labels(self, shape: Shape, *, whole: bool = False) -> Places:
        """New positions along the axes of a shape; ``whole`` ones are never made of parts."""
        return tuple(FIRST if size == 1 else Label(size, is_whole=whole) for size in shape)

    def root(self, node: Node, places: Places) -> sp.Expr:
        """The formula of an entry, also if the node has a name itself."""
        is_leaf = isinstance(self.store.op(node), Input)
        return self.expr(node, places) if is_leaf else self._written(node, places)

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
        shown = [k for k, size in enumerate(shape) if size != 1]
        for k in shown:
            self.letters.note(places[k], shape[k])
        if not shown:
            return symbol.plain
        index = self.letters.places([places[k] for k in shown])
        above = self.letters.places([places[k] for k in shown if k < symbol.rank])
        below = self.letters.places([places[k] for k in shown if k >= symbol.rank])
        text = symbol.at(below, above)
        return rf"\left({symbol.plain}\right)_{{{index}}}" if text in self._plain else text

    @cached_property
    def _plain(self) -> frozenset[str]:
        """How whole quantities look: no entry of another one may look like that."""
        return frozenset(symbol.plain for symbol in self.names.values())

    def _named(self, node: Node, places: Places) -> sp.Expr:
        symbol = self.names[node]
        return operand(
            f"o{node:08}",
            lambda: self.at(symbol, node, places),
            ATOM,
            labels=labels_of(places),
            is_cotangent=symbol.is_derivative,
        )

    def mark(self, key: Hashable, write: Callable[[], str], labels: frozenset[Label]) -> Operand:
        """An operand that is 1 or 0, the same wherever it stands."""
        if key not in self._marks:
            self._marks[key] = operand(MARK, write, ATOM, labels=labels)
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
            case Maximum(axes):
                return largest(self, node, axes, places)
            case ArgMax(axes):
                return winner(self, node, axes, places)
            case Table() if (found := table(self, op, places)) is not None:
                return found
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

    def sum(self, body: sp.Expr, over: Sequence[Label]) -> sp.Expr:
        """A sum over labels; a sum of a sum is one."""
        if isinstance(body, Operand) and body.summed is not None:
            body, inner = body.summed
            over = [*over, *inner]
        summed = [label for label in over if _has(body, [label])]
        scale = sp.Mul(*(sp.sympify(label.size, strict=True) for label in over if label not in summed))
        if not summed:
            return scale * body
        live = atoms(labels_in(body)) - atoms(summed)

        def write() -> str:
            with self.letters.bound(summed, live):
                text = guarded(body)
                return self.letters.over(r"\sum", summed) + text

        return scale * operand(SUM, write, PRODUCT, labels=live, summed=(body, tuple(summed)))

    @cached_property
    def _has_delta(self) -> bool:
        return any(symbol.plain.startswith(r"\delta") for symbol in self.names.values())

    def delta(self, one: Place, other: Place) -> sp.Expr:
        """1 where two positions are equal, 0 elsewhere; no letter that is a quantity's."""
        if not labels_of((one, other)) and isinstance(one, Moved) and isinstance(other, Moved):
            return sp.Integer(one == other)
        if one == other:
            return sp.S.One

        def write() -> str:
            if self._has_delta:
                return rf"\mathbb{{I}}\left[{self.letters.number(one)} = {self.letters.number(other)}\right]"
            return rf"\delta_{{{self.letters.places((one, other))}}}"

        return self.mark(("delta", one, other), write, labels_of((one, other)))

    def within(self, places: Sequence[Place], limits: Sequence[tuple[Size, Size, Size]]) -> sp.Expr:
        """1 where positions are between limits (low, high, and the length of the axis), 0 elsewhere."""
        rows = [bounded(p, *limit) for p, limit in zip(places, limits, strict=True)]
        if None in rows:
            return sp.S.Zero
        told = [row for row in rows if row and row[1:] != (None, None)]
        if not told:
            return sp.S.One

        def write() -> str:
            return rf"\mathbb{{I}}\left[{', '.join(self._between(*row) for row in told)}\right]"

        return self.mark(("within", *told), write, labels_of(row[0] for row in told))

    def _between(self, place: Place, low: Size | None, high: Size | None) -> str:
        text = self.letters.number(place)
        if low is None or high is None:
            return rf"{text} \ge {size_text(low)}" if low is not None else rf"{text} < {size_text(high or 0)}"
        is_one = normal(high - low) == 1
        return (
            rf"{text} = {size_text(low)}" if is_one else rf"{size_text(low)} \le {text} < {size_text(high)}"
        )

    def _softmax(self, node: Node, places: Places) -> sp.Expr | None:
        """The argument has the index of the normalized axis once, and no other position has it."""
        found = softmax(self.store, node, lambda k: k not in self.names)
        if found is None:
            return None
        argument, axis = found
        place = places[axis]
        others = labels_of(p for k, p in enumerate(places) if k != axis)
        size = self.store.shape(argument)[axis]
        if not isinstance(place, Label) or not same(place.size, size):
            return None
        if not atoms([place]).isdisjoint(atoms(others)):
            return None
        inner = self.expr(argument, places)

        def write() -> str:
            under = self.letters.place(place)
            return rf"\operatorname{{softmax}}_{{{under}}}\left({latex(inner)}\right)"

        return operand(f"o{node:08}", write, ATOM, labels=labels_in(inner))

    # Positions ------------------------------------------------------------------------------------------------

    def _index(self, op: Index, places: Places) -> sp.Expr:
        first = moved(op.offset, (1, places[0]))
        if op.relation == "equal":
            return self.delta(first, places[1])

        def write() -> str:
            told = [self.letters.number(place) for place in (first, *places[1:])]
            return (
                told[0] if op.relation == "position" else rf"\mathbb{{I}}\left[{told[0]} \le {told[1]}\right]"
            )

        if op.relation != "position":
            return self.mark(("order", first, *places[1:]), write, labels_of(places))
        return operand("i0", write, LOOSE - 1 if op.offset else ATOM, labels=labels_of(places))


def _has(expression: sp.Expr, labels: Sequence[Label]) -> bool:
    """Whether it depends on some labels, whole or in parts."""
    return not atoms(labels_in(expression)).isdisjoint(atoms(labels))

"""What is the normal form of a node? One rule for each operation, node by node, without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

import numpy as np
import sympy as sp

from symdiff.ir.formulas import ADD, ARGUMENTS, SUBTRACT
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Table,
    Window,
)
from symdiff.ir.sizes import Shape, Size
from symdiff.proof.every_shape.axes import Axes
from symdiff.proof.every_shape.facts import exchanges, is_open, is_positive
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.moves import Moves
from symdiff.proof.every_shape.powers import Need
from symdiff.proof.every_shape.reading import Reader
from symdiff.proof.every_shape.tables import factored
from symdiff.proof.every_shape.terms import Expr, HeadKind, Labels, Undefined, constant, single, times_number


class Builder:
    """Normal forms of the nodes of one store.

    The labels of a form are ``0, 1, ...``: one for each primitive axis, in order. Axes of length 1 have none;
    an axis that a reshape splits has several.
    """

    def __init__(
        self, store: Store, space: Generators, nodes: Iterable[Node], facts: Mapping[str, object]
    ) -> None:
        self.store, self.space, self.facts = store, space, facts
        self.nodes = tuple(nodes)
        self.forms: dict[Node, Expr] = {}
        self.needs: dict[Node, tuple[tuple[Need, int], ...]] = {}
        self.opaque: dict[int, Node] = {}  # heads that stand for a node as it is
        self._cones: dict[tuple[Node, frozenset[int]], Expr] = {}  # by the cuts that the form is made of
        self.axes = Axes(store)
        self.axes.learn(store.ancestors(self.nodes))
        self.moves = Moves(space, self.axes)

    def build(self, nodes: Iterable[Node]) -> None:
        """The forms of some nodes and of all they need."""
        for node in self.store.ancestors(nodes):
            if node not in self.forms:
                self._make(node)

    def _make(self, node: Node) -> None:
        self.space.noted = []
        self.forms[node] = self._form(node)
        self.needs[node] = tuple(dict.fromkeys((*self.needs.get(node, ()), *self.space.noted)))

    # Cuts --------------------------------------------------------------------------------------------------

    def cone(self, node: Node, cuts: Mapping[Node, int]) -> Expr:
        """The form of a node in terms of atoms that stand for other nodes."""
        wanted: set[Node] = set()
        stack = [node]
        self.forms = {}
        while stack:
            one = stack.pop()
            if one in wanted:
                continue
            wanted.add(one)
            if one in cuts and one != node:
                dims = self.axes.of(self.store.shape(one))
                self.forms[one] = single((cuts[one], tuple(range(len(dims)))))
            else:
                stack.extend(self.store.operands(one))
        below: dict[Node, frozenset[int]] = {}
        for one in sorted(wanted):
            if one in self.forms:
                below[one] = frozenset((cuts[one],))
                continue
            below[one] = frozenset().union(*(below[k] for k in self.store.operands(one)))
            known = self._cones.get((one, below[one]))
            if known is None:
                self._make(one)
                self._cones[one, below[one]] = self.forms[one]
            else:
                self.forms[one] = known
        return self.forms[node]

    def cut(self, node: Node, form: Expr) -> int:
        """The head of an atom that stands for a node."""
        dims = self.axes.of(self.store.shape(node))
        positive, clean = self.space.sign(form) == 1, self.space.is_clean(form)
        head = self.space.intern("array", ("cut", node), dims, positive=positive, clean=clean, degree=1)
        self.opaque[head] = node
        return head

    def heads_in(self, parts: Iterable[Expr]) -> set[int]:
        """The heads that occur in some forms, at any depth."""
        seen: set[int] = set()
        stack = list(parts)
        while stack:
            for key in stack.pop():
                for (head, _), _ in key:
                    if head not in seen:
                        seen.add(head)
                        stack += self.space.heads[head].parts
        return seen

    def _form(self, node: Node) -> Expr:
        op = self.store.op(node)
        operands = self.store.operands(node)
        forms = [self.forms[k] for k in operands]
        try:
            return self._rule(op, node, operands, forms)
        except Undefined:
            return self._as_it_is(node, op, operands)

    def _rule(self, op: Op, node: Node, operands: Sequence[Node], forms: Sequence[Expr]) -> Expr:
        infinite = [k for k, form in enumerate(forms) if self.space.is_infinite(form)]
        if infinite and not _survives_infinity(op, infinite):
            raise Undefined("infinity in a sum or a product")
        match op:
            case Input():
                return self._input(op)
            case Literal(value):
                return Reader(self.space, ()).number(value)
            case Table():
                return self._table(op)
            case Index():
                return self._index(op)
            case Named():
                return forms[0]
            case Map(formula):
                booleans = frozenset(k for k, x in enumerate(operands) if self.store.kind(x) == "boolean")
                return Reader(self.space, forms, booleans).value(formula.expression)
            case Contract():
                return self._contract(op, forms)
            case Reshape():
                if self.axes.of(op.shape) != self.axes.of(self.store.shape(operands[0])):
                    return self._as_it_is(node, op, operands)
                return forms[0]
            case Maximum(axes):
                return self._select(op, axes, operands[0], forms[0])
            case ArgMax(axes):
                return self._select(op, axes, operands[0], forms[0])
            case Slice() | Pad() | Concatenate() | Gather() | ScatterAdd() | Window() | Fold():
                shapes = [self.store.shape(k) for k in operands]
                return self.moves.moved(op, shapes, self.store.shape(node), forms)
            case _:
                assert_never(op)

    # Leaves ------------------------------------------------------------------------------------------------

    def _leaf(
        self,
        kind: HeadKind,
        name: object,
        shape: Shape,
        *,
        positive: bool = False,
        clean: bool = True,
        degree: int = 0,
    ) -> Expr:
        dims = self.axes.of(shape)
        head = self.space.intern(kind, name, dims, positive=positive, clean=clean, degree=degree)
        return single((head, tuple(range(len(dims)))))

    def _input(self, op: Input) -> Expr:
        fact = self.facts.get(op.name)
        kind: HeadKind = "mask" if op.kind == "boolean" or fact == "one_hot" else "input"
        if fact in ("one_hot", "simplex") and op.shape:
            self.space.rows[op.name] = len(self.axes.of(op.shape[:-1]))
        positive, clean = is_positive(fact), op.kind == "real" and kind == "input" and is_open(fact)
        if fact in ("symmetric", "positive_definite"):
            return self._symmetric(op)
        return self._leaf(kind, op.name, op.shape, positive=positive, clean=clean, degree=1)

    def _symmetric(self, op: Input) -> Expr:
        """A matrix whose last two axes may be exchanged."""
        dims = self.axes.of(op.shape)
        symmetries = exchanges(len(dims)) if len(dims) == len(op.shape) else ()
        head = self.space.intern("input", op.name, dims, symmetries=symmetries, clean=False, degree=1)
        return single(self.space.atom(head, tuple(range(len(dims)))))

    def _table(self, op: Table) -> Expr:
        array = op.array
        if array.size and np.all(array == array.flat[0]):
            return (
                Reader(self.space, ()).number(array.ravel().tolist()[0])
                if array.dtype.kind == "f"
                else constant(int(array.flat[0]))
            )
        whole, factor = factored(op)
        return times_number(self.moves.table(whole), factor)

    def _index(self, op: Index) -> Expr:
        if op.relation == "less_equal" and op.shape == (1, 1):
            return constant(int(op.offset <= 0))
        if op.relation == "equal" and op.offset == 0 and op.shape[0] == op.shape[1]:
            return self._identity(self.axes.of(op.shape[:1]))
        return self._leaf("array" if op.relation == "position" else "mask", op, op.shape)

    def _identity(self, dims: Shape) -> Expr:
        result = constant(1)
        for place, size in enumerate(dims):
            result = self.space.times(result, single(self.space.delta(size, place, place + len(dims))))
        return result

    def _as_it_is(self, node: Node, op: Op, operands: Sequence[Node]) -> Expr:
        """An atom of its own, known by its operation and the normal forms of its operands."""
        dims = self.axes.of(self.store.shape(node))
        forms = tuple(tuple(sorted(self.forms[k].items())) for k in operands)
        shapes = tuple(map(self.store.shape, operands))
        head = self.space.intern("array", (op, forms, shapes), dims, clean=False, degree=1)
        self.opaque[head] = node
        return single((head, tuple(range(len(dims)))))

    # Families ----------------------------------------------------------------------------------------------

    def _contract(self, op: Contract, forms: Sequence[Expr]) -> Expr:
        blocks: list[Labels] = []
        sizes: dict[int, Size] = {}
        for size in op.sizes:
            block: list[int] = []
            for part in self.axes.of((size,)):
                label = self.space.fresh()
                sizes[label] = part
                block.append(label)
            blocks.append(tuple(block))
        result = self._coefficient(op)
        for labels, form in zip(op.inputs, forms, strict=True):
            own = [label for k in labels for label in blocks[k]]
            result = self.space.times(result, self.space.relabelled(form, dict(enumerate(own))))
        kept = {label for k in op.output for label in blocks[k]}
        dummies = {k: s for k, s in sizes.items() if k not in kept}
        result = self.space.summed(result, dummies)
        return self._placed(result, op, blocks, sizes)

    def _coefficient(self, op: Contract) -> Expr:
        if isinstance(op.coefficient, Fraction):
            return constant(op.coefficient)
        return Reader(self.space, ()).value(op.coefficient)

    def _placed(self, expr: Expr, op: Contract, blocks: Sequence[Labels], sizes: Mapping[int, Size]) -> Expr:
        """The output labels by their places; a repeated one embeds a diagonal."""
        mapping: dict[int, int] = {}
        diagonal: list[tuple[Size, int, int]] = []
        place = 0
        for k in op.output:
            for label in blocks[k]:
                first = mapping.setdefault(label, place)
                if first != place:
                    diagonal.append((sizes[label], first, place))
                place += 1
        result = self.space.relabelled(expr, mapping)
        for size, one, other in diagonal:
            result = self.space.times(result, single(self.space.delta(size, one, other)))
        return result

    def _select(self, op: Maximum | ArgMax, axes: Sequence[int], operand: Node, form: Expr) -> Expr:
        places: dict[int, Size] = {}
        kept: dict[int, int] = {}
        label = 0
        for axis, size in enumerate(self.store.shape(operand)):
            for part in self.axes.of((size,)):
                if axis in axes:
                    places[label] = part
                else:
                    kept[label] = len(kept)
                label += 1
        if self.space.is_infinite(form):  # one entry at least must be finite
            self.space.need("nonzero", self.space.summed(self.space.exp(form), places))
        if isinstance(op, ArgMax):
            return self.space.winner(form, places)
        mapping = kept | {k: self.space.fresh() for k in places}
        moved = self.space.relabelled(form, mapping)
        return self.space.maximum(moved, {mapping[k]: size for k, size in places.items()})


def _survives_infinity(op: Op, infinite: Sequence[int]) -> bool:
    """Whether an operation on infinite operands never meets ``0 * inf`` or ``inf - inf``."""
    match op:
        case Maximum() | ArgMax() | Reshape() | Named():
            return True
        case Contract():
            factor = op.coefficient
            return op.is_view and (factor > 0 if isinstance(factor, Fraction) else bool(factor.is_positive))
        case Map(formula):
            e = formula.expression
            if formula in (ADD, SUBTRACT):
                return len(infinite) == 1
            if isinstance(e, sp.Piecewise):
                return not any(c.has(ARGUMENTS[k]) for _, c in e.args for k in infinite) and all(
                    v in ARGUMENTS or v.is_Number for v, _ in e.args
                )
            return bool(e == sp.exp(ARGUMENTS[0]))
        case _:
            return False

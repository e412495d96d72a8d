"""How are nodes built? Constructors that write every expression in one way: views merge, ones and zeros vanish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import sympy as sp

from symdiff.ir import formulas
from symdiff.ir.formulas import ADD, SUBTRACT, Formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import (
    ArgMax,
    Coefficient,
    Concatenate,
    Contract,
    Gather,
    Index,
    Labels,
    Map,
    Maximum,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Window,
)
from symdiff.ir.sizes import Shape, Size, normal, product, same, same_shape

ONE, ZERO = Fraction(1), Fraction(0)


# Contractions -------------------------------------------------------------------------------------------------


def constant(store: Store, value: Coefficient | int, shape: Shape = ()) -> Node:
    """An exact number at every position of a shape."""
    labels = tuple(range(len(shape)))
    return store.add(Contract((), labels, shape, coefficient(value)))


def constant_value(store: Store, node: Node) -> Coefficient | None:
    """The number, if a node is the same exact number everywhere."""
    op = store.op(node)
    if isinstance(op, Contract) and not op.inputs and len(set(op.output)) == len(op.output):
        return op.coefficient
    return None


def is_zero(store: Store, node: Node) -> bool:
    """Whether a node is zero by construction."""
    op = store.op(node)
    return isinstance(op, Contract) and op.coefficient == 0


def coefficient(value: Coefficient | int) -> Coefficient:
    """Numbers as Fractions, sizes as SymPy expressions."""
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    value = sp.sympify(value)
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def times(left: Coefficient, right: Coefficient) -> Coefficient:
    """The product of two coefficients."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left * right
    return coefficient(_expression(left) * _expression(right))


def _expression(value: Coefficient) -> sp.Expr:
    return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def contract(
    store: Store,
    factors: Sequence[tuple[Node, Labels]],
    output: Labels,
    scale: Coefficient = ONE,
    sizes: dict[int, Size] | None = None,
) -> Node:
    """``scale`` times the sum, over labels not in ``output``, of the product of the factors.

    Labels are any ints; ``sizes`` is needed for labels that no factor has. Factors that are views are merged in.
    """
    builder = _Contraction(store, dict(sizes or {}), scale)
    for node, labels in factors:
        builder.take(node, labels)
    return builder.build(output)


class _Contraction:
    """Collects factors; merges views by renaming labels."""

    def __init__(self, store: Store, sizes: dict[int, Size], scale: Coefficient) -> None:
        self.store, self.sizes, self.scale = store, sizes, scale
        self.factors: list[tuple[Node, Labels]] = []
        self.same_as: dict[int, int] = {}
        self.fresh = -1

    def take(self, node: Node, labels: Labels) -> None:
        for label, size in zip(labels, self.store.shape(node), strict=True):
            if self.sizes.setdefault(label, size) == 1:
                self.sizes[label] = size
        op = self.store.op(node)
        if not (isinstance(op, Contract) and op.is_view):
            self.factors.append((node, labels))
            return
        self.scale = times(self.scale, op.coefficient)
        outer: dict[int, int] = {}
        for inner, label in zip(op.output, labels, strict=True):
            one, other = self._find(label), self._find(outer.setdefault(inner, label))
            if one != other:
                self.same_as[one] = other
        for inputs, operand in zip(op.inputs, self.store.operands(node), strict=True):
            for inner in inputs:
                if inner not in outer:
                    outer[inner] = self.fresh
                    self.sizes[self.fresh] = 1
                    self.fresh -= 1
            self.factors.append((operand, tuple(outer[k] for k in inputs)))

    def _find(self, label: int) -> int:
        while label in self.same_as:
            label = self.same_as[label]
        return label

    def build(self, output: Labels) -> Node:
        if self.same_as:
            self._merge()
            output = tuple(map(self._find, output))
        if isinstance(self.scale, Fraction) and self.scale == 0:
            return constant(self.store, 0, tuple(self.sizes[k] for k in output))
        self.factors.sort(key=lambda factor: factor[0])
        number: dict[int, int] = {}
        for _, labels in self.factors:
            for k in labels:
                number.setdefault(k, len(number))
        for k in output:
            number.setdefault(k, len(number))
        unused = [k for k in self.sizes if k not in number and self._find(k) == k]
        if unused:
            self.scale = times(self.scale, coefficient(product(self.sizes[k] for k in unused)))
        inputs = tuple(tuple(number[k] for k in labels) for _, labels in self.factors)
        out = tuple(number[k] for k in output)
        if len(self.factors) == 1 and inputs[0] == out and self.scale == 1 and len(set(out)) == len(out):
            return self.factors[0][0]
        spec = Contract(inputs, out, tuple(self.sizes[k] for k in number), self.scale)
        return self.store.add(spec, tuple(node for node, _ in self.factors))

    def _merge(self) -> None:
        for label in list(self.same_as):
            root = self._find(label)
            if self.sizes.get(root) == 1:
                self.sizes[root] = self.sizes[label]
        self.factors = [(node, tuple(map(self._find, labels))) for node, labels in self.factors]


def scale(store: Store, node: Node, factor: Coefficient | int) -> Node:
    """``factor * node``."""
    labels = tuple(range(len(store.shape(node))))
    return contract(store, [(node, labels)], labels, coefficient(factor))


def multiply(store: Store, left: Node, right: Node) -> Node:
    """The elementwise product of two nodes of one shape."""
    shape = store.shape(left)
    if not shape:
        return _multiply_scalars(store, left, right)
    labels = tuple(range(len(shape)))
    return contract(store, [(left, labels), (right, labels)], labels)


_SCALAR_PRODUCT = Contract(((), ()), (), ())


def _multiply_scalars(store: Store, left: Node, right: Node) -> Node:
    for node in (left, right):
        op = store.op(node)
        if isinstance(op, Contract) and op.is_view:
            return contract(store, [(left, ()), (right, ())], ())
    return store.add(_SCALAR_PRODUCT, (left, right) if left <= right else (right, left))


def transpose(store: Store, node: Node, axes: Sequence[int]) -> Node:
    """Axes in another order."""
    return contract(store, [(node, tuple(range(len(axes))))], tuple(axes))


def broadcast_to(store: Store, node: Node, shape: Shape) -> Node:
    """Repeat along new leading axes and axes of length 1."""
    own = store.shape(node)
    if own == shape:
        return node
    lead = len(shape) - len(own)
    labels, sizes = [], dict(enumerate(shape))
    for axis, size in enumerate(own):
        stretched = size == 1 and shape[lead + axis] != 1
        labels.append(len(shape) + axis if stretched else lead + axis)
        if stretched:
            sizes[len(shape) + axis] = 1
    return contract(store, [(node, tuple(labels))], tuple(range(len(shape))), sizes=sizes)


def reduce_sum(store: Store, node: Node, axes: Iterable[int], factor: Coefficient = ONE) -> Node:
    """The sum over some axes, which are dropped."""
    dropped = set(axes)
    labels = tuple(range(len(store.shape(node))))
    return contract(store, [(node, labels)], tuple(k for k in labels if k not in dropped), factor)


def insert_axes(store: Store, node: Node, axes: Iterable[int]) -> Node:
    """New axes of length 1 at these places of the result."""
    places = set(axes)
    rank = len(store.shape(node)) + len(places)
    kept = [axis for axis in range(rank) if axis not in places]
    return contract(store, [(node, tuple(kept))], tuple(range(rank)), sizes=dict.fromkeys(places, 1))


def identity(store: Store, shape: Shape) -> Node:
    """The identity of a space of arrays: shape + shape, 1 where both positions agree."""
    labels = tuple(range(len(shape)))
    return store.add(Contract((), labels + labels, shape)) if shape else constant(store, 1)


# Maps ---------------------------------------------------------------------------------------------------------


def apply(store: Store, formula: Formula, operands: Sequence[Node]) -> Node:
    """One formula at every position."""
    if formula is ADD:
        return add(store, operands[0], operands[1])
    if formula is SUBTRACT:
        return subtract(store, operands[0], operands[1])
    factor, rest = formulas.monomial(formula)
    if factor != 1:
        return scale(store, apply(store, rest, operands), factor) if rest is not None else scale(store, operands[0], factor)
    if formula is formulas.SQUARE:
        return multiply(store, operands[0], operands[0])
    return store.add(Map(formula), operands)


def add(store: Store, left: Node, right: Node) -> Node:
    """The sum of two nodes of one shape."""
    if is_zero(store, left):
        return right
    if is_zero(store, right):
        return left
    if left == right:
        return scale(store, left, 2)
    for one, other in ((left, right), (right, left)):
        opposite = _negated(store, other)
        if opposite is not None:
            return subtract(store, one, opposite)
    return store.add(Map(ADD), (left, right) if left < right else (right, left))


def subtract(store: Store, left: Node, right: Node) -> Node:
    """The difference of two nodes of one shape."""
    if left == right:
        return constant(store, 0, store.shape(left))
    if is_zero(store, right):
        return left
    if is_zero(store, left):
        return scale(store, right, -1)
    opposite = _negated(store, right)
    return add(store, left, opposite) if opposite is not None else store.add(Map(SUBTRACT), (left, right))


def _negated(store: Store, node: Node) -> Node | None:
    """The node whose plain negative this is."""
    op = store.op(node)
    if isinstance(op, Contract) and op.coefficient == -1 and len(op.inputs) == 1 and op.is_elementwise:
        return store.operands(node)[0]
    return None


def total(store: Store, nodes: Sequence[Node], shape: Shape) -> Node:
    """The sum of any number of nodes; zeros of ``shape`` for none."""
    if not nodes:
        return constant(store, 0, shape)
    result = nodes[0]
    for node in nodes[1:]:
        result = add(store, result, node)
    return result


def divide(store: Store, left: Node, right: Node) -> Node:
    """``left / right``, a product with the reciprocal."""
    value = constant_value(store, right)
    if value is not None and value != 0:
        return scale(store, left, 1 / value)
    return multiply(store, left, store.add(Map(formulas.RECIPROCAL), (right,)))


# Moves and selections -----------------------------------------------------------------------------------------


def reshape(store: Store, node: Node, shape: Shape) -> Node:
    """The same entries in row-major order under another shape."""
    if same_shape(store.shape(node), shape):
        return node
    op = store.op(node)
    if isinstance(op, Reshape):
        return reshape(store, store.operands(node)[0], shape)
    value = constant_value(store, node)
    if value is not None:
        return constant(store, value, shape)
    return store.add(Reshape(shape), (node,))


def full_span(size: Size) -> Span:
    """The whole of an axis."""
    return Span(0, 1, size)


def slice_(store: Store, node: Node, spans: Sequence[Span]) -> Node:
    """Take a span of every axis."""
    shape = store.shape(node)
    if all(span == full_span(size) for span, size in zip(spans, shape, strict=True)):
        return node
    value = constant_value(store, node)
    if value is not None:
        return constant(store, value, tuple(span.length for span in spans))
    return store.add(Slice(tuple(spans)), (node,))


def pad(store: Store, node: Node, spans: Sequence[Span], shape: Shape) -> Node:
    """Put a node into zeros of a larger shape."""
    if all(span == full_span(size) for span, size in zip(spans, shape, strict=True)):
        return node
    return constant(store, 0, shape) if is_zero(store, node) else store.add(Pad(tuple(spans), shape), (node,))


def concatenate(store: Store, nodes: Sequence[Node], axis: int) -> Node:
    """Lay nodes end to end along an axis."""
    return nodes[0] if len(nodes) == 1 else store.add(Concatenate(axis), nodes)


def gather(store: Store, node: Node, index: Node, axis: int) -> Node:
    """Entries along an axis at integer positions."""
    return store.add(Gather(axis), (node, index))


def scatter_add(store: Store, node: Node, index: Node, axis: int, size: Size) -> Node:
    """Add entries into zeros at integer positions along an axis."""
    return store.add(ScatterAdd(axis, size), (node, index))


def window(store: Store, node: Node, axis: int, length: int) -> Node:
    """All windows along an axis; the place in the window becomes the last axis."""
    return store.add(Window(axis, length), (node,))


def maximum(store: Store, node: Node, axes: Iterable[int]) -> Node:
    """The maximum over some axes, which are dropped."""
    chosen = tuple(sorted(axes))
    return store.add(Maximum(chosen), (node,)) if chosen else node


def argmax(store: Store, node: Node, axes: Iterable[int]) -> Node:
    """1 where the maximum over some axes is reached, shared between ties."""
    return store.add(ArgMax(tuple(sorted(axes))), (node,))


def positions(store: Store, size: Size, offset: int = 0) -> Node:
    """``offset, offset + 1, ...``: arange."""
    return store.add(Index("position", (size,), offset))


def lower_triangle(store: Store, rows: Size, columns: Size, offset: int = 0) -> Node:
    """1 where ``column <= row + offset``."""
    flipped = store.add(Index("less_equal", (columns, rows), -offset))
    return transpose(store, flipped, (1, 0))


def diagonal_band(store: Store, rows: Size, columns: Size, offset: int = 0) -> Node:
    """1 where ``column == row + offset``: eye."""
    if offset == 0 and same(rows, columns):
        return identity(store, (normal(rows),))
    return store.add(Index("equal", (rows, columns), offset))

"""How are products, sums, transposes and broadcasts built? As contractions, into which views merge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import sympy as sp

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Coefficient, Contract, Labels
from symdiff.ir.sizes import Shape, Size, product

ONE, ZERO = Fraction(1), Fraction(0)


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
    value = sp.sympify(value, strict=True)
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

    Labels are any ints; ``sizes`` is needed for labels that no factor has. Factors that are views merge.
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

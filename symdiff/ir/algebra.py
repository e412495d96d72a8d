"""How are nodes built? Constructors that write every expression in one way: views merge, zeros vanish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symdiff.ir import formulas
from symdiff.ir.contractions import (
    ONE,
    ZERO,
    broadcast_to,
    coefficient,
    constant,
    constant_value,
    contract,
    identity,
    insert_axes,
    is_zero,
    multiply,
    reduce_sum,
    scale,
    times,
    transpose,
)
from symdiff.ir.formulas import ADD, SUBTRACT, Formula
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import (
    ArgMax,
    Coefficient,
    Concatenate,
    Contract,
    Gather,
    Index,
    Map,
    Maximum,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Window,
)
from symdiff.ir.sizes import Shape, Size, normal, same, same_shape

__all__ = [
    "ONE",
    "ZERO",
    "Coefficient",
    "add",
    "apply",
    "argmax",
    "broadcast_to",
    "coefficient",
    "concatenate",
    "constant",
    "constant_value",
    "contract",
    "diagonal_band",
    "divide",
    "full_span",
    "gather",
    "identity",
    "insert_axes",
    "is_zero",
    "lower_triangle",
    "maximum",
    "multiply",
    "pad",
    "positions",
    "reduce_sum",
    "reshape",
    "scale",
    "scatter_add",
    "slice_",
    "subtract",
    "times",
    "total",
    "transpose",
    "window",
]

# Maps -------------------------------------------------------------------------------------------------------


def apply(store: Store, formula: Formula, operands: Sequence[Node]) -> Node:
    """One formula at every position."""
    if formula is ADD:
        return add(store, operands[0], operands[1])
    if formula is SUBTRACT:
        return subtract(store, operands[0], operands[1])
    factor, rest = formulas.monomial(formula)
    if factor != 1:
        return scale(store, operands[0] if rest is None else apply(store, rest, operands), factor)
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


# Moves and selections ---------------------------------------------------------------------------------------


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

"""Which parts of a graph are known functions of whole arrays? The softmax, shifted or not."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS, RECIPROCAL
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Labels, Map

_A, _B = ARGUMENTS[:2]


def softmax(store: Store, node: Node, is_open: Callable[[Node], bool]) -> tuple[Node, int] | None:
    """The argument of ``exp(z) / sum(exp(z))`` and the axis of the sum; ``is_open`` nodes may be looked into."""
    op = store.op(node)
    if not isinstance(op, Contract) or len(op.inputs) != 2 or op.coefficient != 1:
        return None
    for k in (0, 1):
        exponential, below = store.operands(node)[k], store.operands(node)[1 - k]
        if op.inputs[k] == op.output and is_open(exponential) and is_open(below):
            axis = _normalized(store, exponential, below, is_open)
            if axis is not None and _long(op, op.inputs[1 - k]) == _long(op, _dropped(op.inputs[k], axis)):
                return _argument(store, exponential, axis, is_open)
    return None


def _long(op: Contract, labels: Labels) -> Labels:
    return tuple(k for k in labels if op.sizes[k] != 1)


def _dropped(labels: Labels, axis: int) -> Labels:
    return labels[:axis] + labels[axis + 1 :]


def _normalized(store: Store, exponential: Node, below: Node, is_open: Callable[[Node], bool]) -> int | None:
    """The axis along which ``below`` is one over the sum of ``exponential``."""
    op = store.op(below)
    if not isinstance(op, Map) or op.formula is not RECIPROCAL:
        return None
    total = _same(store, store.operands(below)[0], is_open)
    summed = store.op(total)
    if not isinstance(summed, Contract) or not is_open(total) or summed.coefficient != 1:
        return None
    if store.operands(total) != (exponential,) or len(set(summed.inputs[0])) != len(summed.inputs[0]):
        return None
    axes = [k for k, label in enumerate(summed.inputs[0]) if label not in summed.output]
    if len(axes) != 1 or _long(summed, summed.output) != _long(summed, _dropped(summed.inputs[0], axes[0])):
        return None
    return axes[0]


def _same(store: Store, node: Node, is_open: Callable[[Node], bool]) -> Node:
    """The node without axes of length 1 that were inserted."""
    op = store.op(node)
    if not isinstance(op, Contract) or len(op.inputs) != 1 or not op.is_view or op.coefficient != 1:
        return node
    is_same = is_open(node) and _long(op, op.inputs[0]) == _long(op, op.output)
    return _same(store, store.operands(node)[0], is_open) if is_same else node


def _argument(
    store: Store, exponential: Node, axis: int, is_open: Callable[[Node], bool]
) -> tuple[Node, int] | None:
    """What is exponentiated, without a shift that is the same along the axis."""
    op = store.op(exponential)
    if not isinstance(op, Map) or op.formula.expression != sp.exp(_A):
        return None
    (inner,) = store.operands(exponential)
    shifted = store.op(inner)
    if is_open(inner) and isinstance(shifted, Map) and shifted.formula.expression == _A - _B:
        z, shift = store.operands(inner)
        view = store.op(shift)
        if isinstance(view, Contract) and len(view.inputs) == 1:
            return (inner if view.output[axis] in _long(view, view.inputs[0]) else z), axis
    return inner, axis

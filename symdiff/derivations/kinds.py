"""Of which kind are a quantity and the products that make it? Read off shapes and the labels of contractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Map, Maximum
from symdiff.ir.sizes import Shape

STRUCTURES = ("scalar", "vector", "matrix")


def structure(shape: Shape) -> str:
    """``scalar``, ``vector``, ``matrix``, or a tensor with its number of axes; axes of length 1 do not count.

    >>> structure(()), structure((3,)), structure((3, 4)), structure((2, 3, 4))
    ('scalar', 'vector', 'matrix', 'tensor of 3 axes')
    """
    return STRUCTURES[len(shape)] if len(shape) < len(STRUCTURES) else f"tensor of {len(shape)} axes"


def products(store: Store, nodes: Iterable[Node]) -> tuple[str, ...]:
    """The kinds of product among some nodes, in order: dot, matrix-vector, matrix, Hadamard, outer, scaling, sum.

    A product of matrices may have more than one row axis; it is batched if both have axes that are not summed over.
    """
    found = [kind for node in nodes if (kind := product(store, node))]
    return tuple(dict.fromkeys(found))


def product(store: Store, node: Node) -> str | None:
    """The kind of one operation; None for what is no product: a sum of terms, a constant, a view."""
    op = store.op(node)
    match op:
        case Map(formula):
            return None if _is_sum(formula.expression) else "elementwise function"
        case Maximum():
            return "maximum"
        case Contract():
            axes = [tuple(k for k in labels if op.sizes[k] != 1) for labels in op.inputs]
            summed = tuple(k for k in op.summed if op.sizes[k] != 1)
            return _single(op, axes, summed) if len(axes) < 2 else _several(axes, summed)
    return None


def _is_sum(expression: sp.Expr) -> bool:
    return all(term.is_number or (-term).is_Symbol or term.is_Symbol for term in sp.Add.make_args(expression))


def _single(op: Contract, axes: Sequence[tuple[int, ...]], summed: tuple[int, ...]) -> str | None:
    if axes and summed:
        return "sum"
    if axes and axes[0] and len(set(op.output)) < len(op.output):
        return "diagonal"
    return "scaling" if axes and abs(op.coefficient) != 1 else None


def _several(axes: Sequence[tuple[int, ...]], summed: tuple[int, ...]) -> str:
    arrays = [labels for labels in axes if labels]
    if len(arrays) < 2:
        return "scaling" if arrays else "product of numbers"
    if not summed:
        if all(set(labels) == set(arrays[0]) for labels in arrays):
            return "Hadamard product"
        if all(not set(a) & set(b) for k, a in enumerate(arrays) for b in arrays[:k]):
            return "outer product"
        return "Hadamard product, broadcast"
    if len(arrays) > 2:
        return "contraction"
    one, other = map(set, arrays)
    both = one & other
    if not both >= set(summed):
        return "contraction"
    free = sum(bool(labels - both) for labels in (one, other))
    kind = ("dot product", "matrix-vector product", "matrix product")[free]
    return f"{kind}, batched" if both - set(summed) else kind

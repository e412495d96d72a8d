"""What is the value of one operation on NumPy arrays? Plain and slow, for constants and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from symdiff.evaluation import moves
from symdiff.evaluation.functions import array_function
from symdiff.evaluation.templates import array_steps
from symdiff.ir.formulas import Formula
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Kind,
    Literal,
    Map,
    Maximum,
    Named,
    Op,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Table,
    Window,
)
from symdiff.ir.sizes import Shape

Array = NDArray[Any]


def dtype_of(kind: Kind, real: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that holds a kind, when the reals are ``real``."""
    return real if kind == "real" else np.dtype(np.intp if kind == "integer" else np.bool_)


def evaluate(graph: Graph, values: Mapping[Node, Array], real: np.dtype[Any]) -> dict[Node, Array]:
    """The values of all nodes of a graph from those of its inputs."""
    known = dict(values)
    for node in graph.nodes:
        if node not in known:
            operands = [known[k] for k in graph.store.operands(node)]
            dtype = dtype_of(graph.store.kind(node), real)
            known[node] = apply(graph.store.op(node), operands, dtype)
    return known


def apply(op: Op, operands: Sequence[Array], dtype: np.dtype[Any]) -> Array:
    """The value of one operation, of this dtype."""
    with np.errstate(all="ignore"):
        return np.asarray(_apply(op, operands, dtype)).astype(dtype, copy=False)


def _apply(op: Op, operands: Sequence[Array], dtype: np.dtype[Any]) -> Any:
    match op:
        case Map(formula):
            return _map(formula, operands, dtype)
        case Contract():
            return _contract(op, operands, dtype)
        case Literal(value):
            return value
        case Table():
            return op.array
        case Index():
            return _index(op)
        case Named():
            return operands[0]
        case Reshape(shape):
            return operands[0].reshape(ints(shape))
        case Slice(spans):
            return operands[0][moves.slices(spans_of(spans))]
        case Pad(spans, shape):
            return moves.pad(operands[0], moves.slices(spans_of(spans)), np.empty(ints(shape), dtype))
        case Concatenate(axis):
            return np.concatenate(operands, axis)
        case Gather(axis):
            return moves.gather(operands[0], operands[1], axis)
        case ScatterAdd(axis, size):
            return moves.scatter_add(operands[0], operands[1], axis, int(size))
        case Window(axis, length):
            return moves.window(operands[0], axis, length)
        case Fold(axis, size):
            return moves.fold(operands[0], axis, int(size))
        case Maximum(axes):
            return moves.maximum(operands[0], axes)
        case ArgMax(axes):
            best = np.max(operands[0], axis=axes, keepdims=True)
            return moves.argmax(operands[0], best, axes, np.empty(operands[0].shape, dtype))
        case Input():
            raise KeyError(op.name)
        case _:
            assert_never(op)


def ints(shape: Shape) -> tuple[int, ...]:
    """A concrete shape as Python ints."""
    return tuple(int(size) for size in shape)


def spans_of(spans: Sequence[Span]) -> moves.Spans:
    """Spans as plain ints."""
    return tuple((int(s.start), s.step, int(s.length)) for s in spans)


def _map(formula: Formula, operands: Sequence[Array], dtype: np.dtype[Any]) -> Any:
    steps, result = array_steps(formula)
    if dtype.kind != "b":
        operands = [x.astype(dtype) if x.dtype.kind == "b" else x for x in operands]
    values: list[Any] = list(operands)
    for step in steps:
        chosen = [values[k] if isinstance(k, int) else k for k in step.operands]
        values.append(array_function(step.function)(*chosen))
    value = values[result] if isinstance(result, int) else result
    return np.broadcast_to(value, operands[0].shape) if operands else value


def _index(op: Index) -> Array:
    if op.relation == "position":
        return np.arange(int(op.shape[0])) + op.offset
    rows, columns = np.ogrid[: int(op.shape[0]), : int(op.shape[1])]
    return rows + op.offset == columns if op.relation == "equal" else rows + op.offset <= columns


def _contract(op: Contract, operands: Sequence[Array], dtype: np.dtype[Any]) -> Array:
    wide = dtype if dtype.kind != "b" else np.dtype(np.intp)
    given = {k for labels in op.inputs for k in labels}
    kept = [k for k in dict.fromkeys(op.output) if k in given]
    scale = float(op.coefficient) if wide.kind == "f" else int(op.coefficient)
    for k in op.summed:
        scale *= 1 if k in given else int(op.sizes[k])
    arguments: list[Any] = []
    for x, labels in zip(operands, op.inputs, strict=True):
        arguments += [x.astype(wide, copy=False), list(labels)]
    total = np.einsum(*arguments, kept, optimize=len(operands) > 2) if operands else np.ones((), wide)
    result = np.zeros(tuple(int(op.sizes[k]) for k in op.output), wide)
    distinct = list(dict.fromkeys(op.output))
    groups = [tuple(i for i, k in enumerate(op.output) if k == label) for label in distinct]
    places = [slice(None) if k in given else None for k in distinct]
    moves.diagonal(result, groups)[...] = (total * scale)[tuple(places)] if places else total * scale
    return result

"""How does any value become a node? Numbers, arrays, lists; operands in one shape."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symdiff.doors.dims import Dim
from symdiff.doors.dispatching import traced_values
from symdiff.doors.recording import Recording
from symdiff.doors.traced import BOOL, FLOAT, INT, Traced
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, Formula, formula
from symdiff.ir.graph import Node
from symdiff.ir.shapes import broadcast
from symdiff.ir.sizes import Shape

_NONZERO = sp.Piecewise((1, sp.Ne(ARGUMENTS[0], 0)), (0, True))
TO_REAL: Formula = formula(_NONZERO, 1)
TO_BOOLEAN: Formula = formula(_NONZERO, 1, boolean=True)


def lift(recording: Recording, value: Any) -> Node:
    """The node of any value: a traced array, a number, an array, or a list of these."""
    if isinstance(value, Traced):
        return value.node(recording)
    if isinstance(value, np.ndarray):
        return recording.array(value)
    if isinstance(value, (list, tuple)):
        if any(True for _ in traced_values(value)):
            return _stack(recording, value)
        return recording.array(np.asarray(value))
    return recording.number(value)


def _stack(recording: Recording, values: Sequence[Any]) -> Node:
    nodes = operands(recording, values)
    rows = [alg.insert_axes(recording.store, node, (0,)) for node in nodes]
    return alg.concatenate(recording.store, rows, 0)


def real(recording: Recording, value: Any) -> Node:
    """The node of a value, booleans as 0 and 1."""
    return to_real(recording, lift(recording, value))


def to_real(recording: Recording, node: Node) -> Node:
    """Booleans as the numbers 0 and 1."""
    store = recording.store
    return alg.apply(store, TO_REAL, (node,)) if store.kind(node) == "boolean" else node


def operands(recording: Recording, values: Sequence[Any]) -> list[Node]:
    """The nodes of some values, broadcast to one shape."""
    return spread(recording, [lift(recording, value) for value in values])


def spread(recording: Recording, nodes: list[Node]) -> list[Node]:
    """Nodes broadcast to one shape."""
    store = recording.store
    shapes = [store.shape(node) for node in nodes]
    first = shapes[0] if shapes else ()
    if all(shape == first for shape in shapes):
        return nodes
    common: Shape = broadcast(*shapes)
    return [alg.broadcast_to(store, node, common) for node in nodes]


def dtype_of(value: Any) -> np.dtype[Any]:
    """The dtype that NumPy would give to a value."""
    if isinstance(value, (Traced, np.ndarray, np.generic)):
        return value.dtype
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, (list, tuple)) and value:
        return promote(*value)
    return FLOAT


def promote(*values: Any) -> np.dtype[Any]:
    """The dtype of a sum of these values; Python numbers are weak, as in NumPy."""
    if all(isinstance(v, float) or (isinstance(v, Traced) and v.dtype is FLOAT) for v in values):
        return FLOAT
    return _promote(tuple(_weak(value) for value in values))


def _weak(value: Any) -> Any:
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return type(value)
    return float if isinstance(value, Dim) else dtype_of(value)


@cache
def _promote(parts: tuple[Any, ...]) -> np.dtype[Any]:
    return np.result_type(*(part(0) if isinstance(part, type) else part for part in parts))


def inexact(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of a function's value: float64 for integers and booleans."""
    return dtype if dtype.kind == "f" else FLOAT

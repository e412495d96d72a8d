"""What does an array hold after a write at positions of any kind? The transpose of the read, laid over it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.selecting import is_constant, select
from symdiff.doors.traced import Traced
from symdiff.errors import ShapeError, TracingError
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ADD, SUBTRACT, WHERE
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Gather, Index, Input, Map, Op, Reshape, Slice
from symdiff.ir.shapes import broadcast, fits
from symdiff.ir.sizes import Shape, concrete, is_concrete, text

_WHOLE = "x[...]"  # no argument can have this name


def scattered(recording: Recording, items: tuple[Any, ...], shape: Shape, value: Node) -> Node:
    """Zeros of a shape with a value added at ``items``: the transpose of ``x[items]``."""
    store = recording.store
    source = store.add(Input(_WHOLE, shape))
    chosen = select(recording, source, items)
    return _carried_back(store, source, chosen, fitted(recording, value, store.shape(chosen)))


def _carried_back(store: Store, source: Node, node: Node, value: Node) -> Node:
    """A value of the shape of ``node``, which selects entries of ``source``, put where they came from."""
    while node != source:
        op = store.op(node)
        operand, *rest = store.operands(node)
        shape = store.shape(operand)
        match op:
            case Slice(spans):
                value = alg.pad(store, value, spans, shape)
            case Reshape():
                value = alg.reshape(store, value, shape)
            case Gather(axis):
                value = alg.scatter_add(store, value, rest[0], axis, shape[axis])
            case Contract():
                value = alg.contract(
                    store, [(value, op.output)], op.inputs[0], sizes=dict(enumerate(op.sizes))
                )
            case _:
                raise AssertionError("a selection is made of moves")
        node = operand
    return value


def written(recording: Recording, before: Node, items: tuple[Any, ...], value: Node) -> Node:
    """The array after ``x[items] = value``, for positions of which none can occur twice."""
    store = recording.store
    shape = store.shape(before)
    _require_distinct(recording, items, shape)
    chosen = select(recording, before, items)
    value = fitted(recording, value, store.shape(chosen))
    for sign, step in _changes(store, chosen, value):
        moved = scattered(recording, items, shape, step)
        return alg.add(store, before, moved) if sign > 0 else alg.subtract(store, before, moved)
    moved = scattered(recording, items, shape, value)
    if alg.is_zero(store, before):
        return moved
    there = scattered(recording, items, shape, _truth(store, store.shape(chosen)))
    return alg.apply(store, WHERE, (there, moved, before))


def _changes(store: Store, chosen: Node, value: Node) -> Iterator[tuple[int, Node]]:
    """What is added to the entries, or taken from them, if the value is ``x[items] + step`` or ``- step``."""
    op = store.op(value)
    if not isinstance(op, Map) or op.formula not in (ADD, SUBTRACT):
        return
    left, right = store.operands(value)
    if left == chosen:
        yield (1 if op.formula is ADD else -1), right
    elif op.formula is ADD and right == chosen:
        yield 1, left


def _truth(store: Store, shape: Shape) -> Node:
    """The boolean that is true everywhere."""
    unit = store.add(Index("equal", (1, 1)))
    return alg.contract(store, [(unit, (-1, -2))], tuple(range(len(shape))), sizes=dict(enumerate(shape)))


def fitted(recording: Recording, node: Node, shape: Shape) -> Node:
    """A value in the shape of the entries that it replaces."""
    store = recording.store
    own = store.shape(node)
    while len(own) > len(shape) and own[0] == 1:
        node = alg.reshape(store, node, own[1:])
        own = own[1:]
    if not fits(own, shape):
        facts: dict[str, object] = {"value": text(own), "entries": text(shape)}
        complain(ShapeError, "a write", facts, "Give one value for each entry, or one for all.")
    return alg.broadcast_to(store, node, shape)


# Positions --------------------------------------------------------------------------------------------------


def _require_distinct(recording: Recording, items: tuple[Any, ...], shape: Shape) -> None:
    """Refuse positions of which two may be the same: which of two values lasts is nobody's business."""
    arrays = [item for item in items if isinstance(item, (Traced, np.ndarray))]
    if not arrays:
        return
    shapes = [a.size_shape if isinstance(a, Traced) else a.shape for a in arrays]
    places = broadcast(*shapes)
    known = {_ramp(recording, a, len(places)) for a in arrays}
    if all(axis in known for axis, size in enumerate(places) if size != 1):
        return
    if is_constant(items) and is_concrete(shape) and _are_distinct(items, concrete(shape, "a write")):
        return
    complain(
        TracingError,
        "a write at positions that may repeat",
        {"index": items, "why": "two of them may be one entry, and only the last write would stay"},
        "Add with np.add.at(x, i, v), or index one of the axes by np.arange(n).",
    )


def _ramp(recording: Recording, array: Any, rank: int) -> int | None:
    """The axis, of ``rank`` broadcast ones, along which an array counts and never repeats a number."""
    if isinstance(array, np.ndarray):
        long = [k for k, n in enumerate(array.shape) if n != 1]
        if len(long) != 1 or array.dtype.kind not in "iu" or array.min(initial=0) < 0:
            return None
        return rank - array.ndim + long[0] if len(np.unique(array)) == array.size else None
    store = recording.store
    node = array.node(recording)
    op = store.op(node)
    if _counts(op):
        return rank - 1
    if not isinstance(op, Contract) or not op.is_view or op.coefficient != 1 or len(op.inputs) != 1:
        return None
    if not _counts(store.op(store.operands(node)[0])):
        return None
    (label,) = op.inputs[0]
    return rank - len(op.output) + op.output.index(label) if label in op.output else None


def _counts(op: Op) -> bool:
    return isinstance(op, Index) and op.relation == "position" and op.offset >= 0


def _are_distinct(items: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether constant positions select no entry twice."""
    chosen = np.arange(math.prod(shape)).reshape(shape)[items]
    return bool(len(np.unique(chosen)) == chosen.size)

"""Which ring elements has a node, entry by entry? One rule for each operation, on object arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from symdiff.ir.ops import (
    ArgMax,
    Concatenate,
    Contract,
    Fold,
    Gather,
    Index,
    Input,
    Labels,
    Literal,
    Map,
    Maximum,
    Move,
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
from symdiff.proof.fields import Element, Special, Undecided
from symdiff.proof.functions import compile_formula, float_value
from symdiff.proof.generators import Algebra

Entries: TypeAlias = NDArray[np.object_]

_READ_ENTRIES = 64
_LARGEST_LOOP = 2_000_000


def propagate(algebra: Algebra, op: Op, operands: Sequence[Entries], shape: tuple[int, ...]) -> Entries:
    """The entries of a node from those of its operands."""
    match op:
        case Map():
            return _map(algebra, op, operands, shape)
        case Contract():
            return _contract(algebra, op, operands)
        case Named():
            return operands[0]
        case Reshape():
            return operands[0].reshape(shape)
        case Slice() | Pad() | Concatenate() | Gather() | ScatterAdd() | Window() | Fold():
            return _move(algebra, op, operands, shape)
        case Maximum(axes) | ArgMax(axes):
            return _select(algebra, op, operands[0], axes, shape)
        case Literal(value):
            return _filled((), float_value(value)(algebra, ()))
        case Table():
            return _table(algebra, op)
        case Index():
            return _index(algebra, op)
        case Input(name):
            raise Undecided(f"the input {name} has no value here")
        case _:
            assert_never(op)


def _filled(shape: tuple[int, ...], value: Element) -> Entries:
    result = np.empty(shape, dtype=object)
    result.fill(value)
    return result


def _as_entries(value: Any) -> Entries:
    """NumPy returns 0-d results as bare objects."""
    return value if isinstance(value, np.ndarray) else _filled((), value)


# Map and Contract ---------------------------------------------------------------------------------


def _map(algebra: Algebra, op: Map, operands: Sequence[Entries], shape: tuple[int, ...]) -> Entries:
    closure = compile_formula(op.formula.expression)
    result = np.empty(shape, dtype=object)
    done: dict[tuple[int, ...], Element] = {}
    flat = result.reshape(-1)
    for place, args in enumerate(zip(*(x.reshape(-1) for x in operands), strict=True)):
        key = tuple(map(id, args))
        if key not in done:
            algebra.ring.check_time()
            done[key] = closure(algebra, args)
        flat[place] = done[key]
    return flat.reshape(shape)


def _contract(algebra: Algebra, op: Contract, operands: Sequence[Entries]) -> Entries:
    coefficient = _coefficient(algebra, op.coefficient)
    sizes = [int(size) for size in op.sizes]
    labels: Labels = ()
    total = _filled((), coefficient)
    waiting = list(zip(op.inputs, operands, strict=True))
    while waiting:
        own, entries = waiting.pop(_smallest(labels, [k for k, _ in waiting], sizes))
        needed = set(op.output).union(*(k for k, _ in waiting))
        labels, total = _join(algebra, (labels, total), _diagonal(own, entries), sizes, needed)
    missing = [k for k in range(len(sizes)) if k not in op.output and not any(k in own for own in op.inputs)]
    repeats = math.prod(sizes[k] for k in missing)
    if repeats != 1:
        total = _as_entries(total * algebra.ring.constant(repeats))
    return _spread(algebra, labels, total, op.output, sizes)


def _coefficient(algebra: Algebra, value: Any) -> Element:
    if isinstance(value, Fraction):
        return algebra.ring.constant(value)
    return compile_formula(value)(algebra, ())


def _smallest(labels: Labels, waiting: list[Labels], sizes: list[int]) -> int:
    return min(range(len(waiting)), key=lambda k: math.prod(sizes[j] for j in {*labels, *waiting[k]}))


def _diagonal(labels: Labels, entries: Entries) -> tuple[Labels, Entries]:
    """Repeated labels of one operand read its diagonal."""
    kept = list(labels)
    for label in dict.fromkeys(labels):
        while kept.count(label) > 1:
            first = kept.index(label)
            second = kept.index(label, first + 1)
            entries = np.diagonal(entries, axis1=first, axis2=second)
            kept = [k for place, k in enumerate(kept) if place not in (first, second)] + [label]
    return tuple(kept), entries


def _join(
    algebra: Algebra,
    left: tuple[Labels, Entries],
    right: tuple[Labels, Entries],
    sizes: list[int],
    needed: set[int],
) -> tuple[Labels, Entries]:
    """The product of two arrays, summed over the labels that are not needed any more."""
    union = tuple(dict.fromkeys(left[0] + right[0]))
    if math.prod(sizes[k] for k in union) > _LARGEST_LOOP:
        raise Undecided("over budget: a contraction of many entries")
    kept = tuple(k for k in union if k in needed)
    dropped = tuple(k for k in union if k not in needed)
    first, second = (_align(labels, entries, kept + dropped) for labels, entries in (left, right))
    if not left[0] and not dropped:
        scalar: Element = left[1][()]
        if not isinstance(scalar, Special) and scalar.is_one():
            return kept, second
    product = _multiply(algebra, first, second)
    if dropped:
        length = math.prod(sizes[k] for k in dropped)
        product = _sum_last(algebra, product.reshape((*product.shape[: len(kept)], length)))
    return kept, product


def _align(labels: Labels, entries: Entries, order: Labels) -> Entries:
    present = [k for k in order if k in labels]
    moved = entries.transpose([labels.index(k) for k in present])
    return moved.reshape([entries.shape[labels.index(k)] if k in labels else 1 for k in order])


def _multiply(algebra: Algebra, left: Entries, right: Entries) -> Entries:
    multiply = np.frompyfunc(algebra.ring.multiply, 2, 1)
    return _as_entries(multiply(left, right))


def _sum_last(algebra: Algebra, entries: Entries) -> Entries:
    if entries.shape[-1] == 0:
        return _filled(entries.shape[:-1], algebra.ring.zero)
    algebra.ring.check_time()
    return _as_entries(np.add.reduce(entries, axis=-1))


def _spread(algebra: Algebra, labels: Labels, total: Entries, output: Labels, sizes: list[int]) -> Entries:
    """Broadcast to new labels, and embed diagonals of repeated ones."""
    unique = tuple(dict.fromkeys(output))
    full = np.broadcast_to(_align(labels, total, unique), [sizes[k] for k in unique])
    if len(unique) == len(output):
        return full
    result = _filled(tuple(sizes[k] for k in output), algebra.ring.zero)
    grid = np.indices(full.shape)
    result[tuple(grid[unique.index(k)] for k in output)] = full
    return result


# Moves and selections -----------------------------------------------------------------------------


def _positions(spans: Sequence[Span]) -> tuple[Any, ...]:
    return np.ix_(*(int(s.start) + s.step * np.arange(int(s.length)) for s in spans))


def _move(algebra: Algebra, op: Move, operands: Sequence[Entries], shape: tuple[int, ...]) -> Entries:
    first = operands[0]
    zeros: Callable[[], Entries] = lambda: _filled(shape, algebra.ring.zero)  # noqa: E731
    match op:
        case Slice(spans):
            return first[_positions(spans)] if spans else first
        case Pad(spans):
            result = zeros()
            result[_positions(spans) if spans else ()] = first
            return result
        case Concatenate(axis):
            return np.concatenate(list(operands), axis=axis)
        case Gather(axis):
            return first[(slice(None),) * axis + (_integers(operands[1], first.shape[axis]),)]
        case ScatterAdd(axis, size):
            result = zeros()
            place: Any = (slice(None),) * axis + (_integers(operands[1], int(size)),)
            np.add.at(result, place, first)
            return result
        case Window(axis, length):
            return np.lib.stride_tricks.sliding_window_view(first, length, axis=axis)
        case Fold(axis):
            return _fold(zeros(), first, axis)
        case Reshape():
            return first.reshape(shape)
        case _:
            assert_never(op)


def _fold(result: Entries, windows: Entries, axis: int) -> Entries:
    for offset in range(windows.shape[-1]):
        piece = windows[..., offset]
        place = (slice(None),) * axis + (slice(offset, offset + piece.shape[axis]),)
        result[place] = result[place] + piece
    return result


def _integers(entries: Entries, size: int) -> NDArray[np.int64]:
    numbers = np.empty(entries.shape, dtype=np.int64)
    for place, entry in np.ndenumerate(entries):
        if isinstance(entry, Special) or not entry.is_constant():
            raise Undecided("indices are inputs: give their values")
        value = entry.leading_coefficient() if not entry.is_zero() else 0
        numbers[place] = int(value)
        if value != numbers[place] or not 0 <= numbers[place] < size:
            raise Undecided(f"an index {value} outside of 0..{size - 1}")
    return numbers


def _select(
    algebra: Algebra, op: Maximum | ArgMax, x: Entries, axes: tuple[int, ...], shape: tuple[int, ...]
) -> Entries:
    kept = [k for k in range(x.ndim) if k not in axes]
    moved = x.transpose([*kept, *axes])
    rows = moved.reshape(math.prod(moved.shape[: len(kept)]), -1)
    if isinstance(op, Maximum):
        tops = np.empty(len(rows), dtype=object)
        for k, row in enumerate(rows):
            tops[k] = algebra.maxima.largest(list(row))
        return tops.reshape(shape)
    shares = np.empty(rows.shape, dtype=object)
    for k, row in enumerate(rows):
        shares[k] = algebra.maxima.winners(list(row))
    return shares.reshape(moved.shape).transpose(np.argsort([*kept, *axes]))


# Constants ----------------------------------------------------------------------------------------


def _table(algebra: Algebra, op: Table) -> Entries:
    array = op.array
    values = [v.item() for v in array.reshape(-1)]
    read = array.dtype.kind == "f" and len(set(values)) <= _READ_ENTRIES
    known: dict[Any, Element] = {}
    result = np.empty(len(values), dtype=object)
    for k, value in enumerate(values):
        if value not in known:
            exact = array.dtype.kind != "f" or (not read and math.isfinite(value))
            known[value] = (
                algebra.ring.constant(Fraction(value)) if exact else float_value(value)(algebra, ())
            )
        result[k] = known[value]
    return result.reshape(array.shape)


def _index(algebra: Algebra, op: Index) -> Entries:
    grid = np.indices([int(size) for size in op.shape])
    i = grid[0] + op.offset
    match op.relation:
        case "position":
            numbers = i
        case "equal":
            numbers = (i == grid[1]).astype(int)
        case "less_equal":
            numbers = (i <= grid[1]).astype(int)
    return _as_entries(np.frompyfunc(lambda n: algebra.ring.constant(int(n)), 1, 1)(numbers))

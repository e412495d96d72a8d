"""How are object arrays of ring elements laid out, joined and folded? For values and for domains alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from symdiff.ir.ops import (
    Concatenate,
    Fold,
    Gather,
    Labels,
    Move,
    Pad,
    Reshape,
    ScatterAdd,
    Slice,
    Span,
    Window,
)
from symdiff.proof.at_shape.fields import Undecided
from symdiff.proof.at_shape.specials import Element, Special

Entries: TypeAlias = NDArray[np.object_]
Shape: TypeAlias = tuple[int, ...]

_LARGEST_LOOP = 2_000_000


def filled(shape: Shape, value: Element) -> Entries:
    """The same element everywhere."""
    result = np.empty(shape, dtype=object)
    result.fill(value)
    return result


def as_entries(value: Any) -> Entries:
    """NumPy returns 0-d results as bare objects."""
    return value if isinstance(value, np.ndarray) else filled((), value)


def _timed(
    function: Callable[[Element, Element], Element], check_time: Callable[[], None]
) -> Callable[[Element, Element], Element]:
    """The function, which looks at the clock first: one loop of NumPy may run over millions of entries."""

    def timed(left: Element, right: Element) -> Element:
        check_time()
        return function(left, right)

    return timed


@dataclass(frozen=True)
class Folding:
    """What moves do with entries that meet: the combination, and its neutral element for empty places."""

    neutral: Element
    combine: Callable[[Element, Element], Element]
    check_time: Callable[[], None]

    def along_last(self, entries: Entries) -> Entries:
        """Combine everything along the last axis."""
        if entries.shape[-1] == 0:
            return filled(entries.shape[:-1], self.neutral)
        return as_entries(np.frompyfunc(_timed(self.combine, self.check_time), 2, 1).reduce(entries, axis=-1))

    def move(
        self, op: Move, first: Entries, others: Sequence[Entries], index: Entries | None, shape: Shape
    ) -> Entries:
        """One move of entries; where entries meet they are combined."""
        match op:
            case Slice(spans):
                return first[_positions(spans)] if spans else first
            case Pad(spans):
                result = filled(shape, self.neutral)
                result[_positions(spans) if spans else ()] = first
                return result
            case Concatenate(axis):
                return np.concatenate([first, *others], axis=axis)
            case Gather(axis):
                return first[(slice(None),) * axis + (positions(index, first.shape[axis]),)]
            case ScatterAdd(axis, size):
                return self._scatter(filled(shape, self.neutral), first, positions(index, int(size)), axis)
            case Window(axis, length):
                return np.lib.stride_tricks.sliding_window_view(first, length, axis=axis)
            case Fold(axis):
                return self._fold(filled(shape, self.neutral), first, axis)
            case Reshape():
                return first.reshape(shape)
            case _:
                assert_never(op)

    def _scatter(self, result: Entries, first: Entries, places: NDArray[np.int64], axis: int) -> Entries:
        for index in np.ndindex(first.shape):
            self.check_time()
            inner = places[index[axis : axis + places.ndim]]
            target = (*index[:axis], int(inner), *index[axis + places.ndim :])
            result[target] = self.combine(result[target], first[index])
        return result

    def _fold(self, result: Entries, windows: Entries, axis: int) -> Entries:
        for index in np.ndindex(windows.shape):
            self.check_time()
            target = (*index[:axis], index[axis] + index[-1], *index[axis + 1 : -1])
            result[target] = self.combine(result[target], windows[index])
        return result


def _positions(spans: Sequence[Span]) -> tuple[Any, ...]:
    return np.ix_(*(int(s.start) + s.step * np.arange(int(s.length)) for s in spans))


def positions(entries: Entries | None, size: int) -> NDArray[np.int64]:
    """Entries that are constant integers below ``size``."""
    if entries is None:
        raise Undecided("a move without its indices")
    numbers = np.empty(entries.shape, dtype=np.int64)
    for place, entry in np.ndenumerate(entries):
        if isinstance(entry, Special) or not entry.is_constant():
            raise Undecided("indices are inputs: give their values")
        value = 0 if entry.is_zero() else entry.leading_coefficient()
        numbers[place] = int(value)
        if value != numbers[place] or not 0 <= numbers[place] < size:
            raise Undecided(f"an index {value} outside of 0..{size - 1}")
    return numbers


# Labels ---------------------------------------------------------------------------------------


def diagonal(labels: Labels, entries: Entries) -> tuple[Labels, Entries]:
    """Repeated labels of one operand read its diagonal."""
    kept = list(labels)
    for label in dict.fromkeys(labels):
        while kept.count(label) > 1:
            first = kept.index(label)
            second = kept.index(label, first + 1)
            entries = np.diagonal(entries, axis1=first, axis2=second)
            kept = [k for place, k in enumerate(kept) if place not in (first, second)] + [label]
    return tuple(kept), entries


def align(labels: Labels, entries: Entries, order: Labels) -> Entries:
    """Axes in a given order of labels, of length 1 where a label is missing."""
    present = [k for k in order if k in labels]
    moved = entries.transpose([labels.index(k) for k in present])
    return moved.reshape([entries.shape[labels.index(k)] if k in labels else 1 for k in order])


def spread(labels: Labels, total: Entries, output: Labels, sizes: list[int], zero: Element) -> Entries:
    """Broadcast to new labels, and embed diagonals of repeated ones among zeros."""
    unique = tuple(dict.fromkeys(output))
    full = np.broadcast_to(align(labels, total, unique), [sizes[k] for k in unique])
    if len(unique) == len(output):
        return full
    result = filled(tuple(sizes[k] for k in output), zero)
    grid = np.indices(full.shape)
    result[tuple(grid[unique.index(k)] for k in output)] = full
    return result


@dataclass(frozen=True)
class Contraction:
    """Products summed over labels, in any arithmetic: ``multiply`` and a folding for the sums."""

    multiply: Callable[[Element, Element], Element]
    folding: Folding
    check_time: Callable[[], None]

    def contract(
        self,
        inputs: Sequence[Labels],
        operands: Sequence[Entries],
        output: Labels,
        sizes: list[int],
        start: Element,
    ) -> tuple[Labels, Entries]:
        """Take the operands in, the smallest product first, and fold labels as soon as nothing needs them."""
        labels: Labels = ()
        total = filled((), start)
        waiting = list(zip(inputs, operands, strict=True))
        while waiting:
            place = min(range(len(waiting)), key=lambda k: _volume({*labels, *waiting[k][0]}, sizes))
            own, entries = waiting.pop(place)
            needed = set(output).union(*(k for k, _ in waiting))
            labels, total = self._join((labels, total), diagonal(own, entries), sizes, needed)
        return labels, total

    def _join(
        self, left: tuple[Labels, Entries], right: tuple[Labels, Entries], sizes: list[int], needed: set[int]
    ) -> tuple[Labels, Entries]:
        union = tuple(dict.fromkeys(left[0] + right[0]))
        if _volume(union, sizes) > _LARGEST_LOOP:
            raise Undecided("over budget: a contraction of many entries")
        self.check_time()
        kept = tuple(k for k in union if k in needed)
        dropped = tuple(k for k in union if k not in needed)
        first, second = (align(labels, entries, kept + dropped) for labels, entries in (left, right))
        if not left[0] and _is_one(left[1]):
            product = second
        else:
            product = as_entries(np.frompyfunc(_timed(self.multiply, self.check_time), 2, 1)(first, second))
        if dropped:
            length = _volume(dropped, sizes)
            product = self.folding.along_last(product.reshape((*product.shape[: len(kept)], length)))
        return kept, product


def _is_one(entries: Entries) -> bool:
    scalar: Element = entries[()]
    return not isinstance(scalar, Special) and bool(scalar.is_one())


def _volume(labels: Any, sizes: list[int]) -> int:
    total = 1
    for k in labels:
        total *= sizes[k]
    return total

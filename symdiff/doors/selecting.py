"""Which entries does an index select? Basic indices become slices, integer arrays gathers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from symdiff.doors.dims import Dim, size
from symdiff.doors.lifting import spread
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.traced import Traced
from symdiff.errors import TracingError, ValueDependentBranch
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Span, table
from symdiff.ir.sizes import Shape, Size, concrete, is_concrete, normal, text

FULL = slice(None)


def items_of(key: Any) -> tuple[Any, ...]:
    """The parts of an index; constants as plain arrays, traced integer arrays as they are."""
    return tuple(_item(part) for part in (key if isinstance(key, tuple) else (key,)))


def _item(part: Any) -> Any:
    if isinstance(part, list):
        part = np.asarray([_item(p) for p in part])
        part = part.astype(np.intp) if part.size == 0 else part
    if isinstance(part, Traced):
        return _traced_item(part)
    if isinstance(part, np.ndarray) and part.ndim == 0 and part.dtype.kind in "iu":
        return int(part)
    if isinstance(part, np.integer):
        return int(part)
    return part


def _traced_item(part: Traced) -> Any:
    if part.value is not None:
        return _item(part.known())
    if part.dtype.kind == "b":
        complain(
            ValueDependentBranch,
            "an index by a traced mask",
            {"shape": text(part.size_shape), "why": "how many entries it selects depends on values"},
            "Write np.where(mask, x, 0), or sum with np.sum(np.where(mask, x, 0)).",
        )
    if part.dtype.kind not in "iu":
        return part.__index__()
    return part


def is_constant(items: tuple[Any, ...]) -> bool:
    """Whether no part of the index is traced."""
    return not any(isinstance(item, Traced) for item in items)


def is_basic(items: tuple[Any, ...]) -> bool:
    """Whether NumPy would return a view or an entry."""
    return all(
        item is None
        or item is Ellipsis
        or isinstance(item, (slice, Dim))
        or (isinstance(item, int) and not isinstance(item, bool))
        for item in items
    )


def select(recording: Recording, node: Node, items: tuple[Any, ...]) -> Node:
    """The node of ``x[items]``."""
    store = recording.store
    items = _expand(items, len(store.shape(node)))
    if is_basic(items):
        return _basic(store, node, items)
    arrays = [k for k, item in enumerate(items) if not (item is None or isinstance(item, slice))]
    if (len(arrays) == 1 and items[arrays[0]].ndim == 1 and items[arrays[0]].dtype.kind != "b") or (
        len(arrays) == 1 and isinstance(items[arrays[0]], Traced)
    ):
        return _one_array(recording, node, items, arrays[0])
    if is_constant(items):
        shape = concrete(store.shape(node), "an index by arrays")
        chosen = np.asarray(np.arange(math.prod(shape)).reshape(shape)[items])
        flat = alg.reshape(store, node, (math.prod(shape),))
        return alg.gather(store, flat, store.add(table(chosen)), 0)
    return _many_arrays(recording, node, items, arrays)


def _expand(items: tuple[Any, ...], rank: int) -> tuple[Any, ...]:
    """Replace Ellipsis and what is missing at the end by full slices."""
    used = sum(_consumed(item) for item in items)
    if used > rank:
        raise IndexError(f"too many indices for array: array is {rank}-dimensional, but {used} were indexed")
    missing = (FULL,) * (rank - used)
    places = [k for k, item in enumerate(items) if item is Ellipsis]
    if not places:
        return items + missing
    return items[: places[0]] + missing + items[places[0] + 1 :]


def _consumed(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def _basic(store: Store, node: Node, items: tuple[Any, ...]) -> Node:
    spans, kept, axis = [], [], 0
    shape = store.shape(node)
    output: list[int] = []
    sizes: dict[int, Size] = {}
    for item in items:
        if item is None:
            sizes[len(shape) + len(output)] = 1
            output.append(len(shape) + len(output))
            continue
        if isinstance(item, slice):
            spans.append(span(item, shape[axis]))
            output.append(axis)
        else:
            spans.append(Span(_position(item, shape[axis]), 1, 1))
        kept.append(axis)
        axis += 1
    sliced = alg.slice_(store, node, spans)
    return alg.contract(store, [(sliced, tuple(kept))], tuple(output), sizes=sizes)


def span(part: slice, length: Size) -> Span:
    """The positions that a slice takes from an axis."""
    step = 1 if part.step is None else part.step.__index__()
    start, stop = (None if end is None else size(end) for end in (part.start, part.stop))
    if isinstance(length, int):
        taken = range(length)[slice(start, stop, step)]
        return Span(taken.start if len(taken) else 0, step, len(taken))
    if step == -1 and start is None and stop is None:
        return Span(normal(length - 1), -1, length)
    first = _bound(0 if start is None else start, length)
    last = _bound(length if stop is None else stop, length)
    if step != 1:
        concrete((length,), f"a slice with step {step}")
    return Span(first, 1, normal(last - first))


def _bound(value: Size, length: Size) -> Size:
    return normal(length + value) if isinstance(value, int) and value < 0 else value


def _position(item: Any, length: Size) -> Size:
    place = size(item)
    if isinstance(place, int) and isinstance(length, int) and not -length <= place < length:
        raise IndexError(f"index {place} is out of bounds for axis with size {length}")
    return _bound(place, length)


def _one_array(recording: Recording, node: Node, items: tuple[Any, ...], place: int) -> Node:
    """One array of positions among slices: a gather along its axis."""
    store = recording.store
    array = items[place]
    node = _basic(store, node, (*items[:place], FULL, *items[place + 1 :]))
    if isinstance(array, Traced):
        return alg.gather(store, node, array.node(recording), place)
    return alg.gather(store, node, store.add(table(wrapped(array, store.shape(node)[place]))), place)


def wrapped(array: Any, length: Size) -> Any:
    """Positions counted from the front; IndexError for what is outside."""
    if not isinstance(length, int):
        return array
    outside = array[(array < -length) | (array >= length)]
    if outside.size:
        raise IndexError(f"index {outside.flat[0]} is out of bounds for axis with size {length}")
    return np.where(array < 0, array + length, array)


def _many_arrays(recording: Recording, node: Node, items: tuple[Any, ...], arrays: list[int]) -> Node:
    """Several arrays of positions side by side; those that are not come first, as in NumPy."""
    store = recording.store
    if any(item is None for item in items):
        complain(
            TracingError,
            "an index by traced and other arrays",
            {"index": items, "why": "it makes new axes too"},
            "Add the axes afterwards: x[i, j][:, None].",
        )
    node = _basic(store, node, tuple(FULL if k in arrays else item for k, item in enumerate(items)))
    first = arrays[0]
    if arrays[-1] + 1 - first != len(arrays):
        others = [k for k in range(len(items)) if k not in arrays]
        node, first = alg.transpose(store, node, (*arrays, *others)), 0
    chosen = [items[k] for k in arrays]
    shape: Shape = store.shape(node)
    end = first + len(arrays)
    if not is_concrete(shape[first:end]):
        return _one_by_one(recording, node, chosen, first)
    inner = concrete(shape[first:end], "an index by several arrays")
    index = _flat_positions(recording, chosen, inner)
    flat = alg.reshape(store, node, (*shape[:first], math.prod(inner), *shape[end:]))
    return alg.gather(store, flat, index, first)


def _one_by_one(recording: Recording, node: Node, arrays: Sequence[Any], first: int) -> Node:
    """Positions along one axis after the other; the axes of the positions are one each time."""
    store = recording.store
    lengths = store.shape(node)[first : first + len(arrays)]
    lifted = [
        a.node(recording) if isinstance(a, Traced) else store.add(table(wrapped(np.asarray(a), n)))
        for a, n in zip(arrays, lengths, strict=True)
    ]
    nodes = spread(recording, lifted)
    rank = len(store.shape(nodes[0]))
    place = tuple(range(first, first + rank))
    node = alg.gather(store, node, nodes[0], first)
    for index in nodes[1:]:
        node = alg.gather(store, node, index, first + rank)
        after = tuple(range(first + rank, len(store.shape(node)) - rank))
        labels = tuple(range(first)) + place
        node = alg.contract(store, [(node, labels + place + after)], labels + after)
    return node


def _from_front(store: Store, index: Node, length: int) -> Node:
    """Traced positions, the negative ones counted from the front: a gather reads them as NumPy does."""
    return alg.gather(store, store.add(table(np.arange(length))), index, 0)


def _flat_positions(recording: Recording, arrays: Sequence[Any], lengths: tuple[int, ...]) -> Node:
    lifted = [
        _from_front(recording.store, a.node(recording), n)
        if isinstance(a, Traced)
        else recording.store.add(table(wrapped(np.asarray(a), n)))
        for a, n in zip(arrays, lengths, strict=True)
    ]
    nodes = spread(recording, lifted)
    index = nodes[0]
    for node, length in zip(nodes[1:], lengths[1:], strict=True):
        index = alg.add(recording.store, alg.scale(recording.store, index, length), node)
    return index

"""What do ``x[key]``, ``x[key] = v`` and ``x += v`` do? Reads, and writes into arrays made inside."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from symdiff.doors import refusals
from symdiff.doors.aliasing import WHOLE, Pending, note_view
from symdiff.doors.assembly import Assembly
from symdiff.doors.dispatching import dispatch, plain, traced_values, wrap
from symdiff.doors.lifting import lift, real, to_real
from symdiff.doors.places import complain, place
from symdiff.doors.recording import Recording
from symdiff.doors.scattering import fitted, scattered, written
from symdiff.doors.selecting import is_basic, is_constant, items_of, select
from symdiff.doors.traced import BOOL, Traced
from symdiff.errors import DtypeError, MutationError, ShapeError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.sizes import is_concrete, same_shape, text


def read(array: Traced, key: Any) -> Any:
    """``x[key]``."""
    items = items_of(key)
    array.require_finished()
    if array.value is not None and is_constant(items):
        result = wrap(array.value[items if isinstance(key, tuple) else items[0]], type(array))
    else:
        result = _read_traced(array, items)
    if isinstance(result, Traced) and is_basic(items) and (result.size_shape or Ellipsis in items):
        note_view(result, array, items)
    return result


def _read_traced(array: Traced, items: tuple[Any, ...]) -> Traced:
    recording = _recording(array, items)
    if array.assembly is not None and is_constant(items):
        node = array.assembly.read(array.assembly.positions(items))
    else:
        node = select(recording, array.node(recording), items)
    return type(array)(recording, node, array.dtype)


def _recording(array: Traced, items: tuple[Any, ...]) -> Recording:
    for candidate in (array, *items):
        if isinstance(candidate, Traced) and candidate.recording is not None:
            return candidate.recording
    raise AssertionError("constants are read by NumPy")


def write(array: Traced, key: Any, value: Any) -> None:
    """``x[key] = value``, for an array that was created inside the function."""
    items = (key,) if _is_mask(key) else items_of(key)
    ended = _end_update(array, items, value)
    _require_writable(array, items)
    _require_dtype(array, value)
    array.structure = None
    if _is_mask(key):
        _write_masked(array, items[0], value)
    elif not is_constant(items):
        _write_scattered(array, items, value)
    elif array.value is not None and all(t.value is not None for t in traced_values(value)):
        _write_constant(array, items, plain(value))
    else:
        _write_traced(array, items, value)
    if ended:
        note_view(value, array, items)  # in NumPy it has been one all the time


def _end_update(array: Traced, items: tuple[Any, ...], value: Any) -> bool:
    """Whether this write is the second half of ``array[items] += v``; another write must not come between."""
    if array.pending is None:
        return False
    if not array.pending.is_ended_by(items, value) or (value.memory and value.memory.is_shared(value)):
        refusals.unfinished_update(array.pending)
    array.pending = None
    return True


def _is_mask(key: Any) -> bool:
    return isinstance(key, Traced) and key.value is None and key.dtype == BOOL


def _require_writable(array: Traced, items: tuple[Any, ...]) -> None:
    mend = "Write into a copy: y = x.copy()."
    if array.origin == "input":
        refusals.write(array, "a write into an argument", "the caller would see it", mend)
    if array.origin == "outside":
        refusals.write(
            array, "a write into an array from outside the function", "it would outlive the call", mend
        )
    memory = array.memory
    if memory is None:
        return
    if not memory.is_root(array) and memory.is_shared(array):
        mend = "Write into the array itself, out[i, j] = v, or into a copy: row = out[i].copy()."
        refusals.write(
            array, "a write through a view", "the array that it is a view of is still in use", mend
        )
    if memory.is_root(array) and memory.overlapping(array, items if is_basic(items) else WHOLE):
        mend = "Take a copy where the view is made: row = out[i].copy()."
        refusals.write(
            array, "a write into an array with a live view", "the view shows the entries written", mend
        )


def _require_dtype(array: Traced, value: Any) -> None:
    kinds = [t.dtype.kind for t in traced_values(value) if t.value is None]
    if array.dtype.kind in "biu" and "f" in kinds:
        complain(
            DtypeError,
            "a write of real numbers",
            {"array": array.dtype, "value": "float64", "why": "NumPy would cut them to whole numbers"},
            "Create the array with dtype=float.",
        )


def _write_constant(array: Traced, items: tuple[Any, ...], value: Any) -> None:
    assert array.value is not None
    if not array.value.flags.writeable:
        array.value = array.value.copy()
    array.value[items] = value


def _write_masked(array: Traced, mask: Traced, value: Any) -> None:
    if len(mask.size_shape) < len(array.size_shape):
        mask = read(mask, (..., *(None for _ in range(len(array.size_shape) - len(mask.size_shape)))))
    _replace(array, dispatch(np.where, (mask, value, array), {}))


def _replace(array: Traced, result: Any) -> None:
    array.recording, array.value, array.assembly = result.recording, result.value, None
    array.structure = result.structure
    if result.value is None:
        array.own = result.node(result.recording)
    else:
        array.value = result.value.astype(array.dtype)


def _write_traced(array: Traced, items: tuple[Any, ...], value: Any) -> None:
    if not is_concrete(array.size_shape):
        _write_scattered(array, items, value)
        return
    recording = _recording(array, tuple(traced_values(value)))
    store = recording.store
    node = lift(recording, value)
    if array.assembly is None:
        array.assembly = Assembly(store, array.size_shape, array.node(recording))
        array.recording, array.value = recording, None
    positions = array.assembly.positions(items)
    array.assembly.write(positions, fitted(recording, node, positions.shape))


def _write_scattered(array: Traced, items: tuple[Any, ...], value: Any) -> None:
    """A write that cannot be listed entry by entry: positions or sizes are symbols."""
    recording = _recording(array, (*items, *traced_values(value)))
    node = lift(recording, value)
    node = node if array.dtype == BOOL else to_real(recording, node)
    _become(array, recording, written(recording, array.node(recording), items, node))


def _become(array: Traced, recording: Recording, node: Node) -> None:
    array.recording, array.own, array.value, array.assembly = recording, node, None, None


def accumulate(array: Any, ufunc: np.ufunc, key: Any, value: Any) -> None:
    """``np.add.at(x, key, value)``: what several positions bring to one entry is added up."""
    if not isinstance(array, Traced):
        facts = {"array": type(array).__name__, "why": "it was not created inside the function"}
        complain(
            MutationError, f"np.{ufunc.__name__}.at", dict(facts), "Create it inside: x = np.zeros(...)."
        )
    items = items_of(key)
    _require_writable(array, items if is_basic(items) else (Ellipsis,))
    _require_dtype(array, value)
    array.structure = None
    parts = [array, *items, *traced_values(value)]
    if all(part.value is not None for part in parts if isinstance(part, Traced)):
        copy = np.array(array.known())
        ufunc.at(copy, items, plain(value))
        array.value = copy
        return
    recording = _recording(array, (*items, *traced_values(value)))
    store, before = recording.store, array.node(recording)
    moved = scattered(recording, items, array.size_shape, real(recording, value))
    combine = alg.add if ufunc is np.add else alg.subtract
    _become(array, recording, combine(store, before, moved))


def update(array: Traced, ufunc: Any, other: Any) -> Any:
    """``x += v`` and its like."""
    result = dispatch(ufunc, (array, other), {})
    if not array.size_shape and array.origin == "inside":
        return result  # a NumPy scalar: the name is bound to a new one
    memory = array.memory
    if (
        array.origin == "inside"
        and memory is not None
        and not memory.is_root(array)
        and memory.is_shared(array)
    ):
        root = memory.root()
        if root is not None and not memory.overlapping(array, WHOLE):
            array.pending = root.pending = Pending(weakref.ref(result), memory.part_of(array), place())
            return result
    _require_writable(array, (Ellipsis,))
    _require_dtype(array, result)
    if not same_shape(result.size_shape, array.size_shape):
        facts: dict[str, object] = {"array": text(array.size_shape), "result": text(result.size_shape)}
        complain(ShapeError, "an update in place", facts, "Write x = x + v: the result is larger than x.")
    _replace(array, result)
    return array

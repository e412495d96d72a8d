"""Who else would see a write? Arrays and the views of them that are still alive."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from symdiff.ir.sizes import Shape, Size

WHOLE = (Ellipsis,)


@dataclass(frozen=True, slots=True)
class Pending:
    """``row = out[i]; row += v``: the new row, where ``out`` waits for it, and the line.

    ``out[i] += v`` writes the row back at once; nobody may look at ``out`` before. No part: unknown.
    """

    result: weakref.ref[Array]
    part: Any
    line: str

    def is_ended_by(self, part: Any, value: Any) -> bool:
        """Whether this write brings the new row where it belongs."""
        return self.part is not None and self.result() is value and bool(self.part == part)


class Array(Protocol):
    """What is known here of an array: its shape, whose memory it shows, and where it comes from."""

    memory: Memory | None
    origin: str
    pending: Pending | None

    @property
    def size_shape(self) -> Shape:
        """The shape as the graph keeps it."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """An array that shows a part of another's memory; an inexact part may be larger, or in another order."""

    array: weakref.ref[Array]
    part: Any
    is_exact: bool


class Memory:
    """One block of memory: the array that owns it, and its views with the part of it that they show."""

    __slots__ = ("root", "views")

    def __init__(self, root: Array) -> None:
        self.root = weakref.ref(root)
        self.views: list[View] = []

    def overlapping(self, writer: Array, key: Any) -> bool:
        """Whether a live array other than ``writer`` shows an entry that ``key`` selects."""
        if not self.views:
            return False
        self.views = [view for view in self.views if view.array() is not None]
        return any(_overlap(writer, key, view.part) for view in self.views if view.array() is not writer)

    def part_of(self, view: Array) -> Any:
        """The part that a view of the root shows; None where it is not known exactly."""
        return next((v.part for v in self.views if v.array() is view and v.is_exact), None)

    def is_root(self, tensor: Array) -> bool:
        """Whether the array owns this memory."""
        return self.root() is tensor

    def is_shared(self, tensor: Array) -> bool:
        """Whether a live array owns or shows this memory beside ``tensor``."""
        root = self.root()
        return (root is not None and root is not tensor) or any(
            view.array() is not None and view.array() is not tensor for view in self.views
        )


def note_view(view: Array, base: Array, key: Any = WHOLE) -> Array:
    """Remember that ``view`` shows a part of ``base``."""
    if view is base:
        return view
    if base.memory is None or not (base.memory.is_root(base) or base.memory.is_shared(base)):
        base.memory = Memory(base)  # nobody else is left who knows this memory
    memory = base.memory
    is_exact = memory.is_root(base) and key is not WHOLE
    if not memory.is_root(base):
        key = next((v.part for v in memory.views if v.array() is base), WHOLE)
    memory.views.append(View(weakref.ref(view), key, is_exact))
    view.memory, view.origin = memory, base.origin
    return view


def _overlap(array: Array, left: Any, right: Any) -> bool:
    if left is WHOLE or right is WHOLE:
        return True
    shape = array.size_shape
    if not all(isinstance(n, int) for n in shape):
        return not any(map(_are_apart, shape, _along_axes(left, len(shape)), _along_axes(right, len(shape))))
    shown = np.zeros(shape, dtype=bool)
    shown[right] = True
    return bool(np.asarray(shown[left]).any())


def _along_axes(key: Any, rank: int) -> list[Any]:
    """What a basic index takes from each axis."""
    parts = [part for part in key if part is not None]
    place = next((k for k, part in enumerate(parts) if part is Ellipsis), len(parts))
    every = [slice(None)] * (rank - len([part for part in parts if part is not Ellipsis]))
    return [*parts[:place], *every, *parts[place + 1 :]]


def _are_apart(size: Size, one: Any, other: Any) -> bool:
    """Whether two parts of an axis have no place in common, as far as numbers tell."""
    if isinstance(size, int) and all(isinstance(part, (int, slice)) for part in (one, other)):
        try:
            return set(_places(size, one)).isdisjoint(_places(size, other))
        except TypeError:
            return False  # a slice by symbols
    return isinstance(one, int) and isinstance(other, int) and one != other and (one < 0) == (other < 0)


def _places(size: int, part: int | slice) -> Iterable[int]:
    return range(size)[part] if isinstance(part, slice) else (part % size,)

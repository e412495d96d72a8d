"""Who else would see a write? Arrays and the views of them that are still alive."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

import numpy as np

from symdiff.ir.sizes import Shape

WHOLE = (Ellipsis,)


class Array(Protocol):
    """What is known here of an array: its shape, whose memory it shows, and where it comes from."""

    memory: Memory | None
    origin: str
    pending: Any

    @property
    def size_shape(self) -> Shape:
        """The shape as the graph keeps it."""
        ...


class Memory:
    """One block of memory: the array that owns it, and its views with the part of it that they show."""

    __slots__ = ("root", "views")

    def __init__(self, root: Array) -> None:
        self.root = weakref.ref(root)
        self.views: list[tuple[weakref.ref[Array], Any]] = []

    def overlapping(self, writer: Array, key: Any) -> bool:
        """Whether a live array other than ``writer`` shows an entry that ``key`` selects."""
        if not self.views:
            return False
        self.views = [(view, part) for view, part in self.views if view() is not None]
        others = [part for view, part in self.views if view() is not writer]
        return any(_overlap(writer, key, part) for part in others)

    def is_root(self, tensor: Array) -> bool:
        """Whether the array owns this memory."""
        return self.root() is tensor

    def is_shared(self, tensor: Array) -> bool:
        """Whether a live array owns or shows this memory beside ``tensor``."""
        root = self.root()
        return (root is not None and root is not tensor) or any(
            view() is not None and view() is not tensor for view, _ in self.views
        )


def note_view(view: Array, base: Array, key: Any = WHOLE) -> Array:
    """Remember that ``view`` shows a part of ``base``."""
    if view is base:
        return view
    if base.memory is None or not (base.memory.is_root(base) or base.memory.is_shared(base)):
        base.memory = Memory(base)  # nobody else is left who knows this memory
    memory = base.memory
    if not memory.is_root(base):
        key = next((part for other, part in memory.views if other() is base), WHOLE)
    memory.views.append((weakref.ref(view), key))
    view.memory, view.origin = memory, base.origin
    return view


def _overlap(array: Array, left: Any, right: Any) -> bool:
    if left is WHOLE or right is WHOLE or not all(isinstance(n, int) for n in array.size_shape):
        return True
    shown = np.zeros(array.size_shape, dtype=bool)
    shown[right] = True
    return bool(np.asarray(shown[left]).any())

"""What stands behind a traced array? A node, its dtype, and whether it is a constant, an input or a view.

A constant (made inside from numbers only) also knows its value, so it can be an index or decide an ``if``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from symdiff.doors import refusals
from symdiff.doors.aliasing import Memory, Pending
from symdiff.doors.assembly import Assembly
from symdiff.doors.dims import lengths
from symdiff.doors.recording import NeedsStatic, Recording
from symdiff.doors.refused import noted
from symdiff.ir.graph import Node, Store
from symdiff.ir.sizes import Shape, text

FLOAT = np.dtype(np.float64)
BOOL = np.dtype(np.bool_)
INT = np.dtype(np.int64)


class Traced:
    """An array without operators: what it is, and what it refuses to tell."""

    __slots__ = (
        "__weakref__", "assembly", "dtype", "memory", "origin",
        "own", "pending", "recording", "structure", "value",
    )  # fmt: skip
    __array_priority__ = 1000.0

    def __init__(self, recording: Recording, node: Node, dtype: np.dtype[Any]) -> None:
        self.recording: Recording | None = recording
        self.own = node
        self.dtype = dtype
        self.value: np.ndarray[Any, Any] | None = None
        self.assembly: Assembly | None = None
        self.memory: Memory | None = None
        self.pending: Pending | None = None
        self.structure: Callable[[Store], Node] | None = None
        self.origin = "inside"
        recording.mark()

    @classmethod
    def constant(
        cls,
        value: np.ndarray[Any, Any],
        structure: Callable[[Store], Node] | None = None,
        origin: str = "inside",
    ) -> Self:
        """An array that depends on no input; ``structure`` says how to build it without a table."""
        self = cls.__new__(cls)
        self.recording, self.own, self.dtype, self.value = None, -1, value.dtype, value
        self.assembly = self.memory = self.pending = None
        self.structure, self.origin = structure, origin
        return self

    def node(self, recording: Recording) -> Node:
        """The node in the store that is being recorded."""
        self.require_finished()
        if self.value is not None:
            return self.structure(recording.store) if self.structure else recording.array(self.value)
        if self.recording is not recording:
            refusals.other_trace(self)
        return self.own if self.assembly is None else self.assembly.whole()

    @property
    def size_shape(self) -> Shape:
        """The shape as the graph keeps it."""
        if self.value is not None:
            return tuple(self.value.shape)
        if self.assembly is not None:
            return self.assembly.shape
        assert self.recording is not None
        return self.recording.store.shape(self.own)

    # What user code asks of an array --------------------------------------------------------

    @property
    def shape(self) -> tuple[Any, ...]:
        """The lengths of the axes: ints, or ``Dim`` objects for shape strings."""
        return lengths(self.size_shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.size_shape)

    @property
    def size(self) -> Any:
        """The number of entries."""
        total: Any = 1
        for length in self.shape:
            total = total * length
        return total

    @property
    def itemsize(self) -> int:
        """The bytes of one entry."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> Any:
        """The bytes of all entries."""
        return self.size * self.itemsize

    def __len__(self) -> Any:
        if not self.size_shape:
            raise TypeError("len() of unsized object")
        return self.shape[0].__index__()

    def __iter__(self) -> Iterator[Any]:
        if not self.size_shape:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(len(self)))  # type: ignore[index]  # a Tensor has __getitem__

    def __repr__(self) -> str:
        if self.value is not None:
            return repr(self.value)
        return f"Tensor(shape={text(self.size_shape)}, dtype={self.dtype})"

    def __hash__(self) -> int:
        return id(self)

    # A Tensor has no value: each way out of the graph is closed ------------------------------

    def __bool__(self) -> bool:
        return bool(self._plain("bool", refusals.branch))

    def __index__(self) -> int:
        return self._plain("index", refusals.index).__index__()  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return int(self._plain("int", refusals.conversion))

    def __float__(self) -> float:
        return float(self._plain("float", refusals.conversion))

    def __complex__(self) -> complex:
        return complex(self._plain("complex", refusals.conversion))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self._plain("np.asarray", refusals.conversion), dtype=dtype)

    def item(self, *place: Any) -> Any:
        """The value, of a constant; a Tensor of inputs has none."""
        return self._plain("item", refusals.conversion).item(*place)

    def tolist(self) -> Any:
        """The values, of a constant; a Tensor of inputs has none."""
        return self._plain("tolist", refusals.conversion).tolist()

    def __format__(self, spec: str) -> str:
        return repr(self) if self.value is None or self.ndim else format(self.value[()], spec)

    def _plain(self, wanted: str, refuse: Callable[[Any, str], None]) -> Any:
        if self.value is None:
            self.require_static()
            refuse(self, wanted)
        self.require_finished()
        return self.value

    def known(self) -> np.ndarray[Any, Any] | None:
        """The value of a constant."""
        self.require_finished()
        return self.value

    def require_finished(self) -> None:
        """Refuse to be read while an update through a view is not written back."""
        if self.pending is not None:
            refusals.unfinished_update(self.pending)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and name not in Traced.__slots__ and hasattr(np.ndarray, name):
            refusals.attribute(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def require_static(self) -> None:
        """Ask for another run, with ints as plain ints, if this depends on Python ints only."""
        recording = self.recording
        if recording is None or not recording.integers:
            return
        needed = recording.store.ancestors([self.node(recording)])
        inputs = frozenset(k for k in needed if refusals.is_input(recording.store, k))
        if inputs and inputs <= recording.integers:
            raise noted(NeedsStatic(inputs))

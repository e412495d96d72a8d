"""Where does a move along axes of known length have its ones? Spans, windows and picks as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.ir.ops import Index, Table
from symdiff.proof.every_shape.terms import Head

_LONGEST = 64
_MOVES = ("span", "window", "pick")

Array = NDArray[Any]


def is_known(head: Head) -> bool:
    """Whether an atom is a zero or a one that depends on its place alone, along axes of known length."""
    if head.kind != "mask" or not all(isinstance(n, int) and n <= _LONGEST for n in head.dims):
        return False
    return isinstance(head.name, (Table, Index)) or is_move(head)


def is_pick(head: Head) -> bool:
    """Whether it takes entries at positions."""
    return isinstance(head.name, tuple) and head.name[0] == "pick"


def is_move(head: Head) -> bool:
    """Whether it is a span, windows or a pick."""
    return isinstance(head.name, tuple) and head.name[0] in _MOVES


def entries(head: Head, positions: Callable[[Head, tuple[int, ...]], Array | None]) -> Array | None:
    """The entries of a constant array, a comparison of places or a move; None for what is not known.

    ``positions`` gives those that a pick takes, for rows of a shape, if they are numbers.
    """
    if isinstance(head.name, Table):
        return head.name.array.reshape([int(n) for n in head.dims])
    if not all(isinstance(n, int) for n in head.dims):
        return None
    shape = tuple(map(int, head.dims))
    if isinstance(head.name, Index):
        return _compared(head.name).reshape(shape)
    if not is_move(head):
        return None
    assert isinstance(head.name, tuple)
    rows = head.name[-1]
    if head.name[0] != "pick":
        return _chosen(head.name, shape)
    index = positions(head, shape[:rows])
    if index is None:
        return None
    places = np.indices(shape).reshape(len(shape), -1)
    column = _position(places[rows:], shape[rows:])
    return np.asarray(column == index[tuple(places[:rows])] % head.name[1]).reshape(shape)


def _chosen(name: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """The ones of a span or of windows."""
    rows = name[-1]
    places = np.indices(shape).reshape(len(shape), -1)
    column = _position(places[rows:], shape[rows:])
    if name[0] == "span":
        row = name[1] + name[2] * _position(places[:rows], shape[:rows])
    else:
        cut = name[-2]
        row = _position(places[:cut], shape[:cut]) + _position(places[cut:rows], shape[cut:rows])
    return np.asarray(column == row).reshape(shape)


def _position(places: NDArray[Any], lengths: Sequence[int]) -> NDArray[Any]:
    """The row-major positions of some places."""
    position = np.zeros(places.shape[1], dtype=int)
    for row, length in zip(places, lengths, strict=True):
        position = position * length + row
    return position


def _compared(index: Index) -> NDArray[Any]:
    """The entries of a comparison of positions."""
    lengths = [int(n) for n in index.shape]
    if index.relation == "position":
        return np.arange(lengths[0]) + index.offset
    rows, columns = np.indices(lengths)
    return np.asarray(
        rows + index.offset == columns if index.relation == "equal" else rows + index.offset <= columns
    )

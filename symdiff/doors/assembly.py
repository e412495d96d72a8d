"""What does an array hold after ``out[i] = v``? Writes; a read resolves to the write that covers it.

Nothing is copied until a read needs several writes at once, so n scalar writes and one read make O(n) nodes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Span, table
from symdiff.ir.sizes import Shape, concrete

Positions = NDArray[np.intp]


class Assembly:
    """An array of concrete shape, each entry owned by one of the values written so far."""

    def __init__(self, store: Store, shape: Shape, node: Node) -> None:
        self.store = store
        self.shape = concrete(shape, "a write")
        self.grid: Positions = np.arange(math.prod(self.shape)).reshape(self.shape)
        self._restart(node)

    def _restart(self, node: Node) -> None:
        self.values = [node]
        self.owner = np.zeros(self.grid.size, dtype=np.intp)
        self.offset = np.arange(self.grid.size)
        self.clean = True

    def positions(self, key: Any) -> Positions:
        """The flat positions that an index selects."""
        return np.asarray(self.grid[key])

    def write(self, positions: Positions, value: Node) -> None:
        """Let ``value``, of the shape of ``positions``, own these entries."""
        if positions.size == 0:
            return
        if positions.size == self.grid.size and np.array_equal(positions.ravel(), self.grid.ravel()):
            self._restart(alg.reshape(self.store, value, self.shape))
            return
        self.owner[positions] = len(self.values)
        self.offset[positions] = np.arange(positions.size).reshape(positions.shape)
        self.values.append(value)
        self.clean = False

    def whole(self) -> Node:
        """The array as one node; later writes start from it."""
        if not self.clean:
            self._restart(self.read(self.grid))
        return self.values[0]

    def read(self, positions: Positions) -> Node:
        """The entries at flat positions, as a node of the shape of ``positions``."""
        flat = positions.ravel()
        if flat.size == 1:
            entry = self._piece(int(self.owner[flat[0]]), int(self.offset[flat[0]]), 1)
            return alg.reshape(self.store, entry, positions.shape)
        owner, offset = self.owner[flat], self.offset[flat]
        breaks = np.flatnonzero((np.diff(owner) != 0) | (np.diff(offset) != 1)) + 1
        starts = np.concatenate(([0], breaks)).astype(np.intp) if flat.size else np.zeros(0, np.intp)
        owners = np.unique(owner)
        if flat.size and len(starts) <= 2 * len(owners) + 1:
            node = self._runs(owner, offset, starts, flat.size)
        else:
            node = self._gathered(owner, offset, owners)
        return alg.reshape(self.store, node, positions.shape)

    def _runs(self, owner: Positions, offset: Positions, starts: Positions, total: int) -> Node:
        counts = np.diff(np.append(starts, total))
        pieces = [
            self._piece(int(owner[start]), int(offset[start]), int(count))
            for start, count in zip(starts, counts, strict=True)
        ]
        if len(pieces) == 1:
            return pieces[0]
        flat = [alg.reshape(self.store, p, (int(n),)) for p, n in zip(pieces, counts, strict=True)]
        return alg.concatenate(self.store, flat, 0)

    def _gathered(self, owner: Positions, offset: Positions, owners: Positions) -> Node:
        sizes = [math.prod(concrete(self.store.shape(self.values[k]), "a write")) for k in owners]
        parts = [alg.reshape(self.store, self.values[k], (n,)) for k, n in zip(owners, sizes, strict=True)]
        if not parts:
            return alg.constant(self.store, 0, (0,))
        begins = np.zeros(len(self.values), dtype=np.intp)
        begins[owners] = np.cumsum([0, *sizes[:-1]])
        index = self.store.add(table(begins[owner] + offset))
        return alg.gather(self.store, alg.concatenate(self.store, parts, 0), index, 0)

    def _piece(self, owner: int, start: int, count: int) -> Node:
        node = self.values[owner]
        shape = self.store.shape(node)
        size = math.prod(concrete(shape, "a write"))
        if count == size:
            return node
        flat = alg.reshape(self.store, node, (size,))
        return alg.slice_(self.store, flat, (Span(start, 1, count),))

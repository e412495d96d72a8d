"""How are many small contributions to one array added in linear time? Laid end to end, not padded one by one.

``for k in range(n): ... w[k] ...`` sends n cotangents into one array of n entries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Pad, table
from symdiff.ir.sizes import Shape, is_concrete, product

_FEW = 3


def sum_of_terms(store: Store, terms: Sequence[Node], lead: Shape, shape: Shape) -> Node:
    """The sum of contributions to an array of ``shape``, each with leading axes ``lead``."""
    padded = [t for t in terms if isinstance(store.op(t), Pad)]
    if len(padded) < _FEW or not is_concrete(lead + shape):
        return alg.total(store, terms, lead + shape)
    others = [t for t in terms if not isinstance(store.op(t), Pad)]
    return alg.total(store, [*others, _lay_out(store, padded, lead, shape)], lead + shape)


def _lay_out(store: Store, padded: Sequence[Node], lead: Shape, shape: Shape) -> Node:
    """The sum of Pads: a concatenation if their places are disjoint runs, otherwise one scatter-add."""
    grid = np.arange(int(product(shape))).reshape(shape)
    pieces: list[tuple[NDArray[np.int64], Node]] = []
    for node in padded:
        spans = store.op(node).spans[len(lead) :]  # type: ignore[union-attr]
        places = grid[np.ix_(*(s.start + s.step * np.arange(s.length) for s in spans))].ravel()
        (block,) = store.operands(node)
        pieces.append((places, alg.reshape(store, block, (*lead, len(places)))))
    pieces.sort(key=lambda piece: int(piece[0][0]) if len(piece[0]) else -1)
    size = grid.size
    flat = _concatenated(store, pieces, lead, size)
    if flat is None:
        flat = _scattered(store, pieces, lead, size)
    return alg.reshape(store, flat, lead + shape)


def _concatenated(
    store: Store, pieces: Sequence[tuple[NDArray[np.int64], Node]], lead: Shape, size: int
) -> Node | None:
    parts: list[Node] = []
    end = 0
    for places, node in pieces:
        if len(places) == 0:
            continue
        if places[0] < end or not np.array_equal(places, np.arange(places[0], places[0] + len(places))):
            return None
        if places[0] > end:
            parts.append(alg.constant(store, 0, (*lead, int(places[0]) - end)))
        parts.append(node)
        end = int(places[-1]) + 1
    if end < size or not parts:
        parts.append(alg.constant(store, 0, (*lead, size - end)))
    return alg.concatenate(store, parts, len(lead))


def _scattered(
    store: Store, pieces: Sequence[tuple[NDArray[np.int64], Node]], lead: Shape, size: int
) -> Node:
    values = alg.concatenate(store, [node for _, node in pieces], len(lead))
    index = store.add(table(np.concatenate([places for places, _ in pieces])))
    return alg.scatter_add(store, values, index, len(lead), size)

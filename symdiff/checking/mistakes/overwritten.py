"""Were contributions overwritten instead of added? Repeated positions of which only one counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import ScatterAdd, Table, table


def overwritten(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """The derivative in which the last, or the first, of several contributions to one entry is all that is left."""
    store = derivation.store
    for node in store.ancestors([screen.truth]):
        op, operands = store.op(node), store.operands(node)
        if not isinstance(op, ScatterAdd) or not isinstance(index := store.op(operands[1]), Table):
            continue
        for which in ("last", "first"):
            kept = _kept(index, which)
            if not kept.all():
                new = alg.scatter_add(
                    store, _masked(store, operands[0], kept, op.axis), operands[1], op.axis, op.size
                )
                detail = f"of several contributions to one entry only the {which} is left: they must be added"
                yield Suspect(
                    "missing_path", detail, screen.claim, _with(store, screen.truth, node, new), place=node
                )


def _kept(index: Table, which: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    flat = index.array.ravel()
    order = range(len(flat)) if which == "last" else range(len(flat) - 1, -1, -1)
    place = {int(flat[k]): k for k in order}
    return np.array([place[int(v)] == k for k, v in enumerate(flat)]).reshape(index.array.shape)


def _masked(
    store: Store, values: Node, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], axis: int
) -> Node:
    labels = tuple(range(len(store.shape(values))))
    mask = store.add(table(kept.astype(float)))
    return alg.contract(store, [(values, labels), (mask, labels[axis : axis + kept.ndim])], labels)


def _with(store: Store, root: Node, old: Node, new: Node) -> Node:
    place = {old: new}
    for node in store.ancestors([root]):
        if node not in place and any(k in place for k in store.operands(node)):
            place[node] = rebuild(store, store.op(node), [place.get(k, k) for k in store.operands(node)])
    return place.get(root, root)

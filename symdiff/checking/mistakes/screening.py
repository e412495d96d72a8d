"""Which suspects are worth a look? Float values at a few points, each node computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.sampling import Point
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.evaluation.deadlines import require_time
from symdiff.evaluation.reference import apply, dtype_of
from symdiff.ir.graph import Node, Store

Array: TypeAlias = NDArray[Any]
Edge: TypeAlias = tuple[Node, int]
_REAL = np.dtype(float)


class Screen:
    """Float values of the nodes of a store at some points, and what changes when some operands are exchanged."""

    def __init__(
        self, store: Store, points: Sequence[Point], truth: Node, claim: Node, closeness: float = 1e-9
    ) -> None:
        self.store, self.truth, self.claim, self.closeness = store, truth, claim, closeness
        self.known: list[dict[Node, Array]] = [
            {n: np.asarray(v.astype(dtype_of(store.kind(n), _REAL))) for n, v in p.items()} for p in points
        ]

    def __len__(self) -> int:
        return len(self.known)

    def value(self, k: int, node: Node) -> Array:
        """The value of a node at point ``k``."""
        known, store = self.known[k], self.store
        if node not in known:
            for n in store.ancestors([node]):
                if n not in known:
                    known[n] = self._applied(n, [known[j] for j in store.operands(n)])
        return known[node]

    def _applied(self, node: Node, operands: Sequence[Array]) -> Array:
        return apply(self.store.op(node), operands, dtype_of(self.store.kind(node), _REAL))

    def trusts(self, k: int, exact: Sequence[Array]) -> bool:
        """Whether floats show truth and claim at point ``k`` as they are: nothing cancels or overflows there."""
        pairs = zip((self.truth, self.claim), exact, strict=True)
        scale = max(map(size, exact))
        return all(close(self.value(k, node), value, scale, 1e-11) for node, value in pairs)

    def keep(self, chosen: Sequence[int]) -> None:
        """Forget the other points."""
        self.known = [self.known[k] for k in chosen]

    @cached_property
    def order(self) -> list[Node]:
        """The nodes of the claim in topological order."""
        return self.store.ancestors([self.claim])

    def changed(
        self, k: int, edges: Mapping[Edge, Array] | None = None, nodes: Mapping[Node, Array] | None = None
    ) -> Array | None:
        """The claim at point ``k`` with other values at some operands or nodes; None where that cannot be computed."""
        require_time()
        edges, dirty = edges or {}, dict(nodes or {})
        if self.claim in dirty:
            return dirty[self.claim]
        users = {user for user, _ in edges}
        first = min((*users, *dirty), default=0)
        for node in self.order:
            if node < first or node in dirty:
                continue
            operands = self.store.operands(node)
            if node in users or not dirty.keys().isdisjoint(operands):
                values = [self._operand(k, node, slot, n, edges, dirty) for slot, n in enumerate(operands)]
                try:
                    dirty[node] = self._applied(node, values)
                except OutOfTime:
                    raise
                except (SymdiffError, ValueError, TypeError, IndexError):
                    return None
        return dirty.get(self.claim, self.value(k, self.claim))

    def _operand(
        self,
        k: int,
        node: Node,
        slot: int,
        operand: Node,
        edges: Mapping[Edge, Array],
        dirty: Mapping[Node, Array],
    ) -> Array:
        if (node, slot) in edges:
            return edges[node, slot]
        return dirty[operand] if operand in dirty else self.value(k, operand)

    def agree(self, left: Node, right: Node) -> bool:
        """Whether two nodes have one shape, and the same values at every point."""
        require_time()
        if self.store.shape(left) != self.store.shape(right):
            return False
        try:
            return all(
                close(self.value(k, left), self.value(k, right), self.scale(k), self.closeness)
                for k in range(len(self))
            )
        except OutOfTime:
            raise
        except (SymdiffError, ValueError, TypeError, IndexError):
            return False

    def scale(self, k: int) -> float:
        """The size of the derivative and of the claim at a point, against which differences are small."""
        truth, claim = self.value(k, self.truth), self.value(k, self.claim)
        return max(size(truth), size(claim), 1e-300)

    def mends(self, edges: Mapping[Edge, Node], nodes: Mapping[Node, Node]) -> bool:
        """Whether the claim with other operands or nodes is the derivative at every point."""
        return all(self._is_mended(k, edges, nodes) for k in range(len(self)))

    def _is_mended(self, k: int, edges: Mapping[Edge, Node], nodes: Mapping[Node, Node]) -> bool:
        try:
            by_edge = {edge: self.value(k, new) for edge, new in edges.items()}
            by_node = {old: self.value(k, new) for old, new in nodes.items()}
        except OutOfTime:
            raise
        except (SymdiffError, ValueError, TypeError, IndexError):
            return False
        value = self.changed(k, by_edge, by_node)
        truth = self.value(k, self.truth)
        return value is not None and close(value, truth, self.scale(k), self.closeness)


def size(values: Array) -> float:
    """The largest finite absolute value."""
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) if values.size else 0.0


def close(left: Array, right: Array, scale: float, closeness: float = 1e-9) -> bool:
    """Whether two arrays agree to so many digits of ``scale``."""
    if left.shape != right.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(left - right) <= closeness * scale))

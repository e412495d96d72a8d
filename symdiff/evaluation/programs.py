"""What has to be computed? What the outputs need and is not known before the inputs are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.evaluation import reference
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Op


@dataclass(frozen=True, slots=True)
class Work:
    """The nodes of a concrete graph that depend on inputs, in order; constants are folded on demand."""

    graph: Graph
    nodes: tuple[Node, ...]
    real: np.dtype[Any]
    _known: dict[Node, NDArray[Any]] = field(default_factory=dict)

    def op(self, node: Node) -> Op:
        """The operation of a node."""
        return self.graph.store.op(node)

    def operands(self, node: Node) -> tuple[Node, ...]:
        """The operands of a node."""
        return self.graph.store.operands(node)

    def constant(self, node: Node) -> NDArray[Any]:
        """The value of a node that depends on no input."""
        store = self.graph.store
        for k in store.ancestors([node]):
            if k not in self._known:
                dtype = reference.dtype_of(store.kind(k), self.real)
                self._known[k] = reference.apply(
                    store.op(k), [self._known[x] for x in store.operands(k)], dtype
                )
        return self._known[node]


def work(graph: Graph, real: np.dtype[Any]) -> Work:
    """Split a graph into constants and the work that is left to the program."""
    store = graph.store
    depends: set[Node] = set()
    order = store.ancestors(graph.outputs)
    for node in order:
        if isinstance(store.op(node), Input) or not depends.isdisjoint(store.operands(node)):
            depends.add(node)
    return Work(graph, tuple(k for k in order if k in depends), real)

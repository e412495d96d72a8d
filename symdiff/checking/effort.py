"""How much work is a graph? The number of scalar operations at its concrete shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract

EXACT = 10_000  # scalar operations: a look in balls takes some 20 ms, the zero test seconds
CONFIRM = 400_000  # scalar operations: differences at 120 digits take about a second


def work(store: Store, nodes: Sequence[Node]) -> int:
    """The number of scalar operations that some nodes need."""
    total = 0
    for node in store.ancestors(nodes):
        op = store.op(node)
        total += math.prod(map(int, op.sizes if isinstance(op, Contract) else store.shape(node)))
    return total


def written(store: Store, node: Node) -> int:
    """About how many operations one entry of a node has when it is written out, with nothing shared."""
    sizes: dict[Node, int] = {}
    for n in store.ancestors([node]):
        op = store.op(n)
        summed = math.prod(int(op.sizes[k]) for k in op.summed) if isinstance(op, Contract) else 1
        sizes[n] = 1 + summed * sum(sizes[k] for k in store.operands(n))
    return sizes[node]

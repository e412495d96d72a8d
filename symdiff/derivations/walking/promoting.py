"""Which parts of a long formula have names in the functions that the code calls? They become quantities too."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType

from symdiff.derivations.walking.regions import Regions
from symdiff.derivations.writing.recognizing import softmax
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract, Input, Literal, Named, Table

LONG = 7  # operations between quantities, from which on a formula is hard to read
_LIBRARIES = frozenset({"numpy", "scipy", "sympy", "networkx", "mpmath", "flint"})


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs the code of somebody who may be interested in its variables."""
    module = str(frame.f_globals.get("__name__", ""))
    first = module.partition(".")[0]
    if first == "symdiff":
        return module.startswith("symdiff.library")
    return first not in _LIBRARIES and not frame.f_code.co_filename.startswith("<")


def promoted(graph: Graph, names: Mapping[Node, str], candidates: Mapping[Node, str]) -> dict[Node, str]:
    """Names for nodes within long formulas, as variables of inner functions call them; a second ``z`` is ``z_2``.

    A softmax has a name in any case, since its derivative is short in terms of it; what it is made of has none.
    """
    regions = Regions(graph, names)
    found: dict[Node, str] = {}
    taken = set(names.values())
    for quantity in regions.quantities:
        nodes = [n for n in regions.nodes(quantity) if n not in regions.named or n == quantity]
        closed = {n: _closed(graph, regions, n) for n in nodes}
        hidden = frozenset[Node]().union(*closed.values())
        inside = [n for n in nodes if n not in hidden and n not in (quantity, regions.inside(quantity))]
        is_long = sum(_is_operation(graph, n) for n in inside) > LONG
        for node in inside:
            is_named = is_long and node in candidates and _is_operation(graph, node)
            if node not in found and (is_named or closed[node]):
                found[node] = label = _free(_label(candidates.get(node, "p")), taken)
                taken.add(label)
    return found


def _label(candidate: str) -> str:
    """Without underscores around it; what a function called softmax returns are probabilities."""
    name = candidate.strip("_") or "part"
    return "p" if name == "softmax" else name


def _closed(graph: Graph, regions: Regions, node: Node) -> frozenset[Node]:
    """What a softmax is made of, down to its argument; nothing for any other node."""
    store = graph.store
    known = softmax(store, node, lambda n: n not in regions.named)
    if known is None:
        return frozenset()
    found: set[Node] = set()
    waiting = list(store.operands(node))
    while waiting:
        n = waiting.pop()
        if n != known[0] and n not in found and n not in regions.named:
            found.add(n)
            waiting += store.operands(n)
    return frozenset(found)


def _is_operation(graph: Graph, node: Node) -> bool:
    """Whether a node computes something: views and constants do not."""
    op = graph.store.op(node)
    if isinstance(op, Contract):
        return bool(op.inputs) and not (op.is_view and op.coefficient == 1)
    return not isinstance(op, (Input, Literal, Named, Table))


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(label for k in range(2, 10**6) if (label := f"{name}_{k}") not in taken)

"""Which parts of a long formula have names in the functions that the code calls? They become quantities too."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType

from symdiff.derivations.regions import Regions
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract, Input, Literal, Named, Reshape, Table

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
    """Names for nodes within long formulas, as variables of inner functions call them; a second ``z`` is ``z_2``."""
    regions = Regions(graph, names)
    found: dict[Node, str] = {}
    taken = set(names.values())
    for quantity in regions.quantities:
        inside = [
            n for n in regions.nodes(quantity) if n not in regions.named and n != regions.inside(quantity)
        ]
        if sum(_is_operation(graph, n) for n in inside) > LONG:
            for node in inside:
                if node in candidates and node not in found and _is_operation(graph, node):
                    found[node] = label = _free(candidates[node].strip("_") or "part", taken)
                    taken.add(label)
    return found


def _is_operation(graph: Graph, node: Node) -> bool:
    """Whether a node computes something: views and constants do not."""
    op = graph.store.op(node)
    if isinstance(op, Contract):
        return bool(op.inputs) and not (op.is_view and op.coefficient == 1)
    return not isinstance(op, (Input, Literal, Named, Reshape, Table))


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(label for k in range(2, 10**6) if (label := f"{name}_{k}") not in taken)

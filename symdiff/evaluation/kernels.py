"""How is a graph evaluated? ``compile`` gives a kernel: a program bound to an arithmetic."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, TypeVar

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.exact_kernels import compile_exact
from symdiff.evaluation.math_kernel import math_kernel
from symdiff.evaluation.numpy_kernel import ArrayFunction, NumPyKernel
from symdiff.ir.graph import Graph, Node
from symdiff.ir.pausing import without_collection
from symdiff.ir.trees import Tree

T = TypeVar("T")
_KEPT = 128


class Kernel(Protocol):
    """A compiled graph: called like the function it was traced from."""

    @property
    def source(self) -> str:
        """The generated program; empty for the exact arithmetics, which go node by node."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results, nested as the function returns them."""

    def flat(self, values: Sequence[Any]) -> list[Any]:
        """The outputs in order, from the values of the inputs in order."""


@without_collection
def compile(graph: Graph, arithmetic: str = "numpy") -> Kernel:
    """The kernel of a graph.

    ``"numpy"`` takes arrays; a graph of numbers may be called with arrays too, and then works entry by entry.
    ``"math"`` takes Python numbers. ``"sympy"``, ``"balls"`` and ``"mpmath"`` are exact or certified.
    Equal graphs share one program. Raises NotCompilable where the arithmetic has no form for an operation.
    """
    if arithmetic == "numpy":
        return NumPyKernel(graph, _kept((arithmetic, *structure(graph)), lambda: ArrayFunction(graph)))
    if arithmetic == "math":
        trees = (graph.arguments, graph.results)
        if any(tree is not None and _carries_values(tree) for tree in trees):
            return math_kernel(graph)
        return _kept((arithmetic, *structure(graph), *trees), lambda: math_kernel(graph))
    if arithmetic in ("sympy", "balls", "mpmath"):
        return compile_exact(graph, arithmetic)
    facts: dict[str, object] = {"known": "numpy, math, sympy, balls, mpmath"}
    raise NotCompilable(explain(f"compile({arithmetic!r})", facts, "Choose one of these arithmetics."))


_programs: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def _kept(key: Hashable, make: Callable[[], T]) -> T:
    """The program of an equal graph, or a new one; the latest are kept."""
    with _lock:
        if key in _programs:
            _programs.move_to_end(key)
            found: T = _programs[key]
            return found
    made = make()
    with _lock:
        _programs[key] = made
        if len(_programs) > _KEPT:
            _programs.popitem(last=False)
    return made


def structure(graph: Graph) -> tuple[Hashable, ...]:
    """What two traces of one function have in common: the operations and the wiring."""
    store = graph.store
    place: dict[Node, int] = {}
    nodes: list[Hashable] = []
    for position, node in enumerate(graph.nodes):
        place[node] = position
        nodes.append((store.op(node), tuple([place[k] for k in store.operands(node)])))
    return tuple(nodes), tuple(place[k] for k in graph.inputs), tuple(place[k] for k in graph.outputs)


def _carries_values(tree: Tree) -> bool:
    return tree.form == "static" or any(map(_carries_values, tree.children))

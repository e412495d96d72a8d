"""How is a graph evaluated? ``compile`` binds its program to an arithmetic and gives a kernel that can be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.exact import compile_exact
from symdiff.evaluation.reference import dtype_of, evaluate
from symdiff.ir.calling import bind
from symdiff.ir.concrete import at_sizes, size_symbols, solve_sizes
from symdiff.ir.graph import Graph


class Kernel(Protocol):
    """A compiled graph: called like the function it was traced from."""

    @property
    def source(self) -> str:
        """The generated program."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results, nested as the function returns them."""

    def flat(self, values: Sequence[Any]) -> list[Any]:
        """The outputs in order, from the values of the inputs in order."""


class FloatKernel:
    """First version: node by node."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.source = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        graph = self.graph
        values = bind(graph.arguments, args, kwargs, "kernel") if graph.arguments else list(args)
        outputs = self.flat(values)
        if graph.results is not None:
            return graph.results.build(outputs)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def flat(self, values: Sequence[Any]) -> list[Any]:
        graph = self.graph
        if size_symbols(graph):
            given = [np.shape(v) for v in values]
            declared = [graph.shape(x) for x in graph.inputs]
            graph = at_sizes(graph, solve_sizes(graph.input_names, declared, given))
        kinds = [graph.store.kind(x) for x in graph.inputs]
        reals = [v for v, k in zip(values, kinds, strict=True) if k == "real"]
        real = np.result_type(*reals) if reals else np.dtype(float)
        real = real if real.kind == "f" else np.dtype(float)
        arrays = {x: np.asarray(v, dtype_of(k, real)) for x, v, k in zip(graph.inputs, values, kinds, strict=True)}
        known = evaluate(graph, arrays, real)
        return [known[y].copy()[()] for y in graph.outputs]


def compile(graph: Graph, arithmetic: str = "numpy") -> Kernel:
    """The kernel of a graph in ``"numpy"``, ``"math"``, ``"sympy"``, ``"balls"`` or ``"mpmath"``."""
    if arithmetic in ("sympy", "balls", "mpmath"):
        return compile_exact(graph, arithmetic)
    if arithmetic not in ("numpy", "math"):
        facts: dict[str, object] = {"known": "numpy, math, sympy, balls, mpmath"}
        raise NotCompilable(explain(f"compile({arithmetic!r})", facts, "Choose one of these arithmetics."))
    return FloatKernel(graph)

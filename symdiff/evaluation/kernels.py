"""How is a graph evaluated? ``compile`` binds its program to an arithmetic and gives a kernel that can be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.exact import compile_exact
from symdiff.evaluation.math_kernel import MathKernel
from symdiff.evaluation.numpy_kernel import NumPyKernel
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


def compile(graph: Graph, arithmetic: str = "numpy") -> Kernel:
    """The kernel of a graph in ``"numpy"``, ``"math"``, ``"sympy"``, ``"balls"`` or ``"mpmath"``."""
    if arithmetic in ("sympy", "balls", "mpmath"):
        return compile_exact(graph, arithmetic)
    if arithmetic not in ("numpy", "math"):
        facts: dict[str, object] = {"known": "numpy, math, sympy, balls, mpmath"}
        raise NotCompilable(explain(f"compile({arithmetic!r})", facts, "Choose one of these arithmetics."))
    return NumPyKernel(graph) if arithmetic == "numpy" else MathKernel(graph)

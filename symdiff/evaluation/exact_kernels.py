"""How is a graph called on exact numbers? Arguments are bound and lifted, results nested as the function's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.evaluation.arithmetics import ARITHMETICS, Arithmetic
from symdiff.evaluation.exact import as_objects, evaluate
from symdiff.ir.calling import bind
from symdiff.ir.graph import Graph


@dataclass(frozen=True)
class ExactKernel:
    """A graph as a function on exact numbers."""

    graph: Graph
    arithmetic: Arithmetic

    source = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        graph = self.graph
        values = bind(graph.arguments, args, kwargs, "kernel") if graph.arguments else list(args)
        outputs = self.flat(values)
        if graph.results is not None:
            return graph.results.build(outputs)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def flat(self, values: Sequence[Any]) -> list[Any]:
        """The outputs from the inputs in order; plain numbers are lifted exactly, floats as they are."""
        lifted = [as_objects(np.frompyfunc(self._lift, 1, 1)(as_objects(value))) for value in values]
        bound = dict(zip(self.graph.inputs, lifted, strict=True))
        outputs = evaluate(self.graph.store, self.graph.outputs, bound, self.arithmetic)
        return [output if output.ndim else output[()] for output in outputs]

    def _lift(self, value: Any) -> Any:
        if isinstance(value, (int, float, Fraction, np.number, np.bool_)):
            return self.arithmetic.number(Fraction(value.item() if isinstance(value, np.generic) else value))
        return value


def compile_exact(graph: Graph, arithmetic: str) -> ExactKernel:
    """A kernel in one of the exact arithmetics: ``sympy``, ``balls``, ``mpmath``."""
    return ExactKernel(graph, ARITHMETICS[arithmetic])

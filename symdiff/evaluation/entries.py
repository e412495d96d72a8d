"""The second road: what does ``sympy.diff`` say of the explicit entries at a concrete shape?

Nothing here knows the rules of calculus.py: the forward graph is written out in SymPy symbols, entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from symdiff.errors import InputError, explain
from symdiff.evaluation.arithmetics import SYMPY
from symdiff.evaluation.exact import Objects, as_objects, evaluate
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input
from symdiff.ir.sizes import concrete


def symbols(name: str, shape: tuple[int, ...]) -> Objects:
    """A real symbol for each entry: ``x``, or ``x[0,1]``.

    >>> symbols("x", (2,))
    array([x[0], x[1]], dtype=object)
    """
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        label = f"{name}[{','.join(map(str, place))}]" if place else name
        result[place] = sp.Symbol(label, real=True)
    return result


def input_symbols(graph: Graph, values: Mapping[str, Any] | None = None) -> dict[Node, Objects]:
    """Symbols for the real inputs; integer and boolean inputs need their values."""
    given = values or {}
    result: dict[Node, Objects] = {}
    for node in graph.inputs:
        op = graph.store.op(node)
        assert isinstance(op, Input)
        if op.name in given:
            result[node] = as_objects(np.asarray(given[op.name]))
        elif op.kind == "real":
            result[node] = symbols(op.name, concrete(op.shape, f"entries of {op.name}"))
        else:
            facts: dict[str, object] = {op.name: op.kind}
            raise InputError(explain("entries", facts, "Give the values of indices and masks."))
    return result


def output_entries(graph: Graph, values: Mapping[str, Any] | None = None) -> list[Objects]:
    """The outputs, entry by entry, as SymPy expressions of the inputs' entries."""
    return evaluate(graph.store, graph.outputs, input_symbols(graph, values), SYMPY)


def jacobian_entries(graph: Graph, wrt: str, values: Mapping[str, Any] | None = None) -> Objects:
    """``d output / d wrt``, shape output + wrt, by ``sympy.diff`` of each entry; ``wrt`` may be an intermediate."""
    bound = input_symbols(graph, values)
    back = _hold(graph, [wrt], bound)
    (output,) = evaluate(graph.store, graph.outputs[:1], bound, SYMPY)
    return _put_back(_differentiate(output, bound[graph.node(wrt)]), back)


def hessian_entries(
    graph: Graph, wrt: Sequence[str], values: Mapping[str, Any] | None = None
) -> list[Objects]:
    """Every block ``d^2 output / d x d z`` for x and z of ``wrt``, row by row, of a scalar output."""
    bound = input_symbols(graph, values)
    back = _hold(graph, wrt, bound)
    (output,) = evaluate(graph.store, graph.outputs[:1], bound, SYMPY)
    firsts = [_differentiate(output, bound[graph.node(x)]) for x in wrt]
    return [_put_back(_differentiate(first, bound[graph.node(z)]), back) for first in firsts for z in wrt]


def _hold(graph: Graph, wrt: Sequence[str], bound: dict[Node, Objects]) -> dict[sp.Symbol, Any]:
    """Bind named intermediates to symbols of their own; what these stand for."""
    back: dict[sp.Symbol, Any] = {}
    for name in wrt:
        node = graph.node(name)
        if node not in bound:
            (inner,) = evaluate(graph.store, [node], bound, SYMPY)
            bound[node] = symbols(f"<{name}>", inner.shape)
            back |= dict(zip(bound[node].ravel(), inner.ravel(), strict=True))
    return back


def _put_back(entries: Objects, back: Mapping[sp.Symbol, Any]) -> Objects:
    return as_objects(np.frompyfunc(lambda e: e.xreplace(back), 1, 1)(entries)) if back else entries


def _differentiate(expressions: Objects, by: Objects) -> Objects:
    result = np.empty(expressions.shape + by.shape, dtype=object)
    for row in np.ndindex(expressions.shape):
        for column in np.ndindex(by.shape):
            result[row + column] = sp.diff(sp.sympify(expressions[row], strict=True), by[column])
    return result

"""How is a hand-written derivative asked for its second order? The cotangent-weighted function has a Hessian.

For a function y = f(x) the question is the Hessian of <y_bar, f(x)>; the claim is a textbook formula, or the
directional derivative of the hand-written first derivative.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.arguments import Wrt, chosen
from symdiff.checking.domains import Domain
from symdiff.doors.arguments import Indices
from symdiff.doors.tracing import trace
from symdiff.functions import jvp

Function = Callable[..., Any]


def with_settings(fn: Function, settings: Mapping[str, Any]) -> Function:
    """The function with its keyword settings filled in, under its own name."""
    if not settings:
        return fn
    bound = partial(fn, **settings)
    bound.__name__ = fn.__name__  # type: ignore[attr-defined]
    return bound


def with_indices(inputs: Mapping[str, Any], domain: Domain) -> dict[str, Any]:
    """The inputs, with the shapes of whole numbers marked as such."""
    return {
        name: Indices(value) if domain.get(name) == "integer" and isinstance(value, str) else value
        for name, value in inputs.items()
    }


def weighted(fn: Function, inputs: Mapping[str, Any]) -> tuple[Function, dict[str, Any]]:
    """``<y_bar, f(x)>`` as a function of ``(*inputs, y_bar)``, and the example inputs for it."""
    graph = trace(fn, **inputs)
    shapes = [" ".join(str(size).replace(" ", "") for size in graph.shape(node)) for node in graph.outputs]
    y_bar: Any = tuple(shapes) if len(shapes) > 1 else shapes[0]
    if not any(isinstance(value, str) for value in inputs.values()):
        y_bar = graph_ones(graph)

    def total(*args: Any, **named: Any) -> Any:
        *primals, cotangent = args
        out = fn(*primals, **named)
        if isinstance(out, tuple):
            return sum(np.sum(c * y) for c, y in zip(cotangent, out, strict=True))
        return np.sum(cotangent * out)

    total.__name__ = f"<y_bar, {fn.__name__}>"
    total.__signature__ = _with_cotangent(fn, inputs)  # type: ignore[attr-defined]
    return total, {**inputs, "y_bar": y_bar}


def _with_cotangent(fn: Function, inputs: Mapping[str, Any]) -> inspect.Signature:
    """The inputs, then ``y_bar``, then the inputs that the function takes by name only."""
    known = inspect.signature(fn).parameters
    place, by_name = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    kinds = {n: by_name if n in known and known[n].kind == by_name else place for n in [*inputs, "y_bar"]}
    ordered = sorted(kinds, key=lambda n: kinds[n])
    return inspect.Signature([inspect.Parameter(n, kinds[n]) for n in ordered])


def graph_ones(graph: Any) -> Any:
    """A cotangent of ones for each output of a graph of concrete shapes."""
    ones = tuple(np.ones([int(size) for size in graph.shape(node)]) for node in graph.outputs)
    return ones if len(ones) > 1 else ones[0]


def curvature_of(claim: Function, arguments: Sequence[str], wrt: Wrt) -> Function:
    """The derivative of a hand-written gradient in a direction: ``(*arguments, direction)``."""
    moving = chosen(wrt, list(arguments))
    many = isinstance(wrt, (tuple, list))

    def second(*args: Any, **settings: Any) -> Any:
        *primals, direction = args
        pieces = dict(zip(moving, direction if many else [direction], strict=True))
        tangents = [pieces.get(name) for name in arguments]
        return jvp(with_settings(claim, settings), tuple(primals), tangents)[1]

    second.__name__ = f"derivative of {claim.__name__}"
    names = [*arguments, "direction"]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    second.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    return second

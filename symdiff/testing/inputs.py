"""With which arguments may a function be called? Arrays of its shapes, at which its value is finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from symdiff.doors.tracing import trace
from symdiff.evaluation.kernels import Kernel, compile
from symdiff.ir.calling import bind
from symdiff.ir.graph import Graph
from symdiff.testing.strategies import shapes_for

_LOWEST = {"mixed": -24, "positive": 1, "inner": 1}
_HIGHEST = {"mixed": 24, "positive": 24, "inner": 7}


@st.composite
def inputs_for(
    draw: st.DrawFn, fn: Callable[..., Any], /, *examples: Any, **named: Any
) -> tuple[Any, ...] | dict[str, Any]:
    """Arguments for ``fn``, nested as the examples: eighths up to 3 in magnitude, where ``fn`` is finite.

    An example is an array, a number, or a shape string such as ``"n d"``, for which sizes are drawn too. The
    result is a tuple, or a dict by name where examples were given by name; integer arrays stay between the
    smallest and largest entry of their example.

    >>> import numpy as np
    >>> from hypothesis import find
    >>> find(inputs_for(lambda x: np.log(x).sum(), "n"), lambda inputs: len(inputs[0]) > 1)
    (array([0.125, 0.125]),)
    """
    graph = trace(fn, *examples, **named)
    assert graph.arguments is not None
    leaves = bind(graph.arguments, examples, named, "inputs_for")
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    shapes = iter(draw(shapes_for(*texts)))
    like = [np.zeros(next(shapes)) if isinstance(leaf, str) else leaf for leaf in leaves]
    arrays = st.tuples(*map(_arrays, like))
    if texts:
        graph = trace(fn, *_positional(graph, like, named), **_named(graph, like, named))
    kernel = _kernel(graph)
    values = draw(arrays.filter(lambda chosen: _is_finite(kernel, chosen)))
    return _named(graph, values, named) or _positional(graph, values, named)


def _arrays(like: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(["positive", "mixed", "inner"]).flatmap(lambda kind: _array(like, kind))


def _array(like: Any, kind: str) -> st.SearchStrategy[Any]:
    example = np.asarray(like)
    if example.dtype.kind == "b":
        return _filled(example, st.booleans())
    if example.dtype.kind in "iu":
        low, high = (int(example.min()), int(example.max())) if example.size else (0, 0)
        return _filled(example, st.integers(low, high))
    return _filled(example, st.integers(_LOWEST[kind], _HIGHEST[kind]).map(lambda n: n / 8))


def _filled(example: NDArray[Any], entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    flat = st.lists(entries, min_size=example.size, max_size=example.size)
    if not example.ndim:
        return flat.map(lambda values: values[0])
    return flat.map(lambda values: np.array(values, dtype=example.dtype).reshape(example.shape))


@lru_cache(maxsize=64)
def _kernel(graph: Graph) -> Kernel:
    return compile(graph)


def _is_finite(kernel: Kernel, values: Sequence[Any]) -> bool:
    with np.errstate(all="ignore"):
        return all(bool(np.all(np.isfinite(output))) for output in kernel.flat(list(values)))


def _arguments(graph: Graph, leaves: Sequence[Any]) -> dict[str, Any]:
    assert graph.arguments is not None
    return dict(zip(graph.arguments.keys, graph.arguments.build(leaves), strict=True))


def _named(graph: Graph, leaves: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
    return _arguments(graph, leaves) if named else {}


def _positional(graph: Graph, leaves: Sequence[Any], named: dict[str, Any]) -> tuple[Any, ...]:
    if named:
        return ()
    assert graph.arguments is not None
    parts = zip(graph.arguments.children, _arguments(graph, leaves).values(), strict=True)
    return tuple(value for tree, part in parts for value in (part if tree.value == "*" else (part,)))

"""What follows when a hand-written first derivative is proved? So is its own derivative: equal functions have one.

Used where the second order of a large function is beyond the direct proof; it is still compared in floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from symdiff.checking.arguments import Wrt, chosen
from symdiff.checking.domains import Domain
from symdiff.checking.sampling import points
from symdiff.doors.tracing import trace
from symdiff.functions import hvp
from symdiff.ir.sizes import parse_shape, substitute, symbols_of
from symdiff.verdicts import Evidence, Verdict

Function = Callable[..., Any]

POINTS = 3
_CLOSE = 1e-6  # a confirmation of a proof: rounding of second orders that cancel stays below
_SMALL = (2, 3, 2, 4, 3, 2, 5)


def following(
    first: Verdict, fn: Function, second: Function, inputs: Mapping[str, Any], wrt: Wrt, domain: Domain
) -> Verdict | None:
    """The verdict on the derivative of a proved gradient, if floats at random points agree; None otherwise."""
    if first.status != "proved":
        return None
    for point in _points(fn, inputs, domain):
        if not _agrees(fn, second, point, wrt):
            return None
    roads = (
        "follows from the proof of the first order: equal functions have equal derivatives",
        f"compared with the Hessian in floats at {POINTS} random points",
    )
    question = f"{second.__name__}: hvp of {fn.__name__}"
    return replace(first, question=question, evidence=Evidence(roads, points=POINTS))


def _points(fn: Function, inputs: Mapping[str, Any], domain: Domain) -> Iterator[dict[str, Any]]:
    """Inputs of small shapes inside the domain."""
    sizes: dict[Any, int] = {}
    examples = {name: _example(value, sizes) for name, value in inputs.items()}
    graph = trace(fn, **examples)
    nodes = dict(zip(graph.inputs, examples.values(), strict=True))
    for point in islice(points(graph, nodes, domain, 0), POINTS):
        yield {name: point[node].astype(float) for name, node in zip(examples, graph.inputs, strict=True)}


def _example(value: Any, sizes: dict[Any, int]) -> Any:
    """An array of a small shape; examples that are arrays stay."""
    if not isinstance(value, str):
        return value
    shape = parse_shape(value)
    for symbol in sorted(symbols_of(shape), key=str):
        sizes.setdefault(symbol, _SMALL[len(sizes) % len(_SMALL)])
    return np.zeros([int(substitute(size, sizes)) for size in shape])


def _agrees(fn: Function, second: Function, point: Mapping[str, Any], wrt: Wrt) -> bool:
    rng = np.random.default_rng(0)
    directions = tuple(rng.normal(size=np.shape(point[name])) for name in chosen(wrt, list(point)))
    direction = directions if isinstance(wrt, (tuple, list)) else directions[0]
    exact, claimed = hvp(fn, wrt)(*point.values(), direction), second(*point.values(), direction)
    pairs = list(zip(_leaves(exact), _leaves(claimed), strict=True))
    largest = max((float(np.max(np.abs(a), initial=0.0)) for a, _ in pairs), default=0.0)
    return all(_same(np.asarray(a), np.asarray(b), largest) for a, b in pairs)


def _same(exact: Any, claimed: Any, largest: float) -> bool:
    """Whether two arrays agree; a part that is nothing but the rounding of larger ones says nothing."""
    size = float(np.max(np.abs(exact), initial=0.0))
    return size < _CLOSE * largest or bool(np.allclose(exact, claimed, rtol=_CLOSE, atol=_CLOSE * size))


def _leaves(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]

"""Which counterexample fits on a napkin? Fewest elements first, then entries among 0, 1, -1, 1/2, 2 ..."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import numpy as np

from symdiff.checking.domains import Domain, exact_ends
from symdiff.checking.sampling import Point
from symdiff.errors import OutOfTime
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input

T = TypeVar("T")
Ends: TypeAlias = tuple[Fraction | None, Fraction | None]
SIMPLE = tuple(
    Fraction(n, d)
    for n, d in ((0, 1), (1, 1), (-1, 1), (1, 2), (2, 1), (-1, 2), (-2, 1), (3, 1), (-3, 1), (1, 4))
)
_MAX_TRIES = 400


def simplest_point(
    graph: Graph,
    point: Point,
    domain: Domain,
    still_wrong: Callable[[Point], T | None],
    kept: Collection[Node] = (),
) -> tuple[Point, T | None]:
    """Replace entries by simple numbers as long as the claim stays wrong there; at the deadline the best so far.

    Arrays that are ``kept`` do not become all zero: nothing is seen of what a cotangent of zeros is multiplied by.
    """
    best: T | None = None
    for candidate in islice(_moves(graph, point, domain), _MAX_TRIES):
        proposal = candidate(point)
        if proposal is None or any(not proposal[node].any() and point[node].any() for node in kept):
            continue
        try:
            found = still_wrong(proposal)
        except OutOfTime:
            break
        if found is not None:
            point, best = proposal, found
    return point, best


Move = Callable[[Point], "Point | None"]


def _moves(graph: Graph, point: Point, domain: Domain) -> Iterator[Move]:
    """Whole arrays first, then entry by entry from the end, so that what stays stands in front."""
    free = [node for node in graph.inputs if _is_free(graph, node, domain)]
    for node in free:
        for value in SIMPLE[:3]:
            yield _set_all(node, value, _interval(graph, node, domain))
    for node in free:
        for place in reversed(list(np.ndindex(point[node].shape))):
            for value in SIMPLE:
                yield _set_entry(node, place, value, _interval(graph, node, domain))


def _is_free(graph: Graph, node: Node, domain: Domain) -> bool:
    op = graph.store.op(node)
    assert isinstance(op, Input)
    return op.kind == "real" and not isinstance(domain.get(op.name), str)


def _interval(graph: Graph, node: Node, domain: Domain) -> Ends:
    op = graph.store.op(node)
    assert isinstance(op, Input)
    rule = domain.get(op.name)
    return exact_ends(rule) if isinstance(rule, tuple) else (None, None)


def _inside(value: Fraction, interval: Ends) -> bool:
    low, high = interval
    return (low is None or value >= low) and (high is None or value <= high)


def _set_all(node: Node, value: Fraction, interval: Ends) -> Move:
    def move(point: Point) -> Point | None:
        if not _inside(value, interval) or all(_rank(v) <= _rank(value) for v in point[node].ravel()):
            return None
        filled = np.empty_like(point[node])
        filled[...] = value
        return {**point, node: filled}

    return move


def _set_entry(node: Node, place: tuple[int, ...], value: Fraction, interval: Ends) -> Move:
    def move(point: Point) -> Point | None:
        now = point[node][place]
        if not _inside(value, interval) or _rank(now) <= _rank(value):
            return None
        changed = point[node].copy()
        changed[place] = value
        return {**point, node: changed}

    return move


def _rank(value: Fraction) -> int:
    return SIMPLE.index(value) if value in SIMPLE else len(SIMPLE)


def smaller_examples(examples: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same arguments with shorter axes, smallest first; equal lengths stay equal, 2 is preferred to 1."""
    sizes = sorted({size for shape in _shapes(examples) for size in shape if size > 2})
    if not sizes:
        return
    proposals = [dict.fromkeys(sizes, 2), {s: min(s, 2 + k % 2) for k, s in enumerate(sizes)}]
    proposals += [{s: min(s, 2 + k) for k, s in enumerate(sizes)}]
    proposals += [{s: min(s, least) for s in sizes} for least in (3, 4)]
    proposals += [{s: 2} for s in sizes]
    seen: list[dict[int, int]] = []
    for proposal in proposals:
        if proposal not in seen and any(new < old for old, new in proposal.items()):
            seen.append(proposal)
            yield {name: _resized(value, proposal) for name, value in examples.items()}


def _shapes(value: Any) -> list[tuple[int, ...]]:
    if isinstance(value, np.ndarray):
        return [value.shape]
    if isinstance(value, Mapping):
        return [shape for v in value.values() for shape in _shapes(v)]
    if isinstance(value, (list, tuple)):
        return [shape for v in value for shape in _shapes(v)]
    return []


def _resized(value: Any, sizes: Mapping[int, int]) -> Any:
    if isinstance(value, np.ndarray):
        return value[tuple(slice(sizes.get(size, size)) for size in value.shape)]
    if isinstance(value, Mapping):
        return {k: _resized(v, sizes) for k, v in value.items()}
    if isinstance(value, tuple):
        parts = [_resized(v, sizes) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [_resized(v, sizes) for v in value]
    return value

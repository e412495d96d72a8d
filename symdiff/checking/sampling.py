"""At which points is a claim looked at? Short rationals inside the domain, never all equal, zero or one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import count
from typing import Any, TypeAlias

import numpy as np

from symdiff.checking.domains import Domain, Interval, ends, exact_ends
from symdiff.checking.indices import drawn, index_sizes
from symdiff.evaluation.exact import Objects, as_objects
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input
from symdiff.ir.sizes import concrete

Point: TypeAlias = dict[Node, Objects]


def points(graph: Graph, examples: Mapping[Node, Any], domain: Domain, seed: int) -> Iterator[Point]:
    """An endless stream of points: mixed signs, positive, inside (-1, 1), inside (0, 1), large."""
    rng = random.Random(seed)
    sizes = index_sizes(graph)
    regimes = ("mixed", "positive", "inner", "unit", "wide", "far", "tiny")
    for turn in count():
        regime = regimes[turn % len(regimes)]
        yield {
            node: _index(examples[node], sizes.get(node), rng)
            if graph.store.kind(node) == "integer"
            else _draw(graph, node, domain, regime, rng)
            for node in graph.inputs
        }


def _index(example: Any, size: int | None, rng: random.Random) -> Objects:
    """Indices of an axis of known size; other integers stay what they are."""
    result = np.empty(np.shape(example), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = int(np.asarray(example)[place])
    return result if size is None else drawn(size, result, rng)


def _draw(graph: Graph, node: Node, domain: Domain, regime: str, rng: random.Random) -> Objects:
    op = graph.store.op(node)
    assert isinstance(op, Input)
    shape = concrete(op.shape, f"input {op.name}")
    rule = domain.get(op.name)
    if rule == "boolean" or (op.kind == "boolean" and not isinstance(rule, str)):
        return _fill(shape, lambda: Fraction(rng.randint(0, 1)))
    if rule == "integer":
        return _fill(shape, lambda: Fraction(rng.randint(-4, 4)))
    if rule == "one_hot":
        return _one_hot(shape, rng)
    if rule == "simplex":
        weights = _fill(shape, lambda: Fraction(rng.randint(1, 9)))
        return as_objects(weights / weights.sum(axis=-1, keepdims=True))
    if rule in ("symmetric", "positive_definite"):
        return _symmetric(shape, rule == "positive_definite", rng)
    low, high = ends(rule) if isinstance(rule, tuple) else (None, None)
    return _fill(shape, lambda: _number(regime, low, high, rng))


def is_inside(graph: Graph, point: Point, domain: Domain, drawn: Point) -> bool:
    """Whether a point lies in the intervals of a domain, ends included; arrays of sets must be as they were drawn."""
    for node, value in point.items():
        op = graph.store.op(node)
        rule = domain.get(op.name) if isinstance(op, Input) else None
        if isinstance(rule, str) and value is not drawn[node]:
            return False
        if isinstance(rule, tuple):
            low, high = exact_ends(rule)
            inside = ((low is None or v >= low) and (high is None or v <= high) for v in value.ravel())
            if not all(inside):
                return False
    return True


def at_ends(graph: Graph, drawn: Point, domain: Domain) -> Iterator[Point]:
    """A point with every array at its lower end, one at the upper ends; then one entry at one end at a time."""
    known = [(node, exact_ends(rule)) for node, rule in _intervals(graph, domain) if drawn[node].size]
    for side in (0, 1):
        moved = {n: _filled(drawn[n], pair[side]) for n, pair in known if pair[side] is not None}
        if moved:
            yield {**drawn, **moved}
    for node, pair in known:
        for end in pair:
            if end is not None and drawn[node].size > 1:
                changed = drawn[node].copy()
                changed[(-1,) * changed.ndim] = end
                yield {**drawn, node: changed}


def is_at_end(graph: Graph, point: Point, domain: Domain) -> bool:
    """Whether an entry of a point is an end of its interval."""
    known = [(node, exact_ends(rule)) for node, rule in _intervals(graph, domain)]
    return any(value in pair for node, pair in known if node in point for value in point[node].flat)


def _intervals(graph: Graph, domain: Domain) -> Iterator[tuple[Node, Interval]]:
    for node in graph.inputs:
        op = graph.store.op(node)
        rule = domain.get(op.name) if isinstance(op, Input) and op.kind == "real" else None
        if isinstance(rule, tuple):
            yield node, rule


def _filled(like: Objects, value: Fraction | None) -> Objects:
    result = np.empty(like.shape, dtype=object)
    result[...] = value
    return result


def _fill(shape: tuple[int, ...], draw: Any) -> Objects:
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = draw()
    return result


def _number(regime: str, low: Any, high: Any, rng: random.Random) -> Fraction:
    part = _PARTS[rng.randint(1, 63)]
    if low is not None and high is not None:
        return Fraction(low) + (Fraction(high) - Fraction(low)) * part
    if low is not None or high is not None:
        distance = part * (4 if regime in ("mixed", "wide") else 4096 if regime == "far" else 1)
        return Fraction(low) + distance if low is not None else Fraction(high) - distance
    match regime:
        case "positive":
            return Fraction(rng.randint(1, 32), 8)
        case "unit":
            return part
        case "far":
            return Fraction(rng.choice((-1, 1)) * 2 ** rng.randint(3, 14)) * part
        case "tiny":
            return part * Fraction(rng.choice((-1, 1)), 2 ** rng.randint(3, 20))
        case _:
            return rng.choice(_CHOICES[regime])


def _fractions(most: int, over: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(k, over) for k in range(-most, most + 1) if k)


_PARTS = tuple(Fraction(k, 64) for k in range(64))
_CHOICES = {"mixed": _fractions(24, 8), "inner": _fractions(31, 32), "wide": _fractions(40, 4)}


def _one_hot(shape: tuple[int, ...], rng: random.Random) -> Objects:
    result = _fill(shape, lambda: Fraction(0))
    for place in np.ndindex(shape[:-1]):
        result[(*place, rng.randrange(shape[-1]))] = Fraction(1)
    return result


def _symmetric(shape: tuple[int, ...], definite: bool, rng: random.Random) -> Objects:
    half = _fill(shape, lambda: Fraction(rng.randint(-8, 8), 4))
    whole = as_objects(half + half.swapaxes(-1, -2))
    if not definite:
        return whole
    product = as_objects(half @ half.swapaxes(-1, -2))
    return as_objects(
        product
        + np.array([[Fraction(i == j) for j in range(shape[-1])] for i in range(shape[-1])], dtype=object)
    )


def example_point(graph: Graph, examples: Mapping[Node, Any]) -> Point:
    """The caller's own inputs, each float read as the exact binary number that it is."""
    return {
        node: as_objects(np.vectorize(exactly, otypes=[object])(examples[node]))
        if np.size(examples[node])
        else np.empty(np.shape(examples[node]), dtype=object)
        for node in graph.inputs
        if node in examples
    }


def exactly(value: Any) -> Fraction:
    """The exact number that a float of any length is.

    >>> exactly(np.longdouble(1) / 4), exactly(np.float32(0.5))
    (Fraction(1, 4), Fraction(1, 2))
    """
    if isinstance(value, np.longdouble):
        return Fraction(*value.as_integer_ratio())
    return Fraction(value.item() if isinstance(value, np.generic) else value)

"""Can the assumptions hold together? A rational point at small sizes where balls say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import sympy as sp

from symdiff.errors import NotCompilable, SymdiffError
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.evaluation.exact import evaluate
from symdiff.ir.concrete import at_sizes
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input
from symdiff.ir.sizes import symbols_of
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.evaluating import Evaluator, Objects
from symdiff.proof.every_shape.needs import Condition

_POINTS = 12
_BITS = 160
_FIRST = 2
_SIGNS = ((1, -1), (1,), (-1,))


def missing_witness(
    store: Store, builder: Builder, conditions: Sequence[Condition], facts: Mapping[str, object]
) -> str | None:
    """None if one point satisfies every condition; otherwise the condition that failed last."""
    if not conditions:
        return None
    strict = [c for c in conditions if c.strict]
    together = [c for c in conditions if not c.masked]
    with working_precision(_BITS):
        failed = None
        for group in (together, *([c] for c in conditions if c.masked)):
            failed = failed or _first_failure(store, builder, group, facts, _spread)
        for sizes in (_ones, _twos) if strict else ():
            failed = failed or _first_failure(store, builder, strict, facts, sizes)
    return failed


def _first_failure(
    store: Store,
    builder: Builder,
    conditions: Sequence[Condition],
    facts: Mapping[str, object],
    sizes: Callable[[int, int], int],
) -> str | None:
    """None if one of some points satisfies every condition; otherwise what failed at the last point."""
    if not conditions:
        return None
    failed = conditions[0].text
    for evaluator in _points(store, builder, conditions, facts, sizes):
        wrong = next((c for c in conditions if not _holds(evaluator, c)), None)
        if wrong is None:
            return None
        failed = wrong.text
    return failed


def _spread(place: int, trial: int) -> int:
    """Sizes that differ."""
    return _FIRST + (place + trial // 4) % 3


def _ones(place: int, trial: int) -> int:
    """Every size 1."""
    return 1


def _twos(place: int, trial: int) -> int:
    """Every size 2."""
    return 2


def _holds(evaluator: Evaluator, condition: Condition) -> bool:
    """Whether the value is certainly not zero, or certainly positive, at every place."""
    head = evaluator.space.heads[condition.head]
    try:
        values = evaluator.array(head.parts[0], head.dims).ravel()
    except (SymdiffError, KeyError, ValueError, IndexError, ZeroDivisionError):
        return False
    if condition.need == "positive":
        return all(bool(v > 0) for v in values)
    return all(bool(v > 0) or bool(v < 0) for v in values)


def _points(
    store: Store,
    builder: Builder,
    conditions: Sequence[Condition],
    facts: Mapping[str, object],
    length: Callable[[int, int], int],
) -> Iterator[Evaluator]:
    random = Random(0)
    parts = [part for c in conditions for part in builder.space.heads[c.head].parts]
    used = {c.head for c in conditions} | builder.heads_in(parts)
    opaque = {head: node for head, node in builder.opaque.items() if head in used}
    inputs = _inputs(store, builder, [*opaque.values()], used)
    symbols = _symbols(builder, used, inputs, store)
    for trial in range(_POINTS):
        sizes = {s: length(k, trial) for k, s in enumerate(symbols)}
        graph = Graph(store, tuple(inputs.values()), tuple(opaque.values()))
        concrete = at_sizes(graph, sizes)
        arrays: dict[object, Objects] = {}
        for (name, _), node in zip(inputs.items(), concrete.inputs, strict=True):
            arrays[name] = _sample(concrete, node, facts.get(name), random, _SIGNS[trial % 3])
        try:
            given = {node: arrays[name] for name, node in zip(inputs, concrete.inputs, strict=True)}
            values = evaluate(concrete.store, concrete.outputs, given, BALLS)
        except (SymdiffError, ValueError, IndexError, NotCompilable):
            continue
        arrays |= dict(zip(opaque, values, strict=True))
        yield Evaluator(builder.space, sizes, arrays, BALLS)


def _inputs(store: Store, builder: Builder, nodes: list[Node], used: set[int]) -> dict[str, Node]:
    names = {builder.space.heads[h].name for h in used if builder.space.heads[h].kind in ("input", "mask")}
    below = set(store.ancestors(nodes))
    return {
        op.name: node
        for node in store.ancestors(builder.nodes)
        if isinstance(op := store.op(node), Input) and (op.name in names or node in below)
    }


def _symbols(builder: Builder, used: set[int], inputs: Mapping[str, Node], store: Store) -> list[sp.Symbol]:
    dims = [size for h in used for size in builder.space.heads[h].dims]
    for h in used:
        head = builder.space.heads[h]
        dims += list(head.name) if head.kind in ("sum", "maximum") and isinstance(head.name, tuple) else []
        dims += [sp.Symbol(str(head.name), integer=True, positive=True)] if head.kind == "size" else []
    dims += [size for node in inputs.values() for size in store.shape(node)]
    dims += [
        size for node in builder.opaque.values() for k in store.ancestors([node]) for size in store.shape(k)
    ]
    return sorted(symbols_of(tuple(dims)), key=str)


def _sample(graph: Graph, node: Node, fact: object, random: Random, signs: Sequence[int]) -> Objects:
    shape = tuple(int(size) for size in graph.shape(node))
    kind = graph.store.kind(node)
    result = np.empty(shape, dtype=object)
    if fact in ("one_hot", "simplex") and shape:
        return _rows(result, fact == "one_hot", random)
    if kind == "integer" and fact == "integer":  # positions: 0 is one on every axis
        result[...] = BALLS.number(Fraction(0))
        return result
    for place in np.ndindex(shape):
        result[place] = BALLS.number(_number(kind, fact, random, signs))
    if fact in ("symmetric", "positive_definite"):
        result = result + np.swapaxes(result, -1, -2)
    if fact == "positive_definite":
        result = result @ result  # the square of a symmetric matrix
    return result


def _rows(result: Objects, one_hot: bool, random: Random) -> Objects:
    """Rows that sum to 1."""
    for row in np.ndindex(result.shape[:-1]):
        weights = [random.randint(1, 9) for _ in range(result.shape[-1])]
        if one_hot:
            weights = [int(k == weights.index(max(weights))) for k in range(len(weights))]
        for k, weight in enumerate(weights):
            result[(*row, k)] = BALLS.number(Fraction(weight, sum(weights)))
    return result


def _number(kind: str, fact: Any, random: Random, signs: Sequence[int]) -> Fraction:
    if kind == "boolean":
        return Fraction(random.randint(0, 1))
    if kind == "integer":
        return Fraction(random.randint(0, 1))
    value = Fraction(random.randint(1, 400), 128)
    if isinstance(fact, tuple) and len(fact) == 2:
        low, high = (
            None if end is None or not np.isfinite(float(end)) else Fraction(str(end)) for end in fact
        )
        if low is not None and high is not None:
            return low + (high - low) * value / 4
        return low + value if low is not None else high - value if high is not None else value
    return value if fact == "positive" else value * random.choice(signs)

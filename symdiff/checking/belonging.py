"""Which point of a set is meant by an example? Floats lie in a set up to rounding; proofs and probes need it exact."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.domains import Domain, Interval, exact_ends, holds
from symdiff.checking.questions import Question, leaf_values
from symdiff.checking.sampling import Point, example_point, points
from symdiff.evaluation.exact import Objects, as_objects
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Input

Array = NDArray[Any]
WHOLE = ("one_hot", "boolean", "integer")
_SQUARE = ("symmetric", "positive_definite")


def settled(question: Question, domain: Domain) -> Question:
    """The same question with its examples in their sets, as exactly as floats can be.

    Rows of a simplex are moved to a grid on which they sum to one without rounding, matrices are made symmetric.
    """
    if not any(isinstance(rule, str) for rule in domain.values()):
        return question
    named = zip(question.forward.input_names, leaf_values(question), strict=True)
    return _with_leaves(question, [_settled(domain.get(name), value) for name, value in named])


def drawn_inside(question: Question, domain: Domain, seed: int) -> Question:
    """The same question with examples drawn from the domain."""
    if not domain:
        return question
    forward = question.forward
    examples = dict(zip(forward.inputs, leaf_values(question), strict=True))
    point = next(points(forward, examples, domain, seed))
    kinds = {node: forward.store.kind(node) for node in forward.inputs}
    leaves = [
        _floats(point[n], kinds[n])
        if kinds[n] != "integer"
        else examples[n]
        if rule_of(forward, n, domain) != "integer"
        else np.asarray(point[n], dtype=np.int64)
        for n in forward.inputs
    ]
    return settled(_with_leaves(question, leaves), domain)


def _floats(values: Objects, kind: str) -> Any:
    array = values.astype(bool if kind == "boolean" else float)
    return array if array.ndim else array.item()


def _with_leaves(question: Question, leaves: list[Any]) -> Question:
    """The same question with other examples for its inputs."""
    tree = question.forward.arguments
    assert tree is not None
    rest = iter(leaves)
    pairs = zip(tree.keys, tree.children, strict=True)
    examples = {name: child.build([next(rest) for _ in range(child.size)]) for name, child in pairs}
    return replace(question, examples={**question.examples, **examples})


def own_point(question: Question, domain: Domain) -> Point | None:
    """The caller's example as exact numbers inside the domain; None if it is no member, as a part of one may be."""
    graph = question.truth
    examples = dict(zip(question.forward.inputs, leaf_values(question), strict=True))
    point = example_point(graph, examples)
    for node in point:
        rule = rule_of(graph, node, domain)
        if rule is not None and not holds(rule, np.asarray(examples[node])):
            return None
        point[node] = nearest(rule, point[node]) if rule is not None else point[node]
    return point


def rule_of(graph: Graph, node: int, domain: Domain) -> str | Interval | None:
    """What a domain says of an input."""
    op = graph.store.op(node)
    return domain.get(op.name) if isinstance(op, Input) else None


def nearest(rule: str | Interval, exact: Objects) -> Objects:
    """The member of a set next to an array that lies in it up to rounding.

    >>> third = np.array([Fraction(1, 3) + Fraction(1, 10**9), Fraction(2, 3)], dtype=object)
    >>> sum(nearest("simplex", third)), nearest((0, 0.6), third)[1]
    (Fraction(1, 1), Fraction(3, 5))
    """
    if not exact.size:
        return exact
    if isinstance(rule, tuple):
        low, high = exact_ends(rule)
        above = exact if low is None else _each(lambda v: max(v, low), exact)
        return above if high is None else _each(lambda v: min(v, high), above)
    if rule in _SQUARE:
        return as_objects((exact + exact.swapaxes(-1, -2)) / 2)
    if rule in WHOLE:
        return _each(lambda v: Fraction(round(v)), exact)
    positive = _each(lambda v: max(v, Fraction(0)), exact)
    return as_objects(positive / positive.sum(axis=-1, keepdims=True))


def _each(change: Any, exact: Objects) -> Objects:
    return as_objects(np.frompyfunc(change, 1, 1)(exact))


def _settled(rule: str | Interval | None, value: Any) -> Any:
    if not (
        isinstance(rule, str) and isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size
    ):
        return value
    if rule in _SQUARE:
        return value / 2 + np.swapaxes(value, -1, -2) / 2
    return _on_grid(value) if rule == "simplex" else np.round(value)


def _on_grid(value: Array) -> Array:
    """Rows that sum to one exactly: multiples of the last bit of 1, the largest entry what is left.

    A row with an entry that such a step would change visibly stays as it is.
    """
    info = np.finfo(value.dtype)
    moved = np.round(np.maximum(value, 0) / info.eps) * info.eps
    change = np.abs(moved - value)
    largest = np.argmax(value, axis=-1, keepdims=True)
    np.put_along_axis(moved, largest, 0, axis=-1)
    np.put_along_axis(moved, largest, 1 - moved.sum(axis=-1, keepdims=True), axis=-1)
    is_small = (change <= np.sqrt(info.eps) * np.abs(value)) | (value <= 0)
    return np.where(is_small.all(axis=-1, keepdims=True), moved, value).astype(value.dtype)

"""Is the claim right under an assumption that was not given? On a smaller domain, or for matrices that commute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from symdiff.checking.domains import Domain
from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.ties import kink_gaps
from symdiff.checking.mistakes.probing import agree, probes
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input, Map
from symdiff.verdicts import Mistake

Chosen: TypeAlias = str | tuple[Any, Any]
_MANY = 12  # points of a set may meet a claim by accident: a one_hot matrix is symmetric now and then


def assumption(question: Question, target: int, options: Options, explained: bool) -> Mistake | None:
    """The first assumption under which the claim is right; what needs no name only if nothing else explains it."""
    assert question.claimed is not None
    truth, claim = question.truth.outputs[target], question.claimed[target]
    derived = formula_text(question.truth.store, truth)
    for name, chosen in sets(question, options, explained, target):
        narrow = replace(options, domain=dict(options.domain) | {name: chosen})
        if agree(question, truth, claim, probes(question, narrow, _MANY)):
            return of_a_set(name, chosen, derived)
    ordinary = probes(question, options, _MANY)
    for special in _SPECIAL:
        if (explained and not special.even_if_explained) or (question.of == "value" and not special.kind):
            continue
        for nodes in special.where(question, options):
            moved = [special.at(point, nodes) for point in ordinary]
            if moved and agree(question, truth, claim, moved):
                names = ", ".join(_name(question, n) for n in nodes)
                other = ("assumption",) if special.kind == "symmetry" else ()
                detail = f"right only if {names} {special.words}, which was not given"
                return Mistake(special.kind, detail, derived, alternatives=other)
    return None


def of_a_set(name: str, chosen: Chosen, derived: str) -> Mistake:
    """The mistake of a claim that is right only in a set."""
    words = chosen if isinstance(chosen, str) else "positive"
    written = f'"{chosen}"' if isinstance(chosen, str) else str(chosen)
    kind, other = ("symmetry", ("assumption",)) if chosen == "symmetric" else ("assumption", ())
    repair = f'domain={{"{name}": {written}}}, or {derived}'
    detail = f"right only if {name} is {words}, which was not given"
    return Mistake(kind, detail, repair, alternatives=other)


def sets(
    question: Question, options: Options, explained: bool, target: int | None = None
) -> Iterator[tuple[str, Chosen]]:
    """Sets that each free array might have been meant to lie in; what is differentiated moves out of a simplex."""
    moving = {leaf for name in question.wrt for leaf in question.forward.leaf_names(name)}
    for node in question.forward.inputs:
        op, shape = question.truth.store.op(node), question.truth.shape(node)
        if not isinstance(op, Input) or op.kind != "real" or op.name in options.domain:
            continue
        if len(shape) > 1 and shape[-1] == shape[-2]:
            yield op.name, "symmetric"
        if op.name not in moving and shape:
            yield from ((op.name, chosen) for chosen in ("simplex", "one_hot", "boolean"))
        if not (question.kinks and (explained if target is None else _has_branches(question, target))):
            positive: Domain = {op.name: (0, None)}
            yield op.name, positive[op.name]


def _has_branches(question: Question, target: int) -> bool:
    """Whether the claim itself tells cases apart."""
    store = question.truth.store
    claimed = question.claimed[target] if question.claimed is not None else None
    nodes = store.ancestors([claimed]) if claimed is not None else []
    ops = map(store.op, nodes)
    return any(store.kind(n) == "boolean" for n in nodes) or any(
        isinstance(op, Map) and bool(kink_gaps(op.formula)) for op in ops
    )


@dataclass(frozen=True)
class Special:
    """A property of some inputs: how it is called, which inputs may have it, and points that do."""

    kind: str
    words: str
    where: Callable[[Question, Options], Iterator[tuple[Node, ...]]]
    change: Callable[[Sequence[Objects]], list[Objects]]
    even_if_explained: bool = False  # people assume it often enough to be told first

    def at(self, point: Point, nodes: Sequence[Node]) -> Point:
        """A point at which the inputs have the property."""
        return {**point, **dict(zip(nodes, self.change([point[n] for n in nodes]), strict=True))}


def _name(question: Question, node: Node) -> str:
    op = question.truth.store.op(node)
    return op.name if isinstance(op, Input) else str(node)


def _free(question: Question, options: Options) -> list[Node]:
    store = question.truth.store
    ops = {n: store.op(n) for n in question.truth.inputs}
    return [
        n
        for n, op in ops.items()
        if isinstance(op, Input) and op.kind == "real" and op.name not in options.domain
    ]


def _square(question: Question, options: Options) -> list[Node]:
    shapes = {n: question.truth.shape(n) for n in _free(question, options)}
    return [n for n, shape in shapes.items() if len(shape) == 2 and shape[0] == shape[1] and shape[0] != 1]


def _all_square(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    nodes = _square(question, options)
    if len(nodes) > 1:
        yield tuple(nodes)


def _each_square(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    yield from ((n,) for n in _square(question, options))


def _arguments(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    """Each array of the function, then all of one shape together."""
    yield from _alike(question, _free(question, options))


def _weights(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    """The same, also where the caller gave bounds."""
    store, inputs = question.truth.store, question.truth.inputs
    ops = {n: store.op(n) for n in inputs if store.kind(n) == "real"}
    known = {n: options.domain.get(op.name) for n, op in ops.items() if isinstance(op, Input)}
    yield from _alike(question, [n for n, domain in known.items() if not isinstance(domain, str)])


def _smooth_weights(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    """The same, of a function without branches: in one of several a claim is right on positive numbers."""
    if not question.kinks:
        yield from _weights(question, options)


def _cotangents(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    inputs = question.truth.inputs
    if question.of == "vjp":
        yield from ((n,) for n in inputs[len(question.forward.inputs) :] if question.truth.shape(n))


def _alike(question: Question, free: Sequence[Node]) -> Iterator[tuple[Node, ...]]:
    nodes = [n for n in question.forward.inputs if n in free and question.truth.shape(n)]
    yield from ((n,) for n in nodes)
    shapes = {question.truth.shape(n) for n in nodes}
    for shape in shapes:
        alike = tuple(n for n in nodes if question.truth.shape(n) == shape)
        if len(alike) > 1:
            yield alike


def _held(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    """Each array that is not differentiated."""
    moving = {
        question.forward.node(leaf) for name in question.wrt for leaf in question.forward.leaf_names(name)
    }
    yield from (
        nodes for nodes in _arguments(question, options) if len(nodes) == 1 and nodes[0] not in moving
    )


def _settings(question: Question, options: Options) -> Iterator[tuple[Node, ...]]:
    """Each number that is not differentiated."""
    forward, store = question.forward, question.truth.store
    moving = {forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)}
    held = (n for n in forward.inputs if n not in moving and store.kind(n) == "real")
    yield from ((n,) for n in held if store.shape(n) == ())


def _ones(arrays: Sequence[Objects]) -> list[Objects]:
    return [np.full(a.shape, Fraction(1), dtype=object) for a in arrays]


def _symmetric(arrays: Sequence[Objects]) -> list[Objects]:
    return [np.asarray(a + a.T, dtype=object) for a in arrays]


def _symmetric_and_commuting(arrays: Sequence[Objects]) -> list[Objects]:
    """Polynomials of one symmetric matrix for each size."""
    return _commuting(_symmetric(arrays))


def _commuting(arrays: Sequence[Objects]) -> list[Objects]:
    """Polynomials of the first matrix of each size."""
    first: dict[tuple[int, ...], Objects] = {}
    found = []
    for k, a in enumerate(arrays):
        base = first.setdefault(a.shape, a)
        found.append(base if base is a else np.asarray(base @ base + (k + 2) * base, dtype=object))
    return found


def _unit(arrays: Sequence[Objects]) -> list[Objects]:
    """Rows of length one, with rational entries: a point of the plane seen from the pole."""
    return [_projected(a, a.shape[:-1]) for a in arrays]


def _unit_whole(arrays: Sequence[Objects]) -> list[Objects]:
    return [_projected(a.reshape(-1), ()).reshape(a.shape) for a in arrays]


def _projected(a: Objects, lead: tuple[int, ...]) -> Objects:
    found = np.empty(a.shape, dtype=object)
    for row in np.ndindex(lead):
        values = [Fraction(v) for v in a[row]][:-1]
        square = sum((v * v for v in values), Fraction(0))
        found[row] = [2 * v / (square + 1) for v in values] + [(square - 1) / (square + 1)]
    return found


def _signs(arrays: Sequence[Objects]) -> list[Objects]:
    """The sign of each entry: another choice at every point."""
    return [
        np.asarray(np.frompyfunc(lambda v: Fraction(1 if v > 0 else -1), 1, 1)(a), dtype=object)
        for a in arrays
    ]


def _orthogonal(arrays: Sequence[Objects]) -> list[Objects]:
    """A reflection, or the product of two."""
    found = []
    for a in arrays:
        n = a.shape[0]
        eye = np.array([[Fraction(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
        result = eye
        for row in islice(a, 2 if a[0, 0] > 0 else 1):
            v = np.array([Fraction(x) or Fraction(1) for x in row], dtype=object)
            result = result @ (eye - 2 * np.multiply.outer(v, v) / (v @ v))
        found.append(np.asarray(result, dtype=object))
    return found


def _centred(arrays: Sequence[Objects]) -> list[Objects]:
    return [
        np.asarray(a - a.sum(axis=0, keepdims=True) * Fraction(1, a.shape[0]), dtype=object) for a in arrays
    ]


def _summing_to_one(arrays: Sequence[Objects]) -> list[Objects]:
    found = []
    for a in arrays:
        empty = a.sum(axis=-1, keepdims=True) == 0
        moved: Objects = np.asarray(a + empty * np.arange(1, a.shape[-1] + 1), dtype=object)
        found.append(np.asarray(moved / moved.sum(axis=-1, keepdims=True), dtype=object))
    return found


def _summing_to_one_far_out(arrays: Sequence[Objects]) -> list[Objects]:
    """The same, at half of the points with entries far from 0 on both sides: no formula's branch is taken for it."""
    found = _summing_to_one(arrays)
    for a in found:
        if a.shape and a.shape[-1] > 1 and a.reshape(-1)[0] > 0:
            a[..., 0] += 3
            a[..., 1] -= 3
    return found


def _distributions(arrays: Sequence[Objects]) -> list[Objects]:
    return _summing_to_one([np.asarray(np.abs(a) + Fraction(1, 8), dtype=object) for a in arrays])


_SPECIAL = (
    Special("symmetry", "are symmetric", _all_square, _symmetric, True),
    Special("symmetry", "commute", _all_square, _commuting, True),
    Special("symmetry", "are symmetric and commute", _all_square, _symmetric_and_commuting, True),
    Special("assumption", "has entries 1 and -1", _held, _signs, True),
    Special("assumption", "is 1", _settings, _ones),
    Special("assumption", "is orthogonal", _each_square, _orthogonal),
    Special("assumption", "sums to 1", _weights, _summing_to_one_far_out, True),
    Special("assumption", "sums to 1", _cotangents, _summing_to_one_far_out),
    Special("assumption", "is positive and sums to 1", _smooth_weights, _distributions),
    Special("assumption", "has rows of length 1", _arguments, _unit),
    Special("assumption", "has length 1", _arguments, _unit_whole),
    Special("assumption", "has mean 0", _arguments, _centred),
)

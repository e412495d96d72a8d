"""Which mistake is it? Hypotheses about the claim, each tried as a repair that must itself be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import TypeAlias

import numpy as np

from symdiff.calculus import pull_back
from symdiff.checking.comparing import compare, values
from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point, points
from symdiff.checking.thresholds import signs, thresholds
from symdiff.checking.witnesses import Found, by_node
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Maximum, Named
from symdiff.ir.sizes import same_shape, text
from symdiff.verdicts import Mistake

_POINTS = 3
_MANY = 12  # points of a set may meet a claim by accident: a one_hot matrix is symmetric now and then
_MOST_EDGES = 120


Edge: TypeAlias = tuple[Node, int]


@dataclass(frozen=True)
class Hypothesis:
    """A kind of mistake, and the claim's node as it would be without it."""

    mistake: Mistake
    repaired: Node


def diagnose(found: Found, options: Options) -> Mistake:
    """The first hypothesis whose repair agrees with the truth at several points."""
    question, target = found.question, found.target
    if found.comparison.outcome == "claim undefined":
        return Mistake("nan", "the claim has no finite value where the derivative has one")
    probes = _probes(question, options)
    assert question.claimed is not None
    if _agrees(question, target, question.claimed[target], probes):
        return _special(found)
    for hypothesis in _hypotheses(question, target, probes):
        if options.is_late:
            break
        if _agrees(question, target, hypothesis.repaired, probes):
            return hypothesis.mistake
    assumption = _assumption(question, target, options)
    if assumption is not None:
        return assumption
    return Mistake("unknown", "no known mistake explains the difference", repair=_derived(question, target))


def _special(found: Found) -> Mistake:
    """Right at ordinary points: wrong on a tie, or between two bounds."""
    question = found.question
    assert question.claimed is not None
    store = question.truth.store
    every = thresholds(store, (*question.forward.outputs, question.claimed[found.target]))
    tied = [t for t in every if 0 in np.ravel(signs(store, t, found.point))]
    where = f"where {formula_text(store, tied[0].node, 60)} is tied" if tied else "beyond a bound"
    kind = "edge" if tied or found.comparison.outcome == "differ on a kink" else "threshold"
    return Mistake(kind, f"right at ordinary points, wrong {where}", repair=_derived(question, found.target))


def _assumption(question: Question, target: int, options: Options) -> Mistake | None:
    """The claim is right on a smaller domain that was not given."""
    assert question.claimed is not None
    for name, sets in _narrower(question, options).items():
        for chosen in sets:
            probes = _probes(question, replace(options, domain={**options.domain, name: chosen}), _MANY)
            if _agrees(question, target, question.claimed[target], probes):
                detail = f"right only if {name} is {chosen}, which was not given"
                kind, other = ("symmetry", ("assumption",)) if chosen == "symmetric" else ("assumption", ())
                repair = f'domain={{"{name}": "{chosen}"}}, or {_derived(question, target)}'
                return Mistake(kind, detail, repair=repair, alternatives=other)
    return None


def _narrower(question: Question, options: Options) -> dict[str, list[str]]:
    """Sets that each free array might have been meant to lie in; what is differentiated moves out of a simplex."""
    moving = {leaf for name in question.wrt for leaf in question.forward.leaf_names(name)}
    result: dict[str, list[str]] = {}
    for node in question.forward.inputs:
        op, shape = question.forward.store.op(node), question.forward.shape(node)
        if isinstance(op, Input) and op.kind == "real" and op.name not in options.domain and shape:
            square = len(shape) > 1 and shape[-1] == shape[-2]
            held = [] if op.name in moving else ["simplex", "one_hot"]
            result[op.name] = (["symmetric"] if square else []) + held
    return result


def _derived(question: Question, target: int) -> str | None:
    return formula_text(question.truth.store, question.truth.outputs[target])


def diagnose_shape(question: Question, target: int) -> Mistake:
    """A wrong shape: the transpose, a scalar, or nothing more specific."""
    assert question.claimed is not None
    store = question.truth.store
    truth, claim = question.truth.outputs[target], question.claimed[target]
    wanted, got = store.shape(truth), store.shape(claim)
    detail = f"shape {text(got)}, where {question.targets[target]} needs {text(wanted)}"
    if len(wanted) > 1 and same_shape(got, wanted[::-1]):
        flipped = alg.transpose(store, claim, range(len(got))[::-1])
        if _agrees(question, target, flipped, _probes(question, Options())):
            return Mistake("transpose", f"{detail}: it is the transpose", repair="yours.T")
    return Mistake("shape", detail, repair=_derived(question, target))


def _probes(question: Question, options: Options, count: int = _POINTS) -> list[Point]:
    """Points at which the derivative is finite and no tie is near."""
    stream = points(question.truth, by_node(question), options.domain, options.seed + 1)
    store = question.truth.store
    smooth = (p for p in islice(stream, 20 + count) if not is_on_kink(store, question.kinks, p))
    return list(islice((p for p in smooth if _is_finite(question, p)), count))


def _is_finite(question: Question, point: Point) -> bool:
    found = values(question.truth.store, question.truth.outputs, point)
    return found is not None and all(ball.is_finite() for array in found for ball in array.ravel())


def _agrees(question: Question, target: int, repaired: Node, probes: list[Point]) -> bool:
    store, truth = question.truth.store, question.truth.outputs[target]
    if not probes or not same_shape(store.shape(repaired), store.shape(truth)):
        return False
    return repaired == truth or all(
        compare(store, [truth], [repaired], p)[0].outcome == "equal" for p in probes
    )


def _hypotheses(question: Question, target: int, probes: list[Point]) -> Iterator[Hypothesis]:
    assert question.claimed is not None
    store, claim, truth = question.truth.store, question.claimed[target], question.truth.outputs[target]
    yield Hypothesis(
        Mistake("sign", "exactly minus the derivative", repair="-yours"), alg.scale(store, claim, -1)
    )
    ratio = _ratio(question, target, probes)
    if ratio is not None:
        detail = f"{_plain(ratio)} times the derivative"
        yield Hypothesis(
            Mistake("factor", detail, repair=f"{_plain(1 / ratio)} * yours"),
            alg.scale(store, claim, 1 / ratio),
        )
    rank = len(store.shape(claim))
    if rank > 1:
        order = (*range(rank - 2), rank - 1, rank - 2)
        yield Hypothesis(
            Mistake("transpose", "the transpose of the derivative", repair="yours.T"),
            alg.transpose(store, claim, order),
        )
    for other, name in enumerate(question.targets):
        theirs = question.truth.outputs[other]
        if other != target and theirs != truth and same_shape(store.shape(theirs), store.shape(truth)):
            mistake = Mistake(
                "swapped", f"this is the derivative by {name}", repair="exchange the two results"
            )
            yield Hypothesis(mistake, _instead(store, claim, theirs, truth))
    yield from _upstream(question, target)
    yield from _chain(question, target)
    yield from _missing_paths(question, target, probes)


def _instead(store: Store, claim: Node, wrong: Node, truth: Node) -> Node:
    """The claim with the truth in the place of a wrong part: right if the claim is nothing else."""
    return alg.add(store, alg.subtract(store, claim, wrong), truth)


def _ratio(question: Question, target: int, probes: list[Point]) -> Fraction | None:
    """The constant by which the claim is off, if it is one short rational at every probe."""
    assert question.claimed is not None
    found: set[Fraction] = set()
    with working_precision(96):
        for point in probes:
            pair = values(
                question.truth.store, [question.truth.outputs[target], question.claimed[target]], point
            )
            if pair is None:
                return None
            for exact, claimed in zip(pair[0].ravel(), pair[1].ravel(), strict=True):
                if exact.is_finite() and claimed.is_finite() and not exact.contains(0):
                    found.add(Fraction(float((claimed / exact).mid())).limit_denominator(64))
    return found.pop() if len(found) == 1 and 0 not in found and 1 not in found else None


def _plain(value: Fraction) -> str:
    return str(value)


def _missing_paths(question: Question, target: int, probes: list[Point]) -> Iterator[Hypothesis]:
    """The claim leaves out what flows through one edge of the graph."""
    if question.of not in ("gradient", "vjp"):
        return
    assert question.claimed is not None
    store, forward = question.truth.store, question.forward
    x = forward.node(question.targets[target])
    seeds = _seeds(question)
    quiet = _quiet_edges(question, target, x, probes)
    (whole,) = pull_back(store, seeds, [x], blocked=quiet)
    edges = [
        (node, slot) for node in store.ancestors(forward.outputs) for slot in range(len(store.operands(node)))
    ]
    for edge in [edge for edge in edges if edge not in quiet][:_MOST_EDGES]:
        (without,) = pull_back(store, seeds, [x], blocked=quiet | {edge})
        if without == whole or alg.is_zero(store, without):
            continue
        missing = _through(store, seeds, edge, x, quiet)
        detail = f"what flows from {_short(question, edge)} is left out"
        text = formula_text(store, missing)
        repair = f"yours - {text[1:]}" if text.startswith("-") else f"yours + {text}"
        mistake = Mistake("missing_path", detail, repair=repair, where=store.where.get(edge[0]))
        yield Hypothesis(mistake, alg.add(store, question.claimed[target], missing))


def _quiet_edges(question: Question, target: int, x: Node, probes: list[Point]) -> frozenset[Edge]:
    """The edges into maxima, if nothing flows through them: a softmax may be shifted by anything."""
    store, outputs = question.truth.store, question.forward.outputs
    edges = frozenset((node, 0) for node in store.ancestors(outputs) if isinstance(store.op(node), Maximum))
    if not edges:
        return edges
    (without,) = pull_back(store, _seeds(question), [x], blocked=edges)
    return edges if _agrees(question, target, without, probes) else frozenset()


def _through(store: Store, seeds: dict[Node, Node], edge: Edge, x: Node, quiet: frozenset[Edge]) -> Node:
    """What one edge alone brings to the cotangent of x."""
    node, slot = edge
    operands = store.operands(node)
    others = frozenset((node, k) for k in range(len(operands)) if k != slot)
    (bar,) = pull_back(store, seeds, [node], blocked=quiet)
    (term,) = pull_back(store, {node: bar}, [operands[slot]], blocked=others)
    (share,) = pull_back(store, {operands[slot]: term}, [x], blocked=quiet)
    return share


def _short(question: Question, edge: Edge) -> str:
    store = question.truth.store
    node, slot = edge
    operand = store.operands(node)[slot]
    return f"{formula_text(store, operand, 60)} into {formula_text(store, node, 60)}"


def _seeds(question: Question) -> dict[Node, Node]:
    forward, truth = question.forward, question.truth
    if question.of == "gradient":
        return {forward.outputs[0]: alg.constant(truth.store, 1)}
    return dict(zip(forward.outputs, truth.inputs[len(forward.inputs) :], strict=True))


def _upstream(question: Question, target: int) -> Iterator[Hypothesis]:
    """The cotangent is ignored: the claim is the pullback of ones."""
    if question.of != "vjp":
        return
    assert question.claimed is not None
    store, forward = question.truth.store, question.forward
    ones = {y: alg.constant(store, 1, store.shape(y)) for y in forward.outputs}
    (plain,) = pull_back(store, ones, [forward.node(question.targets[target])])
    claim, truth = question.claimed[target], question.truth.outputs[target]
    detail = "the cotangent is ignored: this is the pullback of ones"
    mistake = Mistake("upstream", detail, repair=_derived(question, target))
    yield Hypothesis(mistake, _instead(store, claim, plain, truth))


def _chain(question: Question, target: int) -> Iterator[Hypothesis]:
    """The claim stops too early: it is the derivative by a later quantity of the same shape."""
    if question.of not in ("gradient", "vjp"):
        return
    assert question.claimed is not None
    store, forward = question.truth.store, question.forward
    claim, truth = question.claimed[target], question.truth.outputs[target]
    x = forward.node(question.targets[target])
    later = [n for n in _after(store, forward.outputs, x) if same_shape(store.shape(n), store.shape(x))]
    later.sort(key=lambda n: not isinstance(store.op(n), Named))  # names of the author read best
    bars = pull_back(store, _seeds(question), later) if later else []
    for node, bar in zip(later, bars, strict=True):
        if bar != truth and not alg.is_zero(store, bar):
            later_by, by = formula_text(store, node, 60), question.targets[target]
            detail = f"this is the derivative by {later_by}: its own derivative by {by} is missing"
            mistake = Mistake("chain", detail, repair=_derived(question, target), where=store.where.get(node))
            yield Hypothesis(mistake, _instead(store, claim, bar, truth))


def _after(store: Store, outputs: Sequence[Node], x: Node) -> list[Node]:
    """The nodes that are computed from x."""
    found = {x}
    for node in store.ancestors(outputs):
        if not found.isdisjoint(store.operands(node)):
            found.add(node)
    return sorted(found - {x})

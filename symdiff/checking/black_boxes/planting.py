"""Would these probes have seen a mistake? Some are planted in the reference, and those caught are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.calculus import pull_back
from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge, coarser
from symdiff.checking.black_boxes.numeric_diagnosis import Sample
from symdiff.checking.black_boxes.probing import OWN, Probe, probe_dtype
from symdiff.checking.effort import work
from symdiff.checking.questions import Question
from symdiff.errors import SymdiffError
from symdiff.evaluation.reference import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import formula
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract, Literal, Map
from symdiff.verdicts import Blindness

Array = NDArray[Any]
Planted = list[Array]

_MOST_PATHS = 8
_MOST_WORK = 300_000
_SUBTLE = {np.dtype(np.float64): 1e-6}
_COARSE = 1e-3
_LARGEST = 1e30


@dataclass
class Branches:
    """The comparisons of a function, and which of their sides were seen."""

    question: Question
    open_: dict[Node, tuple[str, set[bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        forward, store = self.question.forward, self.question.forward.store
        for node in store.ancestors(forward.outputs):
            op = store.op(node)
            if not isinstance(op, Map):
                continue
            operands = store.operands(node)
            for relation in op.formula.expression.atoms(sp.core.relational.Relational):
                used = [k for k in range(op.formula.arity) if relation.has(op.formula.arguments[k])]
                if any(store.kind(operands[k]) == "real" for k in used):
                    test = formula(sp.Piecewise((1, relation), (0, True)), op.formula.arity, boolean=True)
                    self.open_[alg.apply(store, test, operands)] = (str(relation), set())

    def see(self, probe: Probe) -> None:
        """Note the sides that a probe takes."""
        waiting = [node for node, (_, seen) in self.open_.items() if len(seen) < 2]
        if not waiting:
            return
        graph = self.question.forward.with_outputs(waiting)
        values = {n: np.asarray(probe.values[n]) for n in self.question.forward.inputs}
        with np.errstate(all="ignore"):
            known = evaluate(graph, values, np.dtype(float))
        for node in waiting:
            self.open_[node][1].update(bool(side) for side in np.unique(known[node]))

    @property
    def magnitudes(self) -> list[float]:
        """The sizes of the constants of a function: beyond them its branches part."""
        store = self.question.forward.store
        ops = [store.op(node) for node in store.ancestors(self.question.forward.outputs)]
        numbers = [abs(op.value) for op in ops if isinstance(op, Literal)]
        numbers += [abs(float(op.coefficient)) for op in ops if isinstance(op, Contract) and not op.inputs]
        constants = (c for op in ops if isinstance(op, Map) for c in op.formula.expression.atoms(sp.Number))
        numbers += [abs(float(c)) for c in constants]
        return sorted({size for size in numbers if 1 < size < _LARGEST})

    @property
    def untaken(self) -> str:
        """A comparison of differentiated inputs of which one side was never taken, or nothing."""
        forward, store = self.question.forward, self.question.forward.store
        wanted = {forward.node(leaf) for name in self.question.wrt for leaf in forward.leaf_names(name)}
        for node, (text, seen) in self.open_.items():
            if len(seen) == 1 and wanted.intersection(store.ancestors([node])):
                side = "true" if True in seen else "false"
                return f"{text} was always {side}: give an example on its other side"
        return ""

    @property
    def never(self) -> list[str]:
        """The comparisons of which one side was never taken."""
        missing = [(text, seen) for text, seen in self.open_.values() if len(seen) == 1]
        return [f"{text} was always {'true' if True in seen else 'false'}" for text, seen in missing]


def plant(gauge: Gauge, target: int, samples: Sequence[Sample], never: Sequence[str]) -> Blindness:
    """Plant mistakes in one target and count those that lie outside the bounds at one of the probes."""
    question, probes = gauge.question, [sample.probe for sample in samples]
    values = [sample.truth[target] for sample in samples]
    limits = [OUTSIDE * sample.tolerance[target] for sample in samples]
    caught = planted = 0
    for wrong in [
        *_wrong_values(values, limits, subtle(target, samples)),
        *_without_paths(question, target, probes),
    ]:
        if all(np.array_equal(w, v, equal_nan=True) for w, v in zip(wrong, values, strict=True)):
            continue  # no mistake: the derivative is zero there
        planted += 1
        caught += any(_is_seen(w, v, b) for w, v, b in zip(wrong, values, limits, strict=True))
    return Blindness(caught, planted, (*_blind_examples(question, probes), *never))


def sees_a_factor(target: int, samples: Sequence[Sample]) -> bool:
    """Whether a factor of one plus a little would be seen, where there is anything to multiply."""
    factor = 1 + subtle(target, samples)
    pairs = [(sample.truth[target], OUTSIDE * sample.tolerance[target]) for sample in samples]
    return not any(v.any() for v, _ in pairs) or any(_is_seen(factor * v, v, b) for v, b in pairs)


def subtle(target: int, samples: Sequence[Sample]) -> float:
    """The relative mistake that is planted; a coarser dtype sees less."""
    dtypes = [coarser(probe_dtype(s.probe), s.claimed[target].dtype) for s in samples]
    return max((_SUBTLE.get(dtype, _COARSE) for dtype in dtypes), default=_COARSE)


def _is_seen(wrong: Array, value: Array, limit: Array) -> bool:
    with np.errstate(all="ignore"):
        return wrong.shape != value.shape or bool(np.any(np.abs(wrong - value) > limit))


def _wrong_values(values: Planted, limits: Planted, little: float) -> Iterator[Planted]:
    """Sign and size of the whole and of the entry that is hardest to see, that entry lost, the transpose."""
    if not values or values[0].size == 0:
        return
    with np.errstate(all="ignore"):
        blur = [np.where(v != 0, b / np.abs(v), np.inf) for v, b in zip(values, limits, strict=True)]
    least = np.min(np.nan_to_num(blur, nan=np.inf, posinf=np.inf), axis=0)
    hardest = np.unravel_index(int(np.argmax(np.where(np.isfinite(least), least, -1.0))), values[0].shape)
    yield [-v for v in values]
    yield [v * (1 + little) for v in values]
    for factor in (-1.0, 1 + little, 0.0):
        yield [_changed(v, hardest, factor) for v in values]
    shape = values[0].shape
    if len(shape) > 1 and shape[-1] == shape[-2] > 1 and not all(_is_symmetric(v) for v in values):
        yield [v.swapaxes(-1, -2) for v in values]


def _is_symmetric(value: Array) -> bool:
    """Whether a mistaken transpose would be no mistake, as for a Hessian."""
    return bool(np.allclose(value, value.swapaxes(-1, -2), rtol=1e-9, atol=0, equal_nan=True))


def _changed(value: Array, place: Any, factor: float) -> Array:
    result = value.copy()
    with np.errstate(invalid="ignore"):
        result[place] *= factor
    return result


def _without_paths(question: Question, target: int, probes: Sequence[Probe]) -> Iterator[Planted]:
    """The derivative without what flows through one edge of the graph."""
    if (
        question.of not in ("gradient", "vjp")
        or work(question.truth.store, question.truth.outputs) > _MOST_WORK
    ):
        return
    forward, truth = question.forward, question.truth
    store = truth.store
    ones = {forward.outputs[0]: alg.constant(store, 1)} if question.of == "gradient" else {}
    seeds = ones or dict(zip(forward.outputs, truth.inputs[len(forward.inputs) :], strict=True))
    x = forward.node(question.targets[target])
    nodes = store.ancestors(forward.outputs)
    edges = [(node, slot) for node in nodes for slot in range(len(store.operands(node)))]
    found: list[Node] = []
    for edge in edges[: 4 * _MOST_PATHS]:
        (without,) = pull_back(store, seeds, [x], blocked=frozenset([edge]))
        if without != truth.outputs[target] and without not in found and len(found) < _MOST_PATHS:
            found.append(without)
    for node in found:
        values = _values(truth.with_outputs([node]), probes)
        if values is not None:
            yield values


def _values(graph: Graph, probes: Sequence[Probe]) -> Planted | None:
    try:
        with np.errstate(all="ignore"):
            whole = [{n: np.asarray(v) for n, v in p.values.items()} for p in probes]
            return [evaluate(graph, values, np.dtype(float))[graph.outputs[0]] for values in whole]
    except SymdiffError:
        return None


def _blind_examples(question: Question, probes: Sequence[Probe]) -> Iterator[str]:
    """What the caller's own example cannot show."""
    own = next((p for p in probes if p.regime == OWN), None)
    for name, value in zip(question.truth.input_names, own.values.values() if own else (), strict=False):
        array = np.asarray(value)
        if array.dtype.kind != "f" or array.size < 2:
            continue
        if not array.any():
            yield f"your example {name} is all zeros"
        elif np.all(array == array.flat[0]):
            yield f"your example {name} has equal entries"
        elif array.ndim == 2 and array.shape[0] == array.shape[1] and np.array_equal(array, array.T):
            yield f"your example {name} is symmetric: it cannot tell a matrix from its transpose"

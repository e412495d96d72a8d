"""A black box returns another shape than the derivative's: its transpose, a sum too few, a sum along another axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, permutations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.measuring import coarser
from symdiff.checking.black_boxes.samples import Sample, is_close
from symdiff.checking.formulas import formula_text
from symdiff.checking.questions import Question
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Contract
from symdiff.verdicts import Mistake

Array: TypeAlias = NDArray[Any]
Mending: TypeAlias = Callable[[Array], Array]
_AXES = 4  # of more axes not every permutation is tried


def diagnose_shape(question: Question, target: int, samples: Sequence[Sample]) -> Mistake:
    """The most specific kind of which the repair has the right shape and values; ``shape`` otherwise."""
    claimed, truth = samples[0].claimed[target], samples[0].truth[target]
    detail = f"shape {claimed.shape}, where {question.targets[target]} needs {truth.shape}"
    alike = [sample for sample in samples if sample.claimed[target].shape == claimed.shape]
    for kind, words, repair, mend in _mendings(claimed.shape, truth.shape):
        if _mends(alike, target, mend):
            return Mistake(kind, f"{detail}: {words}", repair)
    other = _other_axis(question, target, alike)
    if other is not None:
        return Mistake("wrong_axis", f"{detail}: the sum runs over another axis", other)
    return Mistake("shape", detail, formula_text(question.truth.store, question.truth.outputs[target]))


def _mendings(own: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[tuple[str, str, str, Mending]]:
    """Kind, words, repair and what mends the claim."""
    for order in permutations(range(len(own))) if len(own) <= _AXES else ():
        if tuple(own[k] for k in order) == wanted:
            repair = "yours.T" if len(own) == 2 else f"np.transpose(yours, {order})"
            yield "transpose", "it is the transpose", repair, partial(np.transpose, axes=order)
    for count in range(1, len(own) + 1):
        for axes in combinations(range(len(own)), count):
            for keep in (False, True):
                kept = tuple(1 if k in axes else n for k, n in enumerate(own) if keep or k not in axes)
                if kept == wanted and any(own[k] != 1 for k in axes):
                    words = "the sum over a broadcast axis is missing"
                    repair = f"yours.sum(axis={axes[0] if count == 1 else axes}{', keepdims=True' * keep})"
                    yield (
                        "missing_reduction",
                        words,
                        repair,
                        partial(np.sum, axis=axes, keepdims=keep),
                    )
    if np.prod(own, dtype=int) == np.prod(wanted, dtype=int):
        yield "shape", "the entries are right", f"yours.reshape({wanted})", lambda x: x.reshape(wanted)


def _mends(samples: Sequence[Sample], target: int, mend: Mending) -> bool:
    """Whether the mended claim is right at every sample, and something is there to be right about."""
    for sample in samples:
        mended = mend(sample.claimed[target].astype(float))
        if not is_close(mended, sample.truth[target], sample.tolerance[target]):
            return False
    return any(np.any(sample.truth[target]) for sample in samples)


def _other_axis(question: Question, target: int, samples: Sequence[Sample]) -> str | None:
    """The derivative's formula, if the claim is the same product summed over other axes."""
    store, truth = question.truth.store, question.truth.outputs[target]
    op, shape = store.op(truth), samples[0].claimed[target].shape
    if not isinstance(op, Contract) or not op.summed:
        return None
    factors = list(zip(store.operands(truth), op.inputs, strict=True))
    for output in permutations(range(len(op.sizes)), len(shape)):
        if tuple(op.sizes[k] for k in output) == shape and set(output) != set(op.output):
            other = alg.contract(store, factors, output, op.coefficient, dict(enumerate(op.sizes)))
            if all(_is_value(question, other, sample, target) for sample in samples):
                return formula_text(store, truth)
    return None


def _is_value(question: Question, node: Node, sample: Sample, target: int) -> bool:
    given = sample.claimed[target]
    dtype = coarser(given.dtype, given.dtype)
    (value,), (limit,) = Analysis(question.truth.store, [node], dtype).at(sample.probe.values)
    return is_close(given.astype(float), value, np.maximum(limit, float(np.finfo(dtype).eps) * np.abs(value)))

"""Which mistake does a black box make? Hypotheses tried on the numbers that it returned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Probe, probe_dtype
from symdiff.checking.black_boxes.counterexamples import Finding
from symdiff.checking.black_boxes.measuring import OUTSIDE, coarser
from symdiff.checking.black_boxes.probing import TIED
from symdiff.checking.black_boxes.reversed_edits import diagnose_edit
from symdiff.checking.black_boxes.samples import Sample, is_close
from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.thresholds import signs, thresholds
from symdiff.checking.mistakes.assumptions import of_a_set, sets
from symdiff.checking.mistakes.diagnosing import diagnose_values
from symdiff.checking.mistakes.kinds import rank
from symdiff.checking.mistakes.probing import probes
from symdiff.checking.options import Options
from symdiff.checking.questions import leaf_values
from symdiff.checking.sampling import Point
from symdiff.verdicts import Mistake

Array = NDArray[Any]
_POINTS = 6
_LARGEST = 100_000  # entries: other points of so many are seconds of drawing alone
_SLIGHT = 1e-5  # no mistake of a step is so small
_MANY = 12  # points of a set may meet a claim by accident: a one_hot matrix is symmetric now and then
_CLOSE = {8: 1e-9, 4: 1e-4}  # by bytes: the digits of a claim that a hypothesis must explain
_GUESSED = ("unknown", "second_order", "wrong_function", "convention")  # an edit of one step says more
_WHOLE = ("sign", "factor", "transpose", "swapped", "upstream")  # these explain a claim as a whole


def diagnose_finding(found: Finding, samples: Sequence[Sample], options: Options) -> Mistake:
    """The most specific kind that explains what the claim returns at ordinary points; else where it is wrong."""
    question, k = found.question, found.target
    if sum(np.size(value) for value in leaf_values(question)) > _LARGEST:
        return next(
            _partly(k, samples), Mistake("unknown", "the arrays are too large to look for the mistake")
        )
    asked = _asked(found, options, _POINTS)
    if asked.is_right:
        return _special(found)
    derived = formula_text(question.truth.store, question.truth.outputs[k])
    branches = thresholds(question.truth.store, question.forward.outputs)
    if len(asked.points) < 2:
        return Mistake("unknown", "no known mistake explains the difference", derived)
    if asked.gap < _SLIGHT:
        slight = Mistake(
            "unknown", f"off by {asked.gap:.1g} of the derivative: right but for its last digits"
        )
        return next(_partly(k, samples), slight)
    best = diagnose_values(question, k, asked.points, asked.claimed, asked.closeness)
    if best.kind in _GUESSED:
        best = diagnose_edit(question, k, asked.points, asked.claimed, asked.closeness) or best
    assumed = _assumption(found, options)
    if assumed is not None and "positive" in assumed.detail and branches:
        assumed = Mistake("threshold", "right on one side of a branch only", derived)
    if assumed is not None and _goes_before(assumed, best):
        others = {*assumed.alternatives, best.kind, *best.alternatives} - {assumed.kind, "unknown"}
        return replace(assumed, alternatives=tuple(sorted(others, key=rank)))
    if best.kind != "unknown":
        return best
    return next(_partly(k, samples), best)


def _assumption(found: Finding, options: Options) -> Mistake | None:
    """The first set in which the claim is right."""
    question = found.question
    derived = formula_text(question.truth.store, question.truth.outputs[found.target])
    for name, chosen in sets(question, options, explained=False):
        narrow = replace(options, domain=dict(options.domain) | {name: chosen})
        if not _asked(found, narrow, _MANY).is_right:
            continue
        return of_a_set(name, chosen, derived)
    return None


def _goes_before(assumed: Mistake, best: Mistake) -> bool:
    """Whether a missing assumption says more; one branch of several is right for positive numbers too."""
    if best.kind == "unknown":
        return True
    return (
        best.kind not in _WHOLE and "positive" not in assumed.detail and rank(assumed.kind) < rank(best.kind)
    )


@dataclass
class _Asked:
    """What a claim returned at ordinary points."""

    points: list[Point]
    claimed: list[Array]
    is_right: bool
    closeness: float
    gap: float = 0.0  # the largest difference, beside the size of the derivative


def _asked(found: Finding, options: Options, count: int) -> _Asked:
    """The claim called at ordinary points of a domain, off the kinks; right where all are within the bounds."""
    gauge, k, prober = found.gauge, found.target, found.gauge.prober
    result = _Asked([], [], True, _CLOSE[4])
    for point in probes(found.question, options, count):
        probe = prober.at(point)
        answer = found.claim([probe.values[n] for n in gauge.truth.inputs])
        if answer.error is not None or answer.arrays[k].shape != gauge.shape(k):
            continue
        claimed = answer.arrays[k]
        dtype = coarser(probe_dtype(probe), claimed.dtype)
        value, limit = gauge.bounds(probe, k, dtype)
        closeness = _CLOSE.get(dtype.itemsize, _CLOSE[4])
        sharp = limit <= closeness * np.max(np.abs(value), initial=0.0)  # floats show there what is there
        if not (np.isfinite(claimed.astype(float)).all() and np.all(sharp)):
            continue
        result.is_right = result.is_right and is_close(claimed.astype(float), value, limit)
        result.closeness = closeness
        size = max(float(np.max(np.abs(value), initial=0.0)), float(np.finfo(float).tiny))
        result.gap = max(result.gap, float(np.max(np.abs(claimed.astype(float) - value), initial=0.0)) / size)
        result.points.append(probe.point)
        result.claimed.append(claimed)
    result.is_right = result.is_right and bool(result.points)
    return result


def _special(found: Finding) -> Mistake:
    """Right at ordinary points: wrong on a tie, or beyond a bound."""
    question, store = found.question, found.question.truth.store
    derived = formula_text(store, question.truth.outputs[found.target])
    point = found.probe.point
    tied = [t for t in thresholds(store, question.forward.outputs) if 0 in np.ravel(signs(store, t, point))]
    if tied:
        where = f"where {formula_text(store, tied[0].node, 60)} is tied"
    elif found.ties is not None or _is_special(found.probe):
        where = "at a special point: zeros or equal entries"
    else:
        return Mistake("threshold", "right at ordinary points, wrong beyond a bound", derived)
    return Mistake("edge", f"right at ordinary points, wrong {where}", derived)


def _is_special(probe: Probe) -> bool:
    """Whether a probe has zeros or equal entries."""
    arrays = [np.asarray(v) for v in probe.values.values() if np.asarray(v).dtype.kind == "f"]
    entries = np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.zeros(0)
    return probe.regime in TIED or not np.all(entries) or len(np.unique(entries)) < entries.size


def _partly(target: int, samples: Sequence[Sample]) -> Iterator[Mistake]:
    """Right in some entries always, wrong in others: say which."""
    wrong = np.zeros(samples[0].truth[target].shape, dtype=bool)
    for sample in samples:
        with np.errstate(invalid="ignore"):
            off = np.abs(sample.claimed[target].astype(float) - sample.truth[target])
            wrong |= off > OUTSIDE * sample.tolerance[target]
    count = int(wrong.sum())
    if 0 < count < wrong.size:
        first = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = (
            f"entry {list(first)}"
            if count == 1
            else f"{count} of {wrong.size} entries, the first {list(first)}"
        )
        yield Mistake("unknown", f"wrong in {place}; the others are right")

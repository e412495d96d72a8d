"""Which mistake does a black box make? Hypotheses tried on the numbers that it returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge
from symdiff.checking.black_boxes.probing import Probe
from symdiff.checking.questions import Question
from symdiff.verdicts import Mistake

Array = NDArray[Any]
_AXES = 4  # of more axes not every permutation is tried


@dataclass(frozen=True)
class Sample:
    """What was claimed at a probe, the truth, and the tolerance there."""

    probe: Probe
    claimed: Sequence[Array]
    truth: Sequence[Array]
    tolerance: Sequence[Array]


def diagnose_shape(question: Question, target: int, samples: Sequence[Sample]) -> Mistake:
    """The transpose, a sum that is missing, or nothing more specific."""
    claimed, truth = samples[0].claimed[target], samples[0].truth[target]
    detail = f"shape {claimed.shape}, where {question.targets[target]} needs {truth.shape}"
    for order in _orders(claimed.ndim):
        fits = claimed.transpose(order).shape == truth.shape
        if fits and _all(samples, target, _transposed(order)):
            return Mistake("transpose", f"{detail}: it is the transpose", repair=_turn(order))
    extra = claimed.ndim - truth.ndim
    axes = tuple(range(extra)) if extra > 0 else _stretched(claimed.shape, truth.shape)
    if axes and _all(samples, target, lambda c: c.sum(axis=axes, keepdims=extra <= 0)):
        detail = f"{detail}: the sum over a broadcast axis is missing"
        return Mistake("missing_reduction", detail, repair=f"sum over axis {axes}")
    return Mistake("shape", detail)


def _transposed(order: tuple[int, ...]) -> Callable[[Array], Array]:
    return lambda claimed: claimed.transpose(order)


def _turn(order: tuple[int, ...]) -> str:
    return "transpose the result: " + (f"np.transpose(..., {order})" if len(order) > 2 else "(...).T")


def _stretched(claimed: tuple[int, ...], truth: tuple[int, ...]) -> tuple[int, ...]:
    if len(claimed) != len(truth):
        return ()
    return tuple(axis for axis, (c, t) in enumerate(zip(claimed, truth, strict=True)) if t == 1 < c)


def diagnose_values(question: Question, target: int, samples: Sequence[Sample], gauge: Gauge) -> Mistake:
    """The first hypothesis that explains every sample."""
    unknown = Mistake("unknown", "no known mistake explains the difference")
    return next(_hypotheses(question, target, samples, gauge), unknown)


def _hypotheses(
    question: Question, target: int, samples: Sequence[Sample], gauge: Gauge
) -> Iterator[Mistake]:
    if _all(samples, target, lambda c: -c):
        yield Mistake("sign", "exactly minus the derivative", repair="change the sign: -(...)")
    ratio = _ratio(samples, target)
    if ratio is not None and _all(samples, target, lambda c: c / float(ratio), float(1 / abs(ratio))):
        repair = f"multiply by {1 / ratio}"
        yield Mistake("factor", f"{ratio} times the derivative", repair=repair)
    for order in _orders(samples[0].claimed[target].ndim):
        same = samples[0].claimed[target].transpose(order).shape == samples[0].truth[target].shape
        if same and _all(samples, target, _transposed(order)):
            yield Mistake("transpose", "the transpose of the derivative", repair=_turn(order))
    for other, name in enumerate(question.targets):
        if other != target and _is_other(samples, target, other):
            yield Mistake("swapped", f"this is the derivative by {name}", repair="exchange the two results")
    yield from _upstream(question, target, samples, gauge)
    yield from _partly(target, samples)


def _all(
    samples: Sequence[Sample], target: int, repair: Callable[[Array], Array], widen: float = 1.0
) -> bool:
    """Whether the repaired claim is right at every sample."""
    for sample in samples:
        fixed, truth = repair(sample.claimed[target].astype(float)), sample.truth[target]
        if fixed.shape != truth.shape or not _close(fixed, truth, sample.tolerance[target] * max(1.0, widen)):
            return False
    return any(np.any(sample.truth[target]) for sample in samples)


def _close(left: Array, right: Array, tolerance: Array) -> bool:
    known = np.isfinite(right) & np.isfinite(tolerance)
    with np.errstate(invalid="ignore"):
        return bool(np.all(~known | (np.abs(left - right) <= OUTSIDE * tolerance)))


def _ratio(samples: Sequence[Sample], target: int) -> Fraction | None:
    """The one short rational by which all entries are off."""
    found: set[Fraction] = set()
    for sample in samples:
        claimed, truth = sample.claimed[target].astype(float), sample.truth[target]
        with np.errstate(all="ignore"):
            safe = (
                np.isfinite(truth) & np.isfinite(claimed) & (np.abs(truth) > 1e6 * sample.tolerance[target])
            )
            found |= {
                Fraction(float(r)).limit_denominator(256) for r in np.unique(claimed[safe] / truth[safe])[:3]
            }
    return found.pop() if len(found) == 1 and 0 not in found and 1 not in found else None


def _orders(rank: int) -> list[tuple[int, ...]]:
    if rank > _AXES:
        return [tuple(range(rank))[::-1]]
    return [order for order in permutations(range(rank)) if order != tuple(range(rank))]


def _is_other(samples: Sequence[Sample], target: int, other: int) -> bool:
    pairs = [(s.claimed[target], s.truth[other], s.tolerance[other]) for s in samples]
    return all(c.shape == t.shape and _close(c.astype(float), t, b) for c, t, b in pairs)


def _upstream(question: Question, target: int, samples: Sequence[Sample], gauge: Gauge) -> Iterator[Mistake]:
    """The cotangent is ignored: the claim is the pullback of ones."""
    if question.of != "vjp":
        return
    added = question.truth.inputs[len(question.forward.inputs) :]
    for sample in samples:
        plain = {n: np.ones_like(v) if n in added else v for n, v in sample.probe.values.items()}
        value = gauge.floats(Probe(plain, "ones"))[target]
        if not _close(sample.claimed[target].astype(float), value, sample.tolerance[target]):
            return
    yield Mistake(
        "upstream",
        "the cotangent is ignored: this is the pullback of ones",
        repair="multiply by the cotangent",
    )


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

"""Where is a black box wrong, as small as it gets? Shorter axes, simpler numbers, each time called again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Batch, Probe, probe_dtype
from symdiff.checking.black_boxes.foreign import Foreign
from symdiff.checking.black_boxes.measures import Certified
from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge, coarser
from symdiff.checking.black_boxes.probing import OWN, Prober
from symdiff.checking.black_boxes.ties import Ties
from symdiff.checking.entries import entries_beside
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask
from symdiff.checking.sampling import Point
from symdiff.checking.shrinking import simplest_point, smaller_examples
from symdiff.checking.wording import exact_entry, inputs_of
from symdiff.verdicts import Witness

_PROBES = 20
_SECONDS = 3.0


@dataclass(frozen=True)
class Finding:
    """A probe at which one entry of one target is outside everything that rounding explains."""

    claim: Foreign
    gauge: Gauge
    probe: Probe
    target: int
    index: tuple[int, ...]
    claimed: float
    exact: Certified | None
    ties: Ties | None = None  # where it was found on a tie: whose limits tell

    @property
    def question(self) -> Question:
        """The question at whose shapes it was found."""
        return self.gauge.question

    @property
    def is_undefined(self) -> bool:
        """Whether the claim is NaN or infinite there."""
        return not math.isfinite(self.claimed)


def find(claim: Foreign, gauge: Gauge, probe: Probe, target: int, ties: Ties | None = None) -> Finding | None:
    """The finding, if the claim is clearly wrong at a probe; with ``ties`` only on a tie."""
    answer = claim([probe.values[n] for n in gauge.truth.inputs])
    if answer.error is not None:
        return None
    claimed = answer.arrays[target]
    if claimed.shape != gauge.shape(target):
        return None
    if ties is not None:
        found = ties.wrong_at(probe, target, claimed)
        return (
            None
            if found is None
            else Finding(claim, gauge, probe, target, found[0], float(claimed[found[0]]), found[1], ties)
        )
    measure = gauge.measure(Batch.of(probe), target, claimed[None])
    if not measure.undefined.any() and measure.ratio[0] <= OUTSIDE:
        return None
    return found_at(claim, gauge, probe, target, measure.index(0), claimed)


def found_at(
    claim: Foreign, gauge: Gauge, probe: Probe, target: int, index: tuple[int, ...], claimed: NDArray[Any]
) -> Finding | None:
    """The finding, if balls confirm it or the graph is too large for balls; None on kinks and poles.

    A claim that is no number at the caller's example is found on a kink too: no convention gives NaN.
    """
    exact = gauge.certify(probe, target, index, claimed)
    undefined = not math.isfinite(float(claimed[index]))
    if exact is None:
        no_number = undefined and probe.regime == OWN and np.isfinite(gauge.floats(probe)[target][index])
        if not no_number and (gauge.is_affordable(target) or undefined):
            return None
        return Finding(claim, gauge, probe, target, index, float(claimed[index]), None)
    dtype = coarser(probe_dtype(probe), claimed.dtype)
    limit = gauge.bounds(probe, target, dtype)[1][index]
    if not undefined and exact.gap <= OUTSIDE * limit:
        return None
    return Finding(claim, gauge, probe, target, index, float(claimed[index]), exact)


def shrink(found: Finding, options: Options) -> Finding:
    """The same mistake at shorter axes, if the claim takes them, then at simpler numbers."""
    deadline = time.monotonic() + min(_SECONDS, options.seconds_left)
    for examples in smaller_examples(found.question.examples):
        smaller = _at_examples(found, examples, options)
        if smaller is not None:
            found = smaller
            break
    prober = Prober(found.question, options)
    if not prober.is_small:
        return found

    def still_wrong(point: Point) -> Finding | None:
        if time.monotonic() > deadline:
            return None
        return find(found.claim, found.gauge, prober.at(point), found.target, found.ties)

    return simplest_point(found.question.truth, found.probe.point, options.domain, still_wrong)[1] or found


def _at_examples(found: Finding, examples: dict[str, Any], options: Options) -> Finding | None:
    old = found.question
    try:
        question = ask(old.fn, old.claim, examples, old.asked_wrt, old.of).without_claimed(old.reason)
        if len(question.targets) != len(old.targets):
            return None
        prober = Prober(question, options)
        claim, gauge = Foreign(question), Gauge(question, prober)
        ties = Ties(gauge, options) if found.ties is not None else None
        for probe in [prober.own(), *prober.generated(_PROBES).probes]:
            smaller = find(claim, gauge, probe, found.target, ties)
            if smaller is not None:
                return smaller
    except Exception:  # foreign code may refuse other shapes in any way it likes
        return None
    return None


def witness(found: Finding) -> Witness:
    """The witness: exact inputs, the float that was claimed, and the exact value or its ball."""
    question, target = found.question, found.target
    small = found.gauge.prober.is_small
    point = found.probe.point if small else {n: np.asarray(v) for n, v in found.probe.values.items()}
    if found.ties is not None and found.exact is not None:
        nearest = float(f"{float(found.exact.exact.mid()):.9g}")  # the limit was taken a short step away
        rest = (found.index, found.claimed, nearest, False)
        return Witness(inputs_of(question.truth, point), question.targets[target], *rest)
    exact = exact_entry(question.truth.store, question.truth.outputs[target], point, found.index)
    if found.exact is None:
        value, _ = found.gauge.bounds(found.probe, target, np.dtype(float))
        rest = (found.index, found.claimed, float(value[found.index]), False)
        return Witness(inputs_of(question.truth, point), question.targets[target], *rest)
    ball = found.exact.exact
    return Witness(
        inputs=inputs_of(question.truth, point),
        argument=question.targets[target],
        index=found.index,
        claimed=found.claimed,
        exact=exact if exact is not None else float(ball.mid()),
        certified=True,
        enclosures=(repr(found.claimed), str(ball.str(20))),
        entries=entries_beside(question, target, point, found.index, found.claimed) if small else (),
    )

"""What does a claim return at many probes? Differences within bounds, explained by rounding, or certain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.counterexamples import Finding, found_at
from symdiff.checking.black_boxes.foreign import Answer, Foreign
from symdiff.checking.black_boxes.measuring import OUTSIDE, WITHIN, Gauge, Measure, coarser
from symdiff.checking.black_boxes.numeric_diagnosis import Sample
from symdiff.checking.black_boxes.planting import Branches
from symdiff.checking.black_boxes.probing import OWN, TIED, Probe, Prober, probe_dtype
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.errors import InputError, explain

_KEPT = 8  # probes at which bounds are known, for diagnosis and planted mistakes
_ENOUGH = 6  # of them, to tell one mistake from another
_SECONDS = 20.0
_FEW = 3.0  # for arrays of a million entries
_NOISY = 4


@dataclass
class Record:
    """What the probes said of one target; ``lost`` is the part of the largest entry that rounding took."""

    points: int = 0
    ratio: float = 0.0
    ulps: float = 0.0
    shape: bool = False
    wrong: Finding | None = None
    doubtful: str = ""
    judged: Any = False
    noisy: int = 0
    lost: float = 0.0
    lost_at: Probe | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be learnt."""
        return self.shape or self.wrong is not None


@dataclass
class Trial:
    """One claim, called at many probes."""

    question: Question
    options: Options
    claim: Foreign = field(init=False)
    gauge: Gauge = field(init=False)
    records: list[Record] = field(init=False)
    samples: list[Sample] = field(default_factory=list)
    calls: int = 0
    raised: int = 0
    problem: str = ""
    impure: str = ""

    def __post_init__(self) -> None:
        self.prober = Prober(self.question, self.options)
        self.claim, self.gauge = Foreign(self.question), Gauge(self.question, self.prober)
        self.branches = Branches(self.question)
        self.records = [Record() for _ in self.question.targets]

    def run(self) -> None:
        """The caller's example twice, then generated probes until time or examples are over."""
        own = self.prober.own()
        self._own(own)
        if self.impure:
            return
        deadline = time.monotonic() + min(
            _SECONDS if self.prober.is_small else _FEW, self.options.seconds_left / 2
        )
        for probe in self._stream():
            settled = all(record.is_settled for record in self.records)
            if time.monotonic() > deadline or (settled and len(self.samples) >= _ENOUGH):
                break
            self.look(probe)

    def _stream(self) -> Iterator[Probe]:
        yield from islice(self.prober.generated(), self.options.examples - 1)
        if self.branches.never:
            yield from self.prober.far(self.branches.magnitudes)

    def _own(self, probe: Probe) -> None:
        first = self._call(probe)
        if first.error is not None:
            error = f"{type(first.error).__name__}: {first.error}"
            mend = "Give an example that the claim accepts, or mend the claim."
            facts: dict[str, object] = {"raised": error, "at": "your example inputs"}
            raise InputError(explain(f"claim {self.question.title}", facts, mend)) from first.error
        self._watch_purity(probe, first)
        self._judge(probe, first)

    def _watch_purity(self, probe: Probe, first: Answer) -> None:
        again = self._call(probe)
        if again.error is not None:
            self.impure = f"the second of two equal calls raised {type(again.error).__name__}: {again.error}"
            return
        for k, (a, b) in enumerate(zip(first.arrays, again.arrays, strict=True)):
            if a.shape != b.shape:
                self.impure = f"two equal calls returned shapes {a.shape} and {b.shape}"
            elif not np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f"):
                near, limit = self.gauge.bounds(probe, k, coarser(probe_dtype(probe), a.dtype))
                with np.errstate(invalid="ignore"):
                    apart = np.abs(a.astype(float) - b.astype(float))
                if near.shape != a.shape or np.any(apart > 2 * WITHIN * limit):
                    self.impure = f"two equal calls returned values up to {np.nanmax(apart):.3g} apart"

    def _call(self, probe: Probe) -> Answer:
        self.calls += 1
        return self.claim([probe.values[n] for n in self.question.truth.inputs])

    def look(self, probe: Probe) -> None:
        """Call the claim at a generated probe; an exception there is counted."""
        answer = self._call(probe)
        if answer.error is not None:
            self.raised += 1
            self.problem = f"{type(answer.error).__name__}: {answer.error}"
        else:
            self._judge(probe, answer)

    def _judge(self, probe: Probe, answer: Answer) -> None:
        near = self.gauge.floats(probe)
        self.branches.see(probe)
        self._keep(probe, answer)
        for k, record in enumerate(self.records):
            claimed = answer.arrays[k]
            if record.is_settled:
                continue
            if claimed.shape != near[k].shape:
                record.shape = True
                continue
            measure = self.gauge.measure(probe, k, claimed, near[k])
            if measure.undefined is not None:
                record.wrong = found_at(self.claim, self.gauge, probe, k, measure.undefined, claimed)
            elif measure.ratio > WITHIN:
                self._suspect(record, probe, k, claimed, measure)
            elif measure.judged.any() or not measure.judged.size:
                record.points += 1
                record.judged = record.judged | measure.judged
                record.ratio, record.ulps = max(record.ratio, measure.ratio), max(record.ulps, measure.ulps)
            if record.wrong is not None:
                self._keep(probe, answer, always=True)

    def _keep(self, probe: Probe, answer: Answer, always: bool = False) -> None:
        if len(self.samples) >= _KEPT and not always:
            return
        dtypes = [coarser(probe_dtype(probe), array.dtype) for array in answer.arrays]
        pairs = [self.gauge.bounds(probe, k, dtype) for k, dtype in enumerate(dtypes)]
        self.samples.append(Sample(probe, answer.arrays, [v for v, _ in pairs], [b for _, b in pairs]))

    def _suspect(self, record: Record, probe: Probe, k: int, claimed: NDArray[Any], measure: Measure) -> None:
        """A difference beyond the bound: certain, rounding after all, or neither."""
        dtype = coarser(probe_dtype(probe), claimed.dtype)
        value, limit = self.gauge.bounds(probe, k, dtype)
        exact = self.gauge.certify(probe, k, measure.index, claimed)
        if exact is None and self.gauge.is_affordable(k):
            if probe.regime not in (OWN, *TIED):  # a kink or a pole: there no derivative is judged
                record.doubtful = "differences where a comparison was too close to call"
            return
        gap = exact.gap if exact is not None else measure.ratio * float(limit[measure.index])
        record.points += 1
        record.judged = record.judged | measure.judged
        if gap <= WITHIN * limit[measure.index]:
            return
        scale = float(np.max(np.abs(value[np.isfinite(value)]), initial=0.0))
        lost = gap / scale if scale else np.inf
        if record.noisy >= _NOISY and lost <= 4 * record.lost:
            return
        if self.gauge.rounding_explains(self.claim, probe, k, measure.index, gap):
            record.noisy += 1
            if lost > record.lost:
                record.lost, record.lost_at = lost, probe
        elif gap > OUTSIDE * limit[measure.index]:
            record.wrong = found_at(self.claim, self.gauge, probe, k, measure.index, claimed)
        else:
            times = f"{gap / limit[measure.index]:.0f} times the derived bound"
            record.doubtful = f"a difference of {times}: too small to refute, too large to accept"

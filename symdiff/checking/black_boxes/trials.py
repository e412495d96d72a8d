"""What does a claim return at many probes? Differences within bounds, explained by rounding, or certain."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Batch, Probe, probe_dtype
from symdiff.checking.black_boxes.branches import Branches
from symdiff.checking.black_boxes.counterexamples import Finding, found_at
from symdiff.checking.black_boxes.foreign import Answer, Foreign, quiet
from symdiff.checking.black_boxes.keeping import NOTHING_KEPT, shelf_of
from symdiff.checking.black_boxes.losses import loss
from symdiff.checking.black_boxes.measures import Measure
from symdiff.checking.black_boxes.measuring import OUTSIDE, WITHIN, Gauge, coarser
from symdiff.checking.black_boxes.noise import rounding_explains
from symdiff.checking.black_boxes.planting import Planting
from symdiff.checking.black_boxes.probing import ORDINARY, OWN, TIE, TIED, Prober
from symdiff.checking.black_boxes.records import Record
from symdiff.checking.black_boxes.samples import Sample
from symdiff.checking.black_boxes.ties import Ties
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.errors import InputError, explain

Array = NDArray[Any]

_FIRST = 15  # probes in the first batch: a wrong claim is mostly found among them
_KEPT = 8  # probes at which bounds are known, for diagnosis and planted mistakes
_ENOUGH = 6  # of them, to tell one mistake from another
_SECONDS = 20.0
_FEW = 3.0  # for arrays of a million entries
_NOISY = 4
_ON_TIES = frozenset([OWN, TIE, *TIED])
_TIES = 12  # probes on ties that are judged by limits


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
    deadline: float = 0.0
    seen: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prober = Prober(self.question, self.options)
        most = min(self.options.examples - 1, self.prober.at_once - ORDINARY - 1)
        is_whole = most == self.options.examples - 1
        self.shelf = shelf_of(self.question, self.options) if is_whole else NOTHING_KEPT
        opening = self.prober.opening(most, self.shelf) if most >= _FIRST or is_whole else None
        self.claim = Foreign(self.question)
        self.gauge = Gauge(self.question, self.prober, opening, self.shelf)
        self.branches = Branches(self.question)
        self.ties = Ties(self.gauge, self.options)
        self.records = [Record() for _ in self.question.targets]

    def run(self) -> None:
        """All probes; a claim that is wrong on ties alone is wrong."""
        try:
            self._run()
        finally:
            for record in self.records:
                record.wrong = record.wrong or record.on_tie

    def _run(self) -> None:
        """The caller's example twice, then generated probes until time or examples are over."""
        opening = self.gauge.opening
        first = ORDINARY + 1
        self._own(opening.part(ORDINARY, first) if opening is not None else Batch.of(self.prober.own()))
        if self.impure:
            return
        seconds = _SECONDS if self.prober.is_small else _FEW
        self.deadline = time.monotonic() + min(seconds, self.options.seconds_left / 2)
        for batch in self._batches():
            self.look(batch)
            if self._is_over:
                return
        on_ties = self.ties.probes()
        if on_ties:
            self.look(Batch.of(*on_ties))
        if self.branches.never and not self._is_over:
            self.look(self.prober.far(self.branches.magnitudes))

    def _batches(self) -> Iterator[Batch]:
        """As many probes as the caller allows; those of the opening are drawn already."""
        left, opening = self.options.examples - 1, self.gauge.opening
        if opening is not None:
            start, end = ORDINARY + 1, len(opening.probes)
            left -= end - start
            middle = min(start + _FIRST, end)
            yield from (opening.part(a, b) for a, b in ((start, middle), (middle, end)) if a < b)
        while left > 0:
            size = min(left, self.prober.at_once)
            left -= size
            yield self.prober.generated(size)

    @cached_property
    def planting(self) -> Planting:
        """Mistakes planted at the probes at which the claim answered."""
        kinds = [
            [coarser(probe_dtype(s.probe), a.dtype) for s in self.samples for a in s.claimed[k : k + 1]]
            for k in range(len(self.records))
        ]
        dtypes = [
            max(found, key=lambda d: float(np.finfo(d).eps), default=np.dtype(float)) for found in kinds
        ]
        return Planting(self.gauge, self.seen, dtypes)

    @property
    def _is_over(self) -> bool:
        settled = all(record.is_settled for record in self.records)
        return time.monotonic() > self.deadline or (settled and len(self.samples) >= _ENOUGH)

    def _own(self, batch: Batch) -> None:
        (probe,) = batch.probes
        first = self._call(probe)
        if first.error is not None:
            error = f"{type(first.error).__name__}: {first.error}"
            mend = "Give an example that the claim accepts, or mend the claim."
            facts: dict[str, object] = {"raised": error, "at": "your example inputs"}
            raise InputError(explain(f"claim {self.question.title}", facts, mend)) from first.error
        self._watch_purity(probe, first)
        self._judge(batch, [first.arrays])
        for k, record in enumerate(self.records):
            if not record.is_settled and first.arrays[k].shape == self.gauge.shape(k):
                record.loss = loss(self.gauge, probe, k, first.arrays[k])

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

    def look(self, batch: Batch) -> None:
        """Call the claim at generated probes; an exception there is counted."""
        answers: list[Answer] = []
        with quiet():
            for probe in batch.probes:
                self.calls += 1
                answers.append(self.claim.answer([probe.values[n] for n in self.question.truth.inputs]))
                if time.monotonic() > self.deadline:
                    break
        rows = [k for k, answer in enumerate(answers) if answer.error is None]
        problems = [answer.error for answer in answers if answer.error is not None]
        self.raised += len(problems)
        if problems:
            self.problem = f"{type(problems[-1]).__name__}: {problems[-1]}"
        if rows:
            self._judge(batch.at(rows), [answers[k].arrays for k in rows])

    def _judge(self, batch: Batch, answers: Sequence[Sequence[Array]]) -> None:
        self.branches.see(batch)
        self.seen.append(batch)
        self._keep(batch, answers)
        for k, record in enumerate(self.records):
            kinds: dict[tuple[Any, ...], list[int]] = {}
            for row, arrays in enumerate(answers):
                kinds.setdefault((arrays[k].shape, arrays[k].dtype), []).append(row)
            shape = self.gauge.shape(k)
            for (given, _), rows in kinds.items():
                if given != shape:
                    record.shape = True
                elif not record.is_settled:
                    self._compare(record, k, batch.at(rows), np.stack([answers[row][k] for row in rows]))

    def _compare(self, record: Record, k: int, batch: Batch, claimed: Array) -> None:
        """Judge one target at some probes."""
        measure = self.gauge.measure(batch, k, claimed)
        bad: NDArray[np.bool_] = np.asarray(measure.undefined.reshape(len(claimed), -1).any(axis=1))
        far = ~bad & (measure.ratio > WITHIN)
        fine = ~bad & ~far
        seen = measure.judged.reshape(len(claimed), -1)
        fine &= seen.any(axis=1) | (seen.shape[1] == 0)
        record.points += int(np.sum(fine))
        record.judged = record.judged | measure.judged[fine].any(axis=0)
        record.ratio = max(record.ratio, float(np.max(measure.ratio[fine], initial=0.0)))
        record.ulps = max(record.ulps, float(np.max(measure.ulps[fine], initial=0.0)))
        for row in np.flatnonzero(bad | far).tolist():
            probe = batch.probes[row]
            if bad[row]:
                index = measure.index(row)
                record.wrong = found_at(self.claim, self.gauge, probe, k, index, claimed[row, ...])
                if record.wrong is None and probe.regime == OWN:
                    self._look_at_tie(record, k, probe, claimed[row, ...])
            else:
                self._suspect(record, probe, k, claimed[row, ...], measure, row)
            if record.wrong is not None:
                self._keep_wrong(probe)
                return
        self._look_at_ties(record, k, batch, claimed, measure)

    def _look_at_ties(self, record: Record, k: int, batch: Batch, claimed: Array, measure: Measure) -> None:
        """Where a comparison is tied neither bound nor reference says much: there the limits judge."""
        if not self.ties.is_affordable or record.tied >= _TIES:
            return
        every = bool(self.gauge.kinks)
        rows = [
            row
            for row, probe in enumerate(batch.probes)
            if probe.regime in _ON_TIES and (every or not measure.judged[row].all())
        ]
        if not rows:
            return
        plain = self.ties.are_limits(batch.at(rows), k, claimed[rows])
        for row, is_limit in zip(rows, plain, strict=True):
            if not is_limit and record.tied < _TIES:
                self._look_at_tie(record, k, batch.probes[row], claimed[row, ...])

    def _look_at_tie(self, record: Record, k: int, probe: Probe, claimed: Array) -> bool:
        """Whether a probe is on a kink; a claim that is wrong there is noted."""
        record.tied += 0.25  # a look at the comparisons costs less than one at the limits
        is_special = self.ties.is_special(probe, k)
        if not is_special or record.tied >= _TIES or record.on_tie is not None:
            return is_special
        record.tied += 1
        found = self.ties.wrong_at(probe, k, claimed)
        if found is not None:
            index, exact = found
            given = float(claimed[index])
            record.on_tie = Finding(self.claim, self.gauge, probe, k, index, given, exact, self.ties)
        return True

    def _keep(self, batch: Batch, answers: Sequence[Sequence[Array]]) -> None:
        """The first probes, with their bounds, for diagnosis and planted mistakes."""
        rows = list(range(min(_KEPT - len(self.samples), len(answers))))
        if not rows:
            return
        results = []
        for k in range(len(self.records)):
            dtypes = [coarser(probe_dtype(batch.probes[row]), answers[row][k].dtype) for row in rows]
            values, limits = self.gauge.bounds_over(batch, max(dtypes, key=lambda d: float(np.finfo(d).eps)))
            results.append((values[k], limits[k]))
        for row in rows:
            truth = [values[row, ...] for values, _ in results]
            tolerance = [limits[row, ...] for _, limits in results]
            self.samples.append(Sample(batch.probes[row], answers[row], truth, tolerance))

    def _keep_wrong(self, probe: Probe) -> None:
        """The probe at which a claim is wrong is among the samples."""
        if any(sample.probe is probe for sample in self.samples):
            return
        answer = self._call(probe)
        if answer.error is None:
            full, self.samples = self.samples, []
            self._keep(Batch.of(probe), [answer.arrays])
            self.samples = [*full, *self.samples]

    def _suspect(
        self, record: Record, probe: Probe, k: int, claimed: Array, measure: Measure, row: int
    ) -> None:
        """A difference beyond the bound: certain, rounding after all, or neither."""
        dtype = coarser(probe_dtype(probe), claimed.dtype)
        value, limit = self.gauge.bounds(probe, k, dtype)
        index = measure.index(row)
        exact = self.gauge.certify(probe, k, index, claimed)
        if exact is None and self.gauge.is_affordable(k):  # a kink or a pole: there no derivative is judged
            on_kink = self._look_at_tie(record, k, probe, claimed)
            if not on_kink and probe.regime not in (OWN, TIE, *TIED):
                record.doubtful = "differences where a comparison was too close to call"
            return
        gap = exact.gap if exact is not None else float(measure.ratio[row] * limit[index])
        record.points += 1
        record.judged = record.judged | measure.judged[row]
        if gap <= WITHIN * limit[index]:
            return
        lost = gap / self.gauge.scale(k, value)
        if record.noisy >= _NOISY and lost <= 4 * record.lost:
            return
        if rounding_explains(self.gauge, self.claim, probe, k, index, gap, dtype):
            record.noisy += 1
            if lost > record.lost:
                record.lost, record.lost_at = lost, probe
        elif gap > OUTSIDE * limit[index]:
            record.wrong = found_at(self.claim, self.gauge, probe, k, index, claimed)
        else:
            times = f"{gap / limit[index]:.0f} times the derived bound"
            record.doubtful = f"a difference of {times}: too small to refute, too large to accept"

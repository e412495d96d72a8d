"""Is a claim right that can only be called? Tested on floats, within a derived bound; refuted with certainty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.confirming import confirmation
from symdiff.checking.counterexamples import Finding, found_at, probe_dtype, shrink, witness
from symdiff.checking.foreign import Answer, Foreign
from symdiff.checking.measuring import OUTSIDE, WITHIN, Gauge, Measure, coarser
from symdiff.checking.numeric_diagnosis import Sample, diagnose_shape, diagnose_values
from symdiff.checking.options import Options
from symdiff.checking.planting import Branches, plant
from symdiff.checking.probing import OWN, Probe, Prober
from symdiff.checking.questions import Question
from symdiff.checking.wording import readings, scope, snippet
from symdiff.errors import InputError, explain
from symdiff.verdicts import Blindness, Evidence, Mistake, Verdict, weakest

_KEPT = 8  # probes at which bounds are known, for diagnosis and planted mistakes
_ENOUGH = 6  # of them, to tell one mistake from another
_SECONDS = 20.0
_NOISY = 4
_BLUR = {4: 1e-2, 8: 1e-6}  # by bytes: rounding that hides more of an array than this part decides nothing


@dataclass
class _Record:
    """What the probes said of one target."""

    points: int = 0
    ratio: float = 0.0
    ulps: float = 0.0
    shape: bool = False
    wrong: Finding | None = None
    doubtful: str = ""
    noisy: int = 0
    lost: float = 0.0
    lost_at: Probe | None = None

    @property
    def is_settled(self) -> bool:
        return self.shape or self.wrong is not None


@dataclass
class _Trial:
    """One claim, called at many probes."""

    question: Question
    options: Options
    claim: Foreign = field(init=False)
    gauge: Gauge = field(init=False)
    records: list[_Record] = field(init=False)
    samples: list[Sample] = field(default_factory=list)
    calls: int = 0
    raised: int = 0
    problem: str = ""
    impure: str = ""

    def __post_init__(self) -> None:
        self.claim, self.gauge = Foreign(self.question), Gauge(self.question)
        self.prober = Prober(self.question, self.options)
        self.branches = Branches(self.question)
        self.records = [_Record() for _ in self.question.targets]
        self.rng = np.random.default_rng(self.options.seed)

    # Calls --------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """The caller's example twice, then generated probes until time or examples are over."""
        own = self.prober.own()
        self._own(own)
        if self.impure:
            return
        deadline = time.monotonic() + min(_SECONDS, self.options.seconds_left / 2)
        for probe in self._stream():
            settled = all(record.is_settled for record in self.records)
            if time.monotonic() > deadline or (settled and len(self.samples) >= _ENOUGH):
                break
            self.look(probe)

    def _stream(self) -> Iterator[Probe]:
        yield from islice(self.prober.generated(), self.options.examples - 1)
        if self.branches.never:
            yield from self.prober.far()

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

    # Judgement of one probe ---------------------------------------------------------------------------------------

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
            elif measure.usable:
                record.points += 1
                record.ratio, record.ulps = max(record.ratio, measure.ratio), max(record.ulps, measure.ulps)
            if record.wrong is not None:
                self._keep(probe, answer, always=True)

    def _keep(self, probe: Probe, answer: Answer, always: bool = False) -> None:
        if len(self.samples) >= _KEPT and not always:
            return
        pairs = [self.gauge.bounds(probe, k, coarser(probe_dtype(probe), a.dtype)) for k, a in enumerate(answer.arrays)]
        self.samples.append(Sample(probe, answer.arrays, [v for v, _ in pairs], [b for _, b in pairs]))

    def _suspect(self, record: _Record, probe: Probe, k: int, claimed: NDArray[Any], measure: Measure) -> None:
        """A difference beyond the bound: certain, rounding after all, or neither."""
        dtype = coarser(probe_dtype(probe), claimed.dtype)
        value, limit = self.gauge.bounds(probe, k, dtype)
        exact = self.gauge.certify(probe, k, measure.index, claimed)
        if exact is None and self.gauge.is_affordable(k):
            return  # a kink or a pole: no derivative is judged there
        gap = exact.gap if exact is not None else measure.ratio * float(limit[measure.index])
        record.points += 1
        if gap <= WITHIN * limit[measure.index]:
            return
        scale = float(np.max(np.abs(value[np.isfinite(value)]), initial=0.0))
        lost = gap / scale if scale else np.inf
        if record.noisy >= _NOISY and lost <= 4 * record.lost:
            return
        if self.gauge.rounding_explains(self.claim, probe, k, measure.index, gap, self.rng):
            record.noisy += 1
            if lost > record.lost:
                record.lost, record.lost_at = lost, probe
        elif gap > OUTSIDE * limit[measure.index]:
            record.wrong = found_at(self.claim, self.gauge, probe, k, measure.index, claimed)
        else:
            record.doubtful = f"a difference of {gap / limit[measure.index]:.0f} times the derived bound: too small to refute, too large to accept"


# Verdicts -----------------------------------------------------------------------------------------------------


def judge_black_box(question: Question, options: Options) -> Verdict:
    """Test a claim that can only be called; one verdict, with ``parts`` when there are several targets."""
    trial = _Trial(question, options)
    trial.run()
    confirmed = "" if trial.impure else confirmation(question, [s.probe for s in trial.samples], options)
    blind = _blindness(trial)
    parts = {name: _verdict(trial, k, confirmed, blind) for k, name in enumerate(question.targets)}
    return next(iter(parts.values())) if len(parts) == 1 else replace(weakest(parts), parts=parts)


def _blindness(trial: _Trial) -> Blindness | None:
    if trial.impure or any(record.shape for record in trial.records) or trial.options.is_late:
        return None
    probes = [sample.probe for sample in trial.samples]
    return plant(trial.question, trial.gauge, probes, trial.branches.never)


def _verdict(trial: _Trial, k: int, confirmed: str, blind: Blindness | None) -> Verdict:
    question, record = trial.question, trial.records[k]
    store = question.truth.store
    common: dict[str, Any] = {
        "question": question.title,
        "scope": scope(question.truth),
        "readings": readings(store, [question.truth.outputs[k]]),
        "numerics": _numerics(trial, record),
    }
    if trial.impure:
        return Verdict("undecided", reason=f"the claim is not a function of its arguments: {trial.impure}", **common)
    if record.shape:
        mistake = diagnose_shape(question, k, trial.samples[:1])
        return Verdict("refuted", reason=mistake.detail, mistake=mistake, **common)
    if record.wrong is not None:
        return _refuted(trial, record.wrong, common)
    if _is_cancelled(trial, record):
        detail = f"rounding takes all but {_digits(record.lost)} digits at your example"
        return Verdict("refuted", reason=detail, mistake=Mistake("cancellation", detail), **common)
    doubt = _doubt(trial, record, blind)
    evidence = _evidence(trial, record, confirmed)
    if doubt:
        return Verdict("undecided", reason=doubt, evidence=evidence, blind=blind, **common)
    why = f"not proved: the claim can only be called ({question.reason})"
    reason = "; ".join([why, *trial.claim.habits])
    return Verdict("agrees", reason=reason, evidence=evidence, blind=blind, **common)


def _refuted(trial: _Trial, found: Finding, common: dict[str, Any]) -> Verdict:
    options, k = trial.options, found.target
    if found.is_undefined:
        mistake = Mistake("nan", f"the claim is {found.claimed} where the derivative is finite")
    else:
        fitting = [s for s in trial.samples if np.isfinite(s.claimed[k].astype(float)).all()]
        mistake = diagnose_values(trial.question, k, fitting or trial.samples, trial.gauge)
    small = shrink(found, options)
    shown = witness(small)
    how = "a ball that excludes the claim by more than rounding" if shown.certified else "a difference beyond any rounding"
    return Verdict(
        "refuted",
        reason=how,
        witness=shown,
        mistake=mistake,
        evidence=Evidence((f"called at {trial.calls} points; {how}",), points=trial.calls),
        snippet=snippet(small.question, shown.inputs, k),
        **common,
    )


def _is_cancelled(trial: _Trial, record: _Record) -> bool:
    return record.lost_at is not None and record.lost_at.regime == OWN and record.lost > _blur(trial)


def _blur(trial: _Trial) -> float:
    return _BLUR.get(trial.prober.dtype.itemsize, 1e-2)


def _digits(lost: float) -> int:
    return max(0, int(-np.log10(lost))) if lost > 0 else 16


def _numerics(trial: _Trial, record: _Record) -> str | None:
    if not record.noisy:
        return None
    return f"rounding of the claim reaches {record.lost:.1g} of the largest entry: it cancels or overflows on the way"


def _doubt(trial: _Trial, record: _Record, blind: Blindness | None) -> str:
    """Why nothing can be said, or nothing."""
    options = trial.options
    if record.doubtful:
        return record.doubtful
    if options.is_late and record.points < 10:
        return f"the time of {options.timeout:g} s is over"
    if record.points == 0:
        return "no probe gave an answer: every point was on a kink or outside the domain; give domain="
    if trial.raised and record.points < 2:
        return f"the claim raised {trial.problem} at every generated point; give domain="
    if record.lost > _blur(trial):
        return f"rounding of the claim hides mistakes: {record.lost:.1g} of the largest entry"
    if blind is not None and 2 * blind.caught < blind.planted:
        return f"the probes would have caught {blind.caught} of {blind.planted} planted mistakes"
    return ""


def _evidence(trial: _Trial, record: _Record, confirmed: str) -> Evidence:
    tested = f"tested: {record.points} points, {trial.prober.dtype}, differences at most {record.ratio:.1g} times the derived bound"
    roads = [tested, *([confirmed] if confirmed else [])]
    if trial.raised:
        roads.append(f"{trial.raised} generated points left out: the claim raised {trial.problem}")
    return Evidence(tuple(roads), points=record.points, ulps=round(record.ulps, 2))

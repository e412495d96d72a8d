"""Is a claim right that can only be called? Tested on floats, within a derived bound; refuted by balls."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from symdiff.checking.black_boxes.confirming import confirmation
from symdiff.checking.black_boxes.counterexamples import Finding, shrink, witness
from symdiff.checking.black_boxes.losses import NO_LOSS, Loss
from symdiff.checking.black_boxes.measuring import blur
from symdiff.checking.black_boxes.numeric_diagnosis import diagnose_finding
from symdiff.checking.black_boxes.probing import OWN
from symdiff.checking.black_boxes.records import Record
from symdiff.checking.black_boxes.shape_diagnosis import diagnose_shape
from symdiff.checking.black_boxes.trials import Trial
from symdiff.checking.formulas import formula_text
from symdiff.checking.indices import held
from symdiff.checking.options import NO_TIME, Options
from symdiff.checking.questions import Question
from symdiff.checking.right import in_the_source
from symdiff.checking.wording import readings, scope, snippet
from symdiff.errors import OutOfTime
from symdiff.evaluation.deadlines import in_time
from symdiff.verdicts import Blindness, Evidence, Mistake, Verdict, weakest

_SEEN = 1e-12  # rounding of a smaller part of the largest entry is no trouble
_FAR_FROM_LIMITS = "far from every limit of the derivative"


def judge_black_box(question: Question, options: Options) -> Verdict:
    """Test a claim that can only be called; one verdict, with ``parts`` when there are several targets."""
    trial = Trial(question, options)
    with suppress(OutOfTime):
        trial.run()
    confirmed = ""
    if not (trial.impure or options.is_late):
        with suppress(OutOfTime):
            probes = [s.probe for s in trial.samples]
            confirmed = trial.shelf.get("confirmed", lambda: confirmation(question, probes, options))
    parts = {name: _verdict(trial, k, confirmed) for k, name in enumerate(question.targets)}
    return next(iter(parts.values())) if len(parts) == 1 else replace(weakest(parts), parts=parts)


def _verdict(trial: Trial, k: int, confirmed: str) -> Verdict:
    question, record = trial.question, trial.records[k]
    store = question.truth.store
    common: dict[str, Any] = {
        "question": question.title,
        "scope": scope(question.truth, held(question)),
        "readings": readings(store, [question.truth.outputs[k]]),
        "numerics": _numerics(trial, record),
    }
    if trial.impure:
        reason = f"the claim is not a function of its arguments: {trial.impure}"
        return Verdict("undecided", reason=reason, **common)
    if record.shape:
        mistake = diagnose_shape(question, k, trial.samples)
        return Verdict("refuted", reason=mistake.detail, mistake=mistake, **common)
    if record.wrong is not None:
        return _refuted(trial, record.wrong, common)
    if trial.options.given and (record.loss.is_total or _is_cancelled(trial, record)):
        return _cancelled(trial, k, common)
    blind = None if trial.options.is_late else trial.planting.blindness(k, trial.branches.never)
    doubt = _doubt(trial, k, blind)
    evidence = _evidence(trial, record, confirmed)
    if doubt:
        return Verdict("undecided", reason=doubt, evidence=evidence, blind=blind, **common)
    why = f"not proved: the claim can only be called ({question.reason})"
    reason = "; ".join([why, *trial.claim.habits])
    return Verdict("agrees", reason=reason, evidence=evidence, blind=blind, **common)


def _refuted(trial: Trial, found: Finding, common: dict[str, Any]) -> Verdict:
    options = trial.options
    small = in_time(options.grace, lambda: shrink(found, options)) or found
    if found.is_undefined:
        mistake = Mistake("nan", f"the claim is {found.claimed} where the derivative is finite")
    else:
        at = found if found.gauge.prober.is_quick else small
        cause = in_time(options.grace, lambda: diagnose_finding(at, trial.samples, options))
        mistake = cause or NO_TIME
    shown = witness(small)
    certain = "a ball that excludes the claim by more than rounding"
    how = certain if shown.certified else "a difference beyond any rounding"
    if found.ties is not None:
        named = options.convention is not None
        how = f"not the value of the convention {options.convention}" if named else _FAR_FROM_LIMITS
    return Verdict(
        "refuted",
        reason=how,
        witness=shown,
        mistake=mistake,
        evidence=Evidence((f"called at {trial.calls} points; {how}",), points=trial.calls),
        snippet=snippet(small.question, shown.inputs, shown.argument),
        **in_the_source(trial.question, found.target, mistake),
        **common,
    )


def _cancelled(trial: Trial, k: int, common: dict[str, Any]) -> Verdict:
    record, question = trial.records[k], trial.question
    lost = record.loss
    detail = f"rounding takes all but {_digits(record.lost)} digits at your example"
    if lost.is_total:
        detail = _described(lost)
    mistake = Mistake(
        "cancellation", detail, repair=formula_text(question.truth.store, question.truth.outputs[k])
    )
    return Verdict("refuted", reason=detail, mistake=mistake, **common)


def _described(lost: Loss) -> str:
    name = f"entry {list(lost.index)}" if lost.index else "the value"
    return f"{name} is {lost.claimed:.6g} at your example, exactly {lost.exact:.6g}: digits are lost"


def _is_cancelled(trial: Trial, record: Record) -> bool:
    return record.lost_at is not None and record.lost_at.regime == OWN and record.lost > _blur(trial)


def _blur(trial: Trial) -> float:
    return blur(float(np.finfo(trial.prober.dtype).eps))


def _digits(lost: float) -> int:
    return max(0, int(-np.log10(lost))) if lost > 0 else 16


def _numerics(trial: Trial, record: Record) -> str | None:
    lost = record.loss
    if lost != NO_LOSS:
        return _described(lost)
    if trial.gauge.overflows is not None:
        values = [np.asarray(v) for v in trial.gauge.overflows.values.values()]
        largest = max(
            (float(np.max(np.abs(v), initial=0)) for v in values if v.dtype.kind == "f"), default=0.0
        )
        return f"the claim has no finite value for some inputs as large as {largest:.3g}"
    if not record.noisy or record.lost < _SEEN:
        return None
    size = f"{record.lost:.1g} of the largest entry"
    return f"rounding of the claim reaches {size}: it cancels or overflows on the way"


def _doubt(trial: Trial, k: int, blind: Blindness | None) -> str:
    """Why nothing can be said, or nothing."""
    options, record = trial.options, trial.records[k]
    if record.doubtful:
        return record.doubtful
    if options.is_late and record.points < 10:
        return f"the time of {options.timeout:g} s is over"
    if record.points == 0 and trial.planting.sees_a_factor(k):
        return "no probe gave an answer: every point was on a kink or outside the domain; give domain="
    if trial.raised and record.points < 2:
        return f"the claim raised {trial.problem} at every generated point; give domain="
    if record.lost > _blur(trial):
        return f"rounding of the claim hides mistakes: {record.lost:.1g} of the largest entry"
    unseen = np.size(record.judged) - int(np.sum(record.judged))
    if unseen:
        return f"{unseen} of {np.size(record.judged)} entries stood on a kink or out of range at every probe"
    if not trial.planting.sees_a_factor(k):
        return f"the derived bound is too wide to see a factor of 1 + {trial.planting.subtle(k):g}"
    hidden = trial.planting.hidden(k) if blind is not None else 0
    if hidden:
        return f"{hidden} of {np.size(record.judged)} entries are below the tolerance at every probe"
    if blind is not None and 2 * blind.caught < blind.planted:
        return f"the probes would have caught {blind.caught} of {blind.planted} planted mistakes"
    return trial.branches.untaken


def _evidence(trial: Trial, record: Record, confirmed: str) -> Evidence:
    tested = f"tested: {record.points} points, {trial.prober.dtype}"
    roads = [f"{tested}, differences at most {record.ratio:.1g} times the derived bound"]
    roads += [confirmed] if confirmed else []
    if trial.raised:
        roads.append(f"{trial.raised} generated points left out: the claim raised {trial.problem}")
    return Evidence(tuple(roads), points=record.points, ulps=round(record.ulps, 2))

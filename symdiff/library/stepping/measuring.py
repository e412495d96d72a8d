"""Does a step agree with a rule in floats? Path by path, within the derived bound, in every regime."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.library.stepping.bounds import Bounded, Floats, bounded, unit_of
from symdiff.library.stepping.candidates import Candidate
from symdiff.library.stepping.forms import Program
from symdiff.library.stepping.regimes import Regime, long_regime
from symdiff.verdicts import Witness


@dataclass(frozen=True)
class Record:
    """What somebody's step made of one regime, and the unit roundoff of its results."""

    regime: Regime
    path: tuple[Floats, ...]
    unit: float


@dataclass(frozen=True)
class Comparison:
    """How near a path is to that of a rule: the first step that differs, or None; the largest share of the bound."""

    step: int | None
    share: float
    compared: int


def record(program: Program, regime: Regime) -> Record:
    """Run somebody's step; InputError if the shapes are not those of the parameters."""
    theta, gradients = np.array(regime.theta), [np.array(g) for g in regime.gradients]
    with np.errstate(all="ignore"):
        path = program.path(theta, gradients)
    held = zip([theta, *gradients], [regime.theta, *regime.gradients], strict=True)
    if not all(np.array_equal(now, before) for now, before in held):
        facts: dict[str, object] = {"problem": "the step writes into the parameters or the gradient"}
        mend = "Return new arrays: theta = theta - ..., not theta -= ..."
        raise InputError(explain(f"check_optimizer: {program.name}", facts, mend))
    arrays = [np.asarray(theta) for theta in path]
    for k, array in enumerate(arrays, 1):
        if array.shape != regime.theta.shape or array.dtype.kind not in "fiu":
            facts = {
                "parameters": regime.theta.shape,
                f"after step {k}": f"{array.shape} {array.dtype}",
            }
            mend = "Return real parameters in the shape of the parameters."
            raise InputError(explain(f"check_optimizer: {program.name}", facts, mend))
    unit = max(unit_of(array.dtype) for array in arrays)
    return Record(regime, tuple(array.astype(float) for array in arrays), unit)


def require_pure(program: Program, made: Record) -> None:
    """Run it again: a step that keeps its state elsewhere goes another way."""
    again = record(program, made.regime)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(made.path, again.path, strict=True)):
        facts: dict[str, object] = {"problem": "two runs from the same start go different ways"}
        mend = "Keep the state in the arguments and results, or give a function that makes a new optimizer."
        raise InputError(explain(f"check_optimizer: {program.name}", facts, mend))


def reference(candidate: Candidate, regime: Regime, unit: float) -> list[Bounded]:
    """The path of a rule with the bound of its rounding."""
    narrow = unit > 2.0**-53
    theta = bounded(regime.theta, unit, narrow)
    gradients = [bounded(g, unit, narrow) for g in regime.gradients]
    return candidate.path(theta, gradients, _numbers(candidate, unit))


def _numbers(candidate: Candidate, unit: float) -> dict[str, Any]:
    """The settings, with those that are numbers as far as they may be rounded."""
    narrow, known = unit > 2.0**-53, candidate.rule.hyperparameters
    return {
        n: bounded(v, unit, narrow) if n in known and np.isfinite(v) else v
        for n, v in candidate.settings.items()
    }


def compare(candidate: Candidate, made: Record) -> Comparison:
    """Step by step; entries at which the rule has no finite value are left out."""
    share, compared = 0.0, 0
    for k, (truth, path) in enumerate(
        zip(reference(candidate, made.regime, made.unit), made.path, strict=True), 1
    ):
        judged = np.isfinite(truth.value) & np.isfinite(truth.error)
        if np.any(judged & ~np.isfinite(path)):
            return Comparison(k, np.inf, compared)
        apart = np.abs(path[judged] - truth.value[judged])
        allowed = truth.error[judged] + np.finfo(float).tiny
        compared += int(judged.sum())
        share = max(share, float(np.max(apart / allowed, initial=0.0)))
        if share > 1:
            return Comparison(k, share, compared)
    return Comparison(None, share, compared)


LONGER, _CHEAP = 1100, 0.03
EARLY, LATE = 3, (250, 300, 500, 1000, 3000, 10**4, 10**6)


def late_difference(candidate: Candidate, program: Program) -> Witness | None:
    """Where the step differs at a large count, from a state from which it is the rule's at a small one."""
    if program.once is None or _apart_at(candidate, program, EARLY) is not None:
        return None
    found = (_apart_at(candidate, program, t) for t in LATE)
    return next((witness for witness in found if witness is not None), None)


def longer_difference(candidate: Candidate, program: Program) -> Witness | None:
    """Where the path of a step whose state is its own leaves the rule's after many steps, if that is cheap."""
    regime = long_regime(LONGER)
    started = perf_counter()
    record(program, replace(regime, gradients=regime.gradients[:50]))
    if program.once is not None or perf_counter() - started > _CHEAP:
        return None
    made = record(program, regime)
    step = compare(candidate, made).step
    if step is None:
        return None
    truth, own = reference(candidate, regime, made.unit)[step - 1], made.path[step - 1]
    k = int(np.argmax(np.abs(own - truth.value) / (truth.error + np.finfo(float).tiny)))
    inputs = {"theta": regime.theta, "t": step}
    return Witness(inputs, f"theta after step {step}", (k,), float(own[k]), float(truth.value[k]), False)


def _apart_at(candidate: Candidate, program: Program, t: int) -> Witness | None:
    """Whether one step from some state differs in the parameters or in the state."""
    assert program.once is not None
    fields = candidate.rule.fields
    sizes = {"p": 2.0**-10} | dict.fromkeys(candidate.rule.nonnegative, 0.75)
    start = {"theta": np.array([1.0, -0.5, 2.0]), "g": np.array([0.25, 1.5, -(2.0**-13)])}
    start |= {name: np.full(3, sizes.get(name, -0.125)) for name in fields}
    with np.errstate(all="ignore"):
        made = [np.asarray(x) for x in program.once(*(np.array(x) for x in start.values()), t)[:-1]]
    unit = max(unit_of(x.dtype) for x in made)
    held = [bounded(x, unit, unit > 2.0**-53) for x in start.values()]
    update, *state = candidate.rule.step(*held, t, **_numbers(candidate, unit))
    after = {"theta": held[0] + update} | dict(zip(fields, state, strict=True))
    for name, own in zip(("theta", *program.keeps), made, strict=True):
        truth = after[name]
        apart = ~(np.abs(own - truth.value) <= truth.error) & np.isfinite(truth.value)
        for k in np.flatnonzero(apart)[:1]:
            inputs = {**start, "t": t}
            return Witness(inputs, name, (int(k),), float(own[k]), float(truth.value[k]), False)
    return None


def is_near(candidate: Candidate, made: Record) -> bool:
    """A quick look: whether a candidate can be the step at all."""
    regime = made.regime
    reach = max(1e-7, 1e4 * made.unit)
    with np.errstate(all="ignore"):
        path = candidate.path(regime.theta, regime.gradients)
        return all(
            _is_close(np.asarray(own, dtype=float), theirs, regime.theta, reach)
            for own, theirs in zip(path, made.path, strict=True)
        )


def _is_close(own: Floats, theirs: Floats, theta: Floats, reach: float) -> bool:
    finite = np.isfinite(own)
    if not np.array_equal(finite, np.isfinite(theirs)):
        return False
    size = reach * (np.abs(theta) + np.abs(own - theta))
    return bool(np.all((np.abs(own - theirs) <= size)[finite]))


def fits(candidate: Candidate, records: list[Record]) -> bool:
    """Whether a candidate explains everything that was seen, and something was."""
    if not is_near(candidate, records[0]):
        return False
    seen = 0
    for made in records:
        found = compare(candidate, made)
        if found.step is not None:
            return False
        seen += found.compared
    return (seen > 0 or candidate.shift != 0) and all(_same_holes(candidate, made) for made in records[:4])


def _same_holes(candidate: Candidate, made: Record) -> bool:
    """Whether both are without a value at the same entries."""
    with np.errstate(all="ignore"):
        path = candidate.path(made.regime.theta, made.regime.gradients)
    return all(np.array_equal(np.isfinite(a), np.isfinite(b)) for a, b in zip(path, made.path, strict=True))

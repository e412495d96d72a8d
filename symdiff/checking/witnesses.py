"""Where is the claim wrong, as small as it gets? Shorter axes, simpler numbers, certified again."""

from __future__ import annotations

import inspect
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import flint
import numpy as np

from symdiff.checking.comparing import Comparison, Outcome, compare, values
from symdiff.checking.entries import entries_at
from symdiff.checking.instances import written
from symdiff.checking.kinks.standing import compare_on_kink
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask, leaf_values
from symdiff.checking.sampling import Point, points
from symdiff.checking.shrinking import simplest_point, smaller_examples
from symdiff.checking.wording import exact_entry, inputs_of
from symdiff.errors import OutOfTime
from symdiff.ir.trees import flatten
from symdiff.verdicts import Witness

_TRIES = 12
_LEAST = 2  # the length to which axes are shortened
_WRONG = ("differ", "claim undefined")


@dataclass(frozen=True)
class Found:
    """A point of a question at which one target is wrong."""

    question: Question
    point: Point
    target: int
    comparison: Comparison


def wrong_at(question: Question, point: Point, target: int) -> Comparison | None:
    """The comparison, if the claim is wrong at the point in this target."""
    assert question.claimed is not None
    store = question.truth.store
    if is_on_kink(store, question.kinks, point):
        return compare_on_kink(question, target, point)
    (answer,) = compare(store, [question.truth.outputs[target]], [question.claimed[target]], point)
    if answer.outcome == "no answer":
        return compare_on_kink(question, target, point)
    return answer if answer.outcome in _WRONG else None


def shrink(found: Found, options: Options) -> Found:
    """The same mistake at shorter axes, then at simpler numbers; certified wherever it can be."""
    with suppress(OutOfTime):
        found = _certain(found, options)
        found = _shorter(found, options)
    question, target, outcome = found.question, found.target, found.comparison.outcome

    has_value = _has_value(question, found.point)

    def still_wrong(point: Point) -> Comparison | None:
        if options.is_late or (has_value and not _has_value(question, point)):
            return None
        return _no_worse(wrong_at(question, point, target), outcome)

    extra = question.truth.inputs[len(question.forward.inputs) :]
    point, best = simplest_point(question.truth, found.point, options.domain, still_wrong, extra)
    return Found(question, point, target, best) if best is not None else found


def _has_value(question: Question, point: Point) -> bool:
    """Whether the function itself is finite: where it has no value, its derivative is nobody's concern."""
    forward = question.forward
    found = values(forward.store, forward.outputs, point)
    return found is not None and all(ball.is_finite() for array in found for ball in array.ravel())


def _shorter(found: Found, options: Options) -> Found:
    """The mistake at the first shorter axes that show it, and at shorter ones still.

    An axis whose length stands in the claim's code as a number stays: ``x / 3`` means another thing for two entries.
    """
    claim = found.question.claim
    held = {n for n in written(getattr(inspect.unwrap(claim), "__code__", None)) if n > _LEAST}
    for examples in smaller_examples(found.question.examples):
        if _loses(found.question.examples, examples, held):
            continue
        smaller = _at_examples(found, examples, options)
        if smaller is not None:
            return _shorter(smaller, options)
    return found


def _loses(old: dict[str, Any], new: dict[str, Any], held: set[int]) -> bool:
    """Whether an axis of a length that is held becomes shorter."""
    pairs = zip(_shapes(old), _shapes(new), strict=False)
    return any(a != b and a in held for one, other in pairs for a, b in zip(one, other, strict=False))


def _shapes(examples: dict[str, Any]) -> list[tuple[int, ...]]:
    return [
        np.shape(leaf) for name, value in examples.items() for _, leaf in flatten(value, name, _is_leaf)[0]
    ]


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (tuple, list, dict))


def _certain(found: Found, options: Options) -> Found:
    """The mistake at an ordinary point, if it shows at one."""
    if found.comparison.outcome == "differ":
        return found
    return _at_points(found.question, found, options, "differ") or found


def _no_worse(comparison: Comparison | None, outcome: Outcome) -> Comparison | None:
    """A comparison that says as much as one of some outcome; disjoint balls say most."""
    return comparison if comparison is not None and comparison.outcome in ("differ", outcome) else None


def _at_examples(found: Found, examples: dict[str, Any], options: Options) -> Found | None:
    old = found.question
    try:
        question = ask(old.fn, old.claim, examples, old.asked_wrt, old.of)
    except Exception:  # foreign code may refuse other shapes in any way it likes
        return None
    if question.claimed is None or len(question.targets) != len(old.targets):
        return None
    store = question.truth.store
    if store.shape(question.claimed[found.target]) != store.shape(question.truth.outputs[found.target]):
        return None
    try:
        return _at_points(question, found, options, found.comparison.outcome)
    except IndexError:  # positions of the caller's that a smaller array does not have
        return None


def _at_points(question: Question, found: Found, options: Options, outcome: Outcome) -> Found | None:
    for point in islice(points(question.truth, by_node(question), options.domain, options.seed), _TRIES):
        comparison = _no_worse(wrong_at(question, point, found.target), outcome)
        if comparison is not None:
            return Found(question, point, found.target, comparison)
    return None


def by_node(question: Question) -> dict[int, Any]:
    """The caller's example of each input node of the function."""
    return dict(zip(question.forward.inputs, leaf_values(question), strict=True))


def witness(found: Found) -> Witness:
    """The witness in exact numbers, with both balls."""
    question, comparison = found.question, found.comparison
    assert question.claimed is not None
    store, target = question.truth.store, found.target
    on_kink = comparison.outcome == "differ on a kink"  # the formula has one value there, the derivative many
    truth = question.truth.outputs[target]
    at = (found.point, comparison.index)
    exact = _fraction(comparison.exact) if on_kink else exact_entry(store, truth, *at)
    undefined = (
        comparison.outcome == "claim undefined"
    )  # exp(log(-1)) is no real number, though it would simplify
    claimed = (
        None if undefined else exact_entry(store, question.claimed[target], found.point, comparison.index)
    )
    balls = (_ball(comparison.claimed), _ball(comparison.exact))
    return Witness(
        inputs=inputs_of(question.truth, found.point),
        argument=question.targets[target],
        index=comparison.index,
        claimed=claimed if claimed is not None else balls[0],
        exact=exact if exact is not None else balls[1],
        certified=comparison.outcome == "differ",
        enclosures=balls,
        entries=() if on_kink else entries_at(question, target, found.point, comparison.index),
    )


def _fraction(ball: Any) -> Fraction | None:
    """The short fraction that a limit is, if it is one."""
    short = Fraction(float(ball.mid())).limit_denominator(60)
    return short if ball.contains(flint.fmpq(short.numerator, short.denominator)) else None


def _ball(value: Any) -> str:
    return str(value.str(12, radius=False)) if value.is_finite() else "undefined"

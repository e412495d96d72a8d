"""Which mistake explains a wrong claim? Suspects that fit the numbers, confirmed in balls; the most specific wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.comparing import values
from symdiff.checking.domains import Domain
from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes import (
    addends,
    beside,
    curvature,
    entrywise,
    factors,
    forms,
    formula_edits,
    operands,
    other_losses,
    other_programs,
    overwritten,
    paths,
    positions,
    reductions,
    repeated,
    spans,
    terms,
    variants,
    wholes,
)
from symdiff.checking.mistakes.assumptions import assumption
from symdiff.checking.mistakes.choosing import chosen
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.probing import agree, is_moderate, is_smooth, probes
from symdiff.checking.mistakes.reverse import Reverse
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.special import special
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.checking.witnesses import Found
from symdiff.errors import OutOfTime
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.deadlines import require_time, time_limit
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input
from symdiff.verdicts import Mistake

_POINTS = 4
_SECONDS = 8.0
_LONG = 60
_BITS = 400  # fewer would not see that the floats of a saturated point are noise

Source: TypeAlias = Callable[[], Iterator[Suspect]]


def diagnose(found: Found, options: Options) -> Mistake:
    """The most specific kind of which some repair agrees with the truth at several points."""
    question, target = found.question, found.target
    if found.comparison.outcome == "claim undefined":
        return Mistake("nan", "the claim has no finite value where the derivative has one")
    assert question.claimed is not None
    truth, claim = question.truth.outputs[target], question.claimed[target]
    ordinary = probes(question, options)
    if agree(question, truth, claim, ordinary):
        return special(found, options)
    if _only_where_empty(question, truth, claim, options):
        detail = "right where something is chosen, wrong where a mask is empty"
        return Mistake("edge", detail, repair=formula_text(question.truth.store, truth))
    own = [found.point] if is_moderate(found.point) and is_smooth(question, found.point) else []
    screen, trusted = _screen(question, truth, claim, [*own, *probes(question, options, 3 * _POINTS)])
    fitting = _fitting(question, target, screen, trusted)
    if not any(s.strength and not s.reverse for s in fitting):
        fitting += _on_positive_numbers(question, target, options)
    whole = any(s.strength == 2 for s in fitting)
    assumed = None if whole else _assumed(question, target, options, fitting)
    return chosen(question, target, fitting, assumed)


def _only_where_empty(question: Question, truth: Node, claim: Node, options: Options) -> bool:
    """Whether a claim is wrong at just those points at which an array of zeros and ones is all zero."""
    store, booleans = question.truth.store, []
    for node in question.truth.inputs:
        op = store.op(node)
        if store.kind(node) == "boolean" or (
            isinstance(op, Input) and options.domain.get(op.name) == "boolean"
        ):
            booleans.append(node)
    if not booleans:
        return False
    drawn = probes(question, options, 4 * _POINTS)
    empty = [any(not np.any(p[n]) for n in booleans) for p in drawn]
    full = [p for p, none in zip(drawn, empty, strict=True) if not none]
    return any(empty) and len(full) > 1 and agree(question, truth, claim, full)


def _assumed(question: Question, target: int, options: Options, fitting: list[Suspect]) -> Mistake | None:
    try:
        with time_limit(_SECONDS / 2):
            return assumption(question, target, options, any(s.strength and not s.reverse for s in fitting))
    except OutOfTime:
        require_time()
        return None


def _screen(
    question: Question, truth: Node, claim: Node, candidates: list[Point]
) -> tuple[Screen, list[Point]]:
    """Some points at which floats show what is there, in a screen."""
    store = question.truth.store
    screen = Screen(store, candidates, truth, claim)
    chosen: list[int] = []
    for k, point in enumerate(candidates):
        with working_precision(_BITS):
            balls = values(store, [truth, claim], point)
        exact = [_floats(b) for b in balls] if balls is not None else None
        if exact is not None and screen.trusts(k, exact):
            chosen.append(k)
        if len(chosen) > _POINTS:
            break
    screen.keep(chosen)
    return screen, [candidates[k] for k in chosen]


def _floats(balls: Objects) -> NDArray[Any]:
    return np.asarray(
        np.frompyfunc(lambda ball: float(ball.mid()) if ball.is_finite() else np.nan, 1, 1)(balls)
    ).astype(float)


def diagnose_values(
    question: Question, target: int, points_: list[Point], claimed: list[NDArray[Any]], closeness: float
) -> Mistake:
    """The same for a claim of which only values at some points are known, to so many digits."""
    store, truth = question.truth.store, question.truth.outputs[target]
    claim = store.add(Input("yours", store.shape(truth)))
    screen = Screen(store, points_, truth, claim, closeness)
    for known, value in zip(screen.known, claimed, strict=True):
        known[claim] = value.astype(float)
    trial = _Trial(question, screen, None)
    trial.run([partial(make, question, target, screen) for make in WHOLES])
    if not any(s.strength == 2 and s.kind != "transpose" for s in trial.found):
        _derive(trial, Derivation(question, target))
    if question.of != "value" and not any(s.strength for s in trial.found):
        _reverse(trial, question, target, screen)
    if not trial.found:
        trial.run([partial(make, question, target, screen) for make in (wholes.kept, wholes.partly)])
    return chosen(question, target, trial.found, None)


WHOLES = (
    wholes.multiples,
    wholes.turned,
    wholes.of_another,
    wholes.the_function_itself,
    wholes.entries_elsewhere,
)
DERIVED = (
    paths.shares,
    beside.shifted,
    paths.inner,
    paths.upstream,
    paths.constants,
    paths.stale,
    paths.early,
    repeated.steps,
    repeated.carried,
    repeated.saved,
    variants.exchanged_arguments,
    variants.one_branch,
    curvature.linearised,
    overwritten.overwritten,
    spans.skipped,
    spans.diagonal_only,
)
OTHERS = (
    other_programs.other_axes,
    other_programs.other_entries,
    variants.at_the_argument,
    variants.other_forms,
    variants.other_functions,
    variants.of_activations,
    variants.other_scales,
    variants.other_parameters,
    other_losses.other_losses,
)
EDITED = (
    terms.weights,
    terms.counts,
    operands.transposed,
    reductions.missing,
    reductions.superfluous,
    reductions.other_axis,
    positions.shifted,
    positions.counted,
    operands.exchanged,
    operands.replaced,
    operands.other_masks,
    factors.dropped,
    factors.multiplied,
    formula_edits.rewritten,
    positions.turned,
)
GUESSES = (factors.multiplied_by_anything, addends.multiplied_by_a_sum, operands.exchanged_quantities)
REVERSED = (
    terms.weights,
    factors.dropped,
    operands.transposed,
    reductions.superfluous,
    reductions.missing,
    reductions.other_axis,
    positions.shifted,
    positions.counted,
    operands.replaced,
    factors.multiplied,
    formula_edits.rewritten,
    positions.turned,
)


def _fitting(question: Question, target: int, screen: Screen, points_: list[Point]) -> list[Suspect]:
    """For each kind the first suspect that agrees in floats, then in balls; guesses only where nothing else fits."""
    if not len(screen):
        return []
    derivation, editing = Derivation(question, target), Editing(question, target, screen)
    trial = _Trial(question, screen, points_)
    trial.run([partial(make, question, target, screen) for make in WHOLES])
    if any(s.strength == 2 and s.kind != "transpose" for s in trial.found):
        return trial.found
    if question.of != "value" and len(editing.nodes) > _LONG:  # before the time is over
        trial.run([partial(paths.shares, derivation, screen)])
    trial.run([partial(make, editing) for make in EDITED])
    _derive(trial, derivation)
    trial.run([partial(wholes.ignoring, question, target, screen)])
    if not any(s.strength for s in trial.found):
        trial.run([partial(forms.in_another_form, editing)])
    if not any(s.strength for s in trial.found):
        trial.run([partial(entrywise.in_each_entry, editing, EDITED), partial(addends.added, editing)])
    if not any(s.strength for s in trial.found):
        _reverse(trial, question, target, screen)
    if not any(s.strength for s in trial.found):
        trial.run([partial(make, editing) for make in GUESSES])
    if not trial.found:
        trial.run([partial(wholes.partly, question, target, screen)])
    return trial.found


def _reverse(trial: _Trial, question: Question, target: int, screen: Screen) -> None:
    """One change of the derivative that turns it into the claim."""
    turned = Reverse(question, target, screen)
    trial.run([partial(make, turned) for make in REVERSED])


def _on_positive_numbers(question: Question, target: int, options: Options) -> list[Suspect]:
    """Other functions once more where logarithms and roots have values."""
    assert question.claimed is not None
    store, truth, claim = question.truth.store, question.truth.outputs[target], question.claimed[target]
    ops = [op for op in map(store.op, question.truth.inputs) if isinstance(op, Input) and op.kind == "real"]
    positive: Domain = {op.name: (0, None) for op in ops}
    narrow = replace(options, domain={**positive, **options.domain})
    screen, trusted = _screen(question, truth, claim, probes(question, narrow, 2 * _POINTS))
    if question.of == "value" or len(screen) < 2 or screen.agree(truth, claim):
        return []
    trial = _Trial(question, screen, trusted)
    for make in OTHERS:
        trial.run([partial(make, Derivation(question, target), screen)])
        if trial.found:
            break
    return trial.found


def _derive(trial: _Trial, derivation: Derivation) -> None:
    """Wrong derivations; other functions only where no step of this one explains the claim."""
    if derivation.question.of == "value":
        return
    trial.run([partial(make, derivation, trial.screen) for make in DERIVED])
    for make in OTHERS:
        if not any(s.strength for s in trial.found):
            trial.run([partial(make, derivation, trial.screen)])


class _Trial:
    """Tries suspects, in a limited time."""

    def __init__(self, question: Question, screen: Screen, points_: list[Point] | None) -> None:
        self.question, self.screen, self.points = question, screen, points_
        self.found: list[Suspect] = []
        self.end = time.monotonic() + _SECONDS

    def run(self, sources: list[Source]) -> None:
        """All suspects of some sources."""
        for source in sources:
            try:
                with time_limit(min(_SECONDS / 3, max(0.2, self.end - time.monotonic()))):
                    for suspect in source():
                        self._try(suspect)
            except OutOfTime:
                require_time()  # this source had its share; if all time is over, no other gets one
            except Exception:  # an edit that makes no sense may fail in any way: then it is no explanation
                continue

    def _try(self, suspect: Suspect) -> None:
        if any(s.kind == suspect.kind and s.strength >= suspect.strength for s in self.found):
            return
        if self.screen.agree(suspect.left, suspect.right) and (
            suspect.loose
            or self.points is None
            or agree(self.question, suspect.left, suspect.right, self.points)
        ):
            self.found.append(suspect)

"""Is this step of an optimizer the published one? ``check_optimizer``: proved, tested, or which other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from symdiff.errors import InputError, explain
from symdiff.library.shelves import registry
from symdiff.library.stepping import proving
from symdiff.library.stepping.candidates import Candidate, singles
from symdiff.library.stepping.forms import Program, read
from symdiff.library.stepping.identifying import identified
from symdiff.library.stepping.measuring import (
    Comparison,
    Record,
    compare,
    fits,
    late_difference,
    longer_difference,
    record,
    require_pure,
)
from symdiff.library.stepping.regimes import LONG, Regime, regimes, simple_points
from symdiff.library.stepping.rules import RULES, require_numbers
from symdiff.library.stepping.wording import Shown, detail
from symdiff.verdicts import Blindness, Evidence, Mistake, Verdict, Witness

_SECONDS, _BRIEFLY = 20.0, 10.0
_FIRST = 3
_ALWAYS = "proved: one step from any state at any count, so every number of steps"


def check_optimizer(
    name: str, step: Any, steps: int = 3, *, variant: str = "paper", **hyperparameters: Any
) -> Verdict:
    """Compare somebody's step with the published rule of an optimizer, over several steps.

    ``name`` is one of ``sd.optimizers``; ``variant`` is ``"paper"``, ``"notes"``, ``"torch"`` or ``"optax"``; the
    hyperparameters, and the choices in which the variants differ, may be given by name. ``step`` is one of

    - a function of the paper's symbols, in any order: ``step(theta, g, m, v, t) -> (theta, m, v)``, with ``t``
      from 1. ``params``, ``w``, ``grad``, ``lr``, ``beta1``, ``epsilon`` ... are understood; other parameters are
      states, zero at first. Hyperparameters are passed if they are asked for; a default of the step's own holds
      unless the caller gives the value here;
    - ``step(params, grads, state) -> (params, state)``, with state None at first;
    - an object with ``init`` and ``update`` (``sd.optimizers``, optax): updates are added to the parameters;
    - ``lambda params: torch.optim.Adam(params, lr=1e-3)``.

    Parameters and gradients are single arrays. Only the parameters are compared: the state may be kept in any way.

    ``proved`` holds for every number of steps and every shape: one step from any state of the rule, at any count.
    A traced step for which only the first ``steps`` steps are proved, and any other step, is called in the regimes
    where variants differ, and at late counts: it ``agrees``. ``mistake.detail`` names the variant that it is instead.

    Raises InputError for unknown names, for a step that raises, writes into its inputs or returns something else.

    >>> def step(theta, g, m, v, t):
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     return theta - 1e-3 * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t) + 1e-8), m, v
    >>> check_optimizer("adam", step, variant="notes").status
    'proved'
    >>> print(check_optimizer("adam", step).mistake.detail)
    epsilon inside the root, as in the notes; the paper, torch and optax: epsilon outside the root, after bias \
correction; at g = 1e-07 and eps = 1e-08 the first step differs by a factor 909
    """
    registry("optimizer")
    if name not in RULES:
        facts: dict[str, object] = {"known": ", ".join(sorted(RULES))}
        raise InputError(explain(f"check_optimizer({name!r})", facts, "Use one of these names."))
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise InputError(
            explain(f"check_optimizer(steps={steps!r})", {"least": 1}, "Ask for at least one step.")
        )
    rule = RULES[name]
    settings = rule.of(variant, **hyperparameters)
    require_numbers(rule, settings)
    program = read(step, rule, settings, hyperparameters)
    return _Trial(Candidate(rule, settings), variant, program, steps, hyperparameters).verdict()


def difference(truth: Candidate, step: Any, variant: str, given: Mapping[str, Any]) -> str | None:
    """In words, what a step does otherwise than a rule, as far as floats show; None if nothing."""
    program = read(step, truth.rule, truth.settings, given)
    trial = _Trial(truth, variant, program, 3, given)
    return trial.told() if any(found.step is not None for found in trial.compared) else None


@dataclass(frozen=True)
class _Trial:
    """One question: is the program the rule?"""

    truth: Candidate
    variant: str
    program: Program
    steps: int
    given: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.truth.rule.name} ({self.variant})"

    @property
    def question(self) -> str:
        count = "1 step" if self.steps == 1 else f"{self.steps} steps"
        return f"{self.program.name}: value of {self.label}, {count}"

    @cached_property
    def regimes(self) -> list[Regime]:
        return regimes(self.steps, self.truth.settings)

    @cached_property
    def records(self) -> list[Record]:
        made = [record(self.program, regime) for regime in self.regimes]
        require_pure(self.program, made[0])
        return made

    @cached_property
    def compared(self) -> list[Comparison]:
        return [compare(self.truth, made) for made in self.records]

    @cached_property
    def claim(self) -> proving.Map | None:
        return proving.step_map(self.program, self.steps)

    def verdict(self) -> Verdict:
        """Measured first: a wrong step shows there at once, a right one is then proved if it can be."""
        if any(found.step is not None for found in self.compared):
            return self._refuted()
        late = late_difference(self.truth, self.program) or longer_difference(self.truth, self.program)
        if late is not None:
            return self._refuted_late(late)
        tested = self._agrees()
        return self._proved_or(tested)

    def _proved_or(self, tested: Verdict) -> Verdict:
        """One step from any state is every step, once the first ones are right; else all of them are unrolled."""
        rule = self.truth.rule
        always = proving.every_step(self.truth, self.program, timeout=_BRIEFLY)
        steps = min(self.steps, _FIRST) if always else self.steps
        claim = proving.step_map(self.program, steps)
        if claim is None:
            return tested
        proof = proving.prove(self.truth, claim, steps, self.label, timeout=_SECONDS)
        if proof.status == "refuted":
            return self._refuted_by(proof)
        if proof.status != "proved":
            why = proof.reason.removeprefix("not proved: ")
            return replace(tested, reason=f"not proved: {why}", readings=proof.readings)
        always = always or (self.program.no_state and not rule.fields and not rule.counts)
        if not always:
            return self._unrolled(proof, tested)
        return replace(
            proof,
            question=self.question,
            evidence=replace(proof.evidence, roads=(_ALWAYS, *proof.evidence.roads, *tested.evidence.roads)),
            readings=(*self.program.notes, *proof.readings),
            parts={},
            blind=tested.blind,
        )

    def _unrolled(self, proof: Verdict, tested: Verdict) -> Verdict:
        """The first steps are no proof of the later ones: a step may count, or keep what shows late."""
        count = "1 step" if self.steps == 1 else f"{self.steps} steps"
        later = "what the step does at later counts was only tested"
        return replace(
            tested,
            evidence=replace(tested.evidence, roads=(*proof.evidence.roads, *tested.evidence.roads)),
            reason=f"proved for {count}; {later}",
            readings=(*self.program.notes, *proof.readings),
        )

    def told(self) -> str:
        """What it is instead, and where that shows."""
        return detail(self.instead, self.truth, self.shown)

    def _agrees(self) -> Verdict:
        share = max(found.share for found in self.compared)
        points = sum(len(made.path) for made in self.records)
        tested = f"tested: {points} steps in {len(self.regimes)} regimes, {self._dtype}"
        road = f"{tested}, differences at most {share:.1g} times the derived bound"
        return Verdict(
            "agrees",
            self.question,
            f"the regimes tested, up to {LONG} steps",
            evidence=Evidence((road,), points=points),
            reason=f"not proved: the step can only be called ({self.program.form})",
            blind=self._blindness(),
            readings=self.program.notes,
        )

    @property
    def _dtype(self) -> str:
        return "float64" if self.records[0].unit == 2.0**-53 else "float32"

    def _blindness(self) -> Blindness:
        """Which differences could not have been seen: with weight_decay = 0 its place does not show."""
        planted = list(singles(self.truth))
        unseen = [c for c in planted if fits(c, self.records)]
        words = ["; ".join(c.differences(self.truth)) for c in unseen]
        warnings = tuple(f"not told apart from: {text}" for text in dict.fromkeys(words) if text)
        return Blindness(len(planted) - len(unseen), len(planted), warnings)

    def _refuted(self) -> Verdict:
        shown, found = self.shown, self.instead
        right: tuple[str, ...] = ()
        if found is not None and self.claim is not None:
            proof = proving.prove(found, self.claim, self.steps, found.rule.name, timeout=_BRIEFLY)
            right = (
                (f"proved to be the rule that is named, for {proof.scope}",)
                if proof.status == "proved"
                else ()
            )
        mistake = Mistake("optimizer", self.told(), proving.formula(self.truth))
        witness = None if shown is None else self._witness(shown)
        sure = witness is not None and witness.certified
        reason = "two disjoint balls" if sure else "a difference beyond any rounding"
        points = sum(len(made.path) for made in self.records)
        return Verdict(
            "refuted",
            self.question,
            "",
            Evidence((f"called for {points} steps in {len(self.regimes)} regimes; {reason}",), points=points),
            reason=reason,
            witness=witness,
            mistake=mistake,
            right=right,
            readings=self.program.notes,
        )

    def _refuted_late(self, late: Witness) -> Verdict:
        """Right for the first steps, wrong at a large count."""
        text = f"the first {LONG} steps are those of the rule; the step with t = {late.inputs['t']} is not"
        mistake = Mistake("optimizer", text, proving.formula(self.truth))
        return Verdict(
            "refuted",
            self.question,
            "",
            reason="a difference beyond any rounding",
            witness=late,
            mistake=mistake,
            readings=self.program.notes,
        )

    def _refuted_by(self, proof: Verdict) -> Verdict:
        """Wrong by less than floats show."""
        text = "the formula differs from the rule by less than rounding at every gradient that was tried"
        mistake = Mistake("optimizer", text, proving.formula(self.truth))
        return replace(proof, question=self.question, mistake=mistake, parts={})

    @cached_property
    def instead(self) -> Candidate | None:
        """What the step does implement."""
        return identified(self.truth, self.given, self.records)

    @cached_property
    def shown(self) -> Shown | None:
        """The simplest point at which the difference is seen; where none is plain, the plainest."""
        best: Shown | None = None
        for entries in (1, 2):
            for theta, gradients in simple_points(max(self.steps, 3), self.truth.settings, entries):
                found = self._at(theta, gradients)
                if found is not None and found.is_visible:
                    return found
                if found is not None and (best is None or abs(found.factor - 1) > 1.1 * abs(best.factor - 1)):
                    best = found
        return best or self._first_of_the_regimes()

    def _first_of_the_regimes(self) -> Shown | None:
        """Where no simple point shows it: the first regime of vectors that does, up to the step."""
        for regime, found in zip(self.regimes, self.compared, strict=True):
            if found.step is not None and regime.theta.ndim == 1:
                rows = [[Fraction(x) for x in g.tolist()] for g in regime.gradients[: found.step]]
                shown = self._at([Fraction(x) for x in regime.theta.tolist()], rows)
                if shown is not None:
                    return shown
        return None

    def _at(self, theta: Any, gradients: Any) -> Shown | None:
        """What the last of these steps makes wrong."""
        start = np.array([float(x) for x in theta])
        regime = Regime("", start, tuple(np.array([float(x) for x in g]) for g in gradients))
        made = record(self.program, regime)
        if compare(self.truth, made).step != len(gradients):
            return None
        with np.errstate(all="ignore"):
            path = [start, *(np.asarray(x) for x in self.truth.path(start, regime.gradients))]
        own = [start, *made.path]
        if not np.all(np.isfinite(path[-1])):
            return None
        index = int(np.nanargmax(np.where(np.isfinite(own[-1]), np.abs(own[-1] - path[-1]), np.inf)))
        moved, due = own[-1][index] - own[-2][index], path[-1][index] - path[-2][index]
        return Shown(theta, gradients, index, own[-1][index], path[-1][index], float(moved), float(due))

    def _witness(self, shown: Shown) -> Witness:
        inputs = {"theta": np.array(shown.theta, dtype=object)}
        inputs |= {f"g{k}": np.array(g, dtype=object) for k, g in enumerate(shown.gradients, 1)}
        argument = f"theta after step {shown.step}"
        claim = proving.step_map(self.program, shown.step)
        ball = None
        if claim is not None:
            ball = proving.certified(self.truth, claim, shown.theta, shown.gradients, shown.step)
        if ball is None:
            return Witness(inputs, argument, (shown.index,), shown.claimed, shown.exact, False)
        ends = (ball.claimed.str(12, radius=False), ball.exact.str(12, radius=False))
        return Witness(inputs, argument, ball.index, float(ball.claimed), float(ball.exact), True, ends)
